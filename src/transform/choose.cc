#include "transform/choose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "base/utf8.h"

namespace roost::transform {
namespace {

using profile::ColumnSummary;
using profile::NumberSummary;
using profile::TextSummary;
using profile::ValueCount;

constexpr double kRareMissing = 0.01;      // shares of missing values up to this tell nothing by themselves
constexpr int64_t kFewRows = 20;           // below, every column looks like an identifier
constexpr double kNearlyAll = 0.95;        // of the values distinct: an identifier
constexpr double kMostlyUnique = 0.5;      // of the values distinct: words that teach nothing about other rows
constexpr double kFewWhole = 12;           // whole numbers of so few values may be codes
constexpr double kSkewed = 2;              // skewness; that of an exponential distribution
constexpr double kFarOut = 5;              // times the distance from the median to an outer percentile
constexpr int64_t kRowsForBuckets = 1000;  // so that each of ten buckets has a hundred rows
constexpr double kValuesForBuckets = 100;
constexpr double kCovered = 0.95;                                 // of the rows, by the words that are kept
constexpr std::array<int64_t, 5> kMinCounts = {20, 10, 5, 2, 1};  // words of fewer rows have noisy weights
constexpr int64_t kOrdinalWords = 500;                            // categories that trees part well
constexpr int64_t kTreesWords = 300;                              // one-hot, beyond that
constexpr int64_t kMaxWords = 20'000;                             // of a vocabulary
constexpr int64_t kUnknownBuckets = 16;                           // where many rows have unknown words
constexpr double kNaturalLanguage = 0.5;                          // of the texts
constexpr int64_t kMicrosPerDay = int64_t{24} * 3600 * 1'000'000;

int64_t Present(const ColumnSummary& column) { return column.rows - column.missing; }

// Of the rows: null, NaN or infinite.
double MissingShare(const ColumnSummary& column) {
  if (column.rows == 0) return 1;
  const auto missing = column.number.has_value() ? column.rows - column.number->finite : column.missing;
  return static_cast<double>(missing) / static_cast<double>(column.rows);
}

std::string Distinct(const ColumnSummary& column, std::string_view what) {
  return fmt::format("{}{} distinct {}", column.distinct_is_exact ? "" : "about ",
                     FormatCount(std::llround(column.distinct)), what);
}

// One column on the way to its features.
class Chooser {
 public:
  Chooser(const ColumnSummary& column, bool trees) : column_(column), trees_(trees) {}

  FeatureChoice Choose() && {
    if (!IsUtf8(column_.name)) {
      LeaveOut("its name is no UTF-8, so roost.yaml cannot name it");
    } else if (Present(column_) <= 0 || MissingShare(column_) >= 1) {
      LeaveOut("it has no value in any row");
    } else if (column_.constant() && MissingShare(column_) <= kRareMissing) {
      LeaveOut("all its values are the same");
    } else if (column_.list.has_value()) {
      ChooseList();
    } else if (!column_.children.empty()) {
      LeaveOut("it is a struct, which no operation takes; make columns of its fields");
    } else if (column_.type == column::Type::kBool) {
      AddNumber("two values: false is 0, true is 1");
    } else if (column::IsTime(column_.type) && column_.number.has_value()) {
      ChooseTime();
    } else if (column::IsNumber(column_.type) && column_.number.has_value()) {
      ChooseNumber(*column_.number);
    } else if (column::IsText(column_.type) && column_.text.has_value()) {
      ChooseText(*column_.text);
    } else {
      LeaveOut(fmt::format("no operation takes a column of type {}", column_.type_text));
    }
    return std::move(choice_);
  }

 private:
  void LeaveOut(std::string reason) { choice_.left_out.push_back({column_.name, std::move(reason)}); }

  void Add(FeatureSpec spec, std::string reason) {
    spec.column = column_.name;
    choice_.features.push_back({.spec = std::move(spec), .reason = std::move(reason)});
  }

  // Numbers.

  // The number as it is. For linear models an absent one is 0, so missing values get a feature of their own.
  void AddNumber(std::string reason) {
    FeatureSpec spec{.use = Operation::kNumber};
    if (!trees_ && MissingShare(column_) > kRareMissing) {
      spec.indicator = true;
      reason += fmt::format("; {} missing have a feature of their own", FormatShare(MissingShare(column_)));
    }
    Add(std::move(spec), std::move(reason));
  }

  void ChooseNumber(const NumberSummary& number) {
    if (column_.constant()) return AddNumber("one value only, but not in every row, which may tell something");
    if (IsIdentifier(number)) {
      return LeaveOut(fmt::format("{} in {} rows: an identifier, which says nothing about other rows",
                                  Distinct(column_, "whole values"), FormatCount(Present(column_))));
    }
    if (column_.distinct_is_exact && column_.distinct <= 2 && number.min >= 0.0 && number.max <= 1.0) {
      return AddNumber(fmt::format("{} from 0 to 1: taken as it is", Distinct(column_, "values")));
    }
    if (trees_) {
      return AddNumber(fmt::format("{}; trees cut at thresholds, so scale, outliers and missing values need no care",
                                   Distinct(column_, "values")));
    }
    const bool few = column_.distinct_is_exact && column_.distinct > 2 && column_.distinct <= kFewWhole;
    if (few && IsWhole(number)) {
      return Add({.use = Operation::kOneHot},
                 fmt::format("{}: each has a weight of its own, as they may be codes or grades",
                             Distinct(column_, "whole values")));
    }
    AddScaled(number);
    if (number.finite >= kRowsForBuckets && column_.distinct >= kValuesForBuckets && HasDeciles(number)) {
      Add({.use = Operation::kBucketize},
          fmt::format("{}: beside the straight line, ten quantile buckets let a linear model follow a bend",
                      Distinct(column_, "values")));
    }
  }

  bool IsWhole(const NumberSummary& number) const {
    if (column::IsInteger(column_.type)) return true;
    const auto whole = [](double value) { return std::trunc(value) == value; };
    return !number.percentiles.empty() && std::all_of(number.percentiles.begin(), number.percentiles.end(), whole);
  }

  // Whole numbers that rise (or fall) row by row, or fill the range from least to greatest, each once.
  bool IsIdentifier(const NumberSummary& number) const {
    const int64_t present = Present(column_);
    if (present < kFewRows || !IsWhole(number) || !number.min || !number.max) return false;
    const auto values = static_cast<double>(present);
    if (column_.distinct_is_exact ? column_.distinct < values : column_.distinct < kNearlyAll * values) return false;
    const bool in_order =
        number.order && number.order->strict() && (number.order->ascending() || number.order->descending());
    return in_order || *number.max - *number.min + 1 <= values / kNearlyAll;
  }

  // The ten buckets would not nearly all be one.
  static bool HasDeciles(const NumberSummary& number) {
    if (number.percentiles.size() != 101) return false;
    int distinct = 1;
    for (size_t q = 10; q <= 90; q += 10) distinct += number.percentiles[q] > number.percentiles[q - 10] ? 1 : 0;
    return distinct >= 5;
  }

  // standardize with what makes it robust.
  void AddScaled(const NumberSummary& number) {
    FeatureSpec spec{.use = Operation::kStandardize};
    std::string reason = fmt::format("{} from {} to {}", Distinct(column_, "values"),
                                     FormatNumber(number.min.value_or(0)), FormatNumber(number.max.value_or(0)));
    if (number.min.value_or(0) >= 0 && number.skewness.value_or(0) > kSkewed) {
      spec.log = true;
      reason += fmt::format("; none is negative and the skewness is {}, so their logarithm is taken",
                            FormatNumber(*number.skewness, 3));
    } else {
      Clip(number, spec, reason);
    }
    if (MissingShare(column_) > kRareMissing) {
      spec.impute = Impute::kMedian;
      spec.indicator = true;
      reason += fmt::format("; {} missing become the median and have a feature of their own",
                            FormatShare(MissingShare(column_)));
    }
    Add(std::move(spec), std::move(reason));
  }

  // Values far beyond the outer percentiles would rule mean and deviation. (The profile has no quantiles further out.)
  static void Clip(const NumberSummary& number, FeatureSpec& spec, std::string& reason) {
    if (number.percentiles.size() != 101) return;
    const double median = number.percentiles[50];
    const auto bound = [&](size_t outer, double extreme) -> std::optional<double> {
      const double distance = number.percentiles[outer] - median;
      if (distance == 0 || std::abs(extreme - median) <= kFarOut * std::abs(distance)) return std::nullopt;
      return Rounded(median + 2 * distance);
    };
    spec.clip_low = bound(1, number.percentiles[0]);
    spec.clip_high = bound(99, number.percentiles[100]);
    const auto say = [&](std::string_view which, double extreme, size_t percentile, double end) {
      reason += fmt::format(
          "; the {}, {}, lies far beyond percentile {}, {}: clipped at {}, twice as far from the median", which,
          FormatNumber(extreme), percentile, FormatNumber(number.percentiles[percentile]), FormatNumber(end));
    };
    if (spec.clip_low) say("least", number.percentiles[0], 1, *spec.clip_low);
    if (spec.clip_high) say("greatest", number.percentiles[100], 99, *spec.clip_high);
  }

  // To three digits, so that people can read and edit it.
  static double Rounded(double value) {
    if (value == 0 || !std::isfinite(value)) return value;
    const double unit = std::pow(10, std::floor(std::log10(std::abs(value))) - 2);
    return unit < 1 ? std::round(value * std::round(1 / unit)) / std::round(1 / unit) : std::round(value / unit) * unit;
  }

  // Texts.

  void ChooseText(const TextSummary& text) {
    const auto present = static_cast<double>(Present(column_));
    const double words = text.kinds.has_value() ? text.kinds->words : 0;
    if (words >= kNaturalLanguage && column_.distinct >= 0.2 * present && Present(column_) >= kFewRows) {
      return ChooseTokens(words);
    }
    if (text.kinds.has_value() && Present(column_) >= kFewRows && column_.distinct > kMostlyUnique * present) {
      if (text.kinds->number >= kNearlyAll) {
        return LeaveOut(fmt::format("{} of its texts are numbers: derive a column by number(...) to use them",
                                    FormatShare(text.kinds->number)));
      }
      if (text.kinds->time >= kNearlyAll) {
        return LeaveOut(fmt::format("{} of its texts are times ({}): derive a column by time(...) to use them",
                                    FormatShare(text.kinds->time), text.kinds->time_format));
      }
    }
    if (Present(column_) >= kFewRows && column_.distinct > kMostlyUnique * present) {
      return LeaveOut(fmt::format("{} in {} rows: {}", Distinct(column_, "texts"), FormatCount(Present(column_)),
                                  column_.distinct >= kNearlyAll * present
                                      ? "an identifier, which says nothing about other rows"
                                      : "most come once, and say nothing about other rows"));
    }
    AddWords(Operation::kOneHot, text, column_, "rows");
  }

  void ChooseTokens(double words) {
    FeatureSpec spec{.use = Operation::kTokens};
    spec.min_count = column_.rows >= 10'000 ? 5 : 2;
    std::string_view how = "trees ask for the words that tell";
    if (!trees_) {
      spec.top = kMaxWords;
      spec.weight = TokenWeight::kTfIdf;
      spec.unit_length = true;
      how = "rare words weigh more (tf_idf), long texts no more than short ones";
    }
    Add(std::move(spec), fmt::format("{} of the texts are sentences, {}: their words are counted; {}",
                                     FormatShare(words), Distinct(column_, "ones"), how));
  }

  // A vocabulary of the words of `values` (this column's, or its lists'): those that came often enough.
  void AddWords(Operation operation, const TextSummary& text, const ColumnSummary& values, std::string_view of) {
    const Vocabulary kept = Kept(text, Present(values));
    FeatureSpec spec{.use = operation, .min_count = kept.min_count};
    const bool ordinal = trees_ && operation == Operation::kOneHot && kept.words <= kOrdinalWords && text.exact;
    if (ordinal) spec.use = Operation::kOrdinal;
    std::string reason = Distinct(values, "words");
    if (kept.min_count > 1) {
      reason += fmt::format(", the {} that came {} times or more cover {} of the {}", FormatCount(kept.words),
                            FormatCount(kept.min_count), FormatShare(kept.share), of);
    }
    const int64_t top = trees_ && !ordinal ? kTreesWords : kMaxWords;
    if (kept.words > top) {
      reason += fmt::format("; the {} most frequent are kept", FormatCount(top));
    }
    if (kept.words > spec.top || kept.words > top) spec.top = std::min(kept.words, top);
    if (ordinal) {
      reason += ": categories, which trees part into groups";
    } else if (kept.share < kCovered && operation == Operation::kOneHot) {
      spec.unknown_buckets = kUnknownBuckets;
      reason += fmt::format("; the others share {} features by their hash", kUnknownBuckets);
    }
    Add(std::move(spec), std::move(reason));
  }

  struct Vocabulary {
    int64_t min_count = 1;
    int64_t words = 0;
    double share = 0;  // of all values
  };

  // The greatest of kMinCounts whose words cover the values nearly; the least where none does (2 where words that came
  // once make up most).
  static Vocabulary Kept(const TextSummary& text, int64_t values) {
    Vocabulary kept;
    for (const int64_t min_count : kMinCounts) {
      kept = {.min_count = min_count};
      int64_t covered = 0;
      for (const ValueCount& word : text.top) {
        if (word.count < min_count) continue;
        ++kept.words;
        covered += word.count;
      }
      kept.share = values == 0 ? 0 : std::min(1.0, static_cast<double>(covered) / static_cast<double>(values));
      if (kept.words > 0 && (kept.share >= kCovered || min_count == 2)) break;
    }
    return kept;
  }

  // Times.

  void ChooseTime() {
    const NumberSummary& number = *column_.number;
    if (!number.min_micros || !number.max_micros) return LeaveOut("it has no readable time");
    const double days = (static_cast<double>(*number.max_micros) - static_cast<double>(*number.min_micros)) /
                        static_cast<double>(kMicrosPerDay);
    const std::string span = fmt::format("the times span {} days", FormatNumber(days, 3));
    if (!AtMidnight(days)) {
      if (days >= 2) AddPart(Operation::kHour, Period::kHour, span + " and are not all at midnight");
    }
    if (days >= 14) Add({.use = Operation::kWeekday}, span + ": work days and week-ends may differ");
    if (days >= 60) {
      AddPart(Operation::kMonth, Period::kMonth,
              days >= 365 ? span + ": the season may tell"
                          : span + ": the season may tell, but months that are not among them have no weight");
    }
    if (choice_.features.empty()) LeaveOut(span + ": too few for weekdays or seasons to show");
  }

  // Linear models have a weight for each value; trees cut a circle in few steps.
  void AddPart(Operation operation, Period period, std::string reason) {
    if (trees_) {
      Add({.use = Operation::kCyclic, .period = period}, reason + "; sine and cosine, as trees cut where they need");
    } else {
      Add({.use = operation}, std::move(reason));
    }
  }

  // Dates; also times that begin and end at midnight and are no more than the days between.
  bool AtMidnight(double days) const {
    if (column_.type == column::Type::kDate32) return true;
    const NumberSummary& number = *column_.number;
    return *number.min_micros % kMicrosPerDay == 0 && *number.max_micros % kMicrosPerDay == 0 &&
           column_.distinct <= (days + 1) * 1.05;
  }

  // Lists.

  void ChooseList() {
    const ColumnSummary* values = column_.children.size() == 1 ? &column_.children.front() : nullptr;
    if (values == nullptr || Present(*values) <= 0) return LeaveOut("its lists hold no value");
    const std::string lengths =
        fmt::format("lists of {} to {} values, {} on average", FormatCount(column_.list->min_length),
                    FormatCount(column_.list->max_length), FormatNumber(column_.list->mean_length, 3));
    if (column::IsText(values->type) && values->text.has_value()) {
      if (values->distinct > kMostlyUnique * static_cast<double>(Present(*values)) && Present(*values) >= kFewRows) {
        LeaveOut(fmt::format("{} in lists that hold {}: most come once", Distinct(*values, "words"),
                             FormatCount(Present(*values))));
      } else {
        AddWords(Operation::kMultiHot, *values->text, *values, "values");
      }
    } else if ((column::IsNumber(values->type) || values->type == column::Type::kBool) && values->number.has_value()) {
      Add({.use = Operation::kListMean}, lengths + ": their mean");
      if (column_.list->min_length < column_.list->max_length)
        Add({.use = Operation::kListCount}, lengths + ": how many");
    } else {
      LeaveOut(fmt::format("no operation takes lists of {}", values->type_text));
    }
  }

  const ColumnSummary& column_;
  bool trees_;
  FeatureChoice choice_;
};

// Lets go the features of the columns with the most missing values, until there are no more than `most`.
void Limit(const profile::ProfileSummary& summary, int64_t most, FeatureChoice& choice) {
  if (static_cast<int64_t>(choice.features.size()) <= most) return;
  std::vector<size_t> order(choice.features.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto missing = [&](size_t i) { return MissingShare(*summary.Find(choice.features[i].spec.column)); };
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return missing(a) < missing(b); });
  std::vector<bool> stays(order.size(), false);
  for (int64_t i = 0; i < most; ++i) stays[order[static_cast<size_t>(i)]] = true;
  std::vector<ChosenFeature> kept;
  for (size_t i = 0; i < order.size(); ++i) {
    if (stays[i]) {
      kept.push_back(std::move(choice.features[i]));
    } else {
      choice.left_out.push_back({choice.features[i].spec.column,
                                 fmt::format("there are more than {} features, and {} of its values are missing",
                                             FormatCount(most), FormatShare(missing(i)))});
    }
  }
  choice.features = std::move(kept);
}

}  // namespace

FeatureChoice ChooseForColumn(const profile::ColumnSummary& column, bool trees) {
  return Chooser(column, trees).Choose();
}

absl::StatusOr<FeatureChoice> ChooseFeatures(const profile::ProfileSummary& summary, const ChooseOptions& options) {
  FeatureChoice choice;
  for (const ColumnSummary& column : summary.columns) {
    if (std::find(options.leave_out.begin(), options.leave_out.end(), column.name) != options.leave_out.end()) {
      choice.left_out.push_back({column.name, "it is the label's, the split's, a weight or a key"});
      continue;
    }
    FeatureChoice of_column = ChooseForColumn(column, options.trees);
    std::move(of_column.features.begin(), of_column.features.end(), std::back_inserter(choice.features));
    std::move(of_column.left_out.begin(), of_column.left_out.end(), std::back_inserter(choice.left_out));
  }
  Limit(summary, options.max_features, choice);
  if (!choice.features.empty()) return choice;
  constexpr size_t kNamed = 10;
  std::vector<std::string> reasons;
  for (const LeftOutColumn& column : choice.left_out) {
    if (reasons.size() < kNamed) reasons.push_back(fmt::format("{}: {}", Printable(column.column), column.reason));
  }
  return WithHint(absl::InvalidArgumentError(fmt::format("no column gives a feature ({})", fmt::join(reasons, "; "))),
                  "declare the features one by one, with derived columns where needed");
}

}  // namespace roost::transform
