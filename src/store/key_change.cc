#include "store/key_change.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/ordered_reader.h"
#include "store/patch_planner.h"
#include "store/table_plan.h"
#include "store/table_reader.h"
#include "store/table_writer.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 8;  // tiles whose keys are read together

std::vector<size_t> KeyPlaces(const TableObject& table) {
  std::vector<size_t> places;
  for (const int64_t id : table.key) {
    for (size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].id == id) places.push_back(i);
    }
  }
  return places;
}

/// A given row that takes the place of a row of a tile.
struct Hit {
  int64_t row = 0;    ///< of the tile
  int64_t given = 0;  ///< of the given rows
};

/// The rows, or only their keys, that were given, and where each key stands.
struct GivenByKey {
  std::shared_ptr<arrow::Table> rows;
  std::vector<int> key_columns;  // of `rows`
  absl::flat_hash_map<RowKey, int64_t> row_of;
  int64_t bytes = 0;
};

/// The batch that the keys' file gives, as the dataset's key columns.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> SelectKeys(const arrow::RecordBatch& batch,
                                                               const TableObject& table) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const size_t place : KeyPlaces(table)) {
    const StoredColumn& column = table.columns[place];
    const std::shared_ptr<arrow::Array> given = batch.GetColumnByName(column.name);
    if (given == nullptr) {
      return absl::InvalidArgumentError(
          fmt::format("the keys have no column '{}'; the dataset's key is {}", column.name, KeyText(table)));
    }
    TRY_ASSIGN(const auto plain, WithoutDictionary(given));
    TRY_ASSIGN(const auto type, ArrowTypeOf(column.type));
    arrow::Result<std::shared_ptr<arrow::Array>> cast = arrow::compute::Cast(*plain, type);
    if (!cast.ok()) {
      return absl::InvalidArgumentError(fmt::format("column '{}' of the keys is {} where the dataset has {}: {}",
                                                    column.name, plain->type()->ToString(), column.type,
                                                    cast.status().message()));
    }
    columns.push_back(*std::move(cast));
    fields.push_back(arrow::field(column.name, type, column.nullable));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
}

/// All columns of `batch` in the table's order, without dictionaries.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> SelectAll(const arrow::RecordBatch& batch, const TablePlan& plan) {
  TRY_ASSIGN(const std::shared_ptr<arrow::Schema> schema, SchemaOfColumns(plan.table.columns, false));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const int field : plan.fields) {
    TRY_ASSIGN(columns.emplace_back(), WithoutDictionary(batch.column(field)));
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(columns));
}

absl::StatusOr<std::vector<RowKey>> KeysOfColumns(const arrow::RecordBatch& batch, std::span<const int> places,
                                                  const TableObject& table, int64_t rows_before) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const int place : places) {
    TRY_ASSIGN(columns.emplace_back(), ToLeafArray(batch.column(place)));
    const arrow::Array& column = *columns.back();
    if (column.null_count() == 0) continue;
    int64_t row = 0;
    while (column.IsValid(row)) ++row;
    return absl::InvalidArgumentError(
        fmt::format("row {} of the given rows has no value in column '{}', of the key ({})",
                    FormatCount(rows_before + row + 1), batch.schema()->field(place)->name(), KeyText(table)));
  }
  return RowKeysOf(columns, table.key);
}

absl::StatusOr<GivenByKey> ReadGiven(arrow::RecordBatchReader& reader, bool keys_only, const TablePlan& plan,
                                     const Context& context) {
  const TableObject& table = plan.table;
  GivenByKey given;
  for (const size_t place : KeyPlaces(table)) {
    given.key_columns.push_back(static_cast<int>(keys_only ? given.key_columns.size() : place));
  }
  arrow::RecordBatchVector batches;
  int64_t rows = 0;
  while (true) {
    TRY(context.CheckCancelled());
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader.ReadNext(&batch));
    if (batch == nullptr) break;
    TRY_ASSIGN(batch, keys_only ? SelectKeys(*batch, table) : SelectAll(*batch, plan));
    TRY_ASSIGN(const std::vector<RowKey> keys, KeysOfColumns(*batch, given.key_columns, table, rows));
    for (const RowKey& key : keys) {
      const auto [entry, is_new] = given.row_of.try_emplace(key, rows++);
      if (is_new) continue;
      return absl::InvalidArgumentError(fmt::format("rows {} and {} of the given rows have the same key ({})",
                                                    FormatCount(entry->second + 1), FormatCount(rows), KeyText(table)));
    }
    TRY_ARROW_ASSIGN(const int64_t bytes, arrow::util::ReferencedBufferSize(*batch));
    given.bytes += bytes;
    batches.push_back(std::move(batch));
    context.Report({.stage = "reading", .unit = "rows", .done = rows, .total = 0});
  }
  TRY_ASSIGN(auto schema, SchemaOfColumns(table.columns, false));
  if (keys_only && !batches.empty()) schema = batches.front()->schema();
  TRY_ARROW_ASSIGN(given.rows, arrow::Table::FromRecordBatches(schema, batches));
  return given;
}

/// The given rows that `hits` names, one column.
absl::StatusOr<std::shared_ptr<arrow::Array>> TakeGiven(const std::shared_ptr<arrow::ChunkedArray>& column,
                                                        const std::shared_ptr<arrow::Array>& rows) {
  TRY_ARROW_ASSIGN(const arrow::Datum taken, arrow::compute::Take(column, rows));
  const auto& chunks = taken.chunked_array()->chunks();
  if (chunks.size() == 1) return chunks.front();
  TRY_ARROW_ASSIGN(auto joined, arrow::Concatenate(chunks));
  return joined;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> RowNumbers(const std::vector<int64_t>& numbers) {
  arrow::Int64Builder builder;
  TRY_ARROW(builder.AppendValues(numbers));
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::Array> array, builder.Finish());
  return array;
}

/// Equal bits stand for equal keys; that they do is looked at before a row is lost for it.
absl::Status CheckHits(const arrow::RecordBatch& tile, const GivenByKey& given, const TableObject& table,
                       std::span<const Hit> hits, const std::shared_ptr<arrow::Array>& given_rows) {
  const std::vector<size_t> places = KeyPlaces(table);
  for (size_t i = 0; i < places.size(); ++i) {
    TRY_ASSIGN(const auto taken, TakeGiven(given.rows->column(given.key_columns[i]), given_rows));
    for (size_t hit = 0; hit < hits.size(); ++hit) {
      const auto at = static_cast<int64_t>(hit);
      const arrow::Array& column = *tile.column(static_cast<int>(places[i]));
      if (!column.RangeEquals(hits[hit].row, hits[hit].row + 1, at, *taken)) {
        return absl::InternalError("two different keys have the same hash of 128 bits");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Replace(const arrow::RecordBatch& tile, const GivenByKey& given,
                                                            std::span<const Hit> hits,
                                                            const std::shared_ptr<arrow::Array>& given_rows) {
  std::vector<int64_t> sources(static_cast<size_t>(tile.num_rows()));
  for (size_t row = 0; row < sources.size(); ++row) sources[row] = static_cast<int64_t>(row);
  for (size_t hit = 0; hit < hits.size(); ++hit) {
    sources[static_cast<size_t>(hits[hit].row)] = tile.num_rows() + static_cast<int64_t>(hit);
  }
  TRY_ASSIGN(const auto indices, RowNumbers(sources));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < tile.num_columns(); ++i) {
    TRY_ASSIGN(const auto taken, TakeGiven(given.rows->column(i), given_rows));
    TRY_ARROW_ASSIGN(const auto joined, arrow::Concatenate({tile.column(i), taken}));
    TRY_ARROW_ASSIGN(auto column, arrow::compute::Take(*joined, *indices));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(tile.schema(), tile.num_rows(), std::move(columns));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Without(const arrow::RecordBatch& tile, std::span<const Hit> hits) {
  std::vector<int64_t> kept;
  size_t next = 0;
  for (int64_t row = 0; row < tile.num_rows(); ++row) {
    if (next < hits.size() && hits[next].row == row) {
      ++next;
    } else {
      kept.push_back(row);
    }
  }
  TRY_ASSIGN(const auto indices, RowNumbers(kept));
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& column : tile.columns()) {
    TRY_ARROW_ASSIGN(columns.emplace_back(), arrow::compute::Take(*column, *indices));
  }
  return arrow::RecordBatch::Make(tile.schema(), static_cast<int64_t>(kept.size()), std::move(columns));
}

/// The rows of `given` that no row of the dataset has the key of, in their order.
absl::Status AppendNew(const GivenByKey& given, const std::vector<bool>& is_hit, TableWriter& writer) {
  std::vector<int64_t> rows;
  for (size_t row = 0; row < is_hit.size(); ++row) {
    if (!is_hit[row]) rows.push_back(static_cast<int64_t>(row));
  }
  if (rows.empty()) return absl::OkStatus();
  TRY_ASSIGN(const auto indices, RowNumbers(rows));
  TRY_ARROW_ASSIGN(const arrow::Datum taken, arrow::compute::Take(given.rows, indices));
  arrow::TableBatchReader reader(*taken.table());
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    TRY_ARROW(reader.ReadNext(&batch));
    if (batch == nullptr) return absl::OkStatus();
    TRY(writer.Add(*batch));
  }
}

}  // namespace

std::string KeyText(const TableObject& table) {
  std::string text;
  for (const size_t place : KeyPlaces(table)) text += (text.empty() ? "" : ", ") + table.columns[place].name;
  return text;
}

absl::Status CheckSameKey(std::span<const std::string> key, const TableObject& parent) {
  if (key.empty()) return absl::OkStatus();
  std::vector<std::string> declared;
  for (const size_t place : KeyPlaces(parent)) declared.push_back(parent.columns[place].name);
  if (std::equal(key.begin(), key.end(), declared.begin(), declared.end())) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("the key of the dataset is {}", declared.empty() ? "not declared" : KeyText(parent))),
                  "A key is declared, or changed, with a whole table: 'roost data add NAME FILE --key COLUMN'.");
}

absl::StatusOr<std::vector<RowKey>> KeysOfBatch(const arrow::RecordBatch& batch, const TableObject& table,
                                                int64_t rows_before) {
  std::vector<int> places;
  for (const size_t place : KeyPlaces(table)) places.push_back(static_cast<int>(place));
  return KeysOfColumns(batch, places, table, rows_before);
}

absl::Status ForEachTileKeys(const TableObject& table, TileLoader& loader, const Context& context,
                             const std::function<absl::Status(const TilePlace&, std::span<const RowKey>)>& use) {
  std::vector<WantedColumn> wanted;
  for (const size_t place : KeyPlaces(table)) {
    wanted.push_back({.id = table.columns[place].id, .type = table.columns[place].type});
  }
  for (const TileRun& run : table.runs) {
    TRY_ASSIGN(const auto list, loader.List(run.id, table));
    for (size_t first = 0; first < list->tiles.size(); first += kGroupTiles) {
      TRY(context.CheckCancelled());
      std::vector<TilePlace> group;
      for (size_t i = first; i < std::min(first + kGroupTiles, list->tiles.size()); ++i) {
        group.push_back({.list_id = run.id, .list = list, .index = i});
      }
      TRY_ASSIGN(const std::vector<TileChain> chains, loader.Resolve(group, table, context));
      TRY_ASSIGN(const std::vector<Leaf> leaves, loader.Load(chains, wanted, context));
      for (size_t i = 0; i < group.size(); ++i) {
        const auto of_tile = std::span(leaves).subspan(i * wanted.size(), wanted.size());
        TRY(use(group[i], RowKeysOf(of_tile, table.key)));
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ChangedTable> WriteKeyChange(CommitRequest::Mode mode, const TableObject& parent,
                                            arrow::RecordBatchReader& reader, TileLoader& loader, RecordWriter& records,
                                            const Context& context) {
  const bool deletes = mode == CommitRequest::Mode::kDeleteKeys;
  if (parent.key.empty()) {
    return WithHint(absl::FailedPreconditionError("the dataset has no key, by which its rows could be told apart"),
                    "Declare one with a whole table: 'roost data add NAME FILE --key COLUMN'.");
  }
  TablePlan plan{.table = parent};
  if (!deletes) {
    TRY_ASSIGN(plan, PlanAppend(*reader.schema(), parent));
  }
  plan.table.runs.clear();
  plan.table.rows = 0;
  TRY_ASSIGN(const GivenByKey given, ReadGiven(reader, deletes, plan, context));
  PatchPlanner planner(parent, plan.table, loader, context);
  TRY(planner.Load());
  planner.StayInPlace();
  TableWriter writer(plan.table, &planner, records, context);
  std::vector<bool> is_hit(static_cast<size_t>(given.rows->num_rows()), false);
  size_t num_hits = 0;
  int64_t rows_seen = 0;
  std::vector<int64_t> removed;  // stored rows; asked for where they are in another order
  const auto change = [&](const TilePlace& place, std::span<const RowKey> keys) -> absl::Status {
    std::vector<Hit> hits;
    std::vector<int64_t> given_rows;
    for (size_t row = 0; row < keys.size(); ++row) {
      const auto found = given.row_of.find(keys[row]);
      if (found == given.row_of.end()) continue;
      hits.push_back({.row = static_cast<int64_t>(row), .given = found->second});
      given_rows.push_back(found->second);
      is_hit[static_cast<size_t>(found->second)] = true;
    }
    num_hits += hits.size();
    if (deletes && parent.order.has_value()) {
      for (const Hit& hit : hits) removed.push_back(rows_seen + hit.row);
    }
    rows_seen += place.node().rows;
    context.Report({.stage = "changing", .unit = "rows", .done = rows_seen, .total = parent.rows});
    // New rows go on in the last tile.
    const bool goes_on = rows_seen == parent.rows && !deletes && num_hits < is_hit.size();
    if (hits.empty() && !goes_on && writer.IsAtBorder()) return writer.AddTile(place);
    TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> rows, ReadTile(parent, place, loader, context));
    if (hits.empty()) return writer.Add(*rows);
    TRY_ASSIGN(const auto indices, RowNumbers(given_rows));
    TRY(CheckHits(*rows, given, parent, hits, indices));
    TRY_ASSIGN(rows, deletes ? Without(*rows, hits) : Replace(*rows, given, hits, indices));
    return writer.Add(*rows);
  };
  TRY(ForEachTileKeys(parent, loader, context, change));
  ChangedTable changed{.bytes_in = given.bytes};
  const auto num_given = static_cast<int64_t>(is_hit.size());
  const auto found = static_cast<int64_t>(num_hits);
  if (deletes) {
    changed.counts = RowCounts{.removed = found, .not_found = num_given - found};
  } else {
    TRY(AppendNew(given, is_hit, writer));
    changed.counts = RowCounts{.added = num_given - found, .changed = found};
  }
  if (!removed.empty()) {
    TRY_ASSIGN(RowOrder order, LoadOrder(parent, loader.records()));
    TRY_ASSIGN(const std::optional<RowOrder> left, OrderAfterRemoval(std::move(order), removed, parent.rows));
    std::optional<Digest> id;
    if (left.has_value()) {
      TRY_ASSIGN(id, AddOrder(*left, records));
    }
    writer.SetOrder(id);
  }
  TRY_ASSIGN(changed.table, writer.Finish());
  return changed;
}

}  // namespace roost::store
