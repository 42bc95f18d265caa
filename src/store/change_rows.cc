#include "store/change_rows.h"

#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "store/leaf_rows.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

absl::StatusOr<std::shared_ptr<arrow::Array>> Positions(const std::vector<int64_t>& rows, int64_t length) {
  if (rows.empty()) {
    TRY_ARROW_ASSIGN(auto nulls, arrow::MakeArrayOfNull(arrow::int64(), length));
    return nulls;
  }
  arrow::Int64Builder builder;
  TRY_ARROW(builder.AppendValues(rows));
  TRY_ARROW_ASSIGN(auto array, builder.Finish());
  return array;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> Texts(std::string_view op, const std::vector<std::string>& names,
                                                    int64_t length, bool is_op) {
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < length; ++row) {
    if (is_op) {
      TRY_ARROW(builder.Append(op));
    } else if (names.empty()) {
      TRY_ARROW(builder.AppendNull());
    } else {
      TRY_ARROW(builder.Append(names[static_cast<size_t>(row)]));
    }
  }
  TRY_ARROW_ASSIGN(auto array, builder.Finish());
  return array;
}

absl::StatusOr<std::shared_ptr<arrow::Array>> Values(const ChangeCells& cells,
                                                     const std::shared_ptr<arrow::DataType>& type, int64_t length) {
  if (cells.leaf == nullptr) {
    TRY_ARROW_ASSIGN(auto nulls, arrow::MakeArrayOfNull(type, length));
    return nulls;
  }
  Leaf null{.type = cells.leaf->type, .rows = 1, .nulls = 1, .validity = std::string(1, '\0')};
  if (null.type.form == LeafForm::kVariable) null.offsets = {0, 0};
  if (null.type.form == LeafForm::kFixed) null.values.assign(static_cast<size_t>(null.type.width), '\0');
  if (null.type.form == LeafForm::kBool) null.values.assign(1, '\0');
  Leaf out{.type = cells.leaf->type};
  if (out.type.form == LeafForm::kVariable) out.offsets.push_back(0);
  for (size_t i = 0; i < cells.rows.size();) {
    size_t end = i + 1;
    if (cells.rows[i] < 0) {
      AppendRows(out, null, 0, 1);
    } else {
      while (end < cells.rows.size() && cells.rows[end] == cells.rows[end - 1] + 1) ++end;
      AppendRows(out, *cells.leaf, cells.rows[i], static_cast<int64_t>(end - i));
    }
    i = end;
  }
  return ToArrow(std::move(out), type);
}

}  // namespace

absl::StatusOr<std::shared_ptr<arrow::Schema>> SchemaOfChanges(std::span<const ChangeField> fields) {
  arrow::FieldVector all{arrow::field("op", arrow::utf8(), false), arrow::field("row_old", arrow::int64()),
                         arrow::field("row_new", arrow::int64()), arrow::field("changed_columns", arrow::utf8())};
  for (const ChangeField& field : fields) {
    TRY_ASSIGN(std::shared_ptr<arrow::DataType> type, ArrowTypeOf(field.type));
    all.push_back(arrow::field(fmt::format("{}.{}", field.is_new ? "new" : "old", field.name), std::move(type)));
  }
  return arrow::schema(std::move(all));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> MakeChangeBatch(const std::shared_ptr<arrow::Schema>& schema,
                                                                    std::span<const ChangeField> fields,
                                                                    const ChangeBlock& block) {
  const int64_t rows = block.rows();
  arrow::ArrayVector arrays(4);
  TRY_ASSIGN(arrays[0], Texts(block.op, {}, rows, true));
  TRY_ASSIGN(arrays[1], Positions(block.old_rows, rows));
  TRY_ASSIGN(arrays[2], Positions(block.new_rows, rows));
  TRY_ASSIGN(arrays[3], Texts({}, block.names, rows, false));
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& type = schema->field(static_cast<int>(i) + 4)->type();
    TRY_ASSIGN(arrays.emplace_back(), Values(block.cells[i], type, rows));
  }
  return arrow::RecordBatch::Make(schema, rows, std::move(arrays));
}

}  // namespace roost::store
