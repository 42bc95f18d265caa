#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "schema/check_column.h"
#include "schema/infer.h"
#include "schema/pattern.h"
#include "schema/statistics.h"
#include "schema/times.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using profile::ValueCount;

constexpr size_t kMaxSamples = 10;

std::string_view AtLeast(bool exact) { return exact ? "" : "at least "; }

}  // namespace

template <typename Breaks>
ColumnCheck::Broken ColumnCheck::CountTexts(Rule rule, const Breaks& breaks) const {
  Broken broken{.exact = seen_.text->exact};
  for (const ValueCount& value : seen_.text->top) {
    if (!breaks(value.value)) continue;
    broken.count += value.count;
    ++broken.distinct;
    if (broken.samples.size() < kMaxSamples) broken.samples.push_back(value);
  }
  if (const RowCount* scanned = Scanned(rule); scanned != nullptr && !broken.exact) {
    broken.count = scanned->broken;
    broken.exact = true;
    broken.samples = scanned->samples;
    // A text that is empty is no sample.
    if (broken.count > 0 && broken.samples.empty()) broken.samples.push_back({"", broken.count});
    broken.distinct = broken.samples.size();
  }
  return broken;
}

void ColumnCheck::CheckTexts() {
  if (rules_.values.has_value()) CheckValues();
  if (rules_.holds == Content::kInteger || rules_.holds == Content::kNumber) {
    CheckHolds();
    if (rules_.range.has_value()) CheckTextRange();
  }
  if (rules_.pattern.has_value()) CheckPattern();
  if (rules_.bools.has_value()) CheckTextBools();
  if (rules_.times.has_value()) CheckTextTimes();
  if (rules_.words.has_value()) CheckWords();
}

void ColumnCheck::CheckValues() {
  const ValuesRule& rule = *rules_.values;
  const profile::TextSummary& text = *seen_.text;
  if (text.invalid_utf8 > 0) {
    ColumnRules proposed = rules_;
    proposed.values.reset();
    Add({.rule = Rule::kEncoding,
         .severity = rule.severity,
         .message =
             fmt::format("{} of {} values ({}) {} not UTF-8", FormatCount(text.invalid_utf8), FormatCount(present_),
                         FormatShare(ShareOf(text.invalid_utf8, present_)), text.invalid_utf8 == 1 ? "is" : "are"),
         .observed = fmt::format("{} not UTF-8", FormatCount(text.invalid_utf8)),
         .bound = "none",
         .broken = text.invalid_utf8,
         .tfx = "ENUM_TYPE_INVALID_UTF8"},
        std::move(proposed));
  }
  const std::vector<std::string>& allowed = schema_.AllowedBy(rule);
  const auto is_new = [&allowed](std::string_view value) {
    return !std::binary_search(allowed.begin(), allowed.end(), value) && IsUtf8(value);
  };
  const Broken broken = CountTexts(Rule::kValues, is_new);
  const double share = ShareOf(broken.count, present_);
  if (ShareOf(present_ - broken.count, present_) >= rule.min_share) {
    if (!broken.exact) AddNotCounted("values", "the profile does not have every value");
    return;
  }
  if (broken.count == 0) return;
  const std::string_view least = AtLeast(broken.exact);
  // Of more values than are kept as samples the scan says no number.
  const bool all_counted = text.exact || (broken.exact && broken.distinct < kMaxSamples);
  Anomaly anomaly{.rule = Rule::kValues, .severity = rule.severity};
  anomaly.samples = broken.samples;
  anomaly.message =
      fmt::format("{}{} new {} in {}{} of {} rows ({}): {}", AtLeast(all_counted),
                  FormatCount(static_cast<int64_t>(broken.distinct)), broken.distinct == 1 ? "value" : "values",
                  all_counted ? least : "", FormatCount(broken.count), FormatCount(present_), FormatShare(share),
                  SampleText(broken.samples, broken.distinct));
  if (rule.min_share < 1) anomaly.message += fmt::format("; at most {} may be new", FormatShare(1 - rule.min_share));
  anomaly.observed = fmt::format("{}{} new", least, FormatShare(share));
  anomaly.bound = fmt::format("at most {} new", FormatShare(1 - rule.min_share));
  anomaly.broken = broken.count;
  anomaly.broken_is_exact = broken.exact;
  anomaly.tfx = "ENUM_TYPE_UNEXPECTED_STRING_VALUES";
  ColumnRules proposed = WithValues(is_new, anomaly);
  Add(std::move(anomaly), std::move(proposed));
}

// A list that cannot be complete, or is too long to read, is no rule any more. New values of a shared domain are
// proposed for the domain.
template <typename IsNew>
ColumnRules ColumnCheck::WithValues(const IsNew& is_new, Anomaly& anomaly) const {
  ColumnRules proposed = rules_;
  std::vector<std::string> allowed = schema_.AllowedBy(*rules_.values);
  for (const ValueCount& value : seen_.text->top) {
    if (is_new(value.value)) allowed.push_back(value.value);
  }
  if (!seen_.text->exact || allowed.size() > static_cast<size_t>(InferOptions().max_values)) {
    proposed.values.reset();
    return proposed;
  }
  std::sort(allowed.begin(), allowed.end());
  const Domain* domain = rules_.values->domain.empty() ? nullptr : schema_.FindDomain(rules_.values->domain);
  if (domain == nullptr) {
    proposed.values->allowed = std::move(allowed);
  } else {
    anomaly.proposed_domain = Domain{.name = domain->name, .values = std::move(allowed)};
  }
  return proposed;
}

void ColumnCheck::CheckHolds() {
  const bool integer = rules_.holds == Content::kInteger;
  const Type type = integer ? Type::kInteger : Type::kNumber;
  const Broken broken = CountTexts(Rule::kHolds, [type](std::string_view text) { return !ReadsAs(type, text); });
  if (broken.count == 0) {
    if (!broken.exact) AddNotCounted("holds", "the profile does not have every value");
    return;
  }
  ColumnRules proposed = rules_;
  proposed.holds.reset();
  proposed.range.reset();
  Add({.rule = Rule::kHolds,
       .message = fmt::format("{}{} of {} values ({}) {} no {}{}: {}", AtLeast(broken.exact), FormatCount(broken.count),
                              FormatCount(present_), FormatShare(ShareOf(broken.count, present_)),
                              broken.count == 1 ? "is" : "are", TypeName(type), broken.count == 1 ? "" : "s",
                              SampleText(broken.samples, broken.distinct)),
       .observed = fmt::format("{} no {}s", FormatShare(ShareOf(broken.count, present_)), TypeName(type)),
       .bound = "none",
       .samples = broken.samples,
       .broken = broken.count,
       .broken_is_exact = broken.exact,
       .tfx = integer ? "INT_TYPE_NOT_INT_STRING" : "FLOAT_TYPE_STRING_NOT_FLOAT"},
      std::move(proposed));
}

void ColumnCheck::CheckTextRange() {
  const RangeRule& range = *rules_.range;
  const bool exact = seen_.text->exact;
  std::optional<double> least;
  std::optional<double> greatest;
  const auto see = [&](const std::vector<ValueCount>& texts) {
    for (const ValueCount& text : texts) {
      const std::optional<double> value = NumberIn(WithoutSpaces(text.value));
      if (!value.has_value() || !std::isfinite(*value)) continue;
      least = std::min(least.value_or(*value), *value);
      greatest = std::max(greatest.value_or(*value), *value);
    }
  };
  see(seen_.text->top);
  // Where the profile does not have every value, the scan has those out of range.
  for (const Rule rule : {Rule::kMin, Rule::kMax}) {
    if (const RowCount* scanned = Scanned(rule); scanned != nullptr && !exact) see(scanned->samples);
  }
  const bool is_low = range.min.has_value() && least.has_value() && *least < *range.min;
  const bool is_high = range.max.has_value() && greatest.has_value() && *greatest > *range.max;
  const bool unseen = (range.min.has_value() && !is_low && Scanned(Rule::kMin) == nullptr) ||
                      (range.max.has_value() && !is_high && Scanned(Rule::kMax) == nullptr);
  if (!exact && unseen) AddNotCounted("range", "the profile does not have every value");
  if (!is_low && !is_high) return;
  // A bound that would have to hold for values that are not known is proposed to go.
  const bool integer = rules_.type == Type::kInteger || rules_.holds == Content::kInteger;
  const std::optional<RangeRule> around = exact ? RangeAround(*least, *greatest, integer) : std::nullopt;
  ColumnRules proposed = rules_;
  if (is_low) {
    proposed.range->min = around.has_value() ? around->min : std::nullopt;
    AddBound(Rule::kMin, *least, *range.min, exact, proposed);
  }
  proposed = rules_;
  if (is_high) {
    proposed.range->max = around.has_value() ? around->max : std::nullopt;
    AddBound(Rule::kMax, *greatest, *range.max, exact, std::move(proposed));
  }
}

void ColumnCheck::CheckPattern() {
  const auto pattern = Pattern::Make(*rules_.pattern);
  if (!pattern.ok() || present_ == 0) return;  // the schema's own problem
  const Broken broken = CountTexts(Rule::kPattern, [&pattern](std::string_view text) { return !pattern->Fits(text); });
  if (broken.count == 0 && !broken.exact) AddNotCounted("pattern", "the profile does not have every value");
  const double share = ShareOf(broken.count, present_);
  if (broken.count == 0 || 1 - share >= rules_.pattern->min_share) return;
  ColumnRules proposed = rules_;
  proposed.pattern->min_share = RoundedDown(1 - share);
  const std::string wanted = rules_.pattern->regex.empty() ? fmt::format("{}", fmt::join(rules_.pattern->shapes, ", "))
                                                           : rules_.pattern->regex;
  Add({.rule = Rule::kPattern,
       .severity = rules_.pattern->severity,
       .message = fmt::format("{}{} of {} values ({}) do not look like {}: {}", AtLeast(broken.exact),
                              FormatCount(broken.count), FormatCount(present_), FormatShare(share), Quoted(wanted),
                              SampleText(broken.samples, broken.distinct)),
       .observed = fmt::format("{} otherwise", FormatShare(share)),
       .bound = fmt::format("at most {} otherwise", FormatShare(1 - rules_.pattern->min_share)),
       .samples = broken.samples,
       .broken = broken.count,
       .broken_is_exact = broken.exact},
      std::move(proposed));
}

void ColumnCheck::CheckTextBools() {
  const BoolsRule& rule = *rules_.bools;
  const Broken broken = CountTexts(
      Rule::kBools, [&rule](std::string_view text) { return text != rule.true_text && text != rule.false_text; });
  if (broken.count == 0) return;
  ColumnRules proposed = rules_;
  proposed.bools.reset();
  Add({.rule = Rule::kBools,
       .severity = rule.severity,
       .message = fmt::format(
           "{}{} of {} values ({}) {} neither {} nor {}: {}", AtLeast(broken.exact), FormatCount(broken.count),
           FormatCount(present_), FormatShare(ShareOf(broken.count, present_)), broken.count == 1 ? "is" : "are",
           Quoted(rule.true_text), Quoted(rule.false_text), SampleText(broken.samples, broken.distinct)),
       .observed = fmt::format("{} others", FormatCount(broken.count)),
       .bound = fmt::format("{} or {}", Quoted(rule.true_text), Quoted(rule.false_text)),
       .samples = broken.samples,
       .broken = broken.count,
       .broken_is_exact = broken.exact,
       .tfx = "BOOL_TYPE_UNEXPECTED_STRING"},
      std::move(proposed));
}

void ColumnCheck::CheckTextTimes() {
  const TimesRule& rule = *rules_.times;
  std::vector<TimeFormat> formats;
  for (const std::string& text : rule.formats) {
    auto format = TimeFormat::Make(text);
    if (format.ok()) formats.push_back(*std::move(format));
  }
  const Broken broken = CountTexts(Rule::kTimes, [&formats](std::string_view text) {
    return std::none_of(formats.begin(), formats.end(), [text](const TimeFormat& format) { return format.Fits(text); });
  });
  if (broken.count == 0 && !broken.exact) AddNotCounted("times", "the profile does not have every value");
  const double share = ShareOf(broken.count, present_);
  if (broken.count == 0 || 1 - share >= rule.min_share) return;
  ColumnRules proposed = rules_;
  proposed.times->min_share = RoundedDown(1 - share);
  Add({.rule = Rule::kTimes,
       .severity = rule.severity,
       .message = fmt::format("{}{} of {} values ({}) are no times as {}: {}", AtLeast(broken.exact),
                              FormatCount(broken.count), FormatCount(present_), FormatShare(share),
                              fmt::join(rule.formats, " or "), SampleText(broken.samples, broken.distinct)),
       .observed = fmt::format("{} no times", FormatShare(share)),
       .bound = fmt::format("at most {} no times", FormatShare(1 - rule.min_share)),
       .samples = broken.samples,
       .broken = broken.count,
       .broken_is_exact = broken.exact},
      std::move(proposed));
}

void ColumnCheck::CheckImages() {
  if (!rules_.images.has_value() || !seen_.text.has_value() || present_ == 0) return;
  const ImagesRule& rule = *rules_.images;
  if (rule.min_share.has_value()) {
    if (!seen_.text->images.has_value()) {
      AddNotCounted("images", "the profile does not know which values are images");
    } else if (const int64_t images = seen_.text->images->images; ShareOf(images, present_) < *rule.min_share) {
      ColumnRules proposed = rules_;
      proposed.images->min_share = RoundedDown(ShareOf(images, present_));
      Add({.rule = Rule::kImages,
           .severity = rule.severity,
           .message = fmt::format("{} of {} values ({}) are images of a known format, at least {} must be",
                                  FormatCount(images), FormatCount(present_), FormatShare(ShareOf(images, present_)),
                                  FormatShare(*rule.min_share)),
           .observed = FormatShare(ShareOf(images, present_)),
           .bound = fmt::format("at least {}", FormatShare(*rule.min_share)),
           .broken = present_ - images,
           .tfx = "LOW_SUPPORTED_IMAGE_FRACTION"},
          std::move(proposed));
    }
  }
  if (!rule.max_bytes.has_value() || seen_.text->max_length <= *rule.max_bytes) return;
  ColumnRules proposed = rules_;
  proposed.images->max_bytes = seen_.text->max_length;
  Add({.rule = Rule::kImageSize,
       .severity = rule.severity,
       .message = fmt::format("the largest image has {} bytes, at most {} are allowed",
                              FormatCount(seen_.text->max_length), FormatCount(*rule.max_bytes)),
       .observed = FormatCount(seen_.text->max_length),
       .bound = fmt::format("at most {}", FormatCount(*rule.max_bytes)),
       .tfx = "MAX_IMAGE_BYTE_SIZE_EXCEEDED"},
      std::move(proposed));
}

}  // namespace roost::schema
