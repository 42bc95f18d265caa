#include "store/table_plan.h"

#include <algorithm>
#include <set>

#include <arrow/api.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"

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

/// The cut columns of `parent` that the table still has, or all columns where none is left.
std::vector<int64_t> CutColumns(const std::vector<StoredColumn>& columns, const std::optional<TableObject>& parent) {
  std::vector<int64_t> all;
  std::vector<int64_t> kept;
  for (const StoredColumn& column : columns) {
    all.push_back(column.id);
    if (!parent.has_value()) continue;
    if (std::binary_search(parent->cut_columns.begin(), parent->cut_columns.end(), column.id))
      kept.push_back(column.id);
  }
  std::vector<int64_t>& chosen = kept.empty() ? all : kept;
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace

absl::StatusOr<TablePlan> PlanSnapshot(const arrow::Schema& schema, const std::optional<TableObject>& parent) {
  TRY(CheckNames(schema));
  TablePlan plan;
  TableObject& table = plan.table;
  table.next_column_id = parent.has_value() ? parent->next_column_id : 0;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const arrow::Field& field = *schema.field(i);
    const StoredColumn* before = parent.has_value() ? Find(parent->columns, field.name()) : nullptr;
    StoredColumn column{.name = field.name(), .nullable = field.nullable()};
    column.id = before != nullptr ? before->id : table.next_column_id++;
    TRY_ASSIGN(column.type, TypeNameOf(*field.type(), field.name()));
    table.columns.push_back(std::move(column));
    plan.fields.push_back(i);
  }
  table.cut_columns = CutColumns(table.columns, parent);
  return plan;
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
