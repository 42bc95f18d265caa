#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {

void ColumnCheck::CheckWords() {
  if (!NeedsWords(rules_) || present_ == 0) return;
  const profile::TokenSummary* counted = seen_.text->tokens.has_value() ? &*seen_.text->tokens : nullptr;
  if (controls_.words != nullptr) {
    if (const auto found = controls_.words->find(rules_.name); found != controls_.words->end())
      counted = &found->second;
  }
  if (counted == nullptr) {
    AddNotCounted("words", "the words were not counted");
    return;
  }
  const WordsRule& rule = *rules_.words;
  const profile::TokenSummary& tokens = *counted;
  CheckCoverage(tokens);
  const auto add = [&](bool few, int64_t observed, int64_t bound) {
    ColumnRules proposed = rules_;
    (few ? proposed.words->min_words : proposed.words->max_words) = observed;
    const std::string wanted = fmt::format("at {} {}", few ? "least" : "most", FormatCount(bound));
    Add({.rule = Rule::kWords,
         .severity = rule.severity,
         .message = fmt::format("the {} text has {} {}, want {}", few ? "shortest" : "longest", FormatCount(observed),
                                observed == 1 ? "word" : "words", wanted),
         .observed = FormatCount(observed),
         .bound = wanted,
         .detail = few ? "min_words" : "max_words",
         .tfx = few ? "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES" : "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES"},
        std::move(proposed));
  };
  if (rule.min_words.has_value() && tokens.min_tokens < *rule.min_words) add(true, tokens.min_tokens, *rule.min_words);
  if (rule.max_words.has_value() && tokens.max_tokens > *rule.max_words) add(false, tokens.max_tokens, *rule.max_words);
  for (size_t i = 0; i < rule.tokens.size(); ++i) CheckToken(i, tokens);
}

void ColumnCheck::CheckCoverage(const profile::TokenSummary& tokens) {
  const WordsRule& rule = *rules_.words;
  if (rule.min_coverage.has_value()) {
    std::optional<double> coverage = tokens.coverage;
    const Domain* domain = schema_.FindDomain(rule.vocabulary);
    if (!coverage.has_value() && tokens.exact && domain != nullptr && tokens.tokens > 0) {
      const profile::Vocabulary vocabulary(domain->values);
      int64_t known = 0;
      for (const profile::TokenSummary::Token& token : tokens.top) {
        if (vocabulary.Has(token.token)) known += token.count;
      }
      coverage = ShareOf(known, tokens.tokens);
    }
    if (!coverage.has_value()) {
      AddNotCounted("words", "the profile does not have every word, and was not given the vocabulary");
    } else if (*coverage < *rule.min_coverage) {
      ColumnRules proposed = rules_;
      proposed.words->min_coverage = RoundedDown(*coverage);
      Add({.rule = Rule::kWords,
           .severity = rule.severity,
           .message = fmt::format("{} of the words are known, at least {} must be", FormatShare(*coverage),
                                  FormatShare(*rule.min_coverage)),
           .observed = FormatShare(*coverage),
           .bound = fmt::format("at least {}", FormatShare(*rule.min_coverage)),
           .detail = "min_coverage",
           .tfx = "FEATURE_COVERAGE_TOO_LOW"},
          std::move(proposed));
    }
  }
  if (rule.min_mean_length.has_value() && tokens.tokens > 0 && tokens.mean_token_length < *rule.min_mean_length) {
    ColumnRules proposed = rules_;
    proposed.words->min_mean_length = RoundedDown(tokens.mean_token_length);
    Add({.rule = Rule::kWords,
         .severity = rule.severity,
         .message = fmt::format("words have {} characters on average, want at least {}",
                                FormatNumber(tokens.mean_token_length), FormatNumber(*rule.min_mean_length)),
         .observed = FormatNumber(tokens.mean_token_length),
         .bound = fmt::format("at least {}", FormatNumber(*rule.min_mean_length)),
         .detail = "min_mean_length",
         .tfx = "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH"},
        std::move(proposed));
  }
}

void ColumnCheck::CheckToken(size_t index, const profile::TokenSummary& tokens) {
  const TokenRule& rule = rules_.words->tokens[index];
  // Words are counted in lower case.
  const std::vector<profile::Token> words = profile::TokensOf(rule.token);
  const std::string_view wanted = words.size() == 1 ? std::string_view(words.front().text) : rule.token;
  const auto found =
      std::find_if(tokens.top.begin(), tokens.top.end(), [wanted](const auto& token) { return token.token == wanted; });
  if (found == tokens.top.end() && !tokens.exact) {
    AddNotCounted("words", fmt::format("the word {} is not among those that the profile keeps", Quoted(rule.token)));
    return;
  }
  const profile::TokenSummary::Token seen = found == tokens.top.end() ? profile::TokenSummary::Token{} : *found;
  const double share = ShareOf(seen.rows, present_);
  const auto add = [&](std::string what, const std::string& observed, const std::string& bound, std::string tfx,
                       const auto& change) {
    ColumnRules proposed = rules_;
    change(proposed.words->tokens[index]);
    Add({.rule = Rule::kToken,
         .severity = rules_.words->severity,
         .message = fmt::format("the word {} {} {}, want {}", Quoted(rule.token), what, observed, bound),
         .observed = observed,
         .bound = bound,
         .detail = rule.token,
         .tfx = std::move(tfx)},
        std::move(proposed));
  };
  const auto times = [](int64_t count) { return FormatCount(count) + (count == 1 ? " time" : " times"); };
  if (rule.min_in_row.has_value() && seen.min_in_row < *rule.min_in_row) {
    add("comes in some row", times(seen.min_in_row), "at least " + times(*rule.min_in_row),
        "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", [&](TokenRule& token) { token.min_in_row = seen.min_in_row; });
  }
  if (rule.max_in_row.has_value() && seen.max_in_row > *rule.max_in_row) {
    add("comes in some row", times(seen.max_in_row), "at most " + times(*rule.max_in_row),
        "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", [&](TokenRule& token) { token.max_in_row = seen.max_in_row; });
  }
  if (rule.min_share.has_value() && share < *rule.min_share) {
    add("is in", FormatShare(share) + " of the rows", "at least " + FormatShare(*rule.min_share),
        "SEQUENCE_VALUE_TOO_SMALL_FRACTION", [&](TokenRule& token) { token.min_share = RoundedDown(share); });
  }
  if (rule.max_share.has_value() && share > *rule.max_share) {
    add("is in", FormatShare(share) + " of the rows", "at most " + FormatShare(*rule.max_share),
        "SEQUENCE_VALUE_TOO_LARGE_FRACTION",
        [&](TokenRule& token) { token.max_share = std::min(1.0, RoundedUp(share)); });
  }
  if (seen.count == 0) return;
  if (rule.min_position.has_value() && seen.mean_position < *rule.min_position) {
    add("stands on average at", FormatNumber(seen.mean_position), "at least " + FormatNumber(*rule.min_position),
        "NLP_WRONG_LOCATION", [&](TokenRule& token) { token.min_position = RoundedDown(seen.mean_position); });
  }
  if (rule.max_position.has_value() && seen.mean_position > *rule.max_position) {
    add("stands on average at", FormatNumber(seen.mean_position), "at most " + FormatNumber(*rule.max_position),
        "NLP_WRONG_LOCATION",
        [&](TokenRule& token) { token.max_position = std::min(1.0, RoundedUp(seen.mean_position)); });
  }
}

}  // namespace roost::schema
