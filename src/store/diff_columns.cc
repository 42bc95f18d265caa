#include "store/diff_columns.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

const StoredColumn* FindId(const std::vector<StoredColumn>& columns, int64_t id) {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.id == id; });
  return found == columns.end() ? nullptr : &*found;
}

const StoredColumn* FindName(const std::vector<StoredColumn>& columns, const std::string& name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

/// What both columns are compared as; nothing where their types have nothing in common.
absl::StatusOr<std::optional<CommonColumn>> Common(const StoredColumn& before, const StoredColumn& after) {
  TRY_ASSIGN(const LeafType old_type, LeafTypeOfName(before.type));
  TRY_ASSIGN(const LeafType new_type, LeafTypeOfName(after.type));
  if (old_type == new_type) return CommonColumn{.id = after.id, .type = after.type, .is_same_type = true};
  if (CanWiden(old_type, new_type)) return CommonColumn{.id = after.id, .type = after.type};
  if (CanWiden(new_type, old_type)) return CommonColumn{.id = after.id, .type = before.type};
  return std::nullopt;
}

/// Marks the fewest columns of both tables whose moves make the new order of the old one.
void MarkMoved(const TableObject& old_table, std::vector<ColumnChange>& changes) {
  std::vector<std::pair<size_t, ColumnChange*>> both;  // the old place of each, in the new order
  for (ColumnChange& change : changes) {
    if (change.IsAdded() || change.IsDropped()) continue;
    const StoredColumn* old_column = FindId(old_table.columns, change.before->id);
    both.emplace_back(static_cast<size_t>(old_column - old_table.columns.data()), &change);
  }
  // The longest ascending row of old places stays.
  std::vector<size_t> last;  // for each length, the column that ends such a row with the smallest place
  std::vector<size_t> previous(both.size());
  for (size_t i = 0; i < both.size(); ++i) {
    const auto at = std::lower_bound(last.begin(), last.end(), both[i].first,
                                     [&](size_t column, size_t place) { return both[column].first < place; });
    previous[i] = at == last.begin() ? both.size() : *(at - 1);
    if (at == last.end()) {
      last.push_back(i);
    } else {
      *at = i;
    }
    both[i].second->is_moved = true;
  }
  for (size_t i = last.empty() ? both.size() : last.back(); i < both.size(); i = previous[i]) {
    both[i].second->is_moved = false;
  }
}

void ChooseKey(const TableObject& old_table, const TableObject& new_table, DiffColumns& columns) {
  const auto place = [&](int64_t id) {
    const auto found = std::find_if(columns.common.begin(), columns.common.end(),
                                    [&](const CommonColumn& column) { return column.id == id; });
    return static_cast<size_t>(found - columns.common.begin());
  };
  const auto all_of = [&](const std::vector<int64_t>& ids) {
    std::vector<size_t> places;
    for (const int64_t id : ids) {
      if (place(id) < columns.common.size()) places.push_back(place(id));
    }
    return places;
  };
  if (!new_table.key.empty() && new_table.key == old_table.key) {
    columns.key = all_of(new_table.key);
    columns.is_key_declared = columns.key.size() == new_table.key.size();
    if (!columns.is_key_declared) columns.key.clear();
  } else if (new_table.cut_columns.size() == 1 && new_table.cut_columns == old_table.cut_columns &&
             columns.common.size() > 1) {
    columns.key = all_of(new_table.cut_columns);
  }
  columns.hashed = columns.key;
  if (!columns.hashed.empty()) return;
  columns.hashed.resize(columns.common.size());
  std::iota(columns.hashed.begin(), columns.hashed.end(), 0);
}

}  // namespace

absl::StatusOr<DiffColumns> CompareColumns(const TableObject& old_table, const TableObject& new_table,
                                           int64_t shared_columns) {
  DiffColumns columns;
  const auto add_field = [&](bool is_new, const StoredColumn& column, const CommonColumn* common) {
    const std::string& type = common == nullptr || common->is_same_type ? column.type : common->type;
    columns.fields.push_back({.is_new = is_new, .name = column.name, .type = type});
    columns.sources.push_back(
        {.id = column.id, .common = common == nullptr ? -1 : static_cast<int64_t>(columns.common.size()) - 1});
  };
  std::vector<int64_t> used;
  for (const StoredColumn& after : new_table.columns) {
    ColumnChange change{.after = after};
    const StoredColumn* before = FindId(old_table.columns, after.id);
    std::optional<CommonColumn> common;
    if (before != nullptr && after.id >= shared_columns && before->name != after.name) before = nullptr;
    if (before != nullptr) {
      TRY_ASSIGN(common, Common(*before, after));
    } else {
      before = FindName(old_table.columns, after.name);
      if (before != nullptr && FindId(new_table.columns, before->id) != nullptr) before = nullptr;
    }
    if (common.has_value()) {
      columns.common.push_back(*common);
      columns.change_of.push_back(columns.changes.size());
    }
    if (before != nullptr) {
      change.before = *before;
      change.is_compared = common.has_value();
      used.push_back(before->id);
      add_field(false, *before, common.has_value() ? &*common : nullptr);
    }
    add_field(true, after, common.has_value() ? &*common : nullptr);
    columns.changes.push_back(std::move(change));
  }
  for (const StoredColumn& before : old_table.columns) {
    if (std::find(used.begin(), used.end(), before.id) != used.end()) continue;
    columns.changes.push_back({.before = before});
    add_field(false, before, nullptr);
  }
  MarkMoved(old_table, columns.changes);
  ChooseKey(old_table, new_table, columns);
  return columns;
}

}  // namespace roost::store
