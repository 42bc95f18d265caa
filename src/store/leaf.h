#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::store {

/// How the values of a leaf lie in memory.
enum class LeafForm { kNull, kBool, kFixed, kVariable };

/// The logical type of a leaf. The tag is part of a leaf's id: "int64", "timestamp[us, tz=UTC]", "utf8" and so on, as
/// docs/formats/store.md lists them. All string types of Arrow are "utf8", the binary ones without a size "binary". The
/// values of a nested type are of form kVariable: the bytes that store/nested_rows.h makes of them.
struct LeafType {
  std::string tag;
  LeafForm form = LeafForm::kNull;
  int width = 0;            ///< bytes of a value; kFixed only
  bool is_integer = false;  ///< kFixed of at most 8 bytes whose values are whole numbers (times and dates are)
  bool is_signed = false;   ///< for integers
  bool is_nested = false;   ///< kVariable whose values hold others

  friend bool operator==(const LeafType&, const LeafType&) = default;
};

/// Binaries of a fixed size of more bytes than this are leaves of form kVariable.
inline constexpr int kMaxFixedWidth = 32;

/// The type of a tag; DataLoss where this version does not know it.
absl::StatusOr<LeafType> LeafTypeOf(std::string_view tag);

/// One column of one tile in canonical form: equal values have equal bytes, whatever form they came in.
struct Leaf {
  LeafType type;
  int64_t rows = 0;
  int64_t nulls = 0;
  std::string validity;          ///< bit i (low bits first) is set where row i has a value; empty where nulls == 0
  std::string values;            ///< kBool: bits; kFixed: rows * width bytes; kVariable: all values one after another
  std::vector<int32_t> offsets;  ///< kVariable: where each value starts in `values`, and the end; rows + 1 numbers

  /// Set by DecodeLeaf on request: the rows are codes into a dictionary, and `values` and `offsets` are the
  /// dictionary's. Codes under nulls are valid too.
  bool is_dictionary = false;
  std::vector<int32_t> codes;

  bool IsValid(int64_t row) const { return nulls == 0 || ((validity[row / 8] >> (row % 8)) & 1) != 0; }
  std::string_view Variable(int64_t row) const {
    return std::string_view(values).substr(offsets[row], offsets[row + 1] - offsets[row]);
  }
  /// Bytes in memory without the dictionary.
  int64_t ByteSize() const { return static_cast<int64_t>(validity.size() + values.size() + 4 * offsets.size()); }
};

/// SHA-256 of the tag, the number of rows and the canonical bytes: the leaf's name. Not for dictionaries.
Digest IdOf(const Leaf& leaf);

/// The id of an object that is no leaf (a list of tiles, a table, an attachment): SHA-256 of `tag` and `bytes`.
Digest IdOfObject(std::string_view tag, std::string_view bytes);

/// Distinct values in the order of their first row, and which of them each row has.
struct Dictionary {
  std::vector<int64_t> first_rows;  ///< the row where each distinct value stands first
  std::vector<int32_t> codes;       ///< one a row
};

/// The dictionary of `leaf` (kFixed or kVariable); nothing where it has more than `max_values` distinct values.
/// Cost: one hash look-up a row.
absl::StatusOr<Dictionary> MakeDictionary(const Leaf& leaf, int64_t max_values);

/// `leaf`, of form kVariable, as codes into a dictionary.
Leaf ToDictionaryForm(Leaf leaf);

}  // namespace roost::store
