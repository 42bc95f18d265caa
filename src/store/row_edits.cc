#include "store/row_edits.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/status.h"

namespace roost::store {
namespace {

// Scattered edits are found within this distance; longer changed stretches by a hash table.
constexpr size_t kNearRows = 24;

/// Where the two sides go on together.
struct Resync {
  size_t base = 0;
  size_t row = 0;
};

class Aligner {
 public:
  Aligner(std::span<const uint64_t> base, std::span<const uint64_t> rows) : base_(base), rows_(rows) {}

  Alignment Run() {
    result_.tail = static_cast<int64_t>(rows_.size());
    while (base_at_ < base_.size() && row_at_ < rows_.size()) {
      const size_t equal = EqualFrom(base_at_, row_at_);
      result_.matched += static_cast<int64_t>(equal);
      Keep(equal);
      if (equal > 0) result_.tail = static_cast<int64_t>(rows_.size() - row_at_);
      if (base_at_ == base_.size() || row_at_ == rows_.size()) break;
      std::optional<Resync> next = FindNear();
      if (!next.has_value()) next = FindFar();
      if (!next.has_value()) break;
      Skip(*next);
    }
    Skip({base_.size(), rows_.size()});
    result_.edits.base_rows = static_cast<int64_t>(base_.size());
    result_.edits.rows = static_cast<int64_t>(rows_.size());
    return std::move(result_);
  }

 private:
  size_t EqualFrom(size_t base, size_t row) const {
    const size_t limit = std::min(base_.size() - base, rows_.size() - row);
    size_t equal = 0;
    while (equal < limit && base_[base + equal] == rows_[row + equal]) ++equal;
    return equal;
  }

  /// Two equal rows in a row, or one at the end: a single one may be chance in a table with few distinct rows.
  bool GoesOn(size_t base, size_t row) const {
    if (base >= base_.size() || row >= rows_.size() || base_[base] != rows_[row]) return false;
    if (base + 1 == base_.size() || row + 1 == rows_.size()) return true;
    return base_[base + 1] == rows_[row + 1];
  }

  std::optional<Resync> FindNear() const {
    for (size_t distance = 1; distance <= 2 * kNearRows; ++distance) {
      for (size_t skipped = 0; skipped <= distance; ++skipped) {
        if (GoesOn(base_at_ + skipped, row_at_ + distance - skipped)) {
          return Resync{base_at_ + skipped, row_at_ + distance - skipped};
        }
      }
    }
    return std::nullopt;
  }

  std::optional<Resync> FindFar() {
    if (positions_.empty()) {
      // The first of equal rows: the table is asked only for rows that follow.
      for (size_t i = base_.size(); i-- > base_at_;) positions_[base_[i]] = i;
    }
    for (size_t row = row_at_; row < rows_.size(); ++row) {
      const auto found = positions_.find(rows_[row]);
      if (found == positions_.end() || found->second < base_at_) continue;
      if (GoesOn(found->second, row)) return Resync{found->second, row};
    }
    return std::nullopt;
  }

  void Keep(size_t count) {
    if (count == 0) return;
    auto& steps = result_.edits.steps;
    if (steps.empty() || steps.back().remove > 0 || steps.back().insert > 0) steps.push_back({});
    steps.back().keep += static_cast<int64_t>(count);
    base_at_ += count;
    row_at_ += count;
  }

  /// Goes to `to`: rows in the same place are kept as changed ones, what is left on one side goes or is new.
  void Skip(const Resync& to) {
    Keep(std::min(to.base - base_at_, to.row - row_at_));
    const auto removed = static_cast<int64_t>(to.base - base_at_);
    const auto inserted = static_cast<int64_t>(to.row - row_at_);
    if (removed == 0 && inserted == 0) return;
    if (result_.edits.steps.empty()) result_.edits.steps.push_back({});
    result_.edits.steps.back().remove += removed;
    result_.edits.steps.back().insert += inserted;
    base_at_ = to.base;
    row_at_ = to.row;
  }

  std::span<const uint64_t> base_;
  std::span<const uint64_t> rows_;
  size_t base_at_ = 0;
  size_t row_at_ = 0;
  absl::flat_hash_map<uint64_t, size_t> positions_;
  Alignment result_;
};

/// The low bytes of all numbers, then the rest of each as a varint: gaps between random positions take hardly more
/// than a byte so, and the second part compresses to nothing.
void AppendNumbers(std::string& bytes, std::span<const uint64_t> numbers) {
  for (const uint64_t number : numbers) bytes.push_back(static_cast<char>(number & 0xff));
  for (const uint64_t number : numbers) AppendVarint(bytes, number >> 8);
}

absl::StatusOr<std::vector<uint64_t>> ReadNumbers(ByteReader& reader, uint64_t count) {
  TRY_ASSIGN(const std::string_view low, reader.Raw(count));
  std::vector<uint64_t> numbers(count);
  for (uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const uint64_t high, reader.Varint());
    if (high >> 40 != 0) return absl::DataLossError("a number of rows is too large");
    numbers[i] = (high << 8) | static_cast<uint8_t>(low[i]);
  }
  return numbers;
}

}  // namespace

Alignment Align(std::span<const uint64_t> base, std::span<const uint64_t> rows) { return Aligner(base, rows).Run(); }

std::string WriteEdits(const RowEdits& edits) {
  std::string bytes;
  AppendVarint(bytes, edits.steps.size());
  std::vector<uint64_t> numbers;
  for (const auto member : {&EditStep::keep, &EditStep::remove, &EditStep::insert}) {
    numbers.clear();
    for (const EditStep& step : edits.steps) numbers.push_back(static_cast<uint64_t>(step.*member));
    AppendNumbers(bytes, numbers);
  }
  return bytes;
}

absl::StatusOr<RowEdits> ReadEdits(std::string_view bytes, int64_t base_rows, int64_t rows) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > bytes.size()) return absl::DataLossError(fmt::format("{} edits in {} bytes", count, bytes.size()));
  RowEdits edits{.base_rows = base_rows, .rows = rows};
  edits.steps.resize(count);
  int64_t base_sum = 0;
  int64_t row_sum = 0;
  for (const auto member : {&EditStep::keep, &EditStep::remove, &EditStep::insert}) {
    TRY_ASSIGN(const std::vector<uint64_t> numbers, ReadNumbers(reader, count));
    for (uint64_t i = 0; i < count; ++i) {
      const auto number = static_cast<int64_t>(numbers[i]);
      edits.steps[i].*member = number;
      if (member != &EditStep::insert) base_sum += number;
      if (member != &EditStep::remove) row_sum += number;
      if (base_sum > base_rows || row_sum > rows) return absl::DataLossError("edits go past the end of their rows");
    }
  }
  if (!reader.done() || base_sum != base_rows || row_sum != rows) {
    return absl::DataLossError(
        fmt::format("edits of {} rows to {}, expected {} to {}", base_sum, row_sum, base_rows, rows));
  }
  return edits;
}

std::string WritePositions(std::span<const int64_t> positions) {
  std::string bytes;
  AppendVarint(bytes, positions.size());
  std::vector<uint64_t> gaps;
  int64_t next = 0;
  for (const int64_t position : positions) {
    gaps.push_back(static_cast<uint64_t>(position - next));
    next = position + 1;
  }
  AppendNumbers(bytes, gaps);
  return bytes;
}

absl::StatusOr<std::vector<int64_t>> ReadPositions(std::string_view bytes, int64_t limit) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  TRY_ASSIGN(const std::vector<uint64_t> gaps, ReadNumbers(reader, count));
  std::vector<int64_t> positions;
  positions.reserve(count);
  int64_t next = 0;
  for (const uint64_t gap : gaps) {
    next += static_cast<int64_t>(gap);
    if (next >= limit) return absl::DataLossError("a changed row lies behind the last one");
    positions.push_back(next++);
  }
  if (!reader.done()) return absl::DataLossError("bytes follow the positions");
  return positions;
}

}  // namespace roost::store
