#include "store/range_reader.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/ordered_number.h"
#include "store/ordered_reader.h"
#include "store/table_reader.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

/// A key range as values of the key's first column.
class Bounds {
 public:
  static absl::StatusOr<Bounds> Make(const StoredColumn& column, const KeyRange& range) {
    Bounds bounds;
    bounds.column_ = {.id = column.id, .type = column.type};
    TRY_ASSIGN(bounds.type_, LeafTypeOfName(column.type));
    if (bounds.type_.form != LeafForm::kVariable && !bounds.type_.is_integer) {
      return absl::InvalidArgumentError(
          fmt::format("column '{}', of the key, is {}, which has no ranges", column.name, column.type));
    }
    TRY(bounds.Parse(column, range.from, bounds.from_));
    TRY(bounds.Parse(column, range.to, bounds.to_));
    return bounds;
  }

  const WantedColumn& column() const { return column_; }

  /// The rows of `leaf` from `first` to `end` that lie within.
  std::vector<int64_t> Find(const Leaf& leaf, int64_t first, int64_t end) const {
    std::vector<int64_t> rows;
    const bool is_text = type_.form == LeafForm::kVariable;
    for (int64_t row = first; row < end; ++row) {
      if (leaf.IsValid(row) && (is_text ? HasText(leaf.Variable(row)) : HasNumber(leaf, row))) rows.push_back(row);
    }
    return rows;
  }

 private:
  struct End {
    bool is_open = true;
    std::string text;
    uint64_t number = 0;  // as OrderedNumber gives it
  };

  absl::Status Parse(const StoredColumn& column, const std::optional<std::string>& text, End& end) const {
    if (!text.has_value()) return absl::OkStatus();
    end.is_open = false;
    end.text = *text;
    if (type_.form == LeafForm::kVariable) return absl::OkStatus();
    TRY_ASSIGN(const std::shared_ptr<arrow::DataType> type, ArrowTypeOf(column.type));
    const auto scalar = arrow::Scalar::Parse(type, *text);
    const auto array = scalar.ok() ? arrow::MakeArrayFromScalar(**scalar, 1)
                                   : arrow::Result<std::shared_ptr<arrow::Array>>(scalar.status());
    if (!array.ok()) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no value of column '{}', of the key, which is {}", *text, column.name, column.type));
    }
    end.number = OrderedNumber(reinterpret_cast<const char*>((*array)->data()->buffers[1]->data()), type_);
    return absl::OkStatus();
  }

  bool HasText(std::string_view value) const {
    return (from_.is_open || value >= from_.text) && (to_.is_open || value <= to_.text);
  }

  bool HasNumber(const Leaf& leaf, int64_t row) const {
    const uint64_t number = OrderedNumber(leaf.values.data() + row * leaf.type.width, leaf.type);
    return (from_.is_open || number >= from_.number) && (to_.is_open || number <= to_.number);
  }

  WantedColumn column_;
  LeafType type_;
  End from_;
  End to_;
};

class SelectionReader : public arrow::RecordBatchReader {
 public:
  SelectionReader(std::shared_ptr<arrow::Schema> schema, TableObject table, TableObject chosen,
                  std::optional<RowRange> rows, std::optional<Bounds> bounds, std::string name, TileLoader& loader,
                  const Context& context)
      : schema_(std::move(schema)),
        table_(std::move(table)),
        chosen_(std::move(chosen)),
        first_(rows.has_value() ? rows->first : 0),
        end_(rows.has_value() ? rows->first + std::min(rows->rows, table_.rows) : table_.rows),
        bounds_(std::move(bounds)),
        name_(std::move(name)),
        loader_(loader),
        context_(context) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (*batch == nullptr && row_ < end_) {
      const absl::Status read = ReadTileOf(*batch);
      if (!read.ok()) return table::ToArrow(Annotate(read, name_));
      if (next_run_ == table_.runs.size() && list_ == nullptr) break;
    }
    return arrow::Status::OK();
  }

 private:
  /// Goes on by one tile, or by a run without rows of the range; `batch` is set where the tile has such rows.
  absl::Status ReadTileOf(std::shared_ptr<arrow::RecordBatch>& batch) {
    TRY(context_.CheckCancelled());
    if (list_ == nullptr) {
      if (next_run_ == table_.runs.size()) return absl::OkStatus();
      const TileRun& run = table_.runs[next_run_++];
      if (row_ + run.rows <= first_) {
        row_ += run.rows;
        return absl::OkStatus();
      }
      TRY_ASSIGN(list_, loader_.List(run.id, table_));
      next_tile_ = 0;
    }
    const TilePlace place{.list_id = table_.runs[next_run_ - 1].id, .list = list_, .index = next_tile_};
    if (++next_tile_ >= list_->tiles.size()) list_ = nullptr;
    const int64_t rows = place.node().rows;
    const int64_t first = std::clamp<int64_t>(first_ - row_, 0, rows);
    const int64_t end = std::clamp<int64_t>(end_ - row_, first, rows);
    row_ += rows;
    if (first == end) return absl::OkStatus();
    if (!bounds_.has_value()) {
      TRY_ASSIGN(batch, ReadTile(chosen_, place, loader_, context_));
      batch = batch->Slice(first, end - first);
      return absl::OkStatus();
    }
    TRY_ASSIGN(const std::vector<TileChain> chains, loader_.Resolve({&place, 1}, table_, context_));
    TRY_ASSIGN(const std::vector<Leaf> keys, loader_.Load(chains, {&bounds_->column(), 1}, context_));
    const std::vector<int64_t> found = bounds_->Find(keys.front(), first, end);
    if (found.empty()) return absl::OkStatus();
    TRY_ASSIGN(const auto tile, ReadTile(chosen_, place, loader_, context_));
    return TakeRows(*tile, found, batch);
  }

  absl::Status TakeRows(const arrow::RecordBatch& tile, const std::vector<int64_t>& rows,
                        std::shared_ptr<arrow::RecordBatch>& batch) {
    arrow::Int64Builder builder;
    TRY_ARROW(builder.AppendValues(rows));
    TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Array> indices, builder.Finish());
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (const auto& column : tile.columns()) {
      TRY_ARROW_ASSIGN(columns.emplace_back(), arrow::compute::Take(*column, *indices));
    }
    batch = arrow::RecordBatch::Make(schema_, static_cast<int64_t>(rows.size()), std::move(columns));
    return absl::OkStatus();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const TableObject table_;
  const TableObject chosen_;  // the same with the columns to read only
  const int64_t first_;
  const int64_t end_;
  const std::optional<Bounds> bounds_;
  const std::string name_;
  TileLoader& loader_;
  const Context context_;
  int64_t row_ = 0;  // of the table, at the next tile
  size_t next_run_ = 0;
  std::shared_ptr<const TileList> list_;  // of the run before next_run_; null between runs
  size_t next_tile_ = 0;
};

/// The rows of a range of another reader.
class SliceReader : public arrow::RecordBatchReader {
 public:
  SliceReader(std::shared_ptr<arrow::RecordBatchReader> rows, const RowRange& range)
      : rows_(std::move(rows)), skip_(range.first), left_(range.rows) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (left_ > 0) {
      ARROW_RETURN_NOT_OK(rows_->ReadNext(batch));
      if (*batch == nullptr) return arrow::Status::OK();
      const int64_t skipped = std::min(skip_, (*batch)->num_rows());
      skip_ -= skipped;
      *batch = (*batch)->Slice(skipped, left_);
      left_ -= (*batch)->num_rows();
      if ((*batch)->num_rows() > 0) return arrow::Status::OK();
    }
    batch->reset();
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  int64_t skip_;
  int64_t left_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadSelection(const TableObject& table,
                                                                        const std::vector<size_t>& columns,
                                                                        const RowSelection& selection, std::string name,
                                                                        Records& records, TileLoader& loader,
                                                                        const Context& context) {
  if (table.order.has_value() && selection.rows.has_value()) {
    if (selection.keys.has_value()) {
      return absl::InvalidArgumentError(
          fmt::format("{} is stored in another order than it was handed in: ask for rows by key or by place", name));
    }
    TRY_ASSIGN(auto rows, ReadRowsInOrder(table, columns, /*dictionary_strings=*/false, std::move(name), {}, records,
                                          loader, context));
    return std::make_shared<SliceReader>(std::move(rows), *selection.rows);
  }
  std::optional<Bounds> bounds;
  if (selection.keys.has_value()) {
    const auto key = std::find_if(table.columns.begin(), table.columns.end(), [&](const StoredColumn& column) {
      return !table.key.empty() && column.id == table.key.front();
    });
    if (key == table.columns.end()) {
      return WithHint(absl::FailedPreconditionError(fmt::format("{} has no key", name)),
                      "Declare one with a whole table: 'roost data add NAME FILE --key COLUMN'.");
    }
    TRY_ASSIGN(bounds, Bounds::Make(*key, *selection.keys));
  }
  TableObject chosen = table;
  chosen.columns.clear();
  for (const size_t column : columns) chosen.columns.push_back(table.columns[column]);
  TRY_ASSIGN(std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(chosen.columns, /*dictionary_strings=*/false));
  return std::make_shared<SelectionReader>(std::move(schema), table, std::move(chosen), selection.rows,
                                           std::move(bounds), std::move(name), loader, context);
}

}  // namespace roost::store
