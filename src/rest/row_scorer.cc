#include "rest/row_scorer.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "serving/infer.h"
#include "serving/rows.h"
#include "serving/work_queue.h"

namespace roost::rest {
namespace {

constexpr int64_t kPieceRows = 1'024;
constexpr int64_t kPieceNumbers = 1 << 19;  // values or scores of a piece, where rows are wide

/// What a thread keeps from request to request.
struct Memory {
  RowReader reader;
  serving::RowScratch scratch;
  std::vector<double> scores;
};
thread_local Memory memory;

}  // namespace

RowSink::RowSink(const serving::Servable& servable, RowReader& reader, Dialect dialect)
    : servable_(servable), reader_(reader) {
  const auto width = std::max<int64_t>(servable.model().num_outputs(), std::ssize(servable.inputs()));
  piece_rows_ = std::clamp<int64_t>(kPieceNumbers / width, 1, kPieceRows);
  reader_.Start(servable, dialect);
}

absl::Status RowSink::Add(std::span<const simdjson::dom::element> parts) {
  const absl::Status added = reader_.AddRow(parts);
  return added.ok() ? AfterRow() : Annotate(added, fmt::format("row {}", num_rows() - 1));
}

absl::Status RowSink::Add(std::span<const size_t> columns, std::span<const simdjson::dom::element> values) {
  reader_.AddEmptyRow();
  for (size_t i = 0; i < columns.size(); ++i) {
    const absl::Status set = reader_.SetValue(columns[i], values[i]);
    if (!set.ok()) return Annotate(set, fmt::format("row {}", num_rows() - 1));
  }
  return AfterRow();
}

absl::Status RowSink::CheckLimits() const {
  if (num_rows() > serving::kMaxRows) {
    return absl::InvalidArgumentError(fmt::format("one request takes at most {} rows", FormatCount(serving::kMaxRows)));
  }
  return serving::CheckOutputs(servable_, num_rows());
}

RowScorer::RowScorer(const serving::Servable& servable, Dialect dialect, Clock::time_point start, Take take)
    : RowSink(servable, memory.reader, dialect), take_(take), start_(start), scored_(start) {}

absl::Status RowScorer::TakePiece() {
  const int64_t rows = reader_.num_rows();
  if (rows == 0) return absl::OkStatus();
  TRY(CheckLimits());
  memory.scores.resize(static_cast<size_t>(rows * servable_.model().num_outputs()));
  const Clock::time_point begin = Clock::now();
  TRY(serving::ScoreRows(servable_, reader_.values(), memory.scratch, memory.scores));
  scored_ = Clock::now();
  scoring_ += scored_ - begin;
  TRY(take_({first_, reader_.values(), memory.scores}));
  first_ += rows;
  reader_.Clear();
  return absl::OkStatus();
}

absl::Status RowScorer::Finish() {
  TRY(TakePiece());
  servable_.statistics().AddSuccess(num_rows(), scored_ - start_, scoring_);
  return absl::OkStatus();
}

absl::Status RowCollector::TakePiece() {
  piece_rows_ += step_;
  return Finish();
}

absl::Status RowCollector::Finish() const {
  TRY(CheckLimits());
  return serving::CheckQueuedRows(servable_, num_rows());
}

}  // namespace roost::rest
