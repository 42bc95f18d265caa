#pragma once

#include <functional>
#include <memory>

#include <arrow/type_fwd.h>

namespace roost::table {

/// Whether values of `type` hold others: a list of any kind, a struct or a map.
bool IsNested(const arrow::DataType& type);

/// `type` with `replace(flat)` in place of each type within it, at any depth, that is not nested; of a type that is not
/// nested itself that is replace(type). Names, nullability and metadata of fields stay.
std::shared_ptr<arrow::DataType> ReplaceFlatTypes(
    const std::shared_ptr<arrow::DataType>& type,
    const std::function<std::shared_ptr<arrow::DataType>(const std::shared_ptr<arrow::DataType>&)>& replace);

}  // namespace roost::table
