#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/infer.h"
#include "schema/tfx_names.h"
#include "schema/wording.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

constexpr size_t kMaxSamples = 10;

bool IsNumeric(Type type) { return type == Type::kInteger || type == Type::kNumber; }

}  // namespace

ColumnRules WithType(const ColumnRules& rules, Type type) {
  ColumnRules changed = rules;
  changed.type = type;
  const bool is_text = type == Type::kText;
  if (!IsNumeric(type)) {
    changed.nan = changed.infinity = Policy::kAllow;
    changed.range.reset();
    changed.categorical = false;
  }
  if (!is_text) {
    changed.values.reset();
    changed.pattern.reset();
    changed.words.reset();
    if (changed.holds == Content::kInteger || changed.holds == Content::kNumber) changed.holds.reset();
  }
  if (rules.type != type) {
    changed.bools.reset();
    changed.times.reset();
  }
  if (type != Type::kBinary) changed.images.reset();
  if (type != Type::kList) {
    changed.lengths.reset();
    changed.nesting.reset();
    changed.shape.reset();
    changed.embedding.reset();
  }
  if (!IsNumeric(type) && type != Type::kTime) {
    changed.order.reset();
    std::erase_if(changed.bands,
                  [](const Band& band) { return band.of != Statistic::kMissing && band.of != Statistic::kDistinct; });
  }
  const bool was_numeric = IsNumeric(rules.type) || rules.type == Type::kTime;
  if (was_numeric != (IsNumeric(type) || type == Type::kTime)) {
    changed.drift.reset();
    changed.skew.reset();
  }
  return changed;
}

void ColumnCheck::CheckType(Type type) {
  Anomaly anomaly{.rule = Rule::kType,
                  .message = fmt::format("{} where the schema wants {}", TypeName(type), TypeWithArticle(rules_.type)),
                  .observed = std::string(TypeName(type)),
                  .bound = std::string(TypeName(rules_.type))};
  if (rules_.type == Type::kInteger && type == Type::kNumber) {
    anomaly.severity = Severity::kWarning;
    anomaly.message += ": values may have fractions, or missing ones were written as NaN";
  }
  if (type == Type::kText && seen_.text.has_value()) DescribeTexts(anomaly);
  anomaly.tfx = TfxTypeName(rules_, type, !anomaly.samples.empty());
  Add(std::move(anomaly), WithType(rules_, type));
}

// Which of the texts are at fault for a column that was expected to hold something else.
void ColumnCheck::DescribeTexts(Anomaly& anomaly) const {
  const bool wants_number = IsNumeric(rules_.type);
  int64_t count = 0;
  size_t distinct = 0;
  for (const profile::ValueCount& value : seen_.text->top) {
    if (wants_number && ReadsAs(rules_.type, value.value)) continue;
    count += value.count;
    ++distinct;
    if (anomaly.samples.size() < kMaxSamples) anomaly.samples.push_back(value);
  }
  if (!wants_number) {
    if (distinct > 0) anomaly.message += fmt::format(", such as {}", SampleText(anomaly.samples, 0));
    return;
  }
  if (distinct > 0) {
    anomaly.broken = count;
    anomaly.broken_is_exact = seen_.text->exact;
    anomaly.message +=
        fmt::format(": {}{} of {} values ({}) {} no {}{}: {}", seen_.text->exact ? "" : "at least ", FormatCount(count),
                    FormatCount(present_), FormatShare(ShareOf(count, present_)), count == 1 ? "is" : "are",
                    TypeName(rules_.type), count == 1 ? "" : "s", SampleText(anomaly.samples, distinct));
  } else if (seen_.text->exact) {
    anomaly.message += fmt::format(": all its values read as {}s, it was stored as text", TypeName(rules_.type));
  }
}

// Values that are more than their type says: the rule that says so is proposed. Where the schema says something about
// the values already, nothing is.
void ColumnCheck::CheckMeaning() {
  const bool is_told = rules_.holds.has_value() || rules_.values.has_value() || rules_.pattern.has_value() ||
                       rules_.bools.has_value() || rules_.times.has_value() || rules_.words.has_value() ||
                       rules_.images.has_value();
  if (is_told) return;
  ColumnRules proposed = rules_;
  const std::string what = AddMeaning(seen_, proposed);
  if (what.empty()) return;
  Add({.rule = Rule::kMeaning,
       .severity = Severity::kWarning,
       .message = what + ", and the schema does not say so",
       .observed = what,
       .bound = "none",
       .tfx = "SEMANTIC_DOMAIN_UPDATE"},
      std::move(proposed));
}

}  // namespace roost::schema
