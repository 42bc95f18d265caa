#pragma once

#include <cstddef>
#include <cstdint>

namespace roost::evaluate {

/// Poisson bootstrap in blocks of kLanes resamples: a unit (a row, or rows that belong together) counts in each
/// resample as often as a Poisson variable of mean 1 says. Sources: Chamandy, Muralidharan, Najmi and Naidu,
/// "Estimating uncertainty for massive data streams" (2012); Hanley and MacGibbon, "Creating non-parametric bootstrap
/// samples using Poisson frequencies" (2006).
///
/// Weights are made anew wherever they are needed, which is faster than reading them: they follow from the seed, the
/// unit's number and the resample's alone, so that every model and slice sees the same ones on any number of threads.
/// All arrays of resamples are of kLanes doubles. The bits are the same on every processor.
inline constexpr size_t kLanes = 32;

/// What weights of a unit follow from.
uint64_t UnitKey(uint64_t seed, uint64_t unit);

/// The weights of a unit in the resamples of `block`: 0 to 8. They are cut from 16 bits, so that the chance of each
/// count is right to 1 / 65,536; the mean is exactly 1 and the variance 0.99997. The generator is splitmix64 (Steele,
/// Lea and Flood, "Fast splittable pseudorandom number generators", 2014), 8 numbers a block.
void PoissonWeights(uint64_t key, uint64_t block, double* weights);

/// Rows with as many terms each, row after row, and the places of the sums that they go to.
struct TermRun {
  size_t rows = 0;
  size_t terms = 0;
  const uint64_t* keys = nullptr;
  const double* values = nullptr;
  const int32_t* sums = nullptr;
};

/// Adds each term times the row's weights to its sum in all resamples of the block: kLanes doubles a sum.
void AddTerms(const TermRun& run, uint64_t block, double* sums);

/// A row in the order of scores.
struct OrderedRow {
  uint64_t key;
  double weight;
  uint32_t cell;
  uint32_t role;  ///< 0 or 1
};

/// Rows of a bin, and the slices of cells: those of cell c are slices[first[c]] to slices[first[c + 1] - 1].
struct OrderedRun {
  const OrderedRow* rows = nullptr;
  size_t count = 0;
  const uint32_t* first = nullptr;
  const uint32_t* slices = nullptr;
};

/// Adds the weights of each row to what its role weighs in each of its slices: two times kLanes doubles a slice.
void AddRoles(const OrderedRun& run, uint64_t block, double* roles);

/// What the bins of a slice came to so far, from the lowest score up.
struct BinaryLanes {
  double positives_left[kLanes];  ///< of the bins to come; at first all of the slice
  double negatives_left[kLanes];
  double pairs[kLanes];       ///< twice the weight of the pairs in order, ties counting half
  double precisions[kLanes];  ///< of positive rows
  double gap[kLanes];         ///< score - label of the calibration bin that is open
  double gaps[kLanes];        ///< sizes of the gaps of those that are closed
};

/// Takes in a bin, negatives then positives in `roles`, which become 0. Rows of a bin count as ties.
void FlushBinary(double mean_score, double* roles, BinaryLanes& lanes);
void CloseCalibrationBin(BinaryLanes& lanes);

/// The median in each resample, from bins of ascending values.
struct MedianLanes {
  double half[kLanes];   ///< of the resample's weight
  double below[kLanes];  ///< the weight of the bins so far
  double median[kLanes];
};

/// Takes in a bin of values from `lowest` to `highest` as if they were evenly spread, and sets `roles` to 0.
void FlushMedian(double lowest, double highest, double* roles, MedianLanes& lanes);

}  // namespace roost::evaluate
