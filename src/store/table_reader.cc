#include "store/table_reader.h"

#include <algorithm>
#include <deque>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 16;
constexpr int64_t kBatchRows = 32'768;
constexpr int64_t kGroupBytes = int64_t{32} << 20;

bool IsString(const StoredColumn& column) { return column.type == "string" || column.type == "large_string"; }

std::vector<WantedColumn> Wanted(const std::vector<StoredColumn>& columns, bool dictionary_strings) {
  std::vector<WantedColumn> wanted;
  for (const StoredColumn& column : columns) {
    wanted.push_back({.id = column.id, .type = column.type, .as_dictionary = dictionary_strings && IsString(column)});
  }
  return wanted;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> ArrayOf(const StoredColumn& column, Leaf leaf) {
  TRY_ASSIGN(const std::shared_ptr<arrow::DataType> type, ArrowTypeOf(column.type));
  return ToArrow(std::move(leaf), type);
}

class TileReader : public arrow::RecordBatchReader {
 public:
  TileReader(std::shared_ptr<arrow::Schema> schema, TableObject table, std::vector<StoredColumn> columns,
             bool dictionary_strings, std::string name, TileLoader& loader, const Context& context)
      : schema_(std::move(schema)),
        table_(std::move(table)),
        columns_(std::move(columns)),
        wanted_(Wanted(columns_, dictionary_strings)),
        name_(std::move(name)),
        loader_(loader),
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
  absl::Status NextTiles(std::vector<TilePlace>& group) {
    int64_t bytes = 0;
    while (group.size() < kGroupTiles && bytes < kGroupBytes) {
      if (list_ == nullptr || next_tile_ == list_->tiles.size()) {
        if (next_run_ == table_.runs.size()) break;
        TRY_ASSIGN(list_, loader_.List(table_.runs[next_run_++].id, table_));
        next_tile_ = 0;
        continue;
      }
      const TileNode& tile = list_->tiles[next_tile_];
      for (const StoredColumn& column : columns_) {
        const int64_t at = list_->Find(column.id);
        if (at >= 0) bytes += tile.leaves[static_cast<size_t>(at)].bytes;
      }
      group.push_back({.list_id = table_.runs[next_run_ - 1].id, .list = list_, .index = next_tile_++});
    }
    return absl::OkStatus();
  }

  absl::Status LoadGroup() {
    TRY(context_.CheckCancelled());
    std::vector<TilePlace> group;
    TRY(NextTiles(group));
    TRY_ASSIGN(const std::vector<TileChain> chains, loader_.Resolve(group, table_, context_));
    TRY_ASSIGN(std::vector<Leaf> leaves, loader_.Load(chains, wanted_, context_));
    const size_t width = columns_.size();
    std::vector<std::shared_ptr<arrow::Array>> all(leaves.size());
    TRY(context_.pool->ParallelFor(leaves.size(), [&](size_t i) -> absl::Status {
      TRY_ASSIGN(all[i], ArrayOf(columns_[i % width], std::move(leaves[i])));
      return absl::OkStatus();
    }));
    for (size_t tile = 0; tile < group.size(); ++tile) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(tile * width);
      std::vector<std::shared_ptr<arrow::Array>> arrays(first, first + static_cast<std::ptrdiff_t>(width));
      const int64_t rows = group[tile].node().rows;
      const auto batch = arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
      for (int64_t start = 0; start < rows; start += kBatchRows) {
        batches_.push_back(batch->Slice(start, std::min(kBatchRows, rows - start)));
      }
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const TableObject table_;
  const std::vector<StoredColumn> columns_;
  const std::vector<WantedColumn> wanted_;
  const std::string name_;
  TileLoader& loader_;
  const Context context_;
  size_t next_run_ = 0;
  std::shared_ptr<const TileList> list_;  // of the run before next_run_
  size_t next_tile_ = 0;
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

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> ReadTile(const TableObject& table, const TilePlace& tile,
                                                             TileLoader& loader, const Context& context) {
  TRY_ASSIGN(const std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(table.columns, false));
  TRY_ASSIGN(const std::vector<TileChain> chains, loader.Resolve({&tile, 1}, table, context));
  TRY_ASSIGN(std::vector<Leaf> leaves, loader.Load(chains, Wanted(table.columns, false), context));
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < leaves.size(); ++i) {
    TRY_ASSIGN(arrays.emplace_back(), ArrayOf(table.columns[i], std::move(leaves[i])));
  }
  return arrow::RecordBatch::Make(schema, tile.node().rows, std::move(arrays));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRows(TableObject table, std::vector<size_t> columns,
                                                                   bool dictionary_strings, std::string name,
                                                                   TileLoader& loader, const Context& context) {
  std::vector<StoredColumn> chosen;
  for (const size_t column : columns) chosen.push_back(table.columns[column]);
  TRY_ASSIGN(std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(chosen, dictionary_strings));
  return std::make_shared<TileReader>(std::move(schema), std::move(table), std::move(chosen), dictionary_strings,
                                      std::move(name), loader, context);
}

}  // namespace roost::store
