#include "table/bridge.h"

#include <utility>

#include <arrow/array/array_base.h>
#include <arrow/array/util.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "table/arrow_status.h"

namespace roost::table {
namespace {

/// The type that `column` knows for `type`, or null where it needs no change or there is none.
std::shared_ptr<arrow::DataType> KnownType(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING_VIEW: return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY: return arrow::binary();
    case arrow::Type::HALF_FLOAT: return arrow::float32();
    case arrow::Type::DICTIONARY: return KnownType(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default: return nullptr;
  }
}

absl::StatusOr<std::shared_ptr<arrow::Array>> Known(std::shared_ptr<arrow::Array> array) {
  if (array->type_id() == arrow::Type::RUN_END_ENCODED) {
    // Of the functions used here only this one is not in Arrow's core library.
    TRY_ARROW(arrow::compute::Initialize());
    TRY_ARROW_ASSIGN(const arrow::Datum decoded, arrow::compute::RunEndDecode(array));
    array = decoded.make_array();
  }
  const std::shared_ptr<arrow::DataType> known = KnownType(*array->type());
  if (known == nullptr) return array;
  if (array->type_id() == arrow::Type::DICTIONARY) {
    const auto& values = static_cast<const arrow::DictionaryType&>(*array->type()).value_type();
    TRY_ARROW_ASSIGN(array, arrow::compute::Cast(*array, values));
  }
  TRY_ARROW_ASSIGN(array, arrow::compute::Cast(*array, known));
  return array;
}

}  // namespace

absl::StatusOr<column::OwnedBatch> ToColumns(const arrow::RecordBatch& batch) {
  arrow::ArrayVector columns;
  arrow::FieldVector fields;
  for (int i = 0; i < batch.num_columns(); ++i) {
    TRY_ASSIGN(std::shared_ptr<arrow::Array> column, Known(batch.column(i)));
    fields.push_back(arrow::field(batch.column_name(i), column->type()));
    columns.push_back(std::move(column));
  }
  const auto known = arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
  ArrowSchema schema{};
  ArrowArray array{};
  TRY_ARROW(arrow::ExportRecordBatch(*known, &array, &schema));
  return column::OwnedBatch::Take(&schema, &array);
}

absl::StatusOr<column::OwnedBatch> NoRows(const arrow::Schema& schema) {
  arrow::ArrayVector columns;
  for (const auto& field : schema.fields()) {
    TRY_ARROW_ASSIGN(columns.emplace_back(), arrow::MakeArrayOfNull(field->type(), 0));
  }
  return ToColumns(*arrow::RecordBatch::Make(arrow::schema(schema.fields()), 0, std::move(columns)));
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> FromColumns(ArrowSchema* schema, ArrowArray* array) {
  TRY_ARROW_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, arrow::ImportRecordBatch(array, schema));
  TRY_ARROW(batch->Validate());
  return batch;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Borrow(const column::OwnedBatch& batch) {
  // The structs are copied, what they point to is not; a struct without an owner has nothing to release.
  ArrowSchema schema = batch.schema();
  ArrowArray array = batch.array();
  schema.release = [](ArrowSchema* released) { released->release = nullptr; };
  array.release = [](ArrowArray* released) { released->release = nullptr; };
  return FromColumns(&schema, &array);
}

}  // namespace roost::table
