#include "profile/row_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "profile/hyperloglog.h"

namespace roost::profile {
namespace {

using column::ColumnView;
using column::Nesting;
using column::Type;

constexpr int64_t kBlock = 1024;

// Stand for what is no value; that a value has these bits is as unlikely as that two hashes are equal.
constexpr uint64_t kNull = 0x6e756c6c9d1f3a57;
constexpr uint64_t kNaN = 0x6e614e2b85c4e913;

uint64_t BitsOf(double value) { return std::isnan(value) ? kNaN : std::bit_cast<uint64_t>(value + 0.0); }

// One value by the readers of ColumnView.
uint64_t BitsAt(const ColumnView& column, int64_t row) {
  const Type type = column.type();
  if (column::IsText(type) || column::IsBytes(type)) return Hash64(column.TextAt(row));
  if (type == Type::kDate32 || type == Type::kDate64) return static_cast<uint64_t>(column.MicrosAt(row));
  if (type == Type::kBool || column::IsInteger(type) || column::IsTime(type)) {
    return static_cast<uint64_t>(column.IntegerAt(row));
  }
  return BitsOf(column.NumberAt(row));
}

void BitsByRow(const ColumnView& column, int64_t first, std::span<uint64_t> bits) {
  for (size_t i = 0; i < bits.size(); ++i) {
    const int64_t row = first + static_cast<int64_t>(i);
    bits[i] = column.IsNull(row) ? kNull : BitsAt(column, row);
  }
}

// 64 bits for each of the rows from `first` on: equal for equal values, and else different but for chance.
void PlainBits(const ColumnView& column, int64_t first, std::span<uint64_t> bits) {
  const auto read = [&]<typename Stored>(std::span<const Stored> values) {
    for (size_t i = 0; i < bits.size(); ++i) {
      const Stored value = values[static_cast<size_t>(first) + i];
      if constexpr (std::is_integral_v<Stored>) {
        bits[i] = static_cast<uint64_t>(value);
      } else {
        bits[i] = BitsOf(value);
      }
    }
  };
  if (column.type() == Type::kTimestamp && !column.is_dictionary()) {
    read(column.Values<int64_t>());
  } else if (!column.VisitStored(read)) {
    return BitsByRow(column, first, bits);
  }
  if (!column.has_nulls()) return;
  for (size_t i = 0; i < bits.size(); ++i) {
    if (column.IsNull(first + static_cast<int64_t>(i))) bits[i] = kNull;
  }
}

void AddMixed(std::span<const uint64_t> bits, uint64_t seed, std::span<uint64_t> hashes) {
  for (size_t i = 0; i < bits.size(); ++i) hashes[i] += MixBits(bits[i] ^ seed);
}

void AddHashes(const ColumnView& column, uint64_t seed, std::span<uint64_t> hashes);

// Each value of the dictionary is hashed once.
void AddDictionaryHashes(const ColumnView& column, uint64_t seed, std::span<uint64_t> hashes) {
  const ColumnView& dictionary = column.dictionary();
  std::vector<uint64_t> hash_of(static_cast<size_t>(dictionary.length()));
  AddHashes(dictionary, seed, hash_of);
  const uint64_t null_hash = MixBits(kNull ^ seed);
  const bool has_nulls = column.CountNulls() > 0;
  column.VisitCodes([&](const auto codes) {
    const uint64_t* const hash_of_code = hash_of.data();
    if (!has_nulls) {
      for (size_t row = 0; row < codes.size(); ++row) hashes[row] += hash_of_code[static_cast<size_t>(codes[row])];
      return;
    }
    for (size_t row = 0; row < codes.size(); ++row) {
      // Codes under nulls are arbitrary.
      const bool is_null = column.IsNull(static_cast<int64_t>(row));
      hashes[row] += is_null ? null_hash : hash_of_code[static_cast<size_t>(codes[row])];
    }
  });
}

// `bits`: of each row that is not null.
void AddNestedBits(const ColumnView& column, uint64_t seed, std::span<const uint64_t> bits,
                   std::span<uint64_t> hashes) {
  for (size_t row = 0; row < bits.size(); ++row) {
    hashes[row] += MixBits((column.IsNull(static_cast<int64_t>(row)) ? kNull : bits[row]) ^ seed);
  }
}

// A list's bits are its length, and then value by value mixed with the value's hash: their order matters.
void AddListHashes(const ColumnView& column, uint64_t seed, std::span<uint64_t> hashes) {
  std::vector<std::pair<int64_t, int64_t>> ranges(hashes.size());
  int64_t begin = std::numeric_limits<int64_t>::max();
  int64_t end = 0;
  for (size_t row = 0; row < ranges.size(); ++row) {
    if (column.IsNull(static_cast<int64_t>(row))) continue;
    ranges[row] = column.ListRange(static_cast<int64_t>(row));
    begin = std::min(begin, ranges[row].first);
    end = std::max(end, ranges[row].second);
  }
  std::vector<uint64_t> value_hashes(static_cast<size_t>(std::max<int64_t>(end - begin, 0)));
  if (!value_hashes.empty()) AddHashes(column.children().front().Slice(begin, end - begin), 0, value_hashes);
  std::vector<uint64_t> bits(ranges.size());
  for (size_t row = 0; row < ranges.size(); ++row) {
    const auto [first, last] = ranges[row];
    bits[row] = static_cast<uint64_t>(last - first);
    for (int64_t i = first; i < last; ++i)
      bits[row] = MixBits(bits[row] + value_hashes[static_cast<size_t>(i - begin)]);
  }
  AddNestedBits(column, seed, bits, hashes);
}

// A struct's bits are the sum of its fields' hashes. What lies under a null is not looked at.
void AddStructHashes(const ColumnView& column, uint64_t seed, std::span<uint64_t> hashes) {
  std::vector<uint64_t> bits(hashes.size());
  for (int64_t row = 0; row < column.length();) {
    const int64_t first = row;
    while (row < column.length() && !column.IsNull(row)) ++row;
    for (const ColumnView& field : column.children()) {
      if (row == first) break;
      AddHashes(field.Slice(first, row - first), MixBits(Hash64(field.name())),
                std::span(bits).subspan(static_cast<size_t>(first), static_cast<size_t>(row - first)));
    }
    while (row < column.length() && column.IsNull(row)) ++row;
  }
  AddNestedBits(column, seed, bits, hashes);
}

void AddHashes(const ColumnView& column, uint64_t seed, std::span<uint64_t> hashes) {
  if (column.nesting() == Nesting::kList) return AddListHashes(column, seed, hashes);
  if (column.nesting() == Nesting::kStruct) return AddStructHashes(column, seed, hashes);
  if (column.is_dictionary() && column.dictionary().length() <= column.length()) {
    return AddDictionaryHashes(column, seed, hashes);
  }
  uint64_t bits[kBlock];
  for (int64_t first = 0; first < column.length(); first += kBlock) {
    const auto size = static_cast<size_t>(std::min(kBlock, column.length() - first));
    const std::span<uint64_t> block(bits, size);
    if (column.is_dictionary()) {
      BitsByRow(column, first, block);
    } else {
      PlainBits(column, first, block);
    }
    AddMixed(block, seed, hashes.subspan(static_cast<size_t>(first), size));
  }
}

}  // namespace

bool CanHash(const ColumnView& column) {
  if (column.nesting() == Nesting::kNone) return column.type() != Type::kOther;
  return std::all_of(column.children().begin(), column.children().end(), CanHash);
}

void AddColumnHashes(const ColumnView& column, uint64_t column_seed, std::span<uint64_t> row_hashes) {
  // Mixed, as seeds of few bits would make rows with swapped small numbers equal.
  AddHashes(column, MixBits(column_seed), row_hashes);
}

void AddRowHashes(const column::BatchView& batch, std::span<uint64_t> row_hashes) {
  for (const ColumnView& column : batch.columns()) {
    if (CanHash(column)) AddColumnHashes(column, Hash64(column.name()), row_hashes);
  }
}

}  // namespace roost::profile
