#pragma once

#include <cmath>

namespace roost::evaluate {

/// Neumaier's compensated sum: the error does not grow with the number of terms. It depends on the order of the terms
/// in its last bits, so whoever promises the same bits for any order of rows sorts them first.
/// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974).
class Sum {
 public:
  void Add(double term) {
    const double next = sum_ + term;
    lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - next) + term : (term - next) + sum_;
    sum_ = next;
  }

  /// Adds a * b without rounding the product: whole numbers below 2^53 are multiplied and added exactly as long as the
  /// sum is below 2^106.
  void AddProduct(double a, double b) {
    const double product = a * b;
    Add(product);
    lost_ += std::fma(a, b, -product);
  }

  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0;
  double lost_ = 0;
};

}  // namespace roost::evaluate
