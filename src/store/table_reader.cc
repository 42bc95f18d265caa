#include "store/table_reader.h"

#include <deque>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 16;
constexpr int64_t kGroupBytes = int64_t{32} << 20;

bool IsString(const StoredColumn& column) { return column.type == "string" || column.type == "large_string"; }

absl::StatusOr<std::shared_ptr<arrow::Array>> ReadColumn(const StoredColumn& column, int64_t rows, bool as_dictionary,
                                                         const RecordLocation& location, Records& records) {
  TRY_ASSIGN(const std::string record, records.Load(location));
  absl::StatusOr<Leaf> leaf = DecodeLeaf(record, as_dictionary);
  const std::string& id = location.entry.id.ToHex();
  if (!leaf.ok()) return Annotate(leaf.status(), fmt::format("{}: record {}", PackKey(location.pack), id));
  TRY_ASSIGN(const LeafType type, LeafTypeOfName(column.type));
  if (leaf->rows != rows || leaf->type != type) {
    return absl::DataLossError(fmt::format("{}: record {} has {} rows of {}, expected {} of {}", PackKey(location.pack),
                                           id, leaf->rows, leaf->type.tag, rows, type.tag));
  }
  TRY_ASSIGN(const std::shared_ptr<arrow::DataType> arrow_type, ArrowTypeOf(column.type));
  return ToArrow(*std::move(leaf), arrow_type);
}

class TileReader : public arrow::RecordBatchReader {
 public:
  TileReader(std::shared_ptr<arrow::Schema> schema, TableObject table, std::vector<size_t> columns,
             bool dictionary_strings, std::string name, Records& records, const Context& context)
      : schema_(std::move(schema)),
        table_(std::move(table)),
        columns_(std::move(columns)),
        dictionary_strings_(dictionary_strings),
        name_(std::move(name)),
        records_(records),
        context_(context) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (batches_.empty()) {
      if (const absl::Status loaded = LoadGroup(); !loaded.ok()) return table::ToArrow(Annotate(loaded, name_));
    }
    if (batches_.empty()) return arrow::Status::OK();
    *batch = std::move(batches_.front());
    batches_.pop_front();
    return arrow::Status::OK();
  }

 private:
  /// The next tiles, in `group`, up to the limits above; none at the end.
  absl::Status NextTiles(std::vector<TileNode>& group) {
    int64_t bytes = 0;
    while (group.size() < kGroupTiles && bytes < kGroupBytes) {
      if (tiles_.empty()) {
        if (next_run_ == table_.runs.size()) break;
        TRY(LoadRun(table_.runs[next_run_++]));
        continue;
      }
      for (const size_t column : columns_) bytes += tiles_.front().leaves[column].bytes;
      group.push_back(std::move(tiles_.front()));
      tiles_.pop_front();
    }
    return absl::OkStatus();
  }

  absl::Status LoadRun(const TileRun& run) {
    TRY_ASSIGN(const std::string bytes, records_.LoadObject(run.id, kTilesTag));
    TRY_ASSIGN(std::vector<TileNode> tiles, ReadTiles(bytes));
    for (TileNode& tile : tiles) {
      if (tile.leaves.size() != table_.columns.size()) {
        return absl::DataLossError(
            fmt::format("a tile has {} columns where the table has {}", tile.leaves.size(), table_.columns.size()));
      }
      tiles_.push_back(std::move(tile));
    }
    return absl::OkStatus();
  }

  absl::Status LoadGroup() {
    TRY(context_.CheckCancelled());
    std::vector<TileNode> group;
    TRY(NextTiles(group));
    const size_t width = columns_.size();
    std::vector<Digest> ids;
    for (const TileNode& tile : group) {
      for (const size_t column : columns_) ids.push_back(tile.leaves[column].id);
    }
    TRY_ASSIGN(const RecordLocations locations, records_.LocateAll(ids, "a tile"));
    std::vector<std::shared_ptr<arrow::Array>> arrays(ids.size());
    const absl::Status read = context_.pool->ParallelFor(ids.size(), [&](size_t i) -> absl::Status {
      TRY(context_.CheckCancelled());
      const StoredColumn& column = table_.columns[columns_[i % width]];
      TRY_ASSIGN(arrays[i], ReadColumn(column, group[i / width].rows, dictionary_strings_ && IsString(column),
                                       locations.at(ids[i]), records_));
      return absl::OkStatus();
    });
    TRY(read);
    for (size_t tile = 0; tile < group.size(); ++tile) {
      const auto first = arrays.begin() + static_cast<std::ptrdiff_t>(tile * width);
      batches_.push_back(arrow::RecordBatch::Make(
          schema_, group[tile].rows,
          std::vector<std::shared_ptr<arrow::Array>>(first, first + static_cast<std::ptrdiff_t>(width))));
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const TableObject table_;
  const std::vector<size_t> columns_;
  const bool dictionary_strings_;
  const std::string name_;
  Records& records_;
  const Context context_;
  size_t next_run_ = 0;
  std::deque<TileNode> tiles_;                               // of the runs loaded, not yet read
  std::deque<std::shared_ptr<arrow::RecordBatch>> batches_;  // read, not yet asked for
};

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOfColumns(const std::vector<StoredColumn>& columns,
                                                               bool dictionary_strings) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const StoredColumn& column : columns) {
    TRY_ASSIGN(std::shared_ptr<arrow::DataType> type, ArrowTypeOf(column.type));
    if (dictionary_strings && IsString(column)) type = arrow::dictionary(arrow::int32(), type);
    fields.push_back(arrow::field(column.name, type, column.nullable));
  }
  return arrow::schema(std::move(fields));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> ReadTile(const TableObject& table, const TileNode& tile,
                                                             Records& records) {
  TRY_ASSIGN(const std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(table.columns, false));
  std::vector<Digest> ids;
  for (const LeafRef& leaf : tile.leaves) ids.push_back(leaf.id);
  TRY_ASSIGN(const RecordLocations locations, records.LocateAll(ids, "a tile"));
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < ids.size(); ++i) {
    TRY_ASSIGN(auto array, ReadColumn(table.columns[i], tile.rows, false, locations.at(ids[i]), records));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema, tile.rows, std::move(arrays));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRows(TableObject table, std::vector<size_t> columns,
                                                                   bool dictionary_strings, std::string name,
                                                                   Records& records, const Context& context) {
  std::vector<StoredColumn> chosen;
  for (const size_t column : columns) chosen.push_back(table.columns[column]);
  TRY_ASSIGN(std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(chosen, dictionary_strings));
  return std::make_shared<TileReader>(std::move(schema), std::move(table), std::move(columns), dictionary_strings,
                                      std::move(name), records, context);
}

}  // namespace roost::store
