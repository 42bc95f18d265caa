#include "train/loss.h"

#include <algorithm>
#include <cmath>

#include "base/simd.h"
#include "train/vector_math.h"

namespace roost::train {
namespace {

ROOST_INLINE void Abs(const V8& x, V8& y) { y = x < 0.0 ? -x : x; }

// See AddLosses: bounds the steps where the loss is linear, and is far below the curvature of a sharp bend.
constexpr double kLeastHingeCurvature = 0.01;

// Each gives the loss, the slope and the curvature of eight rows with the margins m and targets y.
struct Squared {
  ROOST_INLINE void operator()(const V8& m, const V8& y, V8& loss, V8& slope, V8& curvature) const {
    slope = m - y;
    loss = slope * slope * 0.5;
    curvature = V8{} + 1.0;
  }
};

struct Logistic {
  ROOST_INLINE void operator()(const V8& m, const V8& y, V8& loss, V8& slope, V8& curvature) const {
    V8 absolute, log;
    Abs(m, absolute);
    V8 small = -absolute;
    Exp(small);                              // in [0, 1]: overflows for no margin
    const V8 of_sign = 1.0 / (small + 1.0);  // the probability of the margin's own side
    const V8 other = small * of_sign;        // of the other, without the rounding of 1 - of_sign
    Log1p(small, log);
    // log(1 + exp(m)) - y m, without the difference of large numbers
    loss = log + (m > 0.0 ? (1.0 - y) * m : -y * m);
    slope = (m > 0.0 ? of_sign : other) - y;
    curvature = of_sign * other;
  }
};

struct Poisson {
  ROOST_INLINE void operator()(const V8& m, const V8& y, V8& loss, V8& slope, V8& curvature) const {
    constexpr double kMaxExponent = 700;
    V8 mean = m < kMaxExponent ? m : V8{} + kMaxExponent;
    Exp(mean);
    mean = m <= kMaxExponent ? mean : V8{} + HUGE_VAL;
    loss = mean - y * m;
    slope = mean - y;
    curvature = mean;
  }
};

struct SquaredHinge {
  ROOST_INLINE void operator()(const V8& m, const V8& y, V8& loss, V8& slope, V8& curvature) const {
    const V8 sign = y * 2.0 - 1.0;
    V8 z = 1.0 - sign * m;
    curvature = z > 0.0 ? V8{} + 2.0 : V8{};
    z = z > 0.0 ? z : V8{};
    loss = z * z;
    slope = sign * z * -2.0;
  }
};

struct SmoothHinge {
  double mu;
  ROOST_INLINE void operator()(const V8& m, const V8& y, V8& loss, V8& slope, V8& curvature) const {
    const V8 sign = y * 2.0 - 1.0;
    const V8 z = 1.0 - sign * m;
    const V8 inside = z > 0.0 ? z : V8{};
    const V8 share = inside < mu ? inside / mu : V8{} + 1.0;
    loss = inside < mu ? inside * share * 0.5 : z - mu * 0.5;
    slope = -sign * share;
    const V8 bend = inside < mu ? V8{} + 1.0 / mu : V8{} + kLeastHingeCurvature;
    curvature = z > 0.0 ? bend : V8{} + kLeastHingeCurvature;
  }
};

template <typename Shape>
ROOST_INLINE void EightRows(const Shape& shape, const double* margins, const double* targets, const double* weights,
                            double* slopes, double* curvatures, V8& sum) {
  V8 m, y, loss, slope, curvature;
  Load(margins, m);
  Load(targets, y);
  shape(m, y, loss, slope, curvature);
  if (weights != nullptr) {
    V8 w;
    Load(weights, w);
    loss *= w;
    slope *= w;
    curvature *= w;
  }
  sum += loss;
  Store(slope, slopes);
  Store(curvature, curvatures);
}

template <typename Shape>
ROOST_INLINE double Rows(const Shape& shape, size_t size, const double* margins, const double* targets,
                         const double* weights, double* slopes, double* curvatures) {
  V8 sum{};
  size_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    EightRows(shape, margins + i, targets + i, weights == nullptr ? nullptr : weights + i, slopes + i, curvatures + i,
              sum);
  }
  if (i < size) {  // the rest, filled up with rows of weight 0
    double in[3][kLanes] = {}, out[2][kLanes];
    const size_t rest = size - i;
    std::copy_n(margins + i, rest, in[0]);
    std::copy_n(targets + i, rest, in[1]);
    if (weights == nullptr) std::fill_n(in[2], rest, 1.0);
    if (weights != nullptr) std::copy_n(weights + i, rest, in[2]);
    EightRows(shape, in[0], in[1], in[2], out[0], out[1], sum);
    std::copy_n(out[0], rest, slopes + i);
    std::copy_n(out[1], rest, curvatures + i);
  }
  return SumOfLanes(sum);
}

template <Simd>
ROOST_INLINE double OneMarginLossesBody(const LossShape& shape, size_t size, const double* margins,
                                        const double* targets, const double* weights, double* slopes,
                                        double* curvatures) {
  switch (shape.loss) {
    case Loss::kSquared: return Rows(Squared(), size, margins, targets, weights, slopes, curvatures);
    case Loss::kLogistic: return Rows(Logistic(), size, margins, targets, weights, slopes, curvatures);
    case Loss::kPoisson: return Rows(Poisson(), size, margins, targets, weights, slopes, curvatures);
    case Loss::kSquaredHinge: return Rows(SquaredHinge(), size, margins, targets, weights, slopes, curvatures);
    case Loss::kHinge: return Rows(SmoothHinge{shape.smoothing}, size, margins, targets, weights, slopes, curvatures);
    case Loss::kSoftmax: break;  // has AddSoftmaxLosses
  }
  return 0;
}

// Rows' margins to their exponentials relative to the largest of the row; returns nothing: sums are taken by the
// caller.
template <Simd>
ROOST_INLINE void ExpAllBody(double* values, size_t size) {
  size_t i = 0;
  V8 x;
  for (; i + kLanes <= size; i += kLanes) {
    Load(values + i, x);
    Exp(x);
    Store(x, values + i);
  }
  if (i < size) {
    double rest[kLanes] = {};
    std::copy_n(values + i, size - i, rest);
    Load(rest, x);
    Exp(x);
    Store(x, rest);
    std::copy_n(rest, size - i, values + i);
  }
}

}  // namespace

namespace {
ROOST_DISPATCH(double, OneMarginLosses,
               (const LossShape& shape, size_t size, const double* margins, const double* targets,
                const double* weights, double* slopes, double* curvatures),
               (shape, size, margins, targets, weights, slopes, curvatures))
ROOST_DISPATCH(void, ExpAll, (double* values, size_t size), (values, size))
}  // namespace

double AddLosses(const LossShape& shape, std::span<const double> margins, std::span<const double> targets,
                 std::span<const double> weights, std::span<double> slopes, std::span<double> curvatures) {
  return OneMarginLosses(shape, margins.size(), margins.data(), targets.data(),
                         weights.empty() ? nullptr : weights.data(), slopes.data(), curvatures.data());
}

double AddSoftmaxLosses(std::span<double> margins, int32_t num_classes, std::span<const double> targets,
                        std::span<const double> weights, std::span<double> slopes) {
  const auto classes = static_cast<size_t>(num_classes);
  double sum = 0;
  for (size_t row = 0; row < targets.size(); ++row) {
    double* margin = &margins[row * classes];
    const double largest = *std::max_element(margin, margin + classes);
    for (size_t k = 0; k < classes; ++k) margin[k] -= largest;
    sum -= (weights.empty() ? 1 : weights[row]) * margin[static_cast<size_t>(targets[row])];
  }
  ExpAll(margins.data(), margins.size());
  for (size_t row = 0; row < targets.size(); ++row) {
    double* margin = &margins[row * classes];
    const double weight = weights.empty() ? 1 : weights[row];
    double total = 0;
    for (size_t k = 0; k < classes; ++k) total += margin[k];
    sum += weight * std::log(total);
    for (size_t k = 0; k < classes; ++k) {
      margin[k] /= total;
      slopes[row * classes + k] = weight * margin[k];
    }
    slopes[row * classes + static_cast<size_t>(targets[row])] -= weight;
  }
  return sum;
}

double HingeLosses(std::span<const double> margins, std::span<const double> targets, std::span<const double> weights) {
  double sum = 0;
  for (size_t i = 0; i < margins.size(); ++i) {
    const double loss = std::max(0.0, 1 - (2 * targets[i] - 1) * margins[i]);
    sum += weights.empty() ? loss : weights[i] * loss;
  }
  return sum;
}

}  // namespace roost::train
