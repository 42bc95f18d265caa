#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "evaluate/rows.h"
#include "evaluate/value_amounts.h"
#include "predict/task.h"

namespace roost::evaluate {

/// Most metrics are functions of a few sums over rows, each row's term times its weight. A row adds to some of the sums
/// of its task, which are named here by their places.
///
/// A TermSet is a set of terms, a bit each; a term adds to one sum, which the row may choose.
using TermSet = uint32_t;

namespace binary_sums {
enum Total : int32_t {
  kTrueNegatives,   // of the term kOutcome: a row adds its weight to one of the four
  kFalsePositives,  // predicted positive: a score of at least the threshold
  kFalseNegatives,
  kTruePositives,
  kScores,
  kLosses,          // -log(probability of the true label), clipped as in binary.h
  kSquares,         // (score - label)^2
  kPositiveScores,  // scores of positive rows
  kValues,          // of the row's outcome
  kNumSums
};
enum Term : TermSet { kOutcome = 1, kScore = 2, kLoss = 4, kSquare = 8, kPositiveScore = 16, kValue = 32 };
}  // namespace binary_sums

namespace classes_sums {
enum Total : int32_t {
  kWeights,
  kLosses,   // as in classes.h
  kSquares,  // the sum over the classes of (probability - whether it is the true one)^2
  kHits,     // the most probable class is the true one
  kTop2,     // the true class is among the 2 most probable ones
  kTop3,
  kTop5,
  kTop10,
  kFirstOfClass,  // then three a class: true, predicted, both; the unseen classes are the last class
};
inline constexpr int32_t kSumsOfClass = 3;
enum Term : TermSet { kWeight = 1, kLoss = 2, kSquare = 4, kHit = 8, kTop = 16, kPerClass = 32 };
}  // namespace classes_sums

namespace number_sums {
/// Of Task::kNumber and Task::kCounts. Targets and scores are taken from `centre`, which keeps their squares small.
enum Total : int32_t {
  kWeights,
  kCentres,  // the centre, weighted
  kTargets,  // target - centre
  kScores,   // score - centre
  kTargetSquares,
  kScoreSquares,
  kProducts,
  kErrors,  // score - target
  kSizes,   // |error|
  kErrorSquares,
  kErrorShares,     // |error| / max(|target|, 2^-52)
  kLogSquares,      // (log(1 + score) - log(1 + target))^2, 0 where a logarithm is not defined
  kNoLogs,          // rows with a target or score below 0
  kDeviances,       // counts.h
  kTargetLogs,      // target * log(target)
  kTargetsCounted,  // target, not centred
  kZeros,           // rows whose target is 0
  kValues,          // minus the costs of the error
  kNumSums
};
constexpr TermSet Term(Total sum) { return TermSet{1} << sum; }
}  // namespace number_sums

namespace ranking_sums {
/// Terms are of groups of rows, and count with the mean weight of the group's rows.
enum Total : int32_t {
  kWeights,
  kNdcg5,
  kNdcg10,
  kNdcg,
  kReciprocalRanks,
  kAveragePrecisions,
  kHit1,
  kHit3,
  kHit5,
  kHit10,
  kPrecision5,
  kPrecision10,
  kRecall5,
  kRecall10,
  kFirstPlaces,
  kValues,
  kNumSums
};
}  // namespace ranking_sums

/// How many sums a task has.
int32_t NumSums(predict::Task task, int32_t num_outputs);

struct TermOptions {
  TermSet terms = ~TermSet{0};
  double threshold = 0.5;                 ///< binary
  double centre = 0;                      ///< number and counts
  const ValueAmounts* amounts = nullptr;  ///< of the terms kValue
  std::span<const double> values = {};    ///< in place of amounts, one a row; without both those terms are left out
};

/// Writes the terms of rows. All tasks but rankings.
class RowTerms {
 public:
  /// `rows` have passed CheckTaskRows; they and the amounts are borrowed.
  RowTerms(predict::Task task, const ScoredRows& rows, const TermOptions& options);

  /// Terms of each row.
  size_t count() const { return count_; }

  /// The terms of `row`, times its weight, and the places of the sums that they go to.
  void Write(size_t row, double* terms, int32_t* sums) const;

 private:
  class Writer;
  void WriteBinary(size_t row, Writer& writer) const;
  void WriteClasses(size_t row, Writer& writer) const;
  void WriteNumber(size_t row, Writer& writer) const;
  void WriteCounts(size_t row, Writer& writer) const;

  predict::Task task_;
  ScoredRows rows_;
  TermOptions options_;
  size_t count_ = 0;
};

/// What the task asks of its rows. InvalidArgument as its evaluation (binary.h and so on); the message names the first
/// bad row, counted from 0.
absl::Status CheckTaskRows(predict::Task task, const ScoredRows& rows);

}  // namespace roost::evaluate
