#include "profile/slices.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "base/format.h"
#include "base/status.h"
#include "column/take.h"

namespace roost::profile {
namespace {

using column::BatchView;
using column::ColumnView;

constexpr int32_t kNoSlice = -1;
constexpr int32_t kUnknown = -2;

absl::Status BadSpec(std::string_view part, std::string_view what) {
  return WithHint(absl::InvalidArgumentError(fmt::format("slice '{}': {}", part, what)),
                  "write COLUMN, COLUMN=VALUE or COLUMN:0|15|60, several of them with commas between");
}

absl::StatusOr<SliceKey> ParseKey(std::string_view part) {
  SliceKey key;
  const size_t sign = part.find_first_of("=:");
  key.column = part.substr(0, sign);
  if (key.column.empty()) return BadSpec(part, "there is no column");
  if (sign == std::string_view::npos) return key;
  std::string_view rest = part.substr(sign + 1);
  if (part[sign] == '=') {
    key.value = rest;
    return key;
  }
  while (true) {
    const size_t bar = rest.find('|');
    const std::string_view number = rest.substr(0, bar);
    double bound = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bound);
    if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(bound)) {
      return BadSpec(part, fmt::format("'{}' is no number", number));
    }
    if (!key.bounds.empty() && bound <= key.bounds.back()) return BadSpec(part, "the ends of ranges do not ascend");
    key.bounds.push_back(bound);
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  if (key.bounds.size() < 2) return BadSpec(part, "a range needs two ends");
  return key;
}

// What each row of a batch is in one key: an index into `names`, or kNoSlice.
struct KeyRows {
  std::vector<int32_t> of_row;
  std::vector<std::string> names;
};

class KeyReader {
 public:
  KeyReader(const SliceKey& key, const ColumnView& column) : key_(key), column_(column) {}

  absl::StatusOr<KeyRows> Read() {
    const bool is_number = column::IsNumber(column_.type()) || column_.type() == column::Type::kBool;
    const bool is_readable = is_number || column::IsText(column_.type()) || column::IsTime(column_.type());
    if (!is_readable || (!key_.bounds.empty() && !is_number)) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is {}: rows cannot be cut by {}", key_.column,
                                                    column_.TypeText(), key_.bounds.empty() ? "it" : "ranges of it"));
    }
    // The slice of a dictionary's value is looked up once.
    const bool by_code = column_.is_dictionary() && !column_.has_nulls();
    if (by_code) of_code_.assign(static_cast<size_t>(column_.dictionary().length()), kUnknown);
    rows_.of_row.reserve(static_cast<size_t>(column_.length()));
    for (int64_t row = 0; row < column_.length(); ++row) {
      rows_.of_row.push_back(by_code ? SliceOfCode(row) : SliceOf(row));
      if (rows_.names.size() <= SlicedProfile::kMaxSlices) continue;
      return WithHint(
          absl::InvalidArgumentError(fmt::format("column '{}' has more than {} values: too many slices", key_.column,
                                                 SlicedProfile::kMaxSlices)),
          fmt::format("cut it by ranges ('{}:0|10|100') or name a value ('{}=…')", key_.column, key_.column));
    }
    return std::move(rows_);
  }

 private:
  int32_t SliceOf(int64_t row) {
    if (column_.IsNull(row)) {
      return key_.value.has_value() ? kNoSlice : IndexOf(fmt::format("{} is missing", key_.column));
    }
    if (!key_.bounds.empty()) return RangeOf(column_.NumberAt(row));
    if (column::IsText(column_.type())) return ValueOf(column_.TextAt(row));
    if (column::IsTime(column_.type())) return ValueOf(FormatUtc(absl::FromUnixMicros(column_.MicrosAt(row))));
    if (column_.type() == column::Type::kBool) return ValueOf(column_.IntegerAt(row) != 0 ? "true" : "false");
    if (column_.type() == column::Type::kUInt64) {
      return ValueOf(fmt::format("{}", static_cast<uint64_t>(column_.IntegerAt(row))));
    }
    if (column::IsInteger(column_.type())) return ValueOf(fmt::format("{}", column_.IntegerAt(row)));
    // The digits that tell a float from its neighbours: 0.1, not 0.10000000149011612.
    if (column_.type() == column::Type::kFloat32) {
      return ValueOf(fmt::format("{}", static_cast<float>(column_.NumberAt(row))));
    }
    return ValueOf(FormatExact(column_.NumberAt(row)));
  }

  int32_t SliceOfCode(int64_t row) {
    int32_t& slice = of_code_[static_cast<size_t>(column_.CodeAt(row))];
    if (slice == kUnknown) slice = SliceOf(row);
    return slice;
  }

  int32_t RangeOf(double number) {
    const std::vector<double>& bounds = key_.bounds;
    auto above = std::upper_bound(bounds.begin(), bounds.end(), number);
    if (number == bounds.back()) above = bounds.end() - 1;  // the last range takes its end in
    if (above == bounds.begin() || above == bounds.end() || std::isnan(number)) return kNoSlice;
    const bool last = above + 1 == bounds.end();
    return IndexOf(
        fmt::format("{} in [{}, {}{}", key_.column, FormatExact(*(above - 1)), FormatExact(*above), last ? "]" : ")"));
  }

  int32_t ValueOf(std::string_view value) {
    if (key_.value.has_value() && value != *key_.value) return kNoSlice;
    return IndexOf(fmt::format("{}={}", key_.column, value));
  }

  int32_t IndexOf(std::string name) {
    const auto [place, is_new] = index_.emplace(std::move(name), static_cast<int32_t>(rows_.names.size()));
    if (is_new) rows_.names.push_back(place->first);
    return place->second;
  }

  const SliceKey& key_;
  const ColumnView& column_;
  absl::flat_hash_map<std::string, int32_t> index_;
  std::vector<int32_t> of_code_;
  KeyRows rows_;
};

// The rows of each slice of one spec.
absl::StatusOr<std::map<std::string, std::vector<int64_t>>> CutRows(const SliceSpec& spec, const BatchView& batch) {
  std::vector<KeyRows> keys;
  for (const SliceKey& key : spec.keys) {
    TRY_ASSIGN(const ColumnView* column, batch.Require(key.column));
    TRY_ASSIGN(keys.emplace_back(), KeyReader(key, *column).Read());
  }
  absl::flat_hash_map<std::vector<int32_t>, std::vector<int64_t>> rows_of;
  std::vector<int32_t> place(keys.size());
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    for (size_t i = 0; i < keys.size(); ++i) place[i] = keys[i].of_row[static_cast<size_t>(row)];
    if (std::find(place.begin(), place.end(), kNoSlice) == place.end()) rows_of[place].push_back(row);
  }
  std::map<std::string, std::vector<int64_t>> slices;
  for (auto& [indices, rows] : rows_of) {
    std::vector<std::string> names;
    for (size_t i = 0; i < keys.size(); ++i) names.push_back(keys[i].names[static_cast<size_t>(indices[i])]);
    // Other values may have the same name, where a text holds what parts names.
    std::vector<int64_t>& slice = slices[fmt::format("{}", fmt::join(names, ", "))];
    slice.insert(slice.end(), rows.begin(), rows.end());
  }
  for (auto& [name, rows] : slices) std::sort(rows.begin(), rows.end());
  return slices;
}

absl::Status TooMany() {
  return absl::InvalidArgumentError(fmt::format("more than {} slices", SlicedProfile::kMaxSlices));
}

}  // namespace

absl::StatusOr<SliceSpec> ParseSliceSpec(std::string_view text) {
  SliceSpec spec;
  while (true) {
    const size_t comma = text.find(',');
    TRY_ASSIGN(spec.keys.emplace_back(), ParseKey(text.substr(0, comma)));
    if (comma == std::string_view::npos) return spec;
    text.remove_prefix(comma + 1);
  }
}

absl::Status SlicedProfile::Add(const BatchView& batch) {
  for (size_t i = 0; i < specs_.size(); ++i) {
    TRY_ASSIGN(const auto slices, CutRows(specs_[i], batch));
    for (const auto& [name, rows] : slices) {
      auto place = slices_[i].find(name);
      if (place == slices_[i].end()) {
        if (slices_[i].size() == kMaxSlices) return TooMany();
        place = slices_[i].emplace(name, Profile(options_)).first;
      }
      TRY(place->second.Add(column::TakenBatch(batch, rows).view()));
    }
  }
  return all_.Add(batch);
}

absl::Status SlicedProfile::Merge(const SlicedProfile& later) {
  ROOST_CHECK(specs_ == later.specs_, "profiles of other slices");
  for (size_t i = 0; i < specs_.size(); ++i) {
    for (const auto& [name, profile] : later.slices_[i]) {
      TRY(slices_[i].emplace(name, Profile(options_)).first->second.Merge(profile));
      if (slices_[i].size() > kMaxSlices) return TooMany();
    }
  }
  return all_.Merge(later.all_);
}

ProfileSummary SlicedProfile::Summarize() const {
  ProfileSummary summary = all_.Summarize();
  for (const auto& slices : slices_) {
    for (const auto& [name, profile] : slices) summary.slices.push_back({name, profile.Summarize()});
  }
  return summary;
}

}  // namespace roost::profile
