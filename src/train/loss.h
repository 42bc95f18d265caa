#pragma once

#include <cstdint>
#include <span>

#include "train/linear.h"

namespace roost::train {

/// A loss and, for kHinge, how it is made smooth.
struct LossShape {
  Loss loss = Loss::kLogistic;
  double smoothing = 1;  ///< kHinge: the width of the parabola next to the bend, > 0
};

/// The losses with one margin a row, block after block. For each row i of the block:
///   slopes[i] = weights[i] * d loss / d margin,   curvatures[i] = weights[i] * d^2 loss / d margin^2 (at least 0).
/// Returns the sum of weights[i] * loss_i. Targets may be means of rows that are equal: for kLogistic anything from 0
/// to
/// 1. A margin whose loss overflows gives infinity or NaN, never a trap. All spans have the same size; `weights` may be
/// empty: all 1. The same bits on every machine.
double AddLosses(const LossShape& shape, std::span<const double> margins, std::span<const double> targets,
                 std::span<const double> weights, std::span<double> slopes, std::span<double> curvatures);

/// The same for kSoftmax: `margins` and `slopes` have `num_classes` numbers a row; `margins` become probabilities.
double AddSoftmaxLosses(std::span<double> margins, int32_t num_classes, std::span<const double> targets,
                        std::span<const double> weights, std::span<double> slopes);

/// The hinge itself, without smoothing: the sum of weights * max(0, 1 - s m).
double HingeLosses(std::span<const double> margins, std::span<const double> targets, std::span<const double> weights);

}  // namespace roost::train
