#include <arrow/api.h>
#include <arrow/extension_type.h>
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/status.h"
#include "store/arrow_leaf.h"
#include "table/nested_type.h"

namespace roost::store {
namespace {

constexpr std::string_view kZoneMark = ", tz=";
constexpr int kMaxDepth = 64;                    // of types within types
constexpr int32_t kMaxItems = int32_t{1} << 24;  // of a list of a fixed size; and bytes of a binary of one

std::shared_ptr<arrow::DataType> PlainType(std::string_view name) {
  for (const auto& type : {arrow::null(),
                           arrow::boolean(),
                           arrow::int8(),
                           arrow::int16(),
                           arrow::int32(),
                           arrow::int64(),
                           arrow::uint8(),
                           arrow::uint16(),
                           arrow::uint32(),
                           arrow::uint64(),
                           arrow::float32(),
                           arrow::float64(),
                           arrow::utf8(),
                           arrow::large_utf8(),
                           arrow::binary(),
                           arrow::large_binary(),
                           arrow::date32(),
                           arrow::date64(),
                           arrow::float16(),
                           arrow::month_interval(),
                           arrow::day_time_interval(),
                           arrow::month_day_nano_interval()}) {
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

/// The number that `text` is, whole.
std::optional<int32_t> NumberOf(std::string_view text) {
  int32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

/// "10, 2" of "decimal128(10, 2)".
std::shared_ptr<arrow::DataType> DecimalType(std::string_view kind, std::string_view inside) {
  const size_t comma = inside.find(", ");
  if (comma == std::string_view::npos) return nullptr;
  const auto precision = NumberOf(inside.substr(0, comma));
  const auto scale = NumberOf(inside.substr(comma + 2));
  if (!precision.has_value() || !scale.has_value()) return nullptr;
  arrow::Result<std::shared_ptr<arrow::DataType>> type(nullptr);
  if (kind == "decimal32") type = arrow::Decimal32Type::Make(*precision, *scale);
  if (kind == "decimal64") type = arrow::Decimal64Type::Make(*precision, *scale);
  if (kind == "decimal128") type = arrow::Decimal128Type::Make(*precision, *scale);
  if (kind == "decimal256") type = arrow::Decimal256Type::Make(*precision, *scale);
  return type.ok() ? *type : nullptr;
}

/// The type of a name that has no types within it.
std::shared_ptr<arrow::DataType> FlatType(std::string_view name) {
  if (auto type = PlainType(name); type != nullptr) return type;
  const size_t bracket = name.find_first_of("[(");
  if (bracket == std::string_view::npos || name.size() < bracket + 2) return nullptr;
  const std::string_view kind = name.substr(0, bracket);
  const std::string_view inside = name.substr(bracket + 1, name.size() - bracket - 2);
  if (kind.starts_with("decimal")) return DecimalType(kind, inside);
  if (kind != "fixed_size_binary") return TimeType(kind, inside);
  const auto width = NumberOf(inside);
  return width.has_value() && *width >= 0 && *width <= kMaxItems ? arrow::fixed_size_binary(*width) : nullptr;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// The stored name of `type`; nothing where it, or one within it, is not stored.
std::optional<std::string> NameOf(const arrow::DataType& type, int depth);

std::optional<std::string> NameOf(const arrow::Field& field, int depth) {
  const auto name = NameOf(*field.type(), depth + 1);
  if (!name.has_value()) return std::nullopt;
  return fmt::format("{}: {}{}", Quoted(field.name()), *name, field.nullable() ? "" : " not null");
}

std::optional<std::string> NameOfFields(const arrow::FieldVector& fields, int depth) {
  std::string all;
  for (const auto& field : fields) {
    const auto name = NameOf(*field, depth);
    if (!name.has_value()) return std::nullopt;
    all += (all.empty() ? "" : ", ") + *name;
  }
  return all;
}

std::optional<std::string> NameOf(const arrow::DataType& type, int depth) {
  if (depth > kMaxDepth) return std::nullopt;
  if (type.id() == arrow::Type::DICTIONARY) {
    return NameOf(*static_cast<const arrow::DictionaryType&>(type).value_type(), depth);
  }
  if (type.id() == arrow::Type::EXTENSION) {
    const auto& extension = static_cast<const arrow::ExtensionType&>(type);
    const auto storage = NameOf(*extension.storage_type(), depth + 1);
    if (!storage.has_value()) return std::nullopt;
    return fmt::format("extension<{}, {}, {}>", Quoted(extension.extension_name()), Quoted(extension.Serialize()),
                       *storage);
  }
  if (!table::IsNested(type)) {
    const auto flat = FlatType(type.ToString());
    return flat != nullptr && flat->Equals(type) ? std::optional(type.ToString()) : std::nullopt;
  }
  const auto fields = type.id() == arrow::Type::MAP
                          ? NameOfFields({static_cast<const arrow::MapType&>(type).key_field(),
                                          static_cast<const arrow::MapType&>(type).item_field()},
                                         depth)
                          : NameOfFields(type.fields(), depth);
  if (!fields.has_value()) return std::nullopt;
  switch (type.id()) {
    case arrow::Type::LIST: return fmt::format("list<{}>", *fields);
    case arrow::Type::LARGE_LIST: return fmt::format("large_list<{}>", *fields);
    case arrow::Type::STRUCT: return fmt::format("struct<{}>", *fields);
    case arrow::Type::FIXED_SIZE_LIST: {
      const int32_t items = static_cast<const arrow::FixedSizeListType&>(type).list_size();
      if (items > kMaxItems) return std::nullopt;
      return fmt::format("fixed_size_list<{}>[{}]", *fields, items);
    }
    default:
      return fmt::format("map<{}{}>", *fields,
                         static_cast<const arrow::MapType&>(type).keys_sorted() ? ", keys_sorted" : "");
  }
}

/// Reads names of types that may have others within them. Everything is nothing where the name is not well-formed.
class TypeParser {
 public:
  explicit TypeParser(std::string_view name) : rest_(name) {}

  std::shared_ptr<arrow::DataType> ParseWhole() {
    auto type = Parse(0);
    return rest_.empty() ? type : nullptr;
  }

  /// Of "extension<NAME, SERIALIZED, STORAGE>" what stands before the storage.
  bool SkipToStorage() {
    return Take("extension<") && Text().has_value() && Take(", ") && Text().has_value() && Take(", ");
  }
  std::string_view rest() const { return rest_; }

 private:
  bool Take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::optional<std::string> Text() {
    if (!Take("\"")) return std::nullopt;
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);
      if (rest_.empty()) return std::nullopt;
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    return Take("\"") ? std::optional(std::move(text)) : std::nullopt;
  }

  std::shared_ptr<arrow::Field> ParseField(int depth) {
    const auto name = Text();
    if (!name.has_value() || !Take(": ")) return nullptr;
    const auto type = Parse(depth + 1);
    if (type == nullptr) return nullptr;
    return arrow::field(*name, type, !Take(" not null"));
  }

  std::shared_ptr<arrow::DataType> Parse(int depth) {
    if (depth > kMaxDepth) return nullptr;
    if (Take("list<")) return ParseList(depth, [](auto field) { return arrow::list(field); });
    if (Take("large_list<")) return ParseList(depth, [](auto field) { return arrow::large_list(field); });
    if (Take("fixed_size_list<")) return ParseFixedSizeList(depth);
    if (Take("struct<")) return ParseStruct(depth);
    if (Take("map<")) return ParseMap(depth);
    if (rest_.starts_with("extension<")) return ParseExtension(depth);
    return ParseFlat();
  }

  template <typename Make>
  std::shared_ptr<arrow::DataType> ParseList(int depth, const Make& make) {
    const auto field = ParseField(depth);
    return field != nullptr && Take(">") ? make(field) : nullptr;
  }

  std::shared_ptr<arrow::DataType> ParseFixedSizeList(int depth) {
    const auto field = ParseField(depth);
    if (field == nullptr || !Take(">[")) return nullptr;
    const size_t end = rest_.find(']');
    if (end == std::string_view::npos) return nullptr;
    const auto items = NumberOf(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    if (!items.has_value() || *items < 0 || *items > kMaxItems) return nullptr;
    return arrow::fixed_size_list(field, *items);
  }

  std::shared_ptr<arrow::DataType> ParseStruct(int depth) {
    arrow::FieldVector fields;
    while (!Take(">")) {
      if (!fields.empty() && !Take(", ")) return nullptr;
      auto field = ParseField(depth);
      if (field == nullptr) return nullptr;
      fields.push_back(std::move(field));
    }
    return arrow::struct_(std::move(fields));
  }

  std::shared_ptr<arrow::DataType> ParseMap(int depth) {
    const auto key = ParseField(depth);
    if (key == nullptr || key->nullable() || !Take(", ")) return nullptr;
    const auto item = ParseField(depth);
    if (item == nullptr) return nullptr;
    const bool is_sorted = Take(", keys_sorted");
    return Take(">") ? std::make_shared<arrow::MapType>(key, item, is_sorted) : nullptr;
  }

  std::shared_ptr<arrow::DataType> ParseExtension(int depth) {
    Take("extension<");
    const auto name = Text();
    if (!name.has_value() || !Take(", ")) return nullptr;
    const auto serialized = Text();
    if (!serialized.has_value() || !Take(", ")) return nullptr;
    const auto storage = Parse(depth + 1);
    if (storage == nullptr || !Take(">")) return nullptr;
    const auto known = arrow::GetExtensionType(*name);
    if (known == nullptr) return storage;
    const auto type = known->Deserialize(storage, *serialized);
    return type.ok() ? *type : storage;
  }

  std::shared_ptr<arrow::DataType> ParseFlat() {
    int open = 0;
    size_t end = 0;
    for (; end < rest_.size(); ++end) {
      const char c = rest_[end];
      if (c == '(' || c == '[') ++open;
      if (c == ')' || c == ']') --open;
      if (open == 0 && (c == ',' || c == '>' || c == ' ')) break;
    }
    auto type = FlatType(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return type;
  }

  std::string_view rest_;
};

bool HasTypesWithin(std::string_view name) { return name.ends_with('>') || name.starts_with("fixed_size_list<"); }

}  // namespace

absl::StatusOr<std::string> TypeNameOf(const arrow::DataType& type, std::string_view column) {
  auto name = NameOf(type, 0);
  // A time zone with brackets of its own, for example, could not be told from what follows it.
  if (name.has_value() && HasTypesWithin(*name) && TypeParser(*name).ParseWhole() == nullptr) name.reset();
  if (name.has_value()) return *name;
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("column '{}' is of type {}, which cannot be stored", column, type.ToString())),
                  "Unions, views and run-end encoded columns are not stored: leave the column out or cast it.");
}

absl::StatusOr<std::shared_ptr<arrow::DataType>> ArrowTypeOf(std::string_view type_name) {
  if (HasTypesWithin(type_name)) {
    auto type = TypeParser(type_name).ParseWhole();
    if (type != nullptr) return type;
  } else if (auto type = FlatType(type_name); type != nullptr && type->ToString() == type_name) {
    return type;
  }
  return absl::DataLossError(fmt::format("type '{}' is not known to this version", type_name));
}

absl::StatusOr<LeafType> LeafTypeOfName(std::string_view type_name) {
  std::string_view storage = type_name;
  for (int depth = 0; storage.starts_with("extension<"); ++depth) {
    TypeParser parser(storage);
    if (depth == kMaxDepth || !parser.SkipToStorage() || !parser.rest().ends_with('>')) {
      return absl::DataLossError(fmt::format("type '{}' is not known to this version", type_name));
    }
    storage = parser.rest().substr(0, parser.rest().size() - 1);
  }
  if (storage == "string" || storage == "large_string") return LeafTypeOf("utf8");
  if (storage == "large_binary") return LeafTypeOf("binary");
  return LeafTypeOf(storage);
}

}  // namespace roost::store
