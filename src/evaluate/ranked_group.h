#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "evaluate/rows.h"
#include "evaluate/terms.h"
#include "evaluate/value_amounts.h"

namespace roost::evaluate {

/// A row of a ranking. In a tie, rows of equal scores, every order is as likely, and figures are means over them.
struct RankedRow {
  int64_t group;
  double score;
  double target;
  double weight;
};

/// The rows of a weight above 0, by group, the best score first. InvalidArgument as EvaluateRanking, but for groups
/// without a target above 0.
absl::StatusOr<std::vector<RankedRow>> SortedRankedRows(const ScoredRows& rows);

/// 1 / log2(1 + place) of places from 1 on, summed: the discounts of the first n places are at n.
class Discounts {
 public:
  explicit Discounts(size_t places);
  /// Of the places after `first` up to `last`.
  double Between(size_t first, size_t last) const { return sums_[last] - sums_[first]; }

 private:
  std::vector<double> sums_;
};

// Of the rows of one group, the best score first.

/// The rows ordered by their targets, with these as scores: the best order.
std::vector<RankedRow> BestOrder(std::span<const RankedRow> group);
/// The rows as one tie.
std::vector<RankedRow> AnyOrder(std::span<const RankedRow> group);
/// The discounted gain of the first `cutoff` rows; each row of a tie has the mean discount of the tie's places.
double Gain(std::span<const RankedRow> rows, size_t cutoff, const Discounts& discounts);
/// 1 / place of the first row whose target is above 0.
double ReciprocalRank(std::span<const RankedRow> rows);
double MeanWeight(std::span<const RankedRow> group);
/// The rows of the largest group.
size_t LargestGroup(std::span<const RankedRow> rows);

/// What the group adds to the sums of ranking_sums, not yet weighted; `discounts` has as many places as the group rows.
/// The group has a target above 0.
std::array<double, ranking_sums::kNumSums> GroupTerms(std::span<const RankedRow> group, const Discounts& discounts,
                                                      const PlaceAmounts& places);

}  // namespace roost::evaluate
