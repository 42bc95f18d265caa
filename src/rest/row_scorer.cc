#include "rest/row_scorer.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "serving/infer.h"
#include "serving/rows.h"

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

RowScorer::RowScorer(const serving::Servable& servable, Dialect dialect, Take take) : servable_(servable), take_(take) {
  const auto width = std::max<int64_t>(servable.model().num_outputs(), std::ssize(servable.inputs()));
  piece_rows_ = std::clamp<int64_t>(kPieceNumbers / width, 1, kPieceRows);
  memory.reader.Start(servable, dialect);
}

int64_t RowScorer::num_rows() const { return first_ + memory.reader.num_rows(); }

absl::Status RowScorer::Add(std::span<const simdjson::dom::element> parts) {
  const absl::Status added = memory.reader.AddRow(parts);
  return added.ok() ? AfterRow() : Annotate(added, fmt::format("row {}", num_rows() - 1));
}

absl::Status RowScorer::Add(std::span<const size_t> columns, std::span<const simdjson::dom::element> values) {
  memory.reader.AddEmptyRow();
  for (size_t i = 0; i < columns.size(); ++i) {
    const absl::Status set = memory.reader.SetValue(columns[i], values[i]);
    if (!set.ok()) return Annotate(set, fmt::format("row {}", num_rows() - 1));
  }
  return AfterRow();
}

absl::Status RowScorer::AfterRow() { return memory.reader.num_rows() < piece_rows_ ? absl::OkStatus() : ScorePiece(); }

absl::Status RowScorer::ScorePiece() {
  const int64_t rows = memory.reader.num_rows();
  if (rows == 0) return absl::OkStatus();
  if (num_rows() > serving::kMaxRows) {
    return absl::InvalidArgumentError(fmt::format("one request takes at most {} rows", FormatCount(serving::kMaxRows)));
  }
  TRY(serving::CheckOutputs(servable_, num_rows()));
  memory.scores.resize(static_cast<size_t>(rows * servable_.model().num_outputs()));
  const Clock::time_point begin = Clock::now();
  TRY(serving::ScoreRows(servable_, memory.reader.values(), memory.scratch, memory.scores));
  scoring_ += Clock::now() - begin;
  TRY(take_({first_, memory.reader.values(), memory.scores}));
  first_ += rows;
  memory.reader.Clear();
  return absl::OkStatus();
}

absl::Status RowScorer::Finish() {
  TRY(ScorePiece());
  servable_.statistics().AddSuccess(num_rows(), Clock::now() - start_, scoring_);
  return absl::OkStatus();
}

}  // namespace roost::rest
