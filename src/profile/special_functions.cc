#include "profile/special_functions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <unsupported/Eigen/SpecialFunctions>

namespace roost::profile {
namespace {

// Below it the series of the small arguments needs few terms, above it the other one.
constexpr double kSmallLambda = 1.18;
constexpr int kTerms = 8;

double StudentTail(double t, double degrees) {
  return Eigen::numext::betainc(degrees / 2, 0.5, degrees / (degrees + t * t)) / 2;
}

}  // namespace

double ChiSquareTail(double statistic, double degrees) {
  if (degrees <= 0 || statistic <= 0) return 1;
  return std::clamp(Eigen::numext::igammac(degrees / 2, statistic / 2), 0.0, 1.0);
}

double KolmogorovTail(double lambda) {
  if (lambda <= 0) return 1;
  double sum = 0;
  if (lambda < kSmallLambda) {
    const double step = std::numbers::pi * std::numbers::pi / (8 * lambda * lambda);
    for (int k = kTerms; k >= 1; --k) sum += std::exp(-step * (2 * k - 1) * (2 * k - 1));
    return std::clamp(1 - std::sqrt(2 * std::numbers::pi) / lambda * sum, 0.0, 1.0);
  }
  for (int k = kTerms; k >= 1; --k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2 * lambda * lambda * k * k);
  return std::clamp(sum, 0.0, 1.0);
}

double StudentQuantile(double probability, double degrees) {
  if (probability <= 0.5) return 0;
  const double tail = 1 - probability;
  double low = 0;
  double high = 1;
  while (StudentTail(high, degrees) > tail && std::isfinite(high)) high *= 2;
  for (;;) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    (StudentTail(middle, degrees) > tail ? low : high) = middle;
  }
}

}  // namespace roost::profile
