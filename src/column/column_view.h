#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "column/arrow_c_abi.h"

namespace roost::column {

/// What a column holds. The names are those that users see in schemas and messages (TypeName).
enum class Type {
  kNull,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kUInt8,
  kUInt16,
  kUInt32,
  kUInt64,
  kFloat32,
  kFloat64,
  kString,       ///< UTF-8 as promised by the producer; 32-bit offsets
  kLargeString,  ///< the same with 64-bit offsets
  kBinary,
  kLargeBinary,
  kDate32,     ///< days since 1970-01-01
  kDate64,     ///< milliseconds since 1970-01-01T00:00Z
  kTimestamp,  ///< since 1970-01-01T00:00, in `time_unit()`; UTC, or local time where `timezone()` is empty
  kOther,      ///< lists and structs (see Nesting), times of day and the like: the values are not readable by row
  kDecimal,    ///< of up to 38 digits; read as doubles
};

/// What a kOther column is made of.
enum class Nesting {
  kNone,
  kList,    ///< lists, lists of fixed size, and maps (lists of a struct of key and value); one child
  kStruct,  ///< one child a field
};

enum class TimeUnit { kSecond, kMilli, kMicro, kNano };

/// "int64", "float64", "string", "timestamp[us]" and so on.
std::string_view TypeName(Type type);

bool IsInteger(Type type);  ///< signed and unsigned integers
bool IsNumber(Type type);   ///< integers, floats and decimals
bool IsText(Type type);     ///< the string types
bool IsBytes(Type type);    ///< the binary types
bool IsTime(Type type);     ///< dates and timestamps

/// One column of some rows, seen in place. Cheap to copy; valid as long as the producer's arrays are.
///
/// A dictionary-encoded column has the type of its values: `type()` is kString for a dictionary of strings, and
/// `TextAt` looks the value up. `is_dictionary()`, `CodeAt` and `dictionary()` show the encoding to those whose
/// work is cheaper per distinct value. A nested column (`nesting()`) shows its values as `children()`.
///
/// Threads: immutable, readable from any number of threads.
class ColumnView {
 public:
  /// Checks the structs once: InvalidArgument where a buffer that the type needs is missing, or lengths are negative.
  /// (The content of buffers is the producer's word, as the interface says.)
  static absl::StatusOr<ColumnView> Make(const ArrowSchema& schema, const ArrowArray& array);

  Type type() const { return type_; }
  TimeUnit time_unit() const { return time_unit_; }
  std::string_view timezone() const { return timezone_; }
  std::string_view name() const { return name_; }
  int64_t length() const { return length_; }

  /// How the user names this type: TypeName with unit and zone where there are any.
  std::string TypeText() const;

  /// The rows from `first` on; legal within the column.
  ColumnView Slice(int64_t first, int64_t length) const;

  Nesting nesting() const { return nesting_; }
  /// Of a struct: its fields, whose row r belongs to this column's row r (what lies under a null is arbitrary).
  /// Of a list: one column of the values of all lists; those of row r are at ListRange(r).
  std::span<const ColumnView> children() const;
  /// First and one past the last of a list's values. Legal for rows of a list that are not null.
  std::pair<int64_t, int64_t> ListRange(int64_t row) const;

  bool has_nulls() const { return validity_ != nullptr || type_ == Type::kNull || dictionary_has_nulls_; }
  bool IsNull(int64_t row) const {
    const int64_t position = offset_ + row;
    if (validity_ != nullptr && ((validity_[position >> 3] >> (position & 7)) & 1) == 0) return true;
    return (type_ == Type::kNull || dictionary_has_nulls_) && IsNullBesidesValidity(row);
  }
  /// Cost: 64 rows at a time, unless the nulls are in a dictionary.
  int64_t CountNulls() const;

  /// The values of a fixed-width column as they lie in memory (values under nulls are arbitrary).
  /// T must be the physical type; not for bool, text or dictionaries.
  template <typename T>
  std::span<const T> Values() const {
    return {static_cast<const T*>(values_) + offset_, static_cast<size_t>(length_)};
  }

  /// Legal for rows that are not null. `IntegerAt`: integers (uint64 as its bits), bool (0 or 1) and times in their own
  /// unit. `NumberAt`: the same as a double, and floats. `TextAt`: text and bytes.
  int64_t IntegerAt(int64_t row) const {
    if (stored_ == type_ && (type_ == Type::kInt64 || type_ == Type::kTimestamp)) return Values<int64_t>()[row];
    return OtherIntegerAt(row);
  }
  double NumberAt(int64_t row) const {
    if (stored_ == Type::kFloat64) return Values<double>()[row];
    return OtherNumberAt(row);
  }
  std::string_view TextAt(int64_t row) const;

  /// A time column's value in microseconds since 1970-01-01T00:00; saturates at the ends of int64. Nanoseconds are
  /// rounded towards minus infinity.
  int64_t MicrosAt(int64_t row) const;

  bool is_dictionary() const { return dictionary_ != nullptr; }
  const ColumnView& dictionary() const { return *dictionary_; }
  /// The row's index into `dictionary()`. Legal for dictionary columns, where the row's index is not null.
  int64_t CodeAt(int64_t row) const { return stored_ == Type::kInt32 ? Values<int32_t>()[row] : OtherCodeAt(row); }

  /// Calls visit(codes) with all of a dictionary column's indices as they lie in memory: a span of one of the integer
  /// types. Codes under nulls are arbitrary.
  template <typename Visit>
  void VisitCodes(const Visit& visit) const {
    switch (stored_) {
      case Type::kInt8: return visit(Values<int8_t>());
      case Type::kInt16: return visit(Values<int16_t>());
      case Type::kInt32: return visit(Values<int32_t>());
      case Type::kInt64: return visit(Values<int64_t>());
      case Type::kUInt8: return visit(Values<uint8_t>());
      case Type::kUInt16: return visit(Values<uint16_t>());
      case Type::kUInt32: return visit(Values<uint32_t>());
      case Type::kUInt64: return visit(Values<uint64_t>());
      default: return;  // Make lets no other indices pass
    }
  }

  /// Calls visit(values) with the values of a column of integers or floats as they lie in memory (Values), a span of
  /// its type, and returns true; false for dictionaries and all other columns. Values under nulls are arbitrary.
  template <typename Visit>
  bool VisitStored(const Visit& visit) const {
    if (is_dictionary()) return false;
    switch (type_) {
      case Type::kInt8: visit(Values<int8_t>()); return true;
      case Type::kInt16: visit(Values<int16_t>()); return true;
      case Type::kInt32: visit(Values<int32_t>()); return true;
      case Type::kInt64: visit(Values<int64_t>()); return true;
      case Type::kUInt8: visit(Values<uint8_t>()); return true;
      case Type::kUInt16: visit(Values<uint16_t>()); return true;
      case Type::kUInt32: visit(Values<uint32_t>()); return true;
      case Type::kUInt64: visit(Values<uint64_t>()); return true;
      case Type::kFloat32: visit(Values<float>()); return true;
      case Type::kFloat64: visit(Values<double>()); return true;
      default: return false;
    }
  }

 private:
  friend class Taker;

  // What the inline readers leave over: they see to the usual types.
  bool IsNullBesidesValidity(int64_t row) const;
  int64_t OtherIntegerAt(int64_t row) const;
  double OtherNumberAt(int64_t row) const;
  int64_t OtherCodeAt(int64_t row) const;
  double DecimalAt(int64_t row) const;
  absl::Status SetNesting(const ArrowSchema& schema, const ArrowArray& array);

  Type type_ = Type::kNull;
  Type stored_ = Type::kNull;  // what values_ holds: type_, or the type of a dictionary column's indices
  TimeUnit time_unit_ = TimeUnit::kMicro;
  std::string_view timezone_;
  std::string_view name_;
  int64_t length_ = 0;
  int64_t offset_ = 0;                            // first row's position in the buffers
  const uint8_t* validity_ = nullptr;             // null: no row is null
  const void* values_ = nullptr;                  // values, bits of bools, or offsets of text
  const char* text_ = nullptr;                    // characters of text
  std::shared_ptr<const ColumnView> dictionary_;  // or null
  bool dictionary_has_nulls_ = false;
  Nesting nesting_ = Nesting::kNone;
  bool large_offsets_ = false;  // of lists
  bool is_map_ = false;
  int64_t fixed_list_size_ = 0;
  int32_t decimal_bytes_ = 0;
  int32_t decimal_scale_ = 0;
  std::shared_ptr<const std::vector<ColumnView>> children_;  // or null
};

}  // namespace roost::column
