#include "store/leaf.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/check.h"

namespace roost::store {
namespace {

struct NamedType {
  std::string_view name;
  int width;
  bool is_integer;
  bool is_signed;
};

// Of a parametric type (timestamp, time, duration, decimal) the name is what stands before its bracket.
constexpr NamedType kFixedTypes[] = {
    {"int8", 1, true, true},
    {"int16", 2, true, true},
    {"int32", 4, true, true},
    {"int64", 8, true, true},
    {"uint8", 1, true, false},
    {"uint16", 2, true, false},
    {"uint32", 4, true, false},
    {"uint64", 8, true, false},
    {"float", 4, false, false},
    {"double", 8, false, false},
    {"date32", 4, true, true},
    {"date64", 8, true, true},
    {"timestamp", 8, true, true},
    {"time32", 4, true, true},
    {"time64", 8, true, true},
    {"duration", 8, true, true},
    {"decimal128", 16, false, false},
    {"decimal32", 4, true, true},
    {"decimal64", 8, true, true},
    {"decimal256", 32, false, false},
    {"halffloat", 2, false, false},
    {"month_interval", 4, false, false},
    {"day_time_interval", 8, false, false},
    {"month_day_nano_interval", 16, false, false},
};

constexpr std::string_view kNestedTypes[] = {"list<", "large_list<", "fixed_size_list<", "struct<", "map<"};
constexpr std::string_view kFixedSizeBinary = "fixed_size_binary[";

/// A value of at most 16 bytes as two words, for look-up by value.
std::pair<uint64_t, uint64_t> WordsOf(const Leaf& leaf, int64_t row) {
  std::pair<uint64_t, uint64_t> words{0, 0};
  const auto width = static_cast<size_t>(leaf.type.width);
  const char* value = leaf.values.data() + static_cast<size_t>(row) * width;
  std::memcpy(&words.first, value, std::min<size_t>(width, 8));
  if (width > 8) std::memcpy(&words.second, value + 8, width - 8);
  return words;
}

template <typename Key, typename KeyOf>
absl::StatusOr<Dictionary> DictionaryBy(const Leaf& leaf, int64_t max_values, const KeyOf& key_of) {
  Dictionary dictionary;
  dictionary.codes.resize(static_cast<size_t>(leaf.rows));
  absl::flat_hash_map<Key, int32_t> codes;
  for (int64_t row = 0; row < leaf.rows; ++row) {
    const auto next = static_cast<int32_t>(dictionary.first_rows.size());
    const auto [entry, is_new] = codes.try_emplace(key_of(row), next);
    if (is_new) {
      if (next == max_values) return absl::OutOfRangeError("too many distinct values for a dictionary");
      dictionary.first_rows.push_back(row);
    }
    dictionary.codes[static_cast<size_t>(row)] = entry->second;
  }
  return dictionary;
}

}  // namespace

absl::StatusOr<LeafType> LeafTypeOf(std::string_view tag) {
  LeafType type{.tag = std::string(tag)};
  if (tag == "null") return type;
  if (tag == "bool") {
    type.form = LeafForm::kBool;
    return type;
  }
  if (tag == "utf8" || tag == "binary") {
    type.form = LeafForm::kVariable;
    return type;
  }
  if (std::any_of(std::begin(kNestedTypes), std::end(kNestedTypes),
                  [&](std::string_view nested) { return tag.starts_with(nested); })) {
    type.form = LeafForm::kVariable;
    type.is_nested = true;
    return type;
  }
  if (tag.starts_with(kFixedSizeBinary) && tag.ends_with(']')) {
    const std::string_view width = tag.substr(kFixedSizeBinary.size(), tag.size() - kFixedSizeBinary.size() - 1);
    const auto read = std::from_chars(width.data(), width.data() + width.size(), type.width);
    if (read.ec == std::errc() && read.ptr == width.data() + width.size() && type.width >= 0) {
      type.form = type.width > kMaxFixedWidth ? LeafForm::kVariable : LeafForm::kFixed;
      if (type.form == LeafForm::kVariable) type.width = 0;
      return type;
    }
  }
  const std::string_view name = tag.substr(0, tag.find_first_of("[("));
  const auto* found = std::find_if(std::begin(kFixedTypes), std::end(kFixedTypes),
                                   [&](const NamedType& candidate) { return candidate.name == name; });
  if (found == std::end(kFixedTypes)) {
    return absl::DataLossError(fmt::format("values of type '{}' are not known to this version", tag));
  }
  type.form = LeafForm::kFixed;
  type.width = found->width;
  type.is_integer = found->is_integer;
  type.is_signed = found->is_signed;
  return type;
}

Digest IdOf(const Leaf& leaf) {
  ROOST_CHECK(!leaf.is_dictionary, "a leaf's id is that of its values");
  std::string head;
  AppendString(head, fmt::format("leaf/{}", leaf.type.tag));
  AppendVarint(head, static_cast<uint64_t>(leaf.rows));
  head.push_back(leaf.nulls > 0 ? 1 : 0);
  Sha256Stream stream;
  stream.Add(head);
  if (leaf.nulls > 0) stream.Add(leaf.validity);
  if (leaf.type.form == LeafForm::kVariable) {
    // The end of every value; the first start is always 0.
    stream.Add({reinterpret_cast<const char*>(leaf.offsets.data() + 1), 4 * static_cast<size_t>(leaf.rows)});
  }
  stream.Add(leaf.values);
  return stream.Finish();
}

Digest IdOfObject(std::string_view tag, std::string_view bytes) {
  std::string head;
  AppendString(head, tag);
  Sha256Stream stream;
  stream.Add(head);
  stream.Add(bytes);
  return stream.Finish();
}

absl::StatusOr<Dictionary> MakeDictionary(const Leaf& leaf, int64_t max_values) {
  if (leaf.type.form == LeafForm::kVariable) {
    return DictionaryBy<std::string_view>(leaf, max_values, [&](int64_t row) { return leaf.Variable(row); });
  }
  ROOST_CHECK(leaf.type.form == LeafForm::kFixed, "this form has no dictionary");
  if (leaf.type.width <= 8) {
    return DictionaryBy<uint64_t>(leaf, max_values, [&](int64_t row) { return WordsOf(leaf, row).first; });
  }
  if (leaf.type.width > 16) {
    const auto width = static_cast<size_t>(leaf.type.width);
    return DictionaryBy<std::string_view>(leaf, max_values, [&](int64_t row) {
      return std::string_view(leaf.values).substr(static_cast<size_t>(row) * width, width);
    });
  }
  return DictionaryBy<std::pair<uint64_t, uint64_t>>(leaf, max_values, [&](int64_t row) { return WordsOf(leaf, row); });
}

Leaf ToDictionaryForm(Leaf leaf) {
  if (leaf.is_dictionary) return leaf;
  absl::StatusOr<Dictionary> dictionary = MakeDictionary(leaf, leaf.rows);
  ROOST_CHECK(dictionary.ok(), "there cannot be more distinct values than rows");
  std::string values;
  std::vector<int32_t> offsets{0};
  for (const int64_t row : dictionary->first_rows) {
    values.append(leaf.Variable(row));
    offsets.push_back(static_cast<int32_t>(values.size()));
  }
  leaf.values = std::move(values);
  leaf.offsets = std::move(offsets);
  leaf.codes = std::move(dictionary->codes);
  leaf.is_dictionary = true;
  return leaf;
}

}  // namespace roost::store
