#include "store/value_map.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"
#include "store/leaf_codec.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

constexpr int64_t kMaxMapped = 4096;
constexpr int64_t kMaxMappedShare = 16;
constexpr size_t kMaxBytes = std::numeric_limits<int32_t>::max();

bool HasForm(const LeafType& type) {
  return type.form == LeafForm::kVariable || (type.form == LeafForm::kFixed && type.width > 0);
}

std::string_view ValueAt(const Leaf& leaf, int64_t row) {
  if (leaf.type.form == LeafForm::kVariable) return leaf.Variable(row);
  const auto width = static_cast<size_t>(leaf.type.width);
  return std::string_view(leaf.values).substr(static_cast<size_t>(row) * width, width);
}

Leaf EmptyOf(const LeafType& type) {
  Leaf empty{.type = type};
  if (type.form == LeafForm::kVariable) empty.offsets.push_back(0);
  return empty;
}

/// Values, and null, to something.
template <typename T>
class ByValue {
 public:
  explicit ByValue(const Leaf& leaf) : leaf_(leaf) {}

  /// That of the value in `row`, made if it is not there, and whether it was made.
  std::pair<T*, bool> Emplace(int64_t row) {
    if (!leaf_.IsValid(row)) {
      const bool is_new = !std::exchange(has_null_, true);
      return {&null_, is_new};
    }
    const auto [entry, is_new] = by_value_.try_emplace(ValueAt(leaf_, row));
    return {&entry->second, is_new};
  }

  const T* Find(std::string_view value) const {
    const auto found = by_value_.find(value);
    return found == by_value_.end() ? nullptr : &found->second;
  }
  const T* FindNull() const { return has_null_ ? &null_ : nullptr; }

 private:
  const Leaf& leaf_;
  absl::flat_hash_map<std::string_view, T> by_value_;
  T null_{};
  bool has_null_ = false;
};

/// The most frequent of the values that one became, by Boyer and Moore's vote: right where it has the majority, which
/// a second look at the rows tells.
struct Vote {
  int64_t before = 0;     // row
  int64_t candidate = 0;  // row of `after`
  int64_t count = 0;      // in favour, less those against
  int64_t rows = 0;
  int64_t followed = 0;  // rows that became the candidate
};

bool SameValue(const Leaf& a, int64_t row_a, const Leaf& b, int64_t row_b) {
  if (!a.IsValid(row_a) || !b.IsValid(row_b)) return a.IsValid(row_a) == b.IsValid(row_b);
  return ValueAt(a, row_a) == ValueAt(b, row_b);
}

/// Calls pair(row before, row after) for the kept rows, until it returns false; whether it never did.
template <typename Pair>
bool ForKept(const RowEdits& edits, const Pair& pair) {
  int64_t base = 0;
  int64_t row = 0;
  for (const EditStep& step : edits.steps) {
    for (int64_t i = 0; i < step.keep; ++i) {
      if (!pair(base + i, row + i)) return false;
    }
    base += step.keep + step.remove;
    row += step.keep + step.insert;
  }
  return true;
}

using Targets = ByValue<int64_t>;  // rows of ValueMap::to

absl::Status TooLong() { return absl::DataLossError("the values that a map makes take too many bytes"); }

/// Bytes of the values after the map.
uint64_t MappedBytes(const Leaf& leaf, const Targets& targets, const Leaf& to) {
  uint64_t bytes = 0;
  for (int64_t row = 0; row < leaf.rows; ++row) {
    const int64_t* target = leaf.IsValid(row) ? targets.Find(ValueAt(leaf, row)) : targets.FindNull();
    bytes += target == nullptr ? ValueAt(leaf, row).size() : ValueAt(to, *target).size();
  }
  return bytes;
}

Leaf MapCodes(Leaf leaf, const Targets& targets, const Leaf& to) {
  const auto old_values = static_cast<int64_t>(leaf.offsets.size()) - 1;
  std::vector<int32_t> code_of_target(static_cast<size_t>(to.rows), -1);  // -1 also for null
  for (int64_t row = 0; row < to.rows; ++row) {
    if (!to.IsValid(row)) continue;
    code_of_target[static_cast<size_t>(row)] = static_cast<int32_t>(leaf.offsets.size()) - 1;
    leaf.values.append(to.Variable(row));
    leaf.offsets.push_back(static_cast<int32_t>(leaf.values.size()));
  }
  constexpr int32_t kStays = -2;
  std::vector<int32_t> new_codes(static_cast<size_t>(old_values), kStays);
  for (int64_t code = 0; code < old_values; ++code) {
    const int64_t* target = targets.Find(leaf.Variable(code));
    if (target != nullptr) new_codes[static_cast<size_t>(code)] = code_of_target[static_cast<size_t>(*target)];
  }
  const int64_t* of_null = targets.FindNull();
  std::string validity(static_cast<size_t>(leaf.rows + 7) / 8, '\0');
  int64_t nulls = 0;
  for (int64_t row = 0; row < leaf.rows; ++row) {
    int32_t& code = leaf.codes[static_cast<size_t>(row)];
    int32_t mapped = kStays;
    if (leaf.IsValid(row)) mapped = new_codes[static_cast<size_t>(code)];
    if (!leaf.IsValid(row) && of_null != nullptr) mapped = code_of_target[static_cast<size_t>(*of_null)];
    if (mapped >= 0) code = mapped;
    if (mapped == -1) code = 0;
    const bool is_valid = mapped == kStays ? leaf.IsValid(row) : mapped >= 0;
    if (is_valid) validity[static_cast<size_t>(row / 8)] |= static_cast<char>(1 << (row % 8));
    if (!is_valid) ++nulls;
  }
  leaf.nulls = nulls;
  leaf.validity = nulls > 0 ? std::move(validity) : std::string();
  DropUnusedValues(leaf);
  return leaf;
}

}  // namespace

std::optional<ValueMap> FindValueMap(const Leaf& before, const Leaf& after, const RowEdits& edits) {
  if (before.type != after.type || !HasForm(before.type)) return std::nullopt;
  const int64_t most = std::min(kMaxMapped, after.rows / kMaxMappedShare);
  ByValue<size_t> numbers(before);
  std::vector<Vote> votes;
  const bool all_seen = ForKept(edits, [&](int64_t base, int64_t row) {
    const auto [number, is_new] = numbers.Emplace(base);
    if (is_new) {
      *number = votes.size();
      votes.push_back({.before = base, .candidate = row});
    }
    Vote& vote = votes[*number];
    ++vote.rows;
    if (vote.count == 0) vote.candidate = row;
    vote.count += SameValue(after, vote.candidate, after, row) ? 1 : -1;
    return static_cast<int64_t>(votes.size()) <= most;
  });
  if (!all_seen) return std::nullopt;
  ForKept(edits, [&](int64_t base, int64_t row) {
    Vote& vote = votes[*numbers.Emplace(base).first];
    if (SameValue(after, vote.candidate, after, row)) ++vote.followed;
    return true;
  });
  ValueMap map{.from = EmptyOf(before.type), .to = EmptyOf(before.type)};
  for (const Vote& vote : votes) {
    if (vote.followed * 2 <= vote.rows || SameValue(before, vote.before, after, vote.candidate)) continue;
    AppendRows(map.from, before, vote.before, 1);
    AppendRows(map.to, after, vote.candidate, 1);
  }
  if (map.from.rows == 0) return std::nullopt;
  return map;
}

absl::StatusOr<Leaf> MapValues(Leaf leaf, const ValueMap& map) {
  if (leaf.type != map.from.type) {
    return absl::DataLossError(
        fmt::format("a map of values of {} does not fit values of {}", map.from.type.tag, leaf.type.tag));
  }
  Targets targets(map.from);
  for (int64_t row = 0; row < map.from.rows; ++row) *targets.Emplace(row).first = row;
  if (leaf.is_dictionary) {
    if (leaf.values.size() + map.to.values.size() > kMaxBytes) return TooLong();
    return MapCodes(std::move(leaf), targets, map.to);
  }
  if (MappedBytes(leaf, targets, map.to) > kMaxBytes) return TooLong();
  Leaf mapped = EmptyOf(leaf.type);
  int64_t copied = 0;
  for (int64_t row = 0; row < leaf.rows; ++row) {
    const int64_t* target = leaf.IsValid(row) ? targets.Find(ValueAt(leaf, row)) : targets.FindNull();
    if (target == nullptr) continue;
    AppendRows(mapped, leaf, copied, row - copied);
    AppendRows(mapped, map.to, *target, 1);
    copied = row + 1;
  }
  AppendRows(mapped, leaf, copied, leaf.rows - copied);
  return mapped;
}

std::string WriteValueMap(const ValueMap& map) {
  std::string bytes;
  AppendString(bytes, EncodeLeaf(map.from));
  AppendString(bytes, EncodeLeaf(map.to));
  return bytes;
}

absl::StatusOr<ValueMap> ReadValueMap(std::string_view bytes) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const std::string_view from, reader.String());
  TRY_ASSIGN(const std::string_view to, reader.String());
  ValueMap map;
  TRY_ASSIGN(map.from, DecodeLeaf(from));
  TRY_ASSIGN(map.to, DecodeLeaf(to));
  if (!reader.done() || map.from.type != map.to.type || map.from.rows != map.to.rows || !HasForm(map.from.type)) {
    return absl::DataLossError("a map of values is not well-formed");
  }
  return map;
}

}  // namespace roost::store
