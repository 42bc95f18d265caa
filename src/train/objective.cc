#include "train/objective.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::train {
namespace {

constexpr size_t kMaxGroups = 16;
constexpr size_t kMaxSums = (size_t{128} << 20) / sizeof(double);
constexpr size_t kRowsBetweenChecks = 8192;

// Enough groups for the cores of one machine, few enough that the groups' sums stay within 128 MiB.
// Depends on the data alone: it decides the order of additions.
size_t NumGroups(size_t num_rows, size_t num_sums) {
  const size_t that_fit = std::max<size_t>(1, kMaxSums / num_sums);
  return std::max<size_t>(1, std::min({kMaxGroups, that_fit, num_rows / kRowsBetweenChecks}));
}

}  // namespace

LogisticObjective::LogisticObjective(const transform::FeatureRows& rows, std::span<const int8_t> labels, double l2,
                                     const Context& context)
    : rows_(rows),
      labels_(labels),
      penalty_(l2 / static_cast<double>(rows.num_rows())),
      context_(context),
      curvature_(labels.size()) {}

absl::StatusOr<std::vector<double>> LogisticObjective::MeanOverRows(size_t num_sums, const AddRows& add) const {
  const size_t num_rows = labels_.size();
  const size_t num_groups = NumGroups(num_rows, num_sums);
  std::vector<std::vector<double>> sums(num_groups);
  const absl::Status added = context_.pool->ParallelFor(num_groups, [&](size_t group) -> absl::Status {
    sums[group].resize(num_sums);
    const size_t end = num_rows * (group + 1) / num_groups;
    for (size_t row = num_rows * group / num_groups; row < end; row += kRowsBetweenChecks) {
      TRY(context_.CheckCancelled());
      add(row, std::min(end, row + kRowsBetweenChecks), sums[group]);
    }
    return absl::OkStatus();
  });
  TRY(added);
  std::vector<double>& total = sums[0];
  for (size_t group = 1; group < num_groups; ++group) {
    for (size_t i = 0; i < num_sums; ++i) total[i] += sums[group][i];
  }
  for (double& sum : total) sum /= static_cast<double>(num_rows);
  return std::move(total);
}

double LogisticObjective::Dot(size_t row, std::span<const double> parameters) const {
  double sum = parameters.back();
  for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
    sum += parameters[rows_.indices[e]] * rows_.values[e];
  }
  return sum;
}

absl::StatusOr<Evaluation> LogisticObjective::Evaluate(std::span<const double> parameters) {
  const size_t intercept = num_parameters() - 1;
  // The gradient, and the loss behind it.
  TRY_ASSIGN(std::vector<double> sums,
             MeanOverRows(num_parameters() + 1, [&](size_t begin, size_t end, std::span<double> out) {
               for (size_t row = begin; row < end; ++row) {
                 const double margin = Dot(row, parameters);
                 const double small = std::exp(-std::abs(margin));  // in [0, 1]: overflows for no margin
                 const double of_sign = 1 / (1 + small);            // the probability of the margin's own side
                 const double probability = margin >= 0 ? of_sign : 1 - of_sign;
                 const bool wrong_side = (margin >= 0) != (labels_[row] == 1);
                 out.back() += std::log1p(small) + (wrong_side ? std::abs(margin) : 0);
                 // small * of_sign is the probability of the other side without the rounding of 1 - of_sign.
                 curvature_[row] = of_sign * (small * of_sign);
                 const double slope = probability - labels_[row];
                 for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
                   out[rows_.indices[e]] += slope * rows_.values[e];
                 }
                 out[intercept] += slope;
               }
             }));
  Evaluation evaluation{.loss = sums.back(), .objective = sums.back()};
  sums.pop_back();
  double square = 0;
  for (size_t i = 0; i < intercept; ++i) {
    sums[i] += penalty_ * parameters[i];
    square += parameters[i] * parameters[i];
  }
  evaluation.objective += penalty_ / 2 * square;
  evaluation.gradient = std::move(sums);
  return evaluation;
}

absl::StatusOr<std::vector<double>> LogisticObjective::PackedHessian() const {
  const size_t size = num_parameters();
  const size_t last_row = PackedIndex(size - 1, 0);
  TRY_ASSIGN(std::vector<double> hessian,
             MeanOverRows(size * (size + 1) / 2, [&](size_t begin, size_t end, std::span<double> out) {
               for (size_t row = begin; row < end; ++row) {
                 const int64_t first = rows_.starts[row];
                 for (int64_t i = first; i < rows_.starts[row + 1]; ++i) {
                   const double scaled = curvature_[row] * rows_.values[i];
                   const size_t packed_row = PackedIndex(rows_.indices[i], 0);
                   for (int64_t j = first; j <= i; ++j) out[packed_row + rows_.indices[j]] += scaled * rows_.values[j];
                   out[last_row + rows_.indices[i]] += scaled;
                 }
                 out.back() += curvature_[row];
               }
             }));
  for (size_t i = 0; i + 1 < size; ++i) hessian[PackedIndex(i, i)] += penalty_;
  return hessian;
}

absl::StatusOr<std::vector<double>> LogisticObjective::HessianDiagonal() const {
  TRY_ASSIGN(std::vector<double> diagonal,
             MeanOverRows(num_parameters(), [&](size_t begin, size_t end, std::span<double> out) {
               for (size_t row = begin; row < end; ++row) {
                 for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
                   out[rows_.indices[e]] += curvature_[row] * rows_.values[e] * rows_.values[e];
                 }
                 out.back() += curvature_[row];
               }
             }));
  for (size_t i = 0; i + 1 < diagonal.size(); ++i) diagonal[i] += penalty_;
  return diagonal;
}

absl::StatusOr<std::vector<double>> LogisticObjective::HessianTimes(std::span<const double> vector) const {
  TRY_ASSIGN(std::vector<double> product,
             MeanOverRows(num_parameters(), [&](size_t begin, size_t end, std::span<double> out) {
               for (size_t row = begin; row < end; ++row) {
                 const double scaled = curvature_[row] * Dot(row, vector);
                 for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
                   out[rows_.indices[e]] += scaled * rows_.values[e];
                 }
                 out.back() += scaled;
               }
             }));
  for (size_t i = 0; i + 1 < product.size(); ++i) product[i] += penalty_ * vector[i];
  return product;
}

}  // namespace roost::train
