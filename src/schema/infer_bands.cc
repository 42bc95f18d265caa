#include "schema/infer_bands.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "profile/special_functions.h"
#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

constexpr size_t kHistory = 3;    // versions from which intervals are computed
constexpr double kTolerance = 3;  // of the spread, with fewer
constexpr double kOrders = 10;    // beyond which the spread is an error
constexpr int64_t kEnoughValues = 100;

// Values that count or name things: they go on where the last version ended.
bool IsNaming(const profile::ColumnSummary& column) {
  constexpr double kMostDistinct = 0.9;
  const auto present = static_cast<double>(column.rows - column.missing);
  const bool is_integer = TypeOf(column.type) == Type::kInteger;
  const bool is_ordered = column.number.has_value() && column.number->order.has_value() &&
                          (column.number->order->ascending() || column.number->order->descending());
  return (is_integer && column.distinct > kMostDistinct * present) || is_ordered;
}

bool IsShare(Statistic statistic) { return statistic == Statistic::kMissing || statistic == Statistic::kZeros; }
bool IsRatio(Statistic statistic) { return statistic == Statistic::kSpread || statistic == Statistic::kDistinct; }

std::vector<double> FiguresOf(const ColumnHistory& history, Statistic statistic) {
  std::vector<double> figures;
  for (const profile::ColumnSummary* column : history) {
    const std::optional<double> figure = StatisticOf(*column, statistic);
    if (figure.has_value()) figures.push_back(*figure);
  }
  return figures;
}

struct Interval {
  double low = 0;
  double high = 0;
};

// Of the next value, after `values` (two or more) of a normal variable whose deviation is at least `floor`.
Interval Prediction(const std::vector<double>& values, double floor, double alpha) {
  const auto n = static_cast<double>(values.size());
  double mean = 0;
  for (const double value : values) mean += value / n;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::max(std::sqrt(squares / (n - 1)), floor);
  const double half = profile::StudentQuantile(1 - alpha / 2, n - 1) * deviation * std::sqrt(1 + 1 / n);
  return {mean - half, mean + half};
}

template <typename To, typename From>
Interval PredictionOn(std::vector<double> values, double floor, double alpha, const To& to, const From& from) {
  for (double& value : values) value = to(value);
  const Interval interval = Prediction(values, floor, alpha);
  return {from(interval.low), from(interval.high)};
}

std::string FiguresText(const std::vector<double>& figures, bool is_share) {
  constexpr size_t kShown = 6;
  std::vector<std::string> texts;
  for (size_t i = figures.size() - std::min(kShown, figures.size()); i < figures.size(); ++i) {
    texts.push_back(is_share ? FormatShare(figures[i]) : FormatNumber(figures[i], 4));
  }
  return fmt::format("{}{}", figures.size() > kShown ? "..., " : "", fmt::join(texts, ", "));
}

Interval IntervalOf(const ColumnHistory& history, Statistic statistic, const std::vector<double>& figures,
                    double alpha) {
  constexpr double kLeastRatio = 0.02;
  constexpr double kLeastShare = 0.005;
  constexpr double kLeastOfSpread = 0.01;
  if (IsRatio(statistic)) {
    return PredictionOn(
        figures, kLeastRatio, alpha, [](double x) { return std::log(x); }, [](double x) { return std::exp(x); });
  }
  if (IsShare(statistic)) {
    // The arcsine of the root of a share of n rows varies by 1 / (2 sqrt(n)) by chance.
    int64_t rows = 1;
    for (const profile::ColumnSummary* column : history) rows = std::max(rows, column->rows);
    const double floor = kLeastShare + 0.5 / std::sqrt(static_cast<double>(rows));
    return PredictionOn(
        figures, floor, alpha, [](double x) { return std::asin(std::sqrt(x)); },
        [](double x) {
          const double root = std::sin(std::clamp(x, 0.0, std::asin(1.0)));
          return root * root;
        });
  }
  const std::vector<double> spreads = FiguresOf(history, Statistic::kSpread);
  const double spread = spreads.empty() ? 0 : *std::max_element(spreads.begin(), spreads.end());
  return Prediction(figures, kLeastOfSpread * spread, alpha);
}

// A bound beyond what a double holds is none, and could not be written.
void DropInfinite(std::optional<double>& bound) {
  if (bound.has_value() && !std::isfinite(*bound)) bound.reset();
}

// With too little history: room by the spread alone.
Interval Room(const ColumnHistory& history, Statistic statistic, double least, double greatest) {
  constexpr double kOfSpread = 0.25;
  if (statistic == Statistic::kSpread) return {least / kTolerance, greatest * kTolerance};
  const std::vector<double> spreads = FiguresOf(history, Statistic::kSpread);
  const double spread = spreads.empty() ? 0 : *std::max_element(spreads.begin(), spreads.end());
  return {least - kOfSpread * spread, greatest + kOfSpread * spread};
}

// Whether a spread that is ten times another one must be another unit.
bool SpreadTells(const ColumnHistory& history, double least, double greatest) {
  constexpr double kMostChange = 3;
  constexpr double kMostTail = 10;
  return greatest <= kMostChange * least &&
         std::all_of(history.begin(), history.end(), [&](const profile::ColumnSummary* column) {
           const std::vector<double>& percentiles = column->number->percentiles;
           return column->number->finite >= kEnoughValues &&
                  percentiles[99] - percentiles[1] <= kMostTail * (percentiles[95] - percentiles[5]);
         });
}

}  // namespace

std::vector<Statistic> BandStatistics(const ColumnHistory& history, const ColumnRules& rules) {
  std::vector<Statistic> statistics;
  // The statistics of a few values move too much to tell anything.
  const bool has_values = std::all_of(history.begin(), history.end(), [](const profile::ColumnSummary* column) {
    return column->rows - column->missing >= kEnoughValues;
  });
  if (!has_values) return statistics;
  const bool has_history = history.size() >= kHistory;
  const auto all_within = [&](Statistic statistic, double low, double high) {
    const std::vector<double> figures = FiguresOf(history, statistic);
    return figures.size() == history.size() &&
           std::all_of(figures.begin(), figures.end(), [&](double figure) { return figure > low && figure < high; });
  };
  if (has_history && all_within(Statistic::kMissing, 0, 1)) statistics.push_back(Statistic::kMissing);
  const bool is_naming = rules.categorical || IsNaming(*history.back());
  if (rules.type == Type::kText) {
    const auto present = static_cast<double>(history.back()->rows - history.back()->missing);
    const bool are_names = history.back()->distinct > present / 2;
    if (has_history && !rules.values.has_value() && !are_names && all_within(Statistic::kDistinct, 0, INFINITY)) {
      statistics.push_back(Statistic::kDistinct);
    }
    return statistics;
  }
  const bool is_number = rules.type == Type::kInteger || rules.type == Type::kNumber;
  if (!is_number || is_naming || rules.bools.has_value() || rules.times.has_value() ||
      !all_within(Statistic::kSpread, 0, INFINITY)) {
    return statistics;
  }
  if (!has_history) {
    statistics.insert(statistics.end(), {Statistic::kSpread, Statistic::kP50});
    return statistics;
  }
  if (all_within(Statistic::kZeros, 0, 1)) statistics.push_back(Statistic::kZeros);
  if (all_within(Statistic::kMean, -INFINITY, INFINITY)) statistics.push_back(Statistic::kMean);
  statistics.insert(statistics.end(), {Statistic::kSpread, Statistic::kP1, Statistic::kP50, Statistic::kP99});
  return statistics;
}

Band BandOf(const ColumnHistory& history, Statistic statistic, double alpha, std::string& why) {
  const std::vector<double> figures = FiguresOf(history, statistic);
  const double least = *std::min_element(figures.begin(), figures.end());
  const double greatest = *std::max_element(figures.begin(), figures.end());
  const bool has_history = figures.size() >= kHistory;
  const Interval interval =
      has_history ? IntervalOf(history, statistic, figures, alpha) : Room(history, statistic, least, greatest);
  Band band{.of = statistic};
  band.min = RoundedDown(std::min(least, interval.low));
  band.max = RoundedUp(std::max(greatest, interval.high));
  why = fmt::format("{} was {}", StatisticName(statistic), FiguresText(figures, IsShare(statistic)));
  why += has_history ? fmt::format(" in {} versions: the next one lies between with a chance of {}", figures.size(),
                                   FormatShare(1 - alpha))
                     : (statistic == Statistic::kSpread ? ": a third to three times that is allowed"
                                                        : ": a quarter of the spread is allowed to both sides");
  const bool never_negative = std::all_of(history.begin(), history.end(), [](const profile::ColumnSummary* column) {
    return !column->number.has_value() || column->number->min.value_or(0) >= 0;
  });
  if (IsShare(statistic)) {
    if (*band.min <= 0) band.min.reset();
    if (*band.max >= 1) band.max.reset();
  } else if (never_negative && *band.min <= 0) {
    band.min.reset();
  }
  if (statistic == Statistic::kSpread && SpreadTells(history, least, greatest)) {
    band.error_below = std::min(RoundedDown(least / kOrders), band.min.value_or(least));
    band.error_above = std::max(RoundedUp(greatest * kOrders), band.max.value_or(greatest));
    why += "; ten times less or more is another unit";
  }
  for (std::optional<double>* bound : {&band.min, &band.max, &band.error_below, &band.error_above})
    DropInfinite(*bound);
  return band;
}

std::optional<RowsRule> RowsRatio(std::span<const profile::ProfileSummary> versions, double alpha, std::string& why) {
  constexpr size_t kEnough = 4;
  constexpr double kLeastRatio = 0.05;
  std::vector<double> ratios;
  for (size_t i = 1; i < versions.size(); ++i) {
    if (versions[i - 1].rows == 0 || versions[i].rows == 0) return std::nullopt;
    ratios.push_back(static_cast<double>(versions[i].rows) / static_cast<double>(versions[i - 1].rows));
  }
  if (versions.size() < kEnough) return std::nullopt;
  const Interval interval = PredictionOn(
      ratios, kLeastRatio, alpha, [](double x) { return std::log(x); }, [](double x) { return std::exp(x); });
  why = fmt::format("the rows were {} times those before: the next ratio lies between with a chance of {}",
                    FiguresText(ratios, false), FormatShare(1 - alpha));
  RowsRule rule{.min = RoundedDown(interval.low), .max = RoundedUp(interval.high), .severity = Severity::kWarning};
  DropInfinite(rule.min);
  DropInfinite(rule.max);
  return rule;
}

}  // namespace roost::schema
