#include "schema/tfx_domain_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "schema/tfx_words.h"
#include "schema/wording.h"

namespace roost::schema {

std::string TfxColumnNote(const ColumnRules& column, std::string_view what) {
  return fmt::format("column {}: {}", Quoted(column.name), what);
}

std::vector<std::string> TfxDomainWriter::Write(const ColumnRules& list, const ColumnRules& values, TfxField& feature) {
  std::vector<std::string> unsaid;
  bool is_taken = values.type == Type::kStruct;
  const auto write = [&](bool has_rule, std::string_view rule,
                         bool (TfxDomainWriter::*writer)(const ColumnRules&, TfxField&)) {
    if (!has_rule) return;
    if (is_taken || !(this->*writer)(values, feature)) {
      unsaid.emplace_back(rule);
    } else {
      is_taken = true;
    }
  };
  write(values.bools.has_value() || values.type == Type::kBool, "bools", &TfxDomainWriter::WriteBools);
  write(values.values.has_value(), "values", &TfxDomainWriter::WriteValues);
  write(values.times.has_value() || values.type == Type::kTime, "times", &TfxDomainWriter::WriteTimes);
  write(values.words.has_value(), "words", &TfxDomainWriter::WriteWords);
  write(values.images.has_value(), "images", &TfxDomainWriter::WriteImages);
  const bool holds_numbers = values.holds == Content::kInteger || values.holds == Content::kNumber;
  write(values.range.has_value() || values.categorical || values.nan != Policy::kAllow ||
            values.infinity != Policy::kAllow || holds_numbers,
        "range, categorical, nan or infinity", &TfxDomainWriter::WriteNumbers);
  if (list.embedding.has_value() && (&list == &values || !WriteEmbedding(*list.embedding, values, feature, is_taken))) {
    unsaid.emplace_back("embedding");
  }
  const bool is_said = holds_numbers || (values.holds == Content::kTimeOfDay && values.times.has_value());
  write(values.holds.has_value() && !is_said, "holds", &TfxDomainWriter::WriteMark);
  return unsaid;
}

bool TfxDomainWriter::WriteBools(const ColumnRules& column, TfxField& feature) {
  if (column.type == Type::kText) {
    TfxField& domain = feature.Add("bool_domain");
    domain.AddText("true_value", column.bools->true_text);
    domain.AddText("false_value", column.bools->false_text);
    return true;
  }
  if (column.type != Type::kBool && column.type != Type::kInteger && column.type != Type::kNumber) return false;
  feature.Add("bool_domain");
  return true;
}

bool TfxDomainWriter::WriteValues(const ColumnRules& column, TfxField& feature) {
  if (column.type != Type::kText) return false;
  if (!column.values->domain.empty()) {
    feature.AddText("domain", column.values->domain);
  } else {
    TfxField& domain = feature.Add("string_domain");
    for (const std::string& value : column.values->allowed) domain.AddText("value", value);
  }
  if (column.values->min_share != 1) {
    feature.Add("distribution_constraints").AddNumber("min_domain_mass", column.values->min_share);
  }
  return true;
}

bool TfxDomainWriter::WriteTimes(const ColumnRules& column, TfxField& feature) {
  if (column.type == Type::kTime) {
    feature.Add("time_domain").AddName("integer_format", "UNIX_MICROSECONDS");
    return !column.times.has_value();
  }
  if (column.times->formats.empty()) return false;
  const std::string& format = column.times->formats.front();
  if (column.type == Type::kText) {
    feature.Add(column.holds == Content::kTimeOfDay ? "time_of_day_domain" : "time_domain")
        .AddText("string_format", format);
  } else {
    const auto* unix = std::find_if(kTfxUnixFormats.begin(), kTfxUnixFormats.end(),
                                    [&](const auto& pair) { return pair.second == format; });
    if (column.type != Type::kInteger || unix == kTfxUnixFormats.end()) return false;
    feature.Add("time_domain").AddName("integer_format", unix->first);
  }
  if (column.times->formats.size() > 1) Note(column, "no word for a second format of times");
  if (column.times->min_share != 1) Note(column, "no word for the share of times");
  return true;
}

bool TfxDomainWriter::WriteWords(const ColumnRules& column, TfxField& feature) {
  if (column.type != Type::kText) return false;
  const WordsRule& rule = *column.words;
  TfxField domain{.name = "natural_language_domain"};
  if (!rule.vocabulary.empty()) domain.AddText("vocabulary", rule.vocabulary);
  if (rule.min_coverage.has_value() || rule.min_mean_length.has_value()) {
    TfxField& coverage = domain.Add("coverage");
    AddFloat(column, coverage, "min_coverage", rule.min_coverage);
    AddFloat(column, coverage, "min_avg_token_length", rule.min_mean_length);
  }
  for (const TokenRule& token : rule.tokens) WriteToken(column, token, domain.Add("token_constraints"));
  if (rule.min_words.has_value() || rule.max_words.has_value()) {
    TfxField& lengths = domain.Add("sequence_length_constraints");
    if (rule.min_words.has_value()) lengths.AddInteger("min_sequence_length", *rule.min_words);
    if (rule.max_words.has_value()) lengths.AddInteger("max_sequence_length", *rule.max_words);
  }
  feature.fields.push_back(std::move(domain));
  return true;
}

void TfxDomainWriter::WriteToken(const ColumnRules& column, const TokenRule& token, TfxField& constraints) {
  constraints.AddText("string_value", token.token);
  if (token.min_in_row.has_value()) constraints.AddInteger("min_per_sequence", *token.min_in_row);
  if (token.max_in_row.has_value()) constraints.AddInteger("max_per_sequence", *token.max_in_row);
  AddFloat(column, constraints, "min_fraction_of_sequences", token.min_share);
  AddFloat(column, constraints, "max_fraction_of_sequences", token.max_share);
  if (token.min_position.has_value() || token.max_position.has_value()) {
    Note(column, fmt::format("no word for the position of the word {}", Quoted(token.token)));
  }
}

bool TfxDomainWriter::WriteImages(const ColumnRules& column, TfxField& feature) {
  if (column.type != Type::kBinary) return false;
  TfxField& domain = feature.Add("image_domain");
  AddFloat(column, domain, "minimum_supported_image_fraction", column.images->min_share);
  if (column.images->max_bytes.has_value()) domain.AddInteger("max_image_byte_size", *column.images->max_bytes);
  return true;
}

bool TfxDomainWriter::WriteNumbers(const ColumnRules& column, TfxField& feature) {
  const bool is_text = column.type == Type::kText;
  if (is_text && column.holds != Content::kInteger && column.holds != Content::kNumber) return false;
  if (!is_text && column.type != Type::kInteger && column.type != Type::kNumber) return false;
  const bool integers = column.type == Type::kInteger || column.holds == Content::kInteger;
  TfxField& domain = feature.Add(integers ? "int_domain" : "float_domain");
  if (column.range.has_value()) {
    if (column.range->min.has_value()) WriteBound(column, "min", *column.range->min, integers, domain);
    if (column.range->max.has_value()) WriteBound(column, "max", *column.range->max, integers, domain);
  }
  if (column.categorical && !is_text) domain.AddTrue("is_categorical");
  const bool has_policy = column.nan != Policy::kAllow || column.infinity != Policy::kAllow;
  if (has_policy && (is_text || integers)) Note(column, "no word for nan and infinity");
  if (!is_text && !integers && column.nan != Policy::kAllow) domain.AddTrue("disallow_nan");
  if (!is_text && !integers && column.infinity != Policy::kAllow) domain.AddTrue("disallow_inf");
  return true;
}

// Outwards where it must be rounded, so that what is allowed here is allowed there.
void TfxDomainWriter::WriteBound(const ColumnRules& column, std::string_view name, double bound, bool integers,
                                 TfxField& domain) {
  const bool is_min = name == "min";
  if (integers) {
    const double whole = is_min ? std::ceil(bound) : std::floor(bound);
    if (whole >= -0x1p63 && whole < 0x1p63) {
      domain.AddInteger(name, static_cast<int64_t>(whole));
    } else {
      Note(column, fmt::format("the {} of its range is beyond 64 bits and left out", name));
    }
    return;
  }
  auto rounded = static_cast<float>(bound);
  if (Decimal(rounded) != bound) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    if (is_min ? Decimal(rounded) > bound : Decimal(rounded) < bound) {
      rounded = std::nextafter(rounded, is_min ? -kInfinity : kInfinity);
    }
    Note(column, fmt::format("the {} of its range is rounded outwards to a 32-bit float", name));
  }
  if (std::isfinite(rounded)) domain.AddNumber(name, static_cast<double>(rounded));
}

bool TfxDomainWriter::WriteEmbedding(const EmbeddingRule& rule, const ColumnRules& column, TfxField& feature,
                                     bool is_taken) {
  if (column.type != Type::kNumber) return false;
  const auto found = std::find_if(feature.fields.begin(), feature.fields.end(),
                                  [](const TfxField& field) { return field.name == "float_domain"; });
  if (is_taken && found == feature.fields.end()) return false;
  TfxField& domain = found == feature.fields.end() ? feature.Add("float_domain") : *found;
  domain.AddTrue("is_embedding");
  domain.AddInteger("embedding_dim", rule.size);
  return true;
}

bool TfxDomainWriter::WriteMark(const ColumnRules& column, TfxField& feature) {
  const bool is_media = column.holds == Content::kAudio || column.holds == Content::kVideo;
  if (column.type != (is_media ? Type::kBinary : Type::kText)) return false;
  for (const auto& [name, content] : kTfxMarks) {
    if (column.holds != content) continue;
    feature.Add(name);
    return true;
  }
  return false;
}

// A number of 32 bits.
void TfxDomainWriter::AddFloat(const ColumnRules& column, TfxField& message, std::string_view name,
                               const std::optional<double>& value) {
  if (!value.has_value()) return;
  message.AddNumber(name, *value);
  if (Decimal(static_cast<float>(*value)) != *value) Note(column, fmt::format("{} is rounded to a 32-bit float", name));
}

}  // namespace roost::schema
