#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "train/design.h"
#include "train/loss.h"

namespace roost::train {

/// The smooth part of the objective at one point: all but the l1 penalty.
struct Evaluation {
  double loss = 0;               ///< weighted mean loss
  double objective = 0;          ///< loss + l2/2 * |w|^2 / W
  std::vector<double> gradient;  ///< of objective, by parameter
};

/// What is minimised, over rows in a form that multiplies quickly. Borrowed.
struct Problem {
  const Design* design = nullptr;
  std::span<const double> targets;
  std::span<const double> weights;  ///< empty: all 1
  int32_t outputs = 1;
  double total_weight = 0;  ///< W
  double offset = 0;        ///< added to the sum of the losses
  double l2 = 0;
};

/// The smooth objective and its derivatives, each by one pass over the rows in parallel.
/// A point is a vector of parameters: for each output the weights and then the intercept. Second derivatives are those
/// at the point of the last Evaluate. Same bits for any number of threads: rows are cut into groups that depend on the
/// data alone, and the groups' sums are added in their order. `problem` and `context` must outlive this object.
/// Threads: one at a time.
class Objective {
 public:
  Objective(const Problem& problem, const LossShape& shape, const Context& context);

  size_t num_parameters() const { return outputs_ * size_; }
  size_t outputs() const { return outputs_; }
  size_t num_features() const { return size_ - 1; }
  double total_weight() const { return problem_.total_weight; }
  bool IsIntercept(size_t parameter) const { return parameter % size_ == size_ - 1; }

  absl::StatusOr<Evaluation> Evaluate(std::span<const double> parameters);

  /// The lower triangle of the Hessian, row-major, num_parameters() numbers a row. Only every `step`-th block of 64
  /// rows is looked at (1: all), and stands for those that are not.
  absl::StatusOr<std::vector<double>> Hessian(int64_t step) const;

  /// The mean of the Hessian's diagonal blocks, one an output; num_features() + 1 numbers a row.
  absl::StatusOr<std::vector<double>> MeanHessian(int64_t step) const;

  /// The Hessian's diagonal blocks, one an output after the other, each as MeanHessian gives one.
  absl::StatusOr<std::vector<double>> OutputHessians(int64_t step) const;

  absl::StatusOr<std::vector<double>> HessianDiagonal() const;

  /// The Hessian times `vector`, which has one component a parameter.
  absl::StatusOr<std::vector<double>> HessianTimes(std::span<const double> vector) const;

  /// The weighted mean of the hinge loss itself at a point; one pass.
  absl::StatusOr<double> HingeLoss(std::span<const double> parameters) const;

  /// Passes over the rows up to now, parts added up and the sum rounded up.
  int64_t passes() const { return (rows_read_ + num_rows_ - 1) / num_rows_; }
  int64_t rows_read() const { return rows_read_; }
  /// Counts passes that others made over the same rows.
  void CountRows(int64_t rows) { rows_read_ += rows; }

  const Problem& problem() const { return problem_; }
  /// One output: weight times curvature of each row. Softmax: the probabilities, one a class and row.
  std::span<const double> curvatures() const { return curvatures_; }
  const Context& context() const { return context_; }

 private:
  /// Adds what rows [begin, end) contribute to `sums`.
  using AddRows = std::function<void(int64_t begin, int64_t end, std::span<double> sums)>;

  /// The sums of all rows' contributions; with step > 1 of every step-th block of 64 rows, times step.
  absl::StatusOr<std::vector<double>> SumOverRows(size_t num_sums, int64_t step, const AddRows& add) const;
  std::span<const double> WeightsOf(int64_t begin, int64_t end) const;
  /// Factors of the Hessian's block of two outputs.
  void BlockFactors(int64_t begin, int64_t end, size_t k, size_t l, std::span<double> factors) const;
  /// Divides by W and adds the l2 penalty's share: `penalty` times `vector` on the weights.
  void Finish(std::span<const double> vector, std::span<double> sums) const;

  Problem problem_;
  LossShape shape_;
  const Context& context_;
  size_t outputs_;
  size_t size_;  // features and intercept
  int64_t num_rows_;
  std::vector<double> curvatures_;
  mutable int64_t rows_read_ = 0;
};

}  // namespace roost::train
