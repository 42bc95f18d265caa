#include "store/leaf_rows.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/status.h"
#include "store/edit_walk.h"

namespace roost::store {
namespace {

constexpr int64_t kBlockRows = 64;  // rows compared at once before one looks closer

uint8_t* Bits(std::string& bits) { return reinterpret_cast<uint8_t*>(bits.data()); }
const uint8_t* Bits(const std::string& bits) { return reinterpret_cast<const uint8_t*>(bits.data()); }
bool BitAt(const std::string& bits, int64_t row) { return arrow::bit_util::GetBit(Bits(bits), row); }

size_t BytesForBits(int64_t bits) { return static_cast<size_t>(arrow::bit_util::BytesForBits(bits)); }

/// Adds `length` bits of `from`, from `start` on, to `to`, which has `rows` bits. An empty `from` counts as all set.
void AppendBits(std::string& to, int64_t rows, const std::string& from, int64_t start, int64_t length) {
  to.resize(BytesForBits(rows + length), '\0');
  if (from.empty()) {
    arrow::bit_util::SetBitsTo(Bits(to), rows, length, true);
  } else if (length == 1) {
    arrow::bit_util::SetBitTo(Bits(to), rows, BitAt(from, start));
  } else {
    arrow::internal::CopyBitmap(Bits(from), start, length, Bits(to), rows);
  }
}

void AppendValidity(Leaf& to, const Leaf& from, int64_t start, int64_t length) {
  if (from.nulls == 0 && to.nulls == 0) return;
  if (to.type.form == LeafForm::kNull) return;
  int64_t nulls = 0;
  if (from.nulls > 0) nulls = length - arrow::internal::CountSetBits(Bits(from.validity), start, length);
  if (nulls == 0 && to.nulls == 0) return;
  if (to.nulls == 0) {
    // The first null: everything before it was valid.
    to.validity.assign(BytesForBits(to.rows), '\0');
    arrow::bit_util::SetBitsTo(Bits(to.validity), 0, to.rows, true);
  }
  AppendBits(to.validity, to.rows, from.validity, start, length);
  to.nulls += nulls;
}

void AppendVariable(Leaf& to, const Leaf& from, int64_t start, int64_t length) {
  const auto first = static_cast<size_t>(start);
  const auto end = static_cast<size_t>(start + length);
  const int32_t shift = static_cast<int32_t>(to.values.size()) - from.offsets[first];
  to.values.append(from.values, static_cast<size_t>(from.offsets[first]),
                   static_cast<size_t>(from.offsets[end] - from.offsets[first]));
  const size_t at = to.offsets.size();
  to.offsets.resize(at + static_cast<size_t>(length));
  for (size_t i = 0; i < static_cast<size_t>(length); ++i) to.offsets[at + i] = from.offsets[first + 1 + i] + shift;
}

bool SameValidity(const Leaf& before, int64_t before_row, const Leaf& after, int64_t row) {
  return before.IsValid(before_row) == after.IsValid(row);
}

bool SameRow(const Leaf& before, int64_t before_row, const Leaf& after, int64_t row) {
  if (!SameValidity(before, before_row, after, row)) return false;
  switch (before.type.form) {
    case LeafForm::kNull: return true;
    case LeafForm::kBool: return BitAt(before.values, before_row) == BitAt(after.values, row);
    case LeafForm::kVariable: return before.Variable(before_row) == after.Variable(row);
    case LeafForm::kFixed: break;
  }
  const auto width = static_cast<size_t>(before.type.width);
  return std::memcmp(before.values.data() + static_cast<size_t>(before_row) * width,
                     after.values.data() + static_cast<size_t>(row) * width, width) == 0;
}

/// Whether a block of rows has equal values; false may also mean that it was not worth finding out.
bool SameBlock(const Leaf& before, int64_t before_row, const Leaf& after, int64_t row, int64_t length) {
  if (before.nulls > 0 || after.nulls > 0) {
    for (int64_t i = 0; i < length; ++i) {
      if (!SameValidity(before, before_row + i, after, row + i)) return false;
    }
  }
  if (before.type.form == LeafForm::kFixed) {
    const auto width = static_cast<size_t>(before.type.width);
    return std::memcmp(before.values.data() + static_cast<size_t>(before_row) * width,
                       after.values.data() + static_cast<size_t>(row) * width,
                       static_cast<size_t>(length) * width) == 0;
  }
  if (before.type.form != LeafForm::kVariable) return before.type.form == LeafForm::kNull;
  const int32_t* old_offsets = before.offsets.data() + before_row;
  const int32_t* new_offsets = after.offsets.data() + row;
  const int32_t shift = new_offsets[0] - old_offsets[0];
  int32_t differs = 0;
  for (int64_t i = 1; i <= length; ++i) differs |= (new_offsets[i] - old_offsets[i]) ^ shift;
  return differs == 0 && std::memcmp(before.values.data() + old_offsets[0], after.values.data() + new_offsets[0],
                                     static_cast<size_t>(old_offsets[length] - old_offsets[0])) == 0;
}

Leaf EmptyLike(const Leaf& leaf) {
  Leaf empty;
  empty.type = leaf.type;
  if (leaf.type.form == LeafForm::kVariable) empty.offsets.push_back(0);
  return empty;
}

template <typename From, typename To>
std::string WidenValues(const std::string& values) {
  const size_t rows = values.size() / sizeof(From);
  std::string wide(rows * sizeof(To), '\0');
  for (size_t row = 0; row < rows; ++row) {
    From narrow;
    std::memcpy(&narrow, values.data() + row * sizeof narrow, sizeof narrow);
    const To value = static_cast<To>(narrow);
    std::memcpy(wide.data() + row * sizeof value, &value, sizeof value);
  }
  return wide;
}

template <typename From>
std::string WidenInteger(const std::string& values, int width) {
  if (width == 2) return WidenValues<From, int16_t>(values);
  return width == 4 ? WidenValues<From, int32_t>(values) : WidenValues<From, int64_t>(values);
}

bool IsPlainInteger(const LeafType& type) { return type.tag.starts_with("int") || type.tag.starts_with("uint"); }

}  // namespace

void ShareDictionary(Leaf& before, Leaf& given) {
  absl::flat_hash_map<std::string_view, int32_t> known;
  const auto old_values = static_cast<int64_t>(before.offsets.size()) - 1;
  for (int64_t i = 0; i < old_values; ++i) known.emplace(before.Variable(i), static_cast<int32_t>(i));
  std::vector<int32_t> codes;
  std::string added;
  const auto old_bytes = static_cast<int32_t>(before.values.size());
  for (int64_t i = 0; i + 1 < static_cast<int64_t>(given.offsets.size()); ++i) {
    const auto [entry, is_new] = known.try_emplace(given.Variable(i), static_cast<int32_t>(before.offsets.size()) - 1);
    if (is_new) {
      added.append(given.Variable(i));
      before.offsets.push_back(old_bytes + static_cast<int32_t>(added.size()));
    }
    codes.push_back(entry->second);
  }
  before.values.append(added);
  for (int32_t& code : given.codes) code = codes[static_cast<size_t>(code)];
}

void DropUnusedValues(Leaf& leaf) {
  const size_t values = leaf.offsets.size() - 1;
  std::vector<int32_t> new_codes(values, -1);
  size_t used = 0;
  for (int64_t row = 0; row < leaf.rows; ++row) {
    int32_t& code = new_codes[static_cast<size_t>(leaf.codes[static_cast<size_t>(row)])];
    if (code >= 0 || !leaf.IsValid(row)) continue;
    code = 0;
    ++used;
  }
  if (used == values) return;
  std::string kept;
  std::vector<int32_t> offsets{0};
  for (size_t value = 0; value < values; ++value) {
    if (new_codes[value] < 0) continue;
    new_codes[value] = static_cast<int32_t>(offsets.size()) - 1;
    kept.append(leaf.Variable(static_cast<int64_t>(value)));
    offsets.push_back(static_cast<int32_t>(kept.size()));
  }
  if (used == 0) offsets.push_back(0);  // codes under nulls are valid too
  for (int32_t& code : leaf.codes) code = std::max(new_codes[static_cast<size_t>(code)], 0);
  leaf.values = std::move(kept);
  leaf.offsets = std::move(offsets);
}

void AppendRows(Leaf& to, const Leaf& from, int64_t start, int64_t length) {
  if (length == 0) return;
  AppendValidity(to, from, start, length);
  switch (to.type.form) {
    case LeafForm::kNull: break;
    case LeafForm::kBool: AppendBits(to.values, to.rows, from.values, start, length); break;
    case LeafForm::kVariable: AppendVariable(to, from, start, length); break;
    case LeafForm::kFixed: {
      const auto width = static_cast<size_t>(to.type.width);
      to.values.append(from.values, static_cast<size_t>(start) * width, static_cast<size_t>(length) * width);
    }
  }
  to.rows += length;
}

Leaf Concatenate(std::vector<Leaf> parts) {
  Leaf all = std::move(parts.front());
  if (all.is_dictionary) {
    for (size_t i = 1; i < parts.size(); ++i) {
      ShareDictionary(all, parts[i]);
      AppendValidity(all, parts[i], 0, parts[i].rows);
      all.codes.insert(all.codes.end(), parts[i].codes.begin(), parts[i].codes.end());
      all.rows += parts[i].rows;
    }
    return all;
  }
  for (size_t i = 1; i < parts.size(); ++i) AppendRows(all, parts[i], 0, parts[i].rows);
  return all;
}

std::vector<int64_t> ChangedRows(const Leaf& before, const Leaf& after, const RowEdits& edits) {
  std::vector<int64_t> changed;
  int64_t base = 0;
  int64_t row = 0;
  for (const EditStep& step : edits.steps) {
    for (int64_t done = 0; done < step.keep;) {
      const int64_t length = std::min(kBlockRows, step.keep - done);
      if (!SameBlock(before, base + done, after, row + done, length)) {
        for (int64_t i = done; i < done + length; ++i) {
          if (!SameRow(before, base + i, after, row + i)) changed.push_back(row + i);
        }
      }
      done += length;
    }
    base += step.keep + step.remove;
    row += step.keep + step.insert;
  }
  return changed;
}

Leaf GivenRows(const Leaf& after, const RowEdits& edits, std::span<const int64_t> changed) {
  Leaf given = EmptyLike(after);
  int64_t row = 0;
  EditWalk(edits, changed)
      .Run([&](int64_t, int64_t length) { row += length; }, [&](int64_t) { AppendRows(given, after, row++, 1); },
           [&](int64_t length) {
             AppendRows(given, after, row, length);
             row += length;
           });
  return given;
}

bool CanWiden(const LeafType& from, const LeafType& to) {
  if (from.tag == "float" && to.tag == "double") return true;
  if (!IsPlainInteger(from) || !IsPlainInteger(to) || to.width <= from.width) return false;
  return from.is_signed == to.is_signed || to.is_signed;
}

absl::StatusOr<Leaf> Widen(Leaf leaf, const LeafType& to) {
  if (!CanWiden(leaf.type, to)) {
    return absl::InvalidArgumentError(fmt::format("values of type {} do not fit into {}", leaf.type.tag, to.tag));
  }
  if (to.tag == "double") {
    leaf.values = WidenValues<float, double>(leaf.values);
  } else {
    switch (leaf.type.width * (leaf.type.is_signed ? 1 : -1)) {
      case 1: leaf.values = WidenInteger<int8_t>(leaf.values, to.width); break;
      case 2: leaf.values = WidenInteger<int16_t>(leaf.values, to.width); break;
      case 4: leaf.values = WidenInteger<int32_t>(leaf.values, to.width); break;
      case -1: leaf.values = WidenInteger<uint8_t>(leaf.values, to.width); break;
      case -2: leaf.values = WidenInteger<uint16_t>(leaf.values, to.width); break;
      default: leaf.values = WidenInteger<uint32_t>(leaf.values, to.width);
    }
  }
  leaf.type = to;
  return leaf;
}

absl::StatusOr<Leaf> WithId(Leaf leaf, const Digest& id) {
  if (IdOf(leaf) == id) return leaf;
  for (const char* tag : {"int16", "int32", "int64", "uint16", "uint32", "uint64", "double"}) {
    TRY_ASSIGN(const LeafType type, LeafTypeOf(tag));
    if (!CanWiden(leaf.type, type)) continue;
    TRY_ASSIGN(Leaf wider, Widen(leaf, type));
    if (IdOf(wider) == id) return wider;
  }
  return absl::DataLossError(fmt::format("the values do not have the id {}", id.ToHex()));
}

}  // namespace roost::store
