#include "ingest/row_profiler.h"

#include <algorithm>
#include <future>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "profile/row_hash.h"
#include "profile/row_sample.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::ingest {
namespace {

// Enough to outweigh the states that part of a group is counted into before they are merged; of wide tables, whose
// states do not stay in the processor's cache from group to group, enough of each column.
constexpr int64_t kGroupRows = 1 << 19;
constexpr int64_t kGroupBytes = 32 << 20;
constexpr int64_t kGroupBytesPerColumn = 8 << 10;

int64_t GroupBytes(int num_columns) { return std::max(kGroupBytes, kGroupBytesPerColumn * num_columns); }

// A group of batches, or none after the last one.
struct Group {
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches;
  int64_t rows = 0;
};

// Of a slice its own rows only.
absl::StatusOr<int64_t> BytesOf(const arrow::RecordBatch& batch) {
  TRY_ARROW_ASSIGN(const int64_t bytes, arrow::util::ReferencedBufferSize(batch));
  return bytes;
}

absl::StatusOr<Group> ReadGroup(arrow::RecordBatchReader& rows, const Context& context) {
  Group group;
  const int64_t max_bytes = GroupBytes(rows.schema()->num_fields());
  for (int64_t bytes = 0; group.rows < kGroupRows && bytes < max_bytes;) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, table::Next(rows));
    if (batch == nullptr) break;
    group.rows += batch->num_rows();
    TRY_ASSIGN(const int64_t size, BytesOf(*batch));
    bytes += size;
    group.batches.push_back(std::move(batch));
  }
  return group;
}

absl::Status OtherRows(const arrow::RecordBatchReader& rows) {
  return absl::InvalidArgumentError(
      fmt::format("column '{}' has other rows than the first column", rows.schema()->field(0)->name()));
}

// Counts the rows of one slab of a row group into `profile`, and adds their hashes up. The first slab says how many
// rows there are. Returns whether all columns can be hashed.
absl::StatusOr<bool> CountSlab(arrow::RecordBatchReader& rows, bool is_first, profile::Profile& profile,
                               std::vector<uint64_t>& hashes, const Context& context) {
  TRY_ASSIGN(const column::OwnedBatch none, table::NoRows(*rows.schema()));
  TRY(profile.Add(none.view()));
  std::vector<column::OwnedBatch> batches;
  size_t first = 0;
  for (int64_t bytes = 0;;) {
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) break;
    TRY_ASSIGN(const int64_t batch_bytes, BytesOf(*batch));
    bytes += batch_bytes;
    TRY_ASSIGN(column::OwnedBatch columns, table::ToColumns(*batch));
    batches.push_back(std::move(columns));
    const auto size = static_cast<size_t>(batch->num_rows());
    if (is_first) hashes.resize(first + size);
    if (size > hashes.size() - first) return OtherRows(rows);
    profile::AddRowHashes(batches.back().view(), std::span(hashes).subspan(first, size));
    first += size;
    if (bytes < kGroupBytes) continue;
    TRY(profile.AddAll(batches, context));
    batches.clear();
    bytes = 0;
  }
  if (first != hashes.size()) return OtherRows(rows);
  TRY(profile.AddAll(batches, context));
  const auto columns = none.view().columns();
  return std::all_of(columns.begin(), columns.end(), profile::CanHash);
}

}  // namespace

absl::Status RowProfiler::AddColumns(const std::shared_ptr<arrow::Schema>& schema) {
  TRY_ASSIGN(const column::OwnedBatch none, table::NoRows(*schema));
  return profile_.Add(none.view());
}

absl::Status RowProfiler::Add(const arrow::RecordBatch& batch) {
  TRY_ASSIGN(column::OwnedBatch columns, table::ToColumns(batch));
  group_.push_back(std::move(columns));
  group_rows_ += batch.num_rows();
  TRY_ASSIGN(const int64_t size, BytesOf(batch));
  group_bytes_ += size;
  return group_rows_ < kGroupRows && group_bytes_ < GroupBytes(batch.num_columns()) ? absl::OkStatus() : Count();
}

absl::Status RowProfiler::Count() {
  if (group_.empty()) return absl::OkStatus();
  TRY(profile_.AddAll(group_, context_));
  group_.clear();
  group_rows_ = group_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<profile::Profile> RowProfiler::Finish() {
  TRY(Count());
  return std::move(profile_);
}

absl::StatusOr<profile::Profile> ProfileRows(arrow::RecordBatchReader& rows, int64_t total_rows,
                                             const Context& context) {
  const std::launch policy = context.pool->num_threads() > 1 ? std::launch::async : std::launch::deferred;
  RowProfiler profiler(context);
  TRY(profiler.AddColumns(rows.schema()));
  TRY_ASSIGN(Group group, ReadGroup(rows, context));
  for (int64_t done = 0; !group.batches.empty();) {
    auto next = std::async(policy, [&] { return ReadGroup(rows, context); });
    absl::Status counted;
    for (const auto& batch : group.batches) {
      if (counted.ok()) counted = profiler.Add(*batch);
    }
    done += group.rows;
    context.Report({.stage = "profiling", .unit = "rows", .done = done, .total = total_rows});
    absl::StatusOr<Group> read = next.get();
    TRY(counted);
    TRY_ASSIGN(group, std::move(read));
  }
  return profiler.Finish();
}

absl::StatusOr<profile::Profile> ProfileSlabs(const table::ColumnSlabs& slabs, const Context& context) {
  std::vector<profile::Profile> parts(static_cast<size_t>(slabs.num_slabs()),
                                      profile::Profile({.has_row_sample = false}));
  profile::RowSample row_sample;
  bool can_hash = true;
  for (int group = 0; group < slabs.num_groups(); ++group) {
    std::vector<uint64_t> hashes;  // of the rows of this group
    for (int slab = 0; slab < slabs.num_slabs(); ++slab) {
      TRY(context.CheckCancelled());
      TRY_ASSIGN(const auto rows, slabs.Read(group, slab));
      TRY_ASSIGN(const bool can_hash_slab,
                 CountSlab(*rows, slab == 0, parts[static_cast<size_t>(slab)], hashes, context));
      can_hash = can_hash && can_hash_slab;
      context.Report({.stage = "profiling",
                      .unit = "parts",
                      .done = int64_t{group} * slabs.num_slabs() + slab + 1,
                      .total = int64_t{slabs.num_groups()} * slabs.num_slabs()});
    }
    row_sample.Add(hashes);
  }
  return profile::Profile::Joined(std::move(parts), can_hash ? std::optional(std::move(row_sample)) : std::nullopt);
}

}  // namespace roost::ingest
