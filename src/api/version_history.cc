#include "api/version_history.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <arrow/compare.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "store/history.h"
#include "store/tile_loader.h"
#include "table/arrow_status.h"
#include "table/read.h"

namespace roost::api {
namespace {

// The tiles of a table, one after the other.
absl::StatusOr<std::vector<store::TileNode>> TilesOf(store::Store& store, const store::TableObject& table) {
  std::vector<store::TileNode> tiles;
  for (const store::TileRun& run : table.runs) {
    TRY_ASSIGN(const auto list, store.tiles().List(run.id, table));
    tiles.insert(tiles.end(), list->tiles.begin(), list->tiles.end());
  }
  return tiles;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> RowsOf(store::Store& store, const store::CommitInfo& version,
                                                           const store::RowRange& range, const Context& context) {
  TRY_ASSIGN(const auto rows, store.Read(version, {.selection = {.rows = range}}, context));
  TRY_ARROW_ASSIGN(const auto table, rows->ToTable());
  TRY_ARROW_ASSIGN(auto batch, table->CombineChunksToBatch());
  return batch;
}

// Whether the rows of `before` stand at the beginning of those of `after`. The last tile of `before` may go on in
// `after`, so its rows are compared.
absl::StatusOr<bool> BeginsWith(store::Store& store, const store::CommitInfo& after, const store::CommitInfo& before,
                                const Context& context) {
  TRY_ASSIGN(const store::TableObject old_table, store.LoadTable(before));
  TRY_ASSIGN(const store::TableObject new_table, store.LoadTable(after));
  if (old_table.order.has_value() || new_table.order.has_value() || old_table.columns != new_table.columns)
    return false;
  TRY_ASSIGN(const std::vector<store::TileNode> old_tiles, TilesOf(store, old_table));
  TRY_ASSIGN(const std::vector<store::TileNode> new_tiles, TilesOf(store, new_table));
  if (old_tiles.empty() || old_tiles.size() > new_tiles.size()) return false;
  const auto last = old_tiles.end() - 1;
  if (!std::equal(old_tiles.begin(), last, new_tiles.begin())) return false;
  const store::RowRange range{.first = before.rows - last->rows, .rows = last->rows};
  TRY_ASSIGN(const auto old_rows, RowsOf(store, before, range, context));
  TRY_ASSIGN(const auto new_rows, RowsOf(store, after, range, context));
  return old_rows->Equals(*new_rows, /*check_metadata=*/false, arrow::EqualOptions::Defaults().nans_equal(true));
}

// The version that `version` was appended to; nothing where it was not.
absl::StatusOr<std::optional<store::CommitInfo>> AppendedTo(store::Store& store, const store::CommitInfo& version,
                                                            const Context& context) {
  if (version.parents.size() != 1 || version.counts.has_value()) return std::nullopt;
  absl::StatusOr<store::CommitInfo> parent = store::LoadCommitAt(store.objects(), version.parents.front());
  if (!parent.ok() || parent->rows == 0 || parent->rows >= version.rows) return std::nullopt;
  // A parent whose rows are not kept any more is none that anything can be compared with.
  const absl::StatusOr<bool> begins = BeginsWith(store, version, *parent, context);
  if (absl::IsCancelled(begins.status())) return begins.status();
  if (!begins.ok() || !*begins) return std::nullopt;
  return *std::move(parent);
}

}  // namespace

std::vector<store::CommitInfo> HistoryOf(store::Store& store, const store::CommitInfo& newest, size_t most) {
  std::vector<store::CommitInfo> history{newest};
  while (history.size() < most && !history.back().parents.empty()) {
    auto parent = store::LoadCommitAt(store.objects(), history.back().parents.front());
    if (!parent.ok() || !store.LoadTable(*parent).ok()) break;
    history.push_back(*std::move(parent));
  }
  std::reverse(history.begin(), history.end());
  return history;
}

absl::StatusOr<profile::Profile> ProfileOfNewRows(store::Store& store, const store::CommitInfo& version,
                                                  const Context& context) {
  TRY_ASSIGN(const std::optional<store::CommitInfo> before, AppendedTo(store, version, context));
  if (!before.has_value()) return ingest::ProfileOf(store, version, context);
  const store::RowRange range{.first = before->rows, .rows = version.rows - before->rows};
  TRY_ASSIGN(const auto rows, store.Read(version, {.selection = {.rows = range}}, context));
  return ingest::ProfileRows(*rows, range.rows, context);
}

}  // namespace roost::api
