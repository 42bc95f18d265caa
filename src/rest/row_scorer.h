#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include <simdjson.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "column/value.h"
#include "rest/row_reader.h"
#include "serving/servable.h"

namespace roost::rest {

/// Some scored rows of a request, in its order.
struct ScoredRows {
  int64_t first = 0;                      ///< the number of the first, from 0
  std::span<const column::Value> values;  ///< a value for each input a row
  std::span<const double> scores;         ///< the model's outputs a row
};

/// Reads the rows of a request, scores them in pieces, and hands each piece over, so that memory does not grow with the
/// rows. A thread has one at a time.
class RowScorer {
 public:
  using Take = absl::FunctionRef<absl::Status(const ScoredRows&)>;

  /// `servable` and what `take` refers to outlive the scorer.
  RowScorer(const serving::Servable& servable, Dialect dialect, Take take);

  /// The next row, the objects `parts` together. Errors as RowReader::AddRow, with the row's number; those of scoring
  /// and of `take`; InvalidArgument beyond serving::kMaxRows rows or serving::kMaxOutputs outputs.
  absl::Status Add(std::span<const simdjson::dom::element> parts);

  /// The next row, a value of input `columns[i]` from each of `values[i]`. Errors as Add.
  absl::Status Add(std::span<const size_t> columns, std::span<const simdjson::dom::element> values);

  /// Scores and hands over what is left, and counts the request in the servable's statistics as answered.
  absl::Status Finish();

  int64_t num_rows() const;

 private:
  using Clock = std::chrono::steady_clock;

  absl::Status AfterRow();
  absl::Status ScorePiece();

  const serving::Servable& servable_;
  Take take_;
  int64_t piece_rows_;
  const Clock::time_point start_ = Clock::now();
  Clock::duration scoring_{};
  int64_t first_ = 0;  // the number of the reader's first row
};

}  // namespace roost::rest
