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
// A single equal row counts within this distance: farther away there are too many to be equal by chance.
constexpr size_t kLoneDistance = 4;

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

  /// One equal row between two edits, which no other near it is like.
  bool IsLoneMatch(size_t base, size_t row) const {
    return base < base_.size() && row < rows_.size() && base_[base] == rows_[row] && IsAlone(base_, base) &&
           IsAlone(rows_, row);
  }

  static bool IsAlone(std::span<const uint64_t> hashes, size_t at) {
    const size_t first = at - std::min(at, kNearRows);
    const auto near = hashes.subspan(first, std::min(hashes.size() - first, 2 * kNearRows));
    return std::count(near.begin(), near.end(), hashes[at]) == 1;
  }

  std::optional<Resync> FindNear() const {
    for (size_t distance = 1; distance <= 2 * kNearRows; ++distance) {
      for (size_t skipped = 0; skipped <= distance; ++skipped) {
        const Resync next{base_at_ + skipped, row_at_ + distance - skipped};
        const bool is_lone = distance <= kLoneDistance && IsLoneMatch(next.base, next.row);
        if (is_lone || GoesOn(next.base, next.row)) return next;
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

constexpr uint64_t kEscape = 32;  // so many ones: the number follows in kWideBits bits
constexpr int kWideBits = 40;
constexpr int kMaxParameter = 32;
constexpr int kRunsForm = kMaxParameter + 2;

/// Golomb-Rice coding (R. F. Rice, 1979) with parameter `k`: the bits of all numbers, low bits of each byte first.
class BitWriter {
 public:
  void Add(uint64_t value, int bits) {
    for (int bit = 0; bit < bits; ++bit) AddBit(((value >> bit) & 1) != 0);
  }
  void AddRice(uint64_t number, int k) {
    const uint64_t quotient = number >> k;
    for (uint64_t one = 0; one < std::min(quotient, kEscape); ++one) AddBit(true);
    if (quotient >= kEscape) return Add(number, kWideBits);
    AddBit(false);
    Add(number, k);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void AddBit(bool set) {
    if (used_ % 8 == 0) bytes_.push_back('\0');
    if (set) bytes_.back() = static_cast<char>(bytes_.back() | (1 << (used_ % 8)));
    ++used_;
  }

  std::string bytes_;
  size_t used_ = 0;
};

class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<uint64_t> Rice(int k) {
    uint64_t quotient = 0;
    while (quotient < kEscape) {
      TRY_ASSIGN(const uint64_t bit, Take(1));
      if (bit == 0) break;
      ++quotient;
    }
    if (quotient == kEscape) return Take(kWideBits);
    TRY_ASSIGN(const uint64_t low, Take(k));
    return (quotient << k) | low;
  }

 private:
  absl::StatusOr<uint64_t> Take(int bits) {
    uint64_t value = 0;
    for (int bit = 0; bit < bits; ++bit, ++used_) {
      if (used_ / 8 >= bytes_.size()) return absl::DataLossError("a list of numbers ends too early");
      value |= static_cast<uint64_t>((static_cast<uint8_t>(bytes_[used_ / 8]) >> (used_ % 8)) & 1) << bit;
    }
    return value;
  }

  std::string_view bytes_;
  size_t used_ = 0;
};

/// The parameter that needs the fewest bits.
int BestParameter(std::span<const uint64_t> numbers) {
  int best = 0;
  uint64_t least = ~uint64_t{0};
  for (int k = 0; k <= kMaxParameter; ++k) {
    uint64_t bits = 0;
    for (const uint64_t number : numbers) {
      const uint64_t quotient = number >> k;
      bits += quotient >= kEscape ? kEscape + kWideBits : quotient + 1 + static_cast<uint64_t>(k);
    }
    if (bits < least) {
      least = bits;
      best = k;
    }
  }
  return best;
}

/// Each number with how often it stands there in a row; nothing where that is not short.
std::string RunsOf(std::span<const uint64_t> numbers) {
  std::vector<std::pair<uint64_t, uint64_t>> runs;
  for (const uint64_t number : numbers) {
    if (runs.empty() || runs.back().first != number) runs.emplace_back(number, 0);
    ++runs.back().second;
    if (runs.size() * 8 > numbers.size()) return {};
  }
  std::string bytes;
  AppendVarint(bytes, runs.size());
  for (const auto& [number, count] : runs) {
    AppendVarint(bytes, number);
    AppendVarint(bytes, count);
  }
  return bytes;
}

/// One number for all, or runs of equal ones, or Rice codes: gaps between random positions take a tenth of a bit more
/// than they must.
void AppendNumbers(std::string& bytes, std::span<const uint64_t> numbers) {
  if (numbers.empty()) return;
  if (std::all_of(numbers.begin(), numbers.end(), [&](uint64_t number) { return number == numbers.front(); })) {
    bytes.push_back('\0');
    AppendVarint(bytes, numbers.front());
    return;
  }
  const int k = BestParameter(numbers);
  BitWriter bits;
  for (const uint64_t number : numbers) bits.AddRice(number, k);
  if (const std::string runs = RunsOf(numbers); !runs.empty() && runs.size() < bits.bytes().size()) {
    bytes.push_back(static_cast<char>(kRunsForm));
    bytes.append(runs);
    return;
  }
  bytes.push_back(static_cast<char>(k + 1));
  AppendString(bytes, bits.bytes());
}

absl::Status ReadRuns(ByteReader& reader, std::vector<uint64_t>& numbers) {
  TRY_ASSIGN(const uint64_t runs, reader.Varint());
  size_t done = 0;
  for (uint64_t run = 0; run < runs; ++run) {
    TRY_ASSIGN(const uint64_t number, reader.Varint());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    if (number >> kWideBits != 0 || count == 0 || count > numbers.size() - done) {
      return absl::DataLossError("a run of numbers does not fit");
    }
    std::fill_n(numbers.begin() + static_cast<std::ptrdiff_t>(done), count, number);
    done += count;
  }
  return done == numbers.size() ? absl::OkStatus() : absl::DataLossError("runs of numbers end too early");
}

absl::StatusOr<std::vector<uint64_t>> ReadNumbers(ByteReader& reader, uint64_t count) {
  std::vector<uint64_t> numbers(count);
  if (count == 0) return numbers;
  TRY_ASSIGN(const auto form, reader.Fixed<uint8_t>());
  if (form > kRunsForm) return absl::DataLossError("an unknown form of numbers");
  if (form == 0) {
    TRY_ASSIGN(const uint64_t number, reader.Varint());
    if (number >> kWideBits != 0) return absl::DataLossError("a number of rows is too large");
    std::fill(numbers.begin(), numbers.end(), number);
    return numbers;
  }
  if (form == kRunsForm) {
    TRY(ReadRuns(reader, numbers));
    return numbers;
  }
  TRY_ASSIGN(const std::string_view bytes, reader.String());
  BitReader bits(bytes);
  for (uint64_t& number : numbers) {
    TRY_ASSIGN(number, bits.Rice(form - 1));
  }
  return numbers;
}

/// Edits that lie side by side, one row each: then most numbers are alike, and few bits tell them.
std::vector<EditStep> RowByRow(const std::vector<EditStep>& steps) {
  std::vector<EditStep> split;
  for (const EditStep& step : steps) {
    split.push_back(step);
    if ((step.remove == 0) == (step.insert == 0)) continue;
    EditStep one{.remove = step.remove > 0 ? 1 : 0, .insert = step.insert > 0 ? 1 : 0};
    split.back().remove = one.remove;
    split.back().insert = one.insert;
    split.insert(split.end(), static_cast<size_t>(step.remove + step.insert - 1), one);
  }
  return split;
}

/// The inverse, for any steps: what comes and goes between two kept rows is one edit.
std::vector<EditStep> Joined(const std::vector<EditStep>& steps) {
  std::vector<EditStep> joined;
  for (const EditStep& step : steps) {
    if (step.keep > 0 || joined.empty()) {
      joined.push_back(step);
      continue;
    }
    joined.back().remove += step.remove;
    joined.back().insert += step.insert;
  }
  return joined;
}

std::string WriteSteps(const std::vector<EditStep>& steps) {
  std::string bytes;
  AppendVarint(bytes, steps.size());
  std::vector<uint64_t> numbers;
  for (const auto member : {&EditStep::keep, &EditStep::remove, &EditStep::insert}) {
    numbers.clear();
    for (const EditStep& step : steps) numbers.push_back(static_cast<uint64_t>(step.*member));
    AppendNumbers(bytes, numbers);
  }
  return bytes;
}

}  // namespace

Alignment Align(std::span<const uint64_t> base, std::span<const uint64_t> rows) { return Aligner(base, rows).Run(); }

std::string WriteEdits(const RowEdits& edits) {
  std::string bytes = WriteSteps(edits.steps);
  int64_t split_steps = 0;
  for (const EditStep& step : edits.steps) split_steps += std::max<int64_t>(1, step.remove + step.insert);
  // Only where it can be shorter, and a reader takes as many steps.
  if (split_steps > std::min<int64_t>(static_cast<int64_t>(edits.steps.size()) * 5 / 4, edits.rows)) return bytes;
  std::string split = WriteSteps(RowByRow(edits.steps));
  return split.size() < bytes.size() ? split : bytes;
}

absl::StatusOr<RowEdits> ReadEdits(std::string_view bytes, int64_t base_rows, int64_t rows) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > static_cast<uint64_t>(rows) + 1) {
    return absl::DataLossError(fmt::format("{} edits that make {} rows", count, rows));
  }
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
  edits.steps = Joined(edits.steps);
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
  if (count > static_cast<uint64_t>(limit)) {
    return absl::DataLossError(fmt::format("{} changed rows of {}", count, limit));
  }
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
