#include "store/ordered_reader.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/table_reader.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

/// Sorts the rows when the first batch is asked for: who only looks at the schema pays nothing.
class OrderedReader : public arrow::RecordBatchReader {
 public:
  OrderedReader(std::shared_ptr<arrow::Schema> schema, TableObject table, std::vector<size_t> columns, std::string name,
                SortLimits limits, Records& records, TileLoader& loader, const Context& context)
      : schema_(std::move(schema)),
        table_(std::move(table)),
        columns_(std::move(columns)),
        name_(std::move(name)),
        limits_(std::move(limits)),
        records_(records),
        loader_(loader),
        context_(context) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (stored_ == nullptr) {
      if (const absl::Status sorted = Sort(); !sorted.ok()) return table::ToArrow(Annotate(sorted, name_));
    }
    if (sorted_ != nullptr) {
      ARROW_RETURN_NOT_OK(sorted_->ReadNext(batch));
      if (*batch != nullptr) return Encode(batch);
      sorted_ = nullptr;
    }
    if (rest_ != nullptr) {
      *batch = std::exchange(rest_, nullptr);
    } else {
      ARROW_RETURN_NOT_OK(stored_->ReadNext(batch));
    }
    return *batch == nullptr ? arrow::Status::OK() : Encode(batch);
  }

 private:
  absl::Status Sort() {
    TRY_ASSIGN(RowOrder order, LoadOrder(table_, records_));
    TRY_ASSIGN(const std::vector<uint32_t> positions,
               StoredPositions(std::move(order), table_, name_, loader_, context_));
    TRY_ASSIGN(auto stored, ReadRows(table_, columns_, /*dictionary_strings=*/false, name_, loader_, context_));
    RowSorter sorter(stored->schema(), InverseOf(positions), limits_, context_);
    int64_t left = static_cast<int64_t>(positions.size());
    while (left > 0) {
      std::shared_ptr<arrow::RecordBatch> batch;
      TRY_ARROW(stored->ReadNext(&batch));
      if (batch == nullptr) return absl::DataLossError("the table has fewer rows than it says");
      if (batch->num_rows() > left) {
        rest_ = batch->Slice(left);
        batch = batch->Slice(0, left);
      }
      left -= batch->num_rows();
      TRY(sorter.Add(std::move(batch)));
    }
    TRY_ASSIGN(sorted_, sorter.Finish());
    stored_ = std::move(stored);
    return absl::OkStatus();
  }

  /// Texts become dictionaries where the schema has them.
  arrow::Status Encode(std::shared_ptr<arrow::RecordBatch>* batch) const {
    arrow::ArrayVector columns;
    for (int i = 0; i < schema_->num_fields(); ++i) {
      std::shared_ptr<arrow::Array> column = (*batch)->column(i);
      if (schema_->field(i)->type()->id() == arrow::Type::DICTIONARY) {
        ARROW_ASSIGN_OR_RAISE(const arrow::Datum encoded, arrow::compute::DictionaryEncode(column));
        column = encoded.make_array();
      }
      columns.push_back(std::move(column));
    }
    *batch = arrow::RecordBatch::Make(schema_, (*batch)->num_rows(), std::move(columns));
    return arrow::Status::OK();
  }

  const std::shared_ptr<arrow::Schema> schema_;
  const TableObject table_;
  const std::vector<size_t> columns_;
  const std::string name_;
  const SortLimits limits_;
  Records& records_;
  TileLoader& loader_;
  const Context context_;
  std::shared_ptr<arrow::RecordBatchReader> stored_;
  std::shared_ptr<arrow::RecordBatchReader> sorted_;  // null when its rows were given
  std::shared_ptr<arrow::RecordBatch> rest_;          // read from stored_, behind the sorted rows
};

}  // namespace

absl::StatusOr<RowOrder> LoadOrder(const TableObject& table, Records& records) {
  TRY_ASSIGN(const std::string bytes, records.LoadObject(*table.order, kOrderTag));
  absl::StatusOr<RowOrder> order = ReadOrder(bytes);
  if (!order.ok()) return Annotate(order.status(), fmt::format("record {}", table.order->ToHex()));
  return order;
}

absl::StatusOr<Digest> AddOrder(const RowOrder& order, RecordWriter& records) {
  return records.AddObject(kOrderTag, static_cast<uint8_t>(RecordKind::kOrder), WriteOrder(order));
}

absl::StatusOr<std::vector<uint32_t>> StoredPositions(RowOrder order, const TableObject& table, std::string name,
                                                      TileLoader& loader, const Context& context) {
  const auto* spec = std::get_if<SortSpec>(&order.form);
  if (spec == nullptr) return PositionsOf(std::move(order), table.rows);
  const int64_t rows = order.rows == RowOrder::kAllRows ? table.rows : order.rows;
  if (rows > table.rows || rows > kMaxOrderedRows) {
    return absl::DataLossError(fmt::format("an order of {} rows is none of a table of {}", rows, table.rows));
  }
  if (rows == 0) return std::vector<uint32_t>();
  std::vector<size_t> columns;
  for (const SortColumn& column : spec->columns) {
    const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                    [&](const StoredColumn& stored) { return stored.id == column.column; });
    if (found == table.columns.end())
      return absl::DataLossError("an order names a column that the table does not have");
    columns.push_back(static_cast<size_t>(found - table.columns.begin()));
  }
  TRY_ASSIGN(const auto reader,
             ReadRows(table, columns, /*dictionary_strings=*/false, std::move(name), loader, context));
  std::vector<arrow::ArrayVector> parts(columns.size());
  for (int64_t left = rows; left > 0;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader->ReadNext(&batch));
    if (batch == nullptr) return absl::DataLossError("the table has fewer rows than it says");
    batch = batch->Slice(0, left);
    left -= batch->num_rows();
    for (size_t i = 0; i < parts.size(); ++i) {
      TRY_ASSIGN(parts[i].emplace_back(), ToLeafArray(batch->column(static_cast<int>(i))));
    }
  }
  std::vector<SortKeys> keys;
  for (arrow::ArrayVector& part : parts) keys.emplace_back(std::move(part));
  TRY(context.CheckCancelled());
  return StableOrder(keys, spec->columns);
}

RowOrder OrderAfterAppend(RowOrder order, int64_t rows) {
  if (order.rows == RowOrder::kAllRows) order.rows = rows;
  return order;
}

absl::StatusOr<std::optional<RowOrder>> OrderAfterRemoval(RowOrder order, std::span<const int64_t> removed,
                                                          int64_t table_rows) {
  const auto gone_before = [&](int64_t row) {
    return std::lower_bound(removed.begin(), removed.end(), row) - removed.begin();
  };
  if (std::holds_alternative<SortSpec>(order.form)) {
    if (order.rows == RowOrder::kAllRows) return order;
    order.rows -= gone_before(order.rows);
    if (order.rows == 0) return std::nullopt;
    return order;
  }
  TRY_ASSIGN(const std::vector<uint32_t> positions, PositionsOf(std::move(order), table_rows));
  std::vector<uint32_t> left;
  for (const uint32_t position : positions) {
    const auto gone = gone_before(position);
    const bool is_removed =
        gone < static_cast<int64_t>(removed.size()) && removed[static_cast<size_t>(gone)] == position;
    if (!is_removed) left.push_back(position - static_cast<uint32_t>(gone));
  }
  return OrderOfPositions(std::move(left));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> ReadRowsInOrder(TableObject table,
                                                                          std::vector<size_t> columns,
                                                                          bool dictionary_strings, std::string name,
                                                                          SortLimits limits, Records& records,
                                                                          TileLoader& loader, const Context& context) {
  if (!table.order.has_value()) {
    return ReadRows(std::move(table), std::move(columns), dictionary_strings, std::move(name), loader, context);
  }
  std::vector<StoredColumn> chosen;
  for (const size_t column : columns) chosen.push_back(table.columns[column]);
  TRY_ASSIGN(std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(chosen, dictionary_strings));
  return std::make_shared<OrderedReader>(std::move(schema), std::move(table), std::move(columns), std::move(name),
                                         std::move(limits), records, loader, context);
}

}  // namespace roost::store
