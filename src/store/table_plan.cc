#include "store/table_plan.h"

#include <algorithm>
#include <set>

#include <arrow/api.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"
#include "store/row_hash.h"
#include "store/tile_cutter.h"
#include "table/nested_type.h"

namespace roost::store {
namespace {

absl::Status CheckNames(const arrow::Schema& schema) {
  if (schema.num_fields() == 0) return absl::InvalidArgumentError("the table has no columns");
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    const std::string& name = field->name();
    if (name.empty()) return absl::InvalidArgumentError("a column has an empty name");
    if (!arrow::util::ValidateUTF8(name)) return absl::InvalidArgumentError("the name of a column is not UTF-8");
    if (!names.insert(name).second) return absl::InvalidArgumentError(fmt::format("column '{}' is there twice", name));
  }
  return absl::OkStatus();
}

const StoredColumn* Find(const std::vector<StoredColumn>& columns, std::string_view name) {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [&](const StoredColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

/// Whether a column of type `from` goes on as one of type `to`: the same values, or ones that can be widened.
bool GoesOn(const std::string& from, const std::string& to) {
  const auto before = LeafTypeOfName(from);
  const auto after = LeafTypeOfName(to);
  return before.ok() && after.ok() && (*before == *after || CanWiden(*before, *after));
}

/// The cut columns of `parent`, where the table still has one.
std::vector<int64_t> KeptCutColumns(const std::vector<StoredColumn>& columns, const TableObject& parent) {
  std::vector<int64_t> kept;
  for (const StoredColumn& column : columns) {
    if (std::binary_search(parent.cut_columns.begin(), parent.cut_columns.end(), column.id)) kept.push_back(column.id);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

/// Whether all values of a column are there and no two have the same hash.
bool TellsRowsApart(const arrow::Array& array) {
  if (array.null_count() > 0 || array.type_id() == arrow::Type::BOOL || array.type_id() == arrow::Type::NA)
    return false;
  if (arrow::is_floating(array.type_id())) return false;
  if (!LeafArrayType(array.type())->Equals(*array.type())) return false;
  std::vector<uint64_t> hashes(static_cast<size_t>(array.length()), 0);
  AddValueHashes(array, 0, hashes);
  std::sort(hashes.begin(), hashes.end());
  return std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end();
}

double BytesOf(const arrow::Array& array) {
  double bytes = 0;
  for (const auto& buffer : array.data()->buffers) {
    if (buffer != nullptr) bytes += static_cast<double>(buffer->size());
  }
  if (array.type_id() == arrow::Type::DICTIONARY) return bytes;
  // A slice shares the buffers of the whole.
  const auto size = arrow::util::ReferencedBufferSize(array);
  return size.ok() ? static_cast<double>(*size) : bytes;
}

bool IsNestedName(const std::string& type_name) {
  const auto type = ArrowTypeOf(type_name);
  return type.ok() && table::IsNested(**type);
}

/// The ids of the key's columns.
absl::StatusOr<std::vector<int64_t>> KeyOf(const std::vector<StoredColumn>& columns,
                                           const std::optional<TableObject>& parent, std::span<const std::string> key) {
  std::vector<int64_t> ids;
  for (const std::string& name : key) {
    const StoredColumn* column = Find(columns, name);
    if (column == nullptr) {
      return absl::InvalidArgumentError(fmt::format("column '{}', of the key, is not among the columns", name));
    }
    if (column->type == "float" || column->type == "double" || column->type == "halffloat" || column->type == "null" ||
        IsNestedName(column->type)) {
      return WithHint(
          absl::InvalidArgumentError(fmt::format("column '{}' of {} cannot be in a key", name, column->type)),
          "A key is made of whole numbers, texts, dates and the like, which are equal or not.");
    }
    if (std::find(ids.begin(), ids.end(), column->id) != ids.end()) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is twice in the key", name));
    }
    ids.push_back(column->id);
  }
  if (!key.empty() || !parent.has_value()) return ids;
  for (const int64_t id : parent->key) {
    const auto has_id = [&](const StoredColumn& column) { return column.id == id; };
    if (std::any_of(columns.begin(), columns.end(), has_id)) continue;
    const auto before = std::find_if(parent->columns.begin(), parent->columns.end(), has_id);
    return WithHint(absl::InvalidArgumentError(fmt::format("column '{}', of the key, is missing or has another type",
                                                           before == parent->columns.end() ? "?" : before->name)),
                    "Declare another key with '--key'.");
  }
  return parent->key;
}

}  // namespace

absl::StatusOr<TablePlan> PlanSnapshot(const arrow::Schema& schema, const std::optional<TableObject>& parent,
                                       std::span<const std::string> key,
                                       const std::map<std::string, int64_t>& renames) {
  TRY(CheckNames(schema));
  TablePlan plan;
  TableObject& table = plan.table;
  table.next_column_id = parent.has_value() ? parent->next_column_id : 0;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    const StoredColumn* before = parent.has_value() ? Find(parent->columns, field.name()) : nullptr;
    StoredColumn column{.name = field.name(), .nullable = field.nullable()};
    TRY_ASSIGN(column.type, TypeNameOf(*field.type(), field.name()));
    if (const auto renamed = renames.find(field.name()); renamed != renames.end()) {
      column.id = renamed->second;
    } else {
      column.id = before != nullptr && GoesOn(before->type, column.type) ? before->id : table.next_column_id++;
    }
    table.columns.push_back(std::move(column));
    plan.fields.push_back(i);
  }
  if (parent.has_value()) {
    table.cut_bits = parent->cut_bits;
    table.cut_columns = KeptCutColumns(table.columns, *parent);
  }
  TRY_ASSIGN(table.key, KeyOf(table.columns, parent, key));
  if (parent.has_value() && !table.key.empty()) {
    table.cut_columns = table.key;
    std::sort(table.cut_columns.begin(), table.cut_columns.end());
  }
  return plan;
}

void ChooseCut(const arrow::RecordBatch& sample, TablePlan& plan) {
  TableObject& table = plan.table;
  table.cut_columns = table.key;
  std::sort(table.cut_columns.begin(), table.cut_columns.end());
  double bytes = 0;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const auto decoded = WithoutDictionary(sample.column(plan.fields[i]));
    if (!decoded.ok()) continue;
    bytes += BytesOf(**decoded);
    if (table.cut_columns.empty() && sample.num_rows() > 0 && TellsRowsApart(**decoded)) {
      table.cut_columns.push_back(table.columns[i].id);
    }
  }
  if (sample.num_rows() > 0) table.cut_bits = TileCutter::BitsFor(bytes / static_cast<double>(sample.num_rows()));
  if (!table.cut_columns.empty()) return;
  for (const StoredColumn& column : table.columns) table.cut_columns.push_back(column.id);
  std::sort(table.cut_columns.begin(), table.cut_columns.end());
}

absl::StatusOr<TablePlan> PlanAppend(const arrow::Schema& schema, const TableObject& parent) {
  TRY(CheckNames(schema));
  TablePlan plan{.table = parent};
  plan.table.runs.clear();
  plan.table.rows = 0;
  std::string differences;
  const auto differ = [&](std::string text) { differences += (differences.empty() ? "" : "; ") + text; };
  for (StoredColumn& column : plan.table.columns) {
    const int index = schema.GetFieldIndex(column.name);
    plan.fields.push_back(index);
    if (index < 0) {
      differ(fmt::format("column '{}' is missing", column.name));
      continue;
    }
    const arrow::Field& field = *schema.field(index);
    TRY_ASSIGN(const std::string type, TypeNameOf(*field.type(), field.name()));
    if (type != column.type) {
      differ(fmt::format("column '{}' is {} where the dataset has {}", column.name, type, column.type));
    }
    column.nullable = column.nullable || field.nullable();
  }
  for (const auto& field : schema.fields()) {
    if (Find(parent.columns, field->name()) == nullptr) differ(fmt::format("column '{}' is new", field->name()));
  }
  if (differences.empty()) return plan;
  return WithHint(absl::InvalidArgumentError(fmt::format("the rows do not fit the dataset: {}", differences)),
                  "Rows to append need the columns of the dataset; to change its columns add a whole new table.");
}

}  // namespace roost::store
