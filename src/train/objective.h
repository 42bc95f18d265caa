#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "transform/features.h"

namespace roost::train {

/// The mean loss with its penalty at one point.
struct Evaluation {
  double loss = 0;               ///< mean log loss
  double objective = 0;          ///< loss + l2/2 * |w|^2 / rows
  std::vector<double> gradient;  ///< of objective, by parameter
};

/// The objective of logistic regression and its derivatives, each by one pass over the rows in parallel.
/// A point is a vector of parameters: the weights, then the intercept. Second derivatives are those at the point of the
/// last Evaluate. Same bits for any number of threads. `rows` and `labels` must be valid (see FitLogistic) and, like
/// `context`, outlive this object. Threads: one at a time.
class LogisticObjective {
 public:
  LogisticObjective(const transform::FeatureRows& rows, std::span<const int8_t> labels, double l2,
                    const Context& context);

  /// The number of weights and the intercept.
  size_t num_parameters() const { return static_cast<size_t>(rows_.num_features) + 1; }

  absl::StatusOr<Evaluation> Evaluate(std::span<const double> parameters);

  /// The Hessian's lower triangle, row by row: the second derivative by parameters i >= j is at PackedIndex(i, j).
  absl::StatusOr<std::vector<double>> PackedHessian() const;
  static constexpr size_t PackedIndex(size_t i, size_t j) { return i * (i + 1) / 2 + j; }

  absl::StatusOr<std::vector<double>> HessianDiagonal() const;

  /// The Hessian times `vector`, which has one component a parameter.
  absl::StatusOr<std::vector<double>> HessianTimes(std::span<const double> vector) const;

 private:
  /// Adds what rows [begin, end) contribute to `sums`.
  using AddRows = std::function<void(size_t begin, size_t end, std::span<double> sums)>;

  /// The sums of all rows' contributions, divided by the number of rows.
  absl::StatusOr<std::vector<double>> MeanOverRows(size_t num_sums, const AddRows& add) const;

  double Dot(size_t row, std::span<const double> parameters) const;

  const transform::FeatureRows& rows_;
  std::span<const int8_t> labels_;
  double penalty_;  // l2 / rows
  const Context& context_;
  std::vector<double> curvature_;  // p * (1 - p) of each row at the last point
};

}  // namespace roost::train
