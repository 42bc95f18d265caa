#include <arrow/api.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/status.h"
#include "store/arrow_leaf.h"

namespace roost::store {
namespace {

constexpr std::string_view kZoneMark = ", tz=";

bool IsSupported(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::DURATION:
    case arrow::Type::DECIMAL128: return true;
    default: return false;
  }
}

std::shared_ptr<arrow::DataType> PlainType(std::string_view name) {
  for (const auto& type :
       {arrow::null(), arrow::boolean(), arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(), arrow::uint8(),
        arrow::uint16(), arrow::uint32(), arrow::uint64(), arrow::float32(), arrow::float64(), arrow::utf8(),
        arrow::large_utf8(), arrow::binary(), arrow::large_binary(), arrow::date32(), arrow::date64()}) {
    if (type->ToString() == name) return type;
  }
  return nullptr;
}

std::optional<arrow::TimeUnit::type> UnitOf(std::string_view name) {
  if (name == "s") return arrow::TimeUnit::SECOND;
  if (name == "ms") return arrow::TimeUnit::MILLI;
  if (name == "us") return arrow::TimeUnit::MICRO;
  if (name == "ns") return arrow::TimeUnit::NANO;
  return std::nullopt;
}

/// `kind` and what stands in its square brackets.
std::shared_ptr<arrow::DataType> TimeType(std::string_view kind, std::string_view inside) {
  const size_t zone = kind == "timestamp" ? inside.find(kZoneMark) : std::string_view::npos;
  const auto unit = UnitOf(inside.substr(0, zone));
  if (!unit.has_value()) return nullptr;
  const bool is_coarse = *unit == arrow::TimeUnit::SECOND || *unit == arrow::TimeUnit::MILLI;
  if (kind == "timestamp") {
    return zone == std::string_view::npos
               ? arrow::timestamp(*unit)
               : arrow::timestamp(*unit, std::string(inside.substr(zone + kZoneMark.size())));
  }
  if (kind == "duration") return arrow::duration(*unit);
  if (kind == "time32" && is_coarse) return arrow::time32(*unit);
  if (kind == "time64" && !is_coarse) return arrow::time64(*unit);
  return nullptr;
}

/// "10, 2" of "decimal128(10, 2)".
std::shared_ptr<arrow::DataType> DecimalType(std::string_view inside) {
  const size_t comma = inside.find(", ");
  if (comma == std::string_view::npos) return nullptr;
  int32_t precision = 0;
  int32_t scale = 0;
  const char* const end = inside.data() + inside.size();
  const auto first = std::from_chars(inside.data(), inside.data() + comma, precision);
  const auto second = std::from_chars(inside.data() + comma + 2, end, scale);
  if (first.ec != std::errc() || second.ec != std::errc() || second.ptr != end) return nullptr;
  const auto type = arrow::Decimal128Type::Make(precision, scale);
  return type.ok() ? *type : nullptr;
}

}  // namespace

absl::StatusOr<std::string> TypeNameOf(const arrow::DataType& type, std::string_view column) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return TypeNameOf(*static_cast<const arrow::DictionaryType&>(type).value_type(), column);
  }
  if (IsSupported(type)) return type.ToString();
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("column '{}' is of type {}, which cannot be stored", column, type.ToString())),
                  "Lists, structs and the like are not stored yet: leave the column out or turn it into text.");
}

absl::StatusOr<std::shared_ptr<arrow::DataType>> ArrowTypeOf(std::string_view type_name) {
  std::shared_ptr<arrow::DataType> type = PlainType(type_name);
  const size_t bracket = type_name.find_first_of("[(");
  if (type == nullptr && bracket != std::string_view::npos && type_name.size() >= bracket + 2) {
    const std::string_view kind = type_name.substr(0, bracket);
    const std::string_view inside = type_name.substr(bracket + 1, type_name.size() - bracket - 2);
    type = kind == "decimal128" ? DecimalType(inside) : TimeType(kind, inside);
  }
  if (type == nullptr || type->ToString() != type_name) {
    return absl::DataLossError(fmt::format("type '{}' is not known to this version", type_name));
  }
  return type;
}

absl::StatusOr<LeafType> LeafTypeOfName(std::string_view type_name) {
  if (type_name == "string" || type_name == "large_string") return LeafTypeOf("utf8");
  if (type_name == "large_binary") return LeafTypeOf("binary");
  return LeafTypeOf(type_name);
}

}  // namespace roost::store
