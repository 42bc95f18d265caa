#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/infer.h"
#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

std::string_view Is(int64_t count) { return count == 1 ? "is" : "are"; }

}  // namespace

void ColumnCheck::CheckMissing() {
  const double share = ShareOf(seen_.missing, seen_.rows);
  if (!rules_.missing.has_value() || share <= rules_.missing->max_share) return;
  ColumnRules proposed = rules_;
  proposed.missing->max_share = MissingShareAbove(share);
  if (proposed.missing->max_share >= 1) proposed.missing.reset();
  Add({.rule = Rule::kMissing,
       .severity = rules_.missing->severity,
       .message = fmt::format("{} of {} rows ({}) have no value, at most {} may be missing", FormatCount(seen_.missing),
                              FormatCount(seen_.rows), FormatShare(share), FormatShare(rules_.missing->max_share)),
       .observed = FormatShare(share),
       .bound = fmt::format("at most {}", FormatShare(rules_.missing->max_share)),
       .broken = seen_.missing,
       .tfx = present_ == 0 ? "FEATURE_TYPE_NOT_PRESENT" : "FEATURE_TYPE_LOW_FRACTION_PRESENT"},
      std::move(proposed));
}

void ColumnCheck::CheckPresent() {
  if (!rules_.present.has_value() || present_ >= rules_.present->min_count) return;
  ColumnRules proposed = rules_;
  proposed.present->min_count = present_;
  if (present_ == 0) proposed.present.reset();
  Add({.rule = Rule::kPresent,
       .severity = rules_.present->severity,
       .message = fmt::format("{} of {} rows have a value, at least {} must", FormatCount(present_),
                              FormatCount(seen_.rows), FormatCount(rules_.present->min_count)),
       .observed = FormatCount(present_),
       .bound = fmt::format("at least {}", FormatCount(rules_.present->min_count)),
       .broken = seen_.missing,
       .tfx = present_ == 0 ? "FEATURE_TYPE_NOT_PRESENT" : "FEATURE_TYPE_LOW_NUMBER_PRESENT"},
      std::move(proposed));
}

void ColumnCheck::CheckDistinct() {
  if (!rules_.distinct.has_value() || present_ == 0) return;
  if (!seen_.number.has_value() && !seen_.text.has_value()) {
    AddNotCounted("distinct", "different values are not counted in a column of this type", "FEATURE_TYPE_NO_UNIQUE");
    return;
  }
  const DistinctRule& rule = *rules_.distinct;
  const auto distinct = static_cast<int64_t>(seen_.distinct);
  const bool few = rule.min.has_value() && distinct < *rule.min;
  const bool many = rule.max.has_value() && distinct > *rule.max;
  if (!few && !many) return;
  ColumnRules proposed = rules_;
  (few ? proposed.distinct->min : proposed.distinct->max) = distinct;
  const std::string about = seen_.distinct_is_exact ? "" : "about ";
  const std::string bound =
      few ? fmt::format("at least {}", FormatCount(*rule.min)) : fmt::format("at most {}", FormatCount(*rule.max));
  Add({.rule = Rule::kDistinct,
       .severity = rule.severity,
       .message = fmt::format("{}{} different {}, want {}", about, FormatCount(distinct),
                              distinct == 1 ? "value" : "values", bound),
       .observed = about + FormatCount(distinct),
       .bound = bound,
       .tfx = few ? "FEATURE_TYPE_LOW_UNIQUE" : "FEATURE_TYPE_HIGH_UNIQUE"},
      std::move(proposed));
}

void ColumnCheck::CheckDuplicates() {
  if (rules_.duplicates == Policy::kAllow || present_ == 0) return;
  // An estimate says that values repeat only where it is further off than it ever is by chance.
  constexpr double kSure = 0.9;
  int64_t repeats = 0;
  bool exact = true;
  if (const RowCount* scanned = Scanned(Rule::kDuplicates); scanned != nullptr) {
    repeats = scanned->broken;
    exact = scanned->exact;
  } else if (seen_.distinct_is_exact || seen_.distinct < kSure * static_cast<double>(present_)) {
    repeats = present_ - static_cast<int64_t>(seen_.distinct);
    exact = seen_.distinct_is_exact;
  } else {
    AddNotCounted("duplicates",
                  WhyNotScanned(Rule::kDuplicates, "the profile has an estimate of the different values only"));
    return;
  }
  if (repeats == 0) return;
  ColumnRules proposed = rules_;
  proposed.duplicates = Policy::kAllow;
  Add({.rule = Rule::kDuplicates,
       .severity = SeverityOf(rules_.duplicates),
       .message = fmt::format("{}{} of {} values ({}) {} there before, none may be", exact ? "" : "about ",
                              FormatCount(repeats), FormatCount(present_), FormatShare(ShareOf(repeats, present_)),
                              repeats == 1 ? "was" : "were"),
       .observed = fmt::format("{} repeated", FormatCount(repeats)),
       .bound = "none",
       .broken = repeats,
       .broken_is_exact = exact},
      std::move(proposed));
}

void ColumnCheck::CheckNotFinite() {
  const profile::NumberSummary& number = *seen_.number;
  if (number.nan > 0 && rules_.nan != Policy::kAllow) {
    ColumnRules proposed = rules_;
    proposed.nan = Policy::kAllow;
    Add({.rule = Rule::kNan,
         .severity = SeverityOf(rules_.nan),
         .message = fmt::format("{} of {} values ({}) {} NaN, none may be", FormatCount(number.nan),
                                FormatCount(present_), FormatShare(ShareOf(number.nan, present_)), Is(number.nan)),
         .observed = fmt::format("{} NaN", FormatCount(number.nan)),
         .bound = "none",
         .broken = number.nan,
         .tfx = "FLOAT_TYPE_HAS_NAN"},
        std::move(proposed));
  }
  const int64_t infinite = number.positive_infinity + number.negative_infinity;
  if (infinite > 0 && rules_.infinity != Policy::kAllow) {
    ColumnRules proposed = rules_;
    proposed.infinity = Policy::kAllow;
    Add({.rule = Rule::kInfinity,
         .severity = SeverityOf(rules_.infinity),
         .message = fmt::format("{} of {} values ({}) {} infinite, none may be", FormatCount(infinite),
                                FormatCount(present_), FormatShare(ShareOf(infinite, present_)), Is(infinite)),
         .observed = fmt::format("{} infinite", FormatCount(infinite)),
         .bound = "none",
         .broken = infinite,
         .tfx = "FLOAT_TYPE_HAS_INF"},
        std::move(proposed));
  }
}

void ColumnCheck::CheckRange() {
  const profile::NumberSummary& number = *seen_.number;
  if (!rules_.range.has_value() || !number.min.has_value() || !number.max.has_value()) return;
  const std::optional<RangeRule> around = RangeAround(*number.min, *number.max, rules_.type == Type::kInteger);
  if (rules_.range->min.has_value() && *number.min < *rules_.range->min) {
    ColumnRules proposed = rules_;
    proposed.range->min = around.has_value() ? around->min : std::nullopt;
    AddBound(Rule::kMin, *number.min, *rules_.range->min, true, std::move(proposed));
  }
  if (rules_.range->max.has_value() && *number.max > *rules_.range->max) {
    ColumnRules proposed = rules_;
    proposed.range->max = around.has_value() ? around->max : std::nullopt;
    AddBound(Rule::kMax, *number.max, *rules_.range->max, true, std::move(proposed));
  }
}

void ColumnCheck::AddBound(Rule rule, double observed, double bound, bool exact, ColumnRules proposed) {
  const bool is_min = rule == Rule::kMin;
  std::string share;
  const auto beyond = [&](double value) { return is_min ? value < bound : value > bound; };
  if (const RowCount* scanned = Scanned(rule); scanned != nullptr) {
    share = fmt::format(", with {} of {} values ({})", FormatCount(scanned->broken), FormatCount(present_),
                        FormatShare(ShareOf(scanned->broken, present_)));
  } else if (seen_.number.has_value()) {
    const std::vector<double>& percentiles = seen_.number->percentiles;
    const auto percent = std::count_if(percentiles.begin(), percentiles.end(), beyond);
    // The outermost percentile is the extreme itself: it says nothing of a share.
    if (percent == 1) share = ", with less than 1 % of the values";
    if (percent > 1) share = fmt::format(", with about {} % of the values", percent - 1);
  }
  const std::string values =
      exact ? fmt::format("the {} value {} is", is_min ? "smallest" : "largest", FormatExact(observed))
            : fmt::format("values such as {} are", FormatExact(observed));
  const bool integer = rules_.type == Type::kInteger || rules_.holds == Content::kInteger;
  Add({.rule = rule,
       .severity = rules_.range->severity,
       .message = fmt::format("{} {} the bound {}{}", values, is_min ? "below" : "above", FormatExact(bound), share),
       .observed = FormatExact(observed),
       .bound = fmt::format("{} {}", is_min ? "at least" : "at most", FormatExact(bound)),
       .tfx = integer ? (is_min ? "INT_TYPE_SMALL_INT" : "INT_TYPE_BIG_INT")
                      : (is_min ? "FLOAT_TYPE_SMALL_FLOAT" : "FLOAT_TYPE_BIG_FLOAT")},
      std::move(proposed));
}

void ColumnCheck::CheckNumberBools() {
  if (!rules_.bools.has_value() || !seen_.number.has_value()) return;
  const profile::NumberSummary& number = *seen_.number;
  const bool integer = TypeOf(seen_.type) != Type::kNumber;
  ColumnRules proposed = rules_;
  proposed.bools.reset();
  const RowCount* scanned = Scanned(Rule::kBools);
  const auto add = [&](std::string observed, std::string tfx) {
    std::string message = fmt::format("there are values such as {}, only 0 and 1 stand for false and true", observed);
    if (scanned != nullptr && !scanned->samples.empty()) {
      observed = scanned->samples.front().value;
      message = fmt::format("{} of {} values ({}) {} neither 0 nor 1: {}", FormatCount(scanned->broken),
                            FormatCount(present_), FormatShare(ShareOf(scanned->broken, present_)), Is(scanned->broken),
                            SampleText(scanned->samples, scanned->samples.size()));
    }
    Anomaly anomaly{.rule = Rule::kBools,
                    .severity = rules_.bools->severity,
                    .message = std::move(message),
                    .observed = std::move(observed),
                    .bound = "0 or 1",
                    .tfx = std::move(tfx)};
    Add(std::move(anomaly), proposed);
  };
  if (number.nan > 0 || number.positive_infinity > 0 || number.negative_infinity > 0) {
    add(number.nan > 0 ? "NaN" : "infinity", "BOOL_TYPE_UNEXPECTED_FLOAT");
  } else if (number.min.has_value() && *number.min < 0) {
    add(FormatExact(*number.min), integer ? "BOOL_TYPE_SMALL_INT" : "BOOL_TYPE_UNEXPECTED_FLOAT");
  } else if (number.max.has_value() && *number.max > 1) {
    add(FormatExact(*number.max), integer ? "BOOL_TYPE_BIG_INT" : "BOOL_TYPE_UNEXPECTED_FLOAT");
  } else if (!integer && number.min.has_value() && number.standard_deviation.has_value()) {
    // From 0 to 1 with anything between: the variance of zeros and ones is that of their share.
    const auto ones = static_cast<double>(number.finite - number.zeros);
    const double mean_of_ones = number.mean.value_or(0) * static_cast<double>(number.finite);
    const bool between = std::any_of(number.percentiles.begin(), number.percentiles.end(),
                                     [](double value) { return value > 0 && value < 1; });
    if (between || (scanned != nullptr && scanned->broken > 0) || mean_of_ones < ones * (1 - 1e-9)) {
      add("a fraction", "BOOL_TYPE_UNEXPECTED_FLOAT");
    }
  }
}

void ColumnCheck::CheckOrder() {
  if (!rules_.order.has_value() || present_ < 2) return;
  const OrderRule& rule = *rules_.order;
  const bool ascending = rule.direction == Direction::kAscending;
  int64_t broken = 0;
  if (const RowCount* scanned = Scanned(Rule::kOrder); scanned != nullptr) {
    broken = scanned->broken;
  } else if (seen_.number.has_value() && seen_.number->order.has_value()) {
    const profile::OrderSummary& order = *seen_.number->order;
    broken = (ascending ? order.falls : order.rises) + (rule.strict ? order.repeats : 0);
    if (broken == 0 && rule.max_gap.has_value() && order.greatest_gap > *rule.max_gap) broken = 1;
  } else {
    AddNotCounted("order", WhyNotScanned(Rule::kOrder, "the profile does not know how the rows follow each other"));
    return;
  }
  if (broken == 0) return;
  ColumnRules proposed = rules_;
  proposed.order.reset();
  std::string wanted = fmt::format("{}{}", rule.strict ? "strictly " : "", DirectionName(rule.direction));
  if (rule.max_gap.has_value()) wanted += fmt::format(", by at most {}", FormatExact(*rule.max_gap));
  Add({.rule = Rule::kOrder,
       .severity = rule.severity,
       .message = fmt::format("{} of {} values {} not follow the one before as they should: {}", FormatCount(broken),
                              FormatCount(present_), broken == 1 ? "does" : "do", wanted),
       .observed = fmt::format("{} out of order", FormatCount(broken)),
       .bound = wanted,
       .broken = broken},
      std::move(proposed));
}

void ColumnCheck::CheckIntegerTimes() {
  if (!rules_.times.has_value() || TypeOf(seen_.type) != Type::kInteger) return;
  const RowCount* scanned = Scanned(Rule::kTimes);
  if (scanned == nullptr) {
    AddNotCounted("times", WhyNotScanned(Rule::kTimes, "only the rows themselves tell"));
    return;
  }
  const double share = 1 - ShareOf(scanned->broken, present_);
  if (scanned->broken == 0 || share >= rules_.times->min_share) return;
  ColumnRules proposed = rules_;
  proposed.times->min_share = RoundedDown(share);
  Add({.rule = Rule::kTimes,
       .severity = rules_.times->severity,
       .message = fmt::format("{} of {} values ({}) are no times from 1990 to 2035 as {}", FormatCount(scanned->broken),
                              FormatCount(present_), FormatShare(1 - share), rules_.times->formats.front()),
       .observed = fmt::format("{} no times", FormatShare(1 - share)),
       .bound = fmt::format("at most {} no times", FormatShare(1 - rules_.times->min_share)),
       .broken = scanned->broken},
      std::move(proposed));
}

}  // namespace roost::schema
