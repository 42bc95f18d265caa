#include "store/table_writer.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/leaf_codec.h"

namespace roost::store {
namespace {

// Fixed numbers, not a function of the threads: the packs are the same for any number of them.
constexpr size_t kPendingTiles = 16;
constexpr int64_t kPendingBytes = int64_t{32} << 20;

bool IsVariable(const StoredColumn& column) {
  return column.type == "string" || column.type == "large_string" || column.type == "binary" ||
         column.type == "large_binary";
}

std::vector<LeafBuilder> BuildersFor(const TableObject& table) {
  std::vector<LeafBuilder> builders;
  for (const StoredColumn& column : table.columns) {
    absl::StatusOr<LeafType> type = LeafTypeOfName(column.type);
    ROOST_CHECK(type.ok(), "the columns' types were checked before");
    builders.emplace_back(*std::move(type));
  }
  return builders;
}

/// The sum of the hashes of each row's values in the columns that decide the cuts.
std::vector<uint64_t> RowHashes(const TableObject& table, std::span<const std::shared_ptr<arrow::Array>> columns,
                                int64_t rows) {
  std::vector<uint64_t> sums(static_cast<size_t>(rows), 0);
  for (size_t i = 0; i < columns.size(); ++i) {
    const int64_t id = table.columns[i].id;
    if (!std::binary_search(table.cut_columns.begin(), table.cut_columns.end(), id)) continue;
    AddValueHashes(*columns[i], static_cast<uint64_t>(id), sums);
  }
  return sums;
}

}  // namespace

TableWriter::TableWriter(TableObject table, ObjectStore& objects, Records& records, const Context& context)
    : table_(std::move(table)),
      objects_(objects),
      records_(records),
      context_(context),
      cutter_(static_cast<size_t>(std::count_if(table_.columns.begin(), table_.columns.end(), IsVariable))),
      open_tile_(BuildersFor(table_)) {}

TableWriter::~TableWriter() = default;

absl::Status TableWriter::AddTiles(std::span<const TileNode> tiles) {
  for (const TileNode& tile : tiles) {
    TRY(AddTile(tile));
    table_.rows += tile.rows;
  }
  return absl::OkStatus();
}

absl::Status TableWriter::Add(const arrow::RecordBatch& batch) {
  TRY(context_.CheckCancelled());
  std::vector<std::shared_ptr<arrow::Array>> columns(table_.columns.size());
  std::vector<std::vector<int32_t>> bytes_by_column(table_.columns.size());
  TRY(context_.pool->ParallelFor(columns.size(), [&](size_t i) -> absl::Status {
    TRY_ASSIGN(columns[i], WithoutDictionary(batch.column(static_cast<int>(i))));
    if (!IsVariable(table_.columns[i])) return absl::OkStatus();
    TRY_ASSIGN(bytes_by_column[i], ValueBytes(*columns[i], table_.columns[i].name));
    return absl::OkStatus();
  }));
  std::vector<std::vector<int32_t>> value_bytes;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (IsVariable(table_.columns[i])) value_bytes.push_back(std::move(bytes_by_column[i]));
  }
  const std::vector<uint64_t> hashes = RowHashes(table_, columns, batch.num_rows());
  int64_t start = 0;
  for (const int64_t end : cutter_.Cut(hashes, value_bytes)) {
    TRY(AddRows(columns, start, end - start));
    TRY(EndTile());
    start = end;
  }
  return AddRows(columns, start, batch.num_rows() - start);
}

absl::Status TableWriter::AddRows(std::span<const std::shared_ptr<arrow::Array>> columns, int64_t start,
                                  int64_t length) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const int64_t before = open_tile_[i].ByteSize();
    open_tile_[i].Append(*columns[i], start, length);
    bytes_in_ += open_tile_[i].ByteSize() - before;
  }
  table_.rows += length;
  return absl::OkStatus();
}

absl::Status TableWriter::EndTile() {
  Tile tile;
  for (LeafBuilder& builder : open_tile_) {
    tile.push_back(builder.Finish());
    pending_bytes_ += tile.back().ByteSize();
  }
  pending_.push_back(std::move(tile));
  if (pending_.size() < kPendingTiles && pending_bytes_ < kPendingBytes) return absl::OkStatus();
  return Flush();
}

absl::StatusOr<std::vector<std::string>> TableWriter::Encode(std::span<const Digest> ids,
                                                             std::vector<size_t>& missing) {
  TRY_ASSIGN(const RecordLocations known, records_.Locate(ids));
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!known.contains(ids[i]) && written_.insert(ids[i]).second) missing.push_back(i);
  }
  std::vector<std::string> encoded(missing.size());
  const size_t num_tiles = pending_.size();
  const absl::Status done = context_.pool->ParallelFor(missing.size(), [&](size_t i) -> absl::Status {
    TRY(context_.CheckCancelled());
    encoded[i] = EncodeLeaf(pending_[missing[i] % num_tiles][missing[i] / num_tiles]);
    return absl::OkStatus();
  });
  TRY(done);
  return encoded;
}

absl::Status TableWriter::Flush() {
  if (pending_.empty()) return absl::OkStatus();
  // Column after column, so that a reader of few columns reads few ranges of the pack.
  const size_t num_tiles = pending_.size();
  std::vector<Digest> ids(num_tiles * table_.columns.size());
  TRY(context_.pool->ParallelFor(ids.size(), [&](size_t i) -> absl::Status {
    ids[i] = IdOf(pending_[i % num_tiles][i / num_tiles]);
    return absl::OkStatus();
  }));
  std::vector<size_t> missing;
  TRY_ASSIGN(const std::vector<std::string> encoded, Encode(ids, missing));
  for (size_t i = 0; i < missing.size(); ++i) TRY(AddRecord(ids[missing[i]], encoded[i]));
  for (size_t tile = 0; tile < num_tiles; ++tile) {
    TileNode node{.rows = pending_[tile].front().rows};
    for (size_t column = 0; column < pending_[tile].size(); ++column) {
      const Leaf& leaf = pending_[tile][column];
      node.leaves.push_back({.id = ids[column * num_tiles + tile], .nulls = leaf.nulls, .bytes = leaf.ByteSize()});
    }
    TRY(AddTile(std::move(node)));
  }
  pending_.clear();
  pending_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status TableWriter::AddTile(TileNode tile) {
  run_.push_back(std::move(tile));
  return store::EndsRun(run_.back(), static_cast<int64_t>(run_.size())) ? EndRun() : absl::OkStatus();
}

absl::Status TableWriter::EndRun() {
  const std::string bytes = WriteTiles(run_);
  TileRun run{.id = IdOfObject(kTilesTag, bytes), .tiles = static_cast<int64_t>(run_.size())};
  for (const TileNode& tile : run_) run.rows += tile.rows;
  table_.runs.push_back(run);
  run_.clear();
  return AddObject(run.id, static_cast<uint8_t>(RecordKind::kTiles), bytes);
}

absl::StatusOr<TableObject> TableWriter::Finish() {
  if (open_tile_.front().rows() > 0) TRY(EndTile());
  TRY(Flush());
  if (!run_.empty()) TRY(EndRun());
  const std::string bytes = WriteTable(table_);
  TRY(AddObject(IdOfObject(kTableTag, bytes), static_cast<uint8_t>(RecordKind::kTable), bytes));
  return table_;
}

absl::StatusOr<Digest> TableWriter::AddBlob(std::string_view bytes) {
  if (bytes.size() > kMaxObjectBytes) {
    return absl::InvalidArgumentError(
        fmt::format("an attachment of {} bytes; at most {} are stored", bytes.size(), kMaxObjectBytes));
  }
  const Digest id = IdOfObject(kBlobTag, bytes);
  TRY(AddObject(id, static_cast<uint8_t>(RecordKind::kBlob), bytes));
  return id;
}

absl::Status TableWriter::AddObject(const Digest& id, uint8_t kind, std::string_view bytes) {
  TRY_ASSIGN(const RecordLocations known, records_.Locate({&id, 1}));
  if (!known.empty() || !written_.insert(id).second) return absl::OkStatus();
  return AddRecord(id, EncodeObject(kind, bytes));
}

absl::Status TableWriter::AddRecord(const Digest& id, std::string_view record) {
  pack_.Add(id, record);
  return pack_.size() < kPackBytes ? absl::OkStatus() : EndPack();
}

absl::Status TableWriter::EndPack() {
  TRY(context_.CheckCancelled());
  Pack pack = pack_.Finish();
  TRY(objects_.Put(PackKey(pack.digest), pack.bytes));
  pack.bytes = std::string();
  packs_.push_back(std::move(pack));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Pack>> TableWriter::Seal() {
  if (!pack_.empty()) TRY(EndPack());
  return std::move(packs_);
}

}  // namespace roost::store
