#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"

namespace roost::store {

/// How one column of a sort specification orders rows. Values ascend as numbers, times, bytes of texts, false before
/// true; -0.0 is 0.0; NaN and null stand at an end of their own, null outside of NaN, whatever the direction.
struct SortColumn {
  int64_t column = 0;  ///< its id
  bool descending = false;
  bool nulls_first = false;
  bool nans_first = false;

  friend bool operator==(const SortColumn&, const SortColumn&) = default;
};

/// The eight ways of SortColumn as bits of a mask: bit 1 * descending + 2 * nulls_first + 4 * nans_first.
using SortWays = uint8_t;
inline constexpr SortWays kAllSortWays = 0xff;
int WayOf(const SortColumn& column);
SortColumn ColumnOfWay(int64_t column, int way);

/// The values of a column in a form that is compared fast. Refers to the arrays' texts, which it keeps.
class SortKeys {
 public:
  /// The rows of all `arrays`, which have one type that the store takes and no dictionary.
  explicit SortKeys(arrow::ArrayVector arrays);

  /// Whether rows can be sorted by a column of `type`.
  static bool CanSort(const arrow::DataType& type);

  size_t rows() const { return rows_; }

  /// In which ways row `i` of this may stand before row `j` of `next`, a later array of the same type; all ways, and
  /// `tied` set, where none tells them apart.
  SortWays WaysBefore(size_t i, const SortKeys& next, size_t j, bool& tied) const;

  /// Below 0 where row `i` is to stand before row `j`, 0 where they are tied.
  int Compare(const SortColumn& order, size_t i, size_t j) const;

 private:
  enum class Class : uint8_t { kValue, kNan, kNull };

  template <typename T>
  void AddNumbers(const arrow::Array& array);
  template <typename ArrayType>
  void AddTexts(const arrow::Array& array);
  void AddDecimals(const arrow::Array& array);
  void AddArray(const arrow::Array& array);
  void AddClasses(const arrow::Array& array, size_t first);
  Class ClassOf(size_t i) const { return classes_.empty() ? Class::kValue : classes_[i]; }
  int CompareValues(size_t i, const SortKeys& next, size_t j) const;

  arrow::ArrayVector arrays_;
  size_t rows_ = 0;
  std::vector<uint64_t> numbers_;        // in an order-keeping form; or
  std::vector<std::string_view> texts_;  // of arrays_, or of bytes_
  std::vector<char> bytes_;              // decimals in an order-keeping form
  std::vector<Class> classes_;           // empty where all are values
};

/// The rows 0, 1, … of the keys, which are those of `order`'s columns, in their order; ties stay as they are.
std::vector<uint32_t> StableOrder(const std::vector<SortKeys>& keys, const std::vector<SortColumn>& order);

}  // namespace roost::store
