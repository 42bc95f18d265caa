#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "evaluate/evaluation.h"
#include "predict/task.h"

namespace roost::evaluate {

/// Rows that the model was not trained on. All is borrowed.
struct HeldOutRows {
  std::span<const column::BatchView> batches;  ///< with the model's input columns
  /// Of the batches' rows, one batch after the other; as in ScoredRows.
  std::span<const double> targets;
  std::span<const double> weights;
  std::span<const int64_t> groups;
};

/// Scores of a batch's rows, row-major, in their order. A row's scores must not depend on the other rows. Called from
/// several threads at a time.
using BatchScorer = std::function<absl::StatusOr<std::vector<double>>(const column::BatchView&)>;

/// What is measured.
struct ImportanceTask {
  predict::Task task = predict::Task::kBinary;
  int32_t num_outputs = 1;  ///< of the scorer, a row
  ScoringOptions scoring;
};

struct ImportanceOptions {
  int64_t repeats = 5;         ///< permutations of each column; 2 to 1,000
  int64_t max_rows = 100'000;  ///< of so many rows at most are scores made; 1 or more
};

/// How much worse the model is without what a column says.
struct ColumnImportance {
  std::string column;
  /// By how much the primary metric is worse where the column's values are those of other rows: the mean over the
  /// permutations, in the metric's unit. Above 0: the column helps. About 0: the model does not need it, or another
  /// column says the same.
  double mean_drop = 0;
  double deviation = 0;  ///< standard deviation of the drop over the permutations (n - 1)
  int64_t repeats = 0;

  friend bool operator==(const ColumnImportance&, const ColumnImportance&) = default;
};

struct Importance {
  std::string metric;                     ///< the name of the primary metric (evaluation.h)
  double value = 0;                       ///< its value on the rows as they are
  int64_t rows = 0;                       ///< rows measured
  int64_t rows_left_out = 0;              ///< beyond max_rows
  std::vector<ColumnImportance> columns;  ///< by falling drop

  friend bool operator==(const Importance&, const Importance&) = default;
};

/// Permutation importance of input columns, on held-out rows. One column after the other gets its values, nulls too,
/// from other rows over all batches, all else stays.
///
/// Where there are more than max_rows rows, those with the smallest hashes of their number and the seed are measured;
/// in a ranking whole groups, as many as fit, at least one. The permutations follow from the seed and are the same for
/// every column. So the figures depend on the rows, their order and context.seed, and not on the number of threads.
///
/// InvalidArgument for no columns, where targets, weights or groups are not one a row, for options out of range and as
/// EvaluateScores; NotFound for a column that a batch has not; Internal for a scorer with another number of scores; the
/// scorer's own errors. Cost: columns * repeats + 1 passes of copying and scoring rows, in parallel, and as many
/// evaluations. A permuted column of b batches is scored in b * b pieces (rows of one batch with values of another):
/// give few great batches. Memory: the measured rows' scores, and a copy of 8,192 rows a thread. Source: Breiman,
/// "Random forests" (2001), on held-out rows as scikit-learn's permutation_importance.
absl::StatusOr<Importance> PermutationImportance(const HeldOutRows& rows, std::span<const std::string> columns,
                                                 const BatchScorer& score, const ImportanceTask& task,
                                                 const ImportanceOptions& options, const Context& context);

/// One member a field. With ImportanceFromJson: the same to the bit.
Json ToJson(const Importance& importance);
/// InvalidArgument, with the member at fault, where `json` is none.
absl::StatusOr<Importance> ImportanceFromJson(const Json& json);

/// For a terminal: a line a column. Lines end with a line feed.
std::string ToText(const Importance& importance);

}  // namespace roost::evaluate
