#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "transform/features.h"

namespace roost::train {

/// Rows of features in a form that multiplies quickly: the matrix X with a last column of ones, for the intercept.
///
/// Sums and factors have the form's own ("inner") layout while rows are visited: num_inner() numbers an output, those
/// of all outputs of one inner column next to each other. ToInner and FromInner lead there and back, once a pass. All
/// Add functions add to what is there. Rows [begin, end) only. Threads: any number at once, all functions are const.
class Design {
 public:
  virtual ~Design() = default;

  virtual int64_t num_rows() const = 0;
  virtual int32_t num_features() const = 0;
  virtual size_t InnerSize(size_t outputs) const = 0;

  /// From and to the parameters' layout: a row of num_features() + 1 numbers an output, the intercept last.
  virtual std::vector<double> ToInner(std::span<const double> parameters, size_t outputs) const = 0;
  virtual std::vector<double> FromInner(std::span<const double> inner, size_t outputs) const = 0;

  /// X times the parameters: `outputs` numbers a row in `margins`.
  virtual void Margins(int64_t begin, int64_t end, std::span<const double> inner, size_t outputs,
                       std::span<double> margins) const = 0;

  /// X' times `slopes`, which has `outputs` numbers a row.
  virtual void AddTransposed(int64_t begin, int64_t end, std::span<const double> slopes, size_t outputs,
                             std::span<double> inner_sums) const = 0;

  /// The sums of factor * x^2 for one output, `factors` having one number a row, in the parameters' layout.
  virtual void AddSquares(int64_t begin, int64_t end, std::span<const double> factors,
                          std::span<double> sums) const = 0;

  /// X' diag(factors) X. AddGram adds to num_gram_sums() numbers, and FinishGram makes of them the matrix of
  /// (num_features() + 1)^2 numbers, row after row, of which the lower triangle counts.
  virtual size_t num_gram_sums() const = 0;
  virtual void AddGram(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const = 0;
  virtual std::vector<double> FinishGram(std::vector<double> sums) const = 0;
};

/// Rows as they come, entry by entry. `rows` must be valid (see FitLinear) and outlive the design.
std::unique_ptr<Design> MakeSparseDesign(const transform::FeatureRows& rows);

/// Rows of which each has all features (FeaturesAreDense): the matrix of their values, not copied.
std::unique_ptr<Design> MakeDenseDesign(const transform::FeatureRows& rows);
bool FeaturesAreDense(const transform::FeatureRows& rows);

}  // namespace roost::train
