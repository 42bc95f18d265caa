#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "profile/number_state.h"
#include "transform/fitted.h"
#include "transform/vocabulary.h"

namespace roost::transform {

/// Distinct words that one feature may have while they are counted.
inline constexpr size_t kMaxCountedWords = 5'000'000;

/// What of one feature is to be counted over the rows, as its profile does not say it.
struct StatisticsWanted {
  bool raw = false;       ///< the numbers as they come
  bool prepared = false;  ///< the numbers after the steps, missing ones left out
  bool log = false;       ///< of `prepared`: with the logarithm, whose floor is not known yet
  bool words = false;
  bool rows = false;  ///< how many have a value

  bool any() const { return raw || prepared || words || rows; }
};

/// What was counted: exact, the same for any split and order of the rows.
struct FeatureStatistics {
  StatisticsWanted wanted;
  profile::NumberState raw{profile::NumberState::Kind::kFloat};
  profile::NumberState prepared{profile::NumberState::Kind::kFloat};
  double least = std::numeric_limits<double>::infinity();  ///< of the numbers after clipping, before the logarithm
  WordMap<int64_t> words;                                  ///< of each word, how many rows hold it
  int64_t rows = 0;                                        ///< that have a value

  void Merge(FeatureStatistics other);
};

/// Counts over `batches` what is wanted of the features of `fitted`, which is linked; in parallel.
/// ResourceExhausted where a feature has more words than kMaxCountedWords; errors of SourceColumns; Cancelled.
absl::StatusOr<std::vector<FeatureStatistics>> CountOver(std::span<const column::BatchView> batches,
                                                         const Transform::Fitted& fitted,
                                                         std::span<const StatisticsWanted> wanted,
                                                         const Context& context);

}  // namespace roost::transform
