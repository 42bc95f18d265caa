#include "store/sort_search.h"

#include <algorithm>

#include <arrow/api.h>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::store {

SortSearch::SortSearch(std::vector<int64_t> column_ids) : SortSearch(std::move(column_ids), std::vector<Found>(1)) {}

SortSearch::SortSearch(std::vector<int64_t> column_ids, std::vector<Found> found)
    : column_ids_(std::move(column_ids)), bases_(std::move(found)), last_(column_ids_.size()) {
  for (size_t base = 0; base < bases_.size(); ++base) {
    const auto& used = bases_[base].places;
    for (size_t column = 0; column < column_ids_.size(); ++column) {
      if (std::find(used.begin(), used.end(), column) != used.end()) continue;
      Candidate candidate{.base = base, .column = column};
      candidate.ends.fill(INT64_MAX);
      candidates_.push_back(std::move(candidate));
    }
  }
}

absl::Status SortSearch::Add(const arrow::RecordBatch& batch, const Context& context) {
  if (batch.num_rows() == 0) return absl::OkStatus();
  std::vector<bool> is_wanted(column_ids_.size(), false);
  for (Candidate& candidate : candidates_) {
    if (!SortKeys::CanSort(*batch.column(static_cast<int>(candidate.column))->type())) {
      candidate.alive = 0;
      candidate.ends.fill(0);
    }
    if (candidate.alive != 0) is_wanted[candidate.column] = true;
  }
  std::vector<std::unique_ptr<SortKeys>> keys(column_ids_.size());
  const absl::Status done = context.pool->ParallelFor(keys.size(), [&](size_t i) -> absl::Status {
    TRY(context.CheckCancelled());
    if (is_wanted[i]) keys[i] = std::make_unique<SortKeys>(arrow::ArrayVector{batch.column(static_cast<int>(i))});
    return absl::OkStatus();
  });
  TRY(done);
  const absl::Status followed = context.pool->ParallelFor(candidates_.size(), [&](size_t i) -> absl::Status {
    Candidate& candidate = candidates_[i];
    if (candidate.alive != 0) Follow(candidate, *keys[candidate.column]);
    return absl::OkStatus();
  });
  TRY(followed);
  for (size_t i = 0; i < keys.size(); ++i) {
    last_[i] = nullptr;
    if (is_wanted[i]) {
      const auto last = batch.column(static_cast<int>(i))->Slice(batch.num_rows() - 1);
      last_[i] = std::make_unique<SortKeys>(arrow::ArrayVector{last});
    }
  }
  rows_ += batch.num_rows();
  return absl::OkStatus();
}

void SortSearch::Follow(Candidate& candidate, const SortKeys& keys) const {
  const Found& base = bases_[candidate.base];
  for (size_t i = 0; i < keys.rows(); ++i) {
    const int64_t row = rows_ + static_cast<int64_t>(i);
    bool tied = row > 0 && (base.columns.empty() ||
                            (static_cast<size_t>(row) < base.tied.size() && base.tied[static_cast<size_t>(row)]));
    if (tied) {
      const SortWays ways =
          i > 0 ? keys.WaysBefore(i - 1, keys, i, tied) : last_[candidate.column]->WaysBefore(0, keys, 0, tied);
      for (int way = 0; way < 8; ++way) {
        if ((candidate.alive >> way & 1) != 0 && (ways >> way & 1) == 0) candidate.ends[static_cast<size_t>(way)] = row;
      }
      candidate.alive &= ways;
      if (candidate.alive == 0) return;
    }
    candidate.tied.push_back(tied);
  }
}

std::vector<SortSearch::Found> SortSearch::Results(int64_t end, size_t most) const {
  std::vector<Found> results;
  for (const Candidate& candidate : candidates_) {
    const auto way = std::find_if(candidate.ends.begin(), candidate.ends.end(), [&](int64_t at) { return at >= end; });
    if (way == candidate.ends.end()) continue;
    Found found = bases_[candidate.base];
    found.columns.push_back(ColumnOfWay(column_ids_[candidate.column], static_cast<int>(way - candidate.ends.begin())));
    found.places.push_back(candidate.column);
    found.tied = candidate.tied;
    found.tied.resize(static_cast<size_t>(end), false);
    results.push_back(std::move(found));
    if (results.size() == most) break;
  }
  return results;
}

}  // namespace roost::store
