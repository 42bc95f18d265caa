#include "table/nested_type.h"

#include <utility>

#include <arrow/type.h>

namespace roost::table {

bool IsNested(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::STRUCT:
    case arrow::Type::MAP: return true;
    default: return false;
  }
}

std::shared_ptr<arrow::DataType> ReplaceFlatTypes(
    const std::shared_ptr<arrow::DataType>& type,
    const std::function<std::shared_ptr<arrow::DataType>(const std::shared_ptr<arrow::DataType>&)>& replace) {
  const auto replaced = [&](const std::shared_ptr<arrow::Field>& field) {
    return field->WithType(ReplaceFlatTypes(field->type(), replace));
  };
  switch (type->id()) {
    case arrow::Type::LIST: return arrow::list(replaced(type->field(0)));
    case arrow::Type::LARGE_LIST: return arrow::large_list(replaced(type->field(0)));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(replaced(type->field(0)),
                                    static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(replaced(map.key_field()), replaced(map.item_field()), map.keys_sorted());
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(replaced(field));
      return arrow::struct_(std::move(fields));
    }
    default: return replace(type);
  }
}

}  // namespace roost::table
