#include "store/row_search.h"

#include <algorithm>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kGroupTiles = 8;  // tiles whose columns are read together

/// Columns have other ids in other versions, and keys stand for values: the place of a column does for its id.
std::vector<int64_t> Places(size_t count) {
  std::vector<int64_t> places(count);
  for (size_t i = 0; i < count; ++i) places[i] = static_cast<int64_t>(i);
  return places;
}

absl::Status CheckHasValues(const arrow::Array& column, const std::string& name) {
  if (column.null_count() == 0) return absl::OkStatus();
  int64_t row = 0;
  while (column.IsValid(row)) ++row;
  return absl::InvalidArgumentError(
      fmt::format("row {} of the keys has no value in column '{}'", FormatCount(row + 1), name));
}

}  // namespace

absl::Status RowSearch::AddTable(const TableObject& table) {
  for (const StoredColumn& column : table.columns) {
    std::vector<int64_t>& ids = ids_of_name_[column.name];
    if (std::find(ids.begin(), ids.end(), column.id) == ids.end()) ids.push_back(column.id);
    const auto [known, is_new] = types_.try_emplace(column.id, column.type);
    if (is_new || known->second == column.type) continue;
    TRY_ASSIGN(const LeafType before, LeafTypeOfName(known->second));
    TRY_ASSIGN(const LeafType type, LeafTypeOfName(column.type));
    if (CanWiden(before, type)) known->second = column.type;
  }
  return absl::OkStatus();
}

absl::Status RowSearch::SetKeys(arrow::RecordBatchReader& reader, const std::string& dataset) {
  for (const auto& field : reader.schema()->fields()) {
    if (!ids_of_name_.contains(field->name())) {
      return WithHint(absl::InvalidArgumentError(fmt::format("no version of {} has a column '{}', which the keys have",
                                                             dataset, field->name())),
                      "The file has only the columns that tell whose rows go, named as in the dataset.");
    }
    if (std::find(names_.begin(), names_.end(), field->name()) != names_.end()) {
      return absl::InvalidArgumentError(fmt::format("the keys have the column '{}' twice", field->name()));
    }
    names_.push_back(field->name());
  }
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Table> table, reader.ToTable());
  if (names_.empty() || table->num_rows() == 0) {
    return absl::InvalidArgumentError("the keys have no rows: there is nothing to look for");
  }
  for (int i = 0; i < table->num_columns(); ++i) {
    TRY_ARROW_ASSIGN(const auto joined, arrow::Concatenate(table->column(i)->chunks()));
    TRY_ASSIGN(given_.emplace_back(), WithoutDictionary(joined));
    TRY(CheckHasValues(*given_.back(), names_[static_cast<size_t>(i)]));
  }
  std::vector<int64_t> newest;
  for (const std::string& name : names_) newest.push_back(ids_of_name_.at(name).front());
  TRY_ASSIGN(const Keys* keys, KeysFor(newest));
  if (!keys->fits) {
    std::string types;
    for (size_t i = 0; i < names_.size(); ++i) {
      types += fmt::format("{}'{}' is {} where the dataset has {}", types.empty() ? "" : ", ", names_[i],
                           given_[i]->type()->ToString(), types_.at(newest[i]));
    }
    return absl::InvalidArgumentError(fmt::format("the keys' values cannot be ones of the dataset: {}", types));
  }
  num_keys_ = static_cast<int64_t>(keys->row_of.size());
  return absl::OkStatus();
}

std::vector<int64_t> RowSearch::ColumnsOf(const TileList& list) const {
  std::vector<int64_t> columns;
  for (const std::string& name : names_) {
    const auto named = ids_of_name_.find(name);
    if (named == ids_of_name_.end()) return {};
    const auto there =
        std::find_if(named->second.begin(), named->second.end(), [&](int64_t id) { return list.Find(id) >= 0; });
    if (there == named->second.end()) return {};
    columns.push_back(*there);
  }
  return columns;
}

absl::StatusOr<const RowSearch::Keys*> RowSearch::KeysFor(const std::vector<int64_t>& ids) {
  if (const auto known = keys_.find(ids); known != keys_.end()) return &known->second;
  Keys keys;
  for (size_t i = 0; i < ids.size(); ++i) {
    TRY_ASSIGN(const auto type, ArrowTypeOf(types_.at(ids[i])));
    const auto cast = arrow::compute::Cast(*given_[i], type);
    keys.fits = keys.fits && cast.ok();
    if (!keys.fits) break;
    keys.columns.push_back(*cast);
  }
  if (keys.fits) {
    const std::vector<RowKey> rows = RowKeysOf(keys.columns, Places(ids.size()));
    for (size_t row = 0; row < rows.size(); ++row) keys.row_of.try_emplace(rows[row], static_cast<int64_t>(row));
  }
  return &(keys_[ids] = std::move(keys));
}

Digest RowSearch::IdOf(const TilePlace& tile, const std::vector<int64_t>& ids) {
  std::string bytes;
  for (const int64_t id : ids) {
    bytes += fmt::format("{}:{} ", id, tile.node().leaves[static_cast<size_t>(tile.list->Find(id))].id.ToHex());
  }
  return Sha256(bytes);
}

absl::Status RowSearch::Search(std::span<const TilePlace> tiles, const TableObject& table) {
  std::map<std::vector<int64_t>, std::vector<TilePlace>> wanted;
  for (const TilePlace& tile : tiles) {
    const std::vector<int64_t> ids = ColumnsOf(*tile.list);
    if (!ids.empty() && searched_.insert(IdOf(tile, ids)).second) wanted[ids].push_back(tile);
  }
  for (const auto& [ids, places] : wanted) {
    for (size_t first = 0; first < places.size(); first += kGroupTiles) {
      const size_t count = std::min(kGroupTiles, places.size() - first);
      TRY(SearchGroup(std::span(places).subspan(first, count), ids, table));
    }
  }
  return absl::OkStatus();
}

absl::Status RowSearch::SearchGroup(std::span<const TilePlace> tiles, const std::vector<int64_t>& ids,
                                    const TableObject& table) {
  TRY(context_.CheckCancelled());
  TRY_ASSIGN(const Keys* keys, KeysFor(ids));
  if (!keys->fits) return absl::OkStatus();  // no row can have such values
  std::vector<WantedColumn> wanted;
  for (const int64_t id : ids) wanted.push_back({.id = id, .type = types_.at(id)});
  TRY_ASSIGN(const std::vector<TileChain> chains, loader_.Resolve(tiles, table, context_));
  TRY_ASSIGN(const std::vector<Leaf> leaves, loader_.Load(chains, wanted, context_));
  std::vector<std::vector<int64_t>> rows(tiles.size());
  TRY(context_.pool->ParallelFor(tiles.size(), [&](size_t i) -> absl::Status {
    TRY_ASSIGN(rows[i], Compare(std::span(leaves).subspan(i * ids.size(), ids.size()), ids, *keys));
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < tiles.size(); ++i) {
    if (!rows[i].empty()) found_[IdOf(tiles[i], ids)] = std::move(rows[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> RowSearch::Compare(std::span<const Leaf> leaves, const std::vector<int64_t>& ids,
                                                        const Keys& keys) const {
  const std::vector<RowKey> rows = RowKeysOf(leaves, Places(ids.size()));
  std::vector<int64_t> found;
  std::vector<int64_t> given;
  for (size_t row = 0; row < rows.size(); ++row) {
    const auto hit = keys.row_of.find(rows[row]);
    if (hit == keys.row_of.end()) continue;
    found.push_back(static_cast<int64_t>(row));
    given.push_back(hit->second);
  }
  if (found.empty()) return found;
  // Equal bits stand for equal values; that they do is looked at before a row is lost for it.
  for (size_t i = 0; i < ids.size(); ++i) {
    TRY_ASSIGN(const auto type, ArrowTypeOf(types_.at(ids[i])));
    TRY_ASSIGN(const auto column, ToArrow(leaves[i], type));
    for (size_t hit = 0; hit < found.size(); ++hit) {
      if (column->RangeEquals(found[hit], found[hit] + 1, given[hit], *keys.columns[i],
                              arrow::EqualOptions().nans_equal(true))) {
        continue;
      }
      return absl::InternalError("two different keys have the same hash of 128 bits");
    }
  }
  return found;
}

std::span<const int64_t> RowSearch::Find(const TilePlace& tile) const {
  const std::vector<int64_t> ids = ColumnsOf(*tile.list);
  const auto found = ids.empty() ? found_.end() : found_.find(IdOf(tile, ids));
  if (found == found_.end()) return {};
  return found->second;
}

}  // namespace roost::store
