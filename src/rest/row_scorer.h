#pragma once

#include <cstdint>
#include <span>

#include <simdjson.h>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "column/value.h"
#include "rest/row_reader.h"
#include "serving/overload.h"
#include "serving/servable.h"

namespace roost::rest {

/// Some scored rows of a request, in its order.
struct ScoredRows {
  int64_t first = 0;                      ///< the number of the first, from 0
  std::span<const column::Value> values;  ///< a value for each input a row
  std::span<const double> scores;         ///< the model's outputs a row
};

/// Takes the rows of a request one after the other.
class RowSink {
 public:
  RowSink(const RowSink&) = delete;
  RowSink& operator=(const RowSink&) = delete;

  /// The next row, the objects `parts` together. Errors as RowReader::AddRow, with the row's number, and
  /// InvalidArgument beyond serving::kMaxRows rows or serving::kMaxOutputs outputs.
  absl::Status Add(std::span<const simdjson::dom::element> parts);

  /// The next row, a value of input `columns[i]` from each of `values[i]`. Errors as Add.
  absl::Status Add(std::span<const size_t> columns, std::span<const simdjson::dom::element> values);

  int64_t num_rows() const { return first_ + reader_.num_rows(); }

 protected:
  /// `servable` and `reader` outlive it.
  RowSink(const serving::Servable& servable, RowReader& reader, Dialect dialect);
  ~RowSink() = default;

  /// The reader has piece_rows_ rows.
  virtual absl::Status TakePiece() = 0;
  absl::Status CheckLimits() const;

  const serving::Servable& servable_;
  RowReader& reader_;
  int64_t piece_rows_;
  int64_t first_ = 0;  // the number of the reader's first row

 private:
  absl::Status AfterRow() { return reader_.num_rows() < piece_rows_ ? absl::OkStatus() : TakePiece(); }
};

/// Scores rows in pieces and hands each piece over, so that memory does not grow with the rows. A thread has one at a
/// time.
class RowScorer final : public RowSink {
 public:
  using Clock = serving::Clock;
  using Take = absl::FunctionRef<absl::Status(const ScoredRows&)>;

  /// `servable` and what `take` refers to outlive the scorer. Work on the request began at `start`. Add also fails as
  /// scoring and as `take`.
  RowScorer(const serving::Servable& servable, Dialect dialect, Clock::time_point start, Take take);

  /// Scores and hands over what is left, and counts the request in the servable's statistics as answered when the last
  /// row was scored.
  absl::Status Finish();

 private:
  absl::Status TakePiece() override;

  Take take_;
  const Clock::time_point start_;
  Clock::time_point scored_;  // when the last piece was scored; at first when work began
  Clock::duration scoring_{};
};

/// Leaves all rows in the reader, to be scored later.
class RowCollector final : public RowSink {
 public:
  RowCollector(const serving::Servable& servable, RowReader& reader, Dialect dialect)
      : RowSink(servable, reader, dialect), step_(piece_rows_) {}

  /// InvalidArgument beyond the limits of Add and serving::kMaxQueuedValues values, which Add checks now and then.
  absl::Status Finish() const;

 private:
  absl::Status TakePiece() override;

  const int64_t step_;
};

}  // namespace roost::rest
