#include <algorithm>
#include <cmath>
#include <utility>

#include "profile/association.h"

namespace roost::profile {
namespace {

constexpr double kLeakageOfClasses = 0.95;
constexpr double kLeakageOfNumbers = 0.99;
constexpr double kLeastExpected = 5;
constexpr size_t kMaxLifts = 20;
// Below this variance, in squares of the plan's scale, not enough is left beside the rounding of the numbers.
constexpr double kLeastVariance = 0x1p-50;
constexpr double kUnits = 0x1p-40;
constexpr double kSquareUnits = 0x1p-80;

double SignedDouble(UInt128 sum) { return static_cast<double>(static_cast<Int128>(sum)); }

// A table of counts with its sums.
struct Table {
  Table(const std::vector<int64_t>& table_counts, size_t table_width)
      : counts(table_counts), width(table_width), rows(counts.size() / width), row_sums(rows), column_sums(width) {
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = 0; column < width; ++column) {
        row_sums[row] += At(row, column);
        column_sums[column] += At(row, column);
      }
      total += row_sums[row];
    }
  }
  int64_t At(size_t row, size_t column) const { return counts[row * width + column]; }

  const std::vector<int64_t>& counts;
  size_t width;
  size_t rows;
  std::vector<int64_t> row_sums;
  std::vector<int64_t> column_sums;
  int64_t total = 0;
};

int64_t InUse(const std::vector<int64_t>& counts) {
  return static_cast<int64_t>(counts.size()) - std::count(counts.begin(), counts.end(), 0);
}

double Entropy(const std::vector<int64_t>& counts, int64_t total) {
  double bits = 0;
  for (const int64_t count : counts) {
    const double share = static_cast<double>(count) / static_cast<double>(total);
    if (count > 0) bits -= share * std::log2(share);
  }
  return bits;
}

double MutualInformation(const Table& table) {
  if (table.total == 0) return 0;
  const auto total = static_cast<double>(table.total);
  double bits = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    for (size_t column = 0; column < table.width; ++column) {
      const auto count = static_cast<double>(table.At(row, column));
      if (count == 0) continue;
      const double by_chance =
          static_cast<double>(table.row_sums[row]) * static_cast<double>(table.column_sums[column]) / total;
      bits += count / total * std::log2(count / by_chance);
    }
  }
  // Miller and Madow (1955): a plug-in entropy of m cells in use is too low by (m - 1) / 2n nats.
  const int64_t cells = InUse(table.row_sums) + InUse(table.column_sums) - InUse(table.counts) - 1;
  return std::max(0.0, bits + static_cast<double>(cells) / (2 * total * std::log(2.0)));
}

// 1 less the ratio of two sums of Brier scores: of the bins' frequencies, and of all rows'. In the bin of a row of
// class y, which is left out, class k has the probability (n_k - [k = y] + N_k / N) / n: the other rows of the bin and
// one row that is like the average.
std::optional<double> PowerForClasses(const Table& table) {
  if (table.total < 2 || InUse(table.column_sums) < 2) return std::nullopt;
  const auto total = static_cast<double>(table.total);
  double squares_of_all = 0;
  for (const int64_t sum : table.column_sums) squares_of_all += static_cast<double>(sum) * static_cast<double>(sum);
  double of_all = 0;
  for (const int64_t sum : table.column_sums) {
    const auto n = static_cast<double>(sum);
    const double others = total - 1;
    of_all += n * ((squares_of_all - 2 * n + 1) / (others * others) - 2 * (n - 1) / others + 1);
  }
  double of_bins = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    const auto n = static_cast<double>(table.row_sums[row]);
    if (n == 0) continue;
    const auto weight = [&](size_t column) {
      return static_cast<double>(table.At(row, column)) + static_cast<double>(table.column_sums[column]) / total;
    };
    double squares = 0;
    for (size_t column = 0; column < table.width; ++column) squares += weight(column) * weight(column);
    for (size_t column = 0; column < table.width; ++column) {
      const double w = weight(column);
      of_bins += static_cast<double>(table.At(row, column)) * ((squares - 2 * w + 1) / (n * n) - 2 * (w - 1) / n + 1);
    }
  }
  return std::clamp(1 - of_bins / of_all, 0.0, 1.0);
}

// Moments of a pair in units of the plan's scales. The sums are first moved, as integers and so without any rounding,
// to whole numbers next to the means: then nothing cancels out where these rows lie far from the mean of all.
struct PairMoments {
  explicit PairMoments(const AssociationState::PairSums& sums) : rows(static_cast<double>(sums.rows)) {
    if (sums.rows == 0) return;
    const auto count = static_cast<UInt128>(sums.rows);
    const auto center_x = static_cast<UInt128>(static_cast<Int128>(sums.x) / sums.rows);
    const auto center_y = static_cast<UInt128>(static_cast<Int128>(sums.y) / sums.rows);
    const double mean_x = SignedDouble(sums.x - count * center_x) / rows;
    const double mean_y = SignedDouble(sums.y - count * center_y) / rows;
    const auto moment = [&](UInt128 products, UInt128 sum_a, UInt128 center_a, UInt128 sum_b, UInt128 center_b) {
      return SignedDouble(products - center_a * sum_b - center_b * sum_a + count * center_a * center_b) / rows;
    };
    variance_x = (moment(sums.xx, sums.x, center_x, sums.x, center_x) - mean_x * mean_x) * kSquareUnits;
    variance_y = (moment(sums.yy, sums.y, center_y, sums.y, center_y) - mean_y * mean_y) * kSquareUnits;
    covariance = (moment(sums.xy, sums.x, center_x, sums.y, center_y) - mean_x * mean_y) * kSquareUnits;
    if (variance_x > kLeastVariance && variance_y > kLeastVariance) {
      correlation = std::clamp(covariance / std::sqrt(variance_x * variance_y), -1.0, 1.0);
    }
  }

  double rows;
  double variance_x = 0;
  double variance_y = 0;
  double covariance = 0;
  std::optional<double> correlation;
};

// R squared of the bins' means or of a line, whichever is greater. In its bin a row is predicted by the mean of the
// others and one row that is like the average. The line has two parameters for thousands of rows: R squared is adjusted
// for them. Rows without the feature are predicted by the mean of all.
std::optional<double> PowerForNumbers(const Table& table, const AssociationState::Feature& feature) {
  if (table.total < 2) return std::nullopt;
  const auto total = static_cast<double>(table.total);
  double sum = 0;
  double squares = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    sum += SignedDouble(feature.label_sums[row]) * kUnits;
    squares += static_cast<double>(feature.label_squares[row]) * kSquareUnits;
  }
  const double mean = sum / total;
  const double spread = squares - sum * mean;
  if (spread <= kLeastVariance * total) return std::nullopt;
  double error = 0;
  for (size_t row = 0; row < table.rows; ++row) {
    const auto n = static_cast<double>(table.row_sums[row]);
    if (n == 0) continue;
    const double bin_sum = SignedDouble(feature.label_sums[row]) * kUnits;
    const double bin_squares = static_cast<double>(feature.label_squares[row]) * kSquareUnits;
    // A row's error is y (1 + 1 / n) - (sum + mean) / n.
    const double factor = 1 + 1 / n;
    const double shift = (bin_sum + mean) / n;
    error += factor * factor * bin_squares - 2 * factor * shift * bin_sum + n * shift * shift;
  }
  const double by_mean = spread * (total / (total - 1)) * (total / (total - 1));
  double power = 1 - error / by_mean;
  const PairMoments pair(feature.pair);
  if (pair.correlation.has_value() && pair.rows > 2) {
    const double unexplained = (1 - *pair.correlation * *pair.correlation) * (pair.rows - 1) / (pair.rows - 2);
    power = std::max(power, (1 - unexplained) * pair.variance_y * pair.rows / spread);
  }
  return std::clamp(power, 0.0, 1.0);
}

std::vector<Lift> LiftsOf(const Table& table, const Binning& bins, const Binning& label_bins) {
  std::vector<Lift> lifts;
  const auto total = static_cast<double>(table.total);
  for (size_t row = 0; row < table.rows; ++row) {
    for (size_t column = 0; column < table.width; ++column) {
      const auto expected =
          static_cast<double>(table.row_sums[row]) * static_cast<double>(table.column_sums[column]) / total;
      if (!(expected >= kLeastExpected)) continue;
      lifts.push_back({.value = bins.NameOf(row),
                       .label = label_bins.NameOf(column),
                       .count = table.At(row, column),
                       .value_count = table.row_sums[row],
                       .label_count = table.column_sums[column],
                       .lift = static_cast<double>(table.At(row, column)) / expected});
    }
  }
  // Stable: what is equal stays in the order of the bins.
  std::stable_sort(lifts.begin(), lifts.end(), [](const Lift& a, const Lift& b) {
    return a.lift != b.lift ? a.lift > b.lift : a.value_count > b.value_count;
  });
  if (lifts.size() > kMaxLifts) {
    lifts.erase(lifts.begin() + kMaxLifts / 2, lifts.end() - static_cast<ptrdiff_t>(kMaxLifts / 2));
  }
  return lifts;
}

Correlation CorrelationOf(const PlannedColumn& first, const PlannedColumn& second,
                          const AssociationState::PairSums& sums) {
  const PairMoments moments(sums);
  Correlation result{.first = first.name, .second = second.name, .rows = sums.rows};
  if (sums.rows > 0) result.covariance = moments.covariance * first.scale * second.scale;
  result.correlation = moments.correlation;
  return result;
}

}  // namespace

AssociationSummary AssociationState::Summarize() const {
  AssociationSummary summary{.rows = rows_};
  const std::vector<PlannedColumn>& columns = plan_->columns();
  for (size_t i = 0; i < features_.size(); ++i) {
    const PlannedColumn& label = columns[*plan_->label()];
    const PlannedColumn& column = columns[plan_->features()[i]];
    const Table table(features_[i].counts, label_bins());
    summary.labelled = table.total;
    if (table.total > 0) summary.label_entropy = Entropy(table.column_sums, table.total);
    LabelAssociation feature{.column = column.name};
    feature.correlation = PairMoments(features_[i].pair).correlation;
    feature.mutual_information = MutualInformation(table);
    feature.power = plan_->label_is_class() ? PowerForClasses(table) : PowerForNumbers(table, features_[i]);
    feature.leakage = feature.power >= (plan_->label_is_class() ? kLeakageOfClasses : kLeakageOfNumbers);
    feature.lifts = LiftsOf(table, column.bins, label.bins);
    summary.features.push_back(std::move(feature));
  }
  if (plan_->label().has_value()) {
    summary.label = columns[*plan_->label()].name;
    summary.label_is_class = plan_->label_is_class();
  }
  const std::vector<size_t>& correlated = plan_->correlated();
  size_t pair = 0;
  for (size_t i = 0; i < correlated.size(); ++i) {
    for (size_t j = i + 1; j < correlated.size(); ++j, ++pair) {
      summary.correlations.push_back(CorrelationOf(columns[correlated[i]], columns[correlated[j]], pairs_[pair]));
    }
  }
  return summary;
}

}  // namespace roost::profile
