#include "profile/hyperloglog.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {
namespace {

// Registers are written one by one where few are in use, as (distance, rank) pairs; else all of them.
constexpr size_t kMaxSparse = 1024;

// x + sum of x^(2^k) * 2^(k - 1) over k >= 1: the weight of empty registers (Ertl 2017, equation 18).
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double weight = 1;
  double sum = x;
  double before;
  do {
    x *= x;
    before = sum;
    sum += x * weight;
    weight += weight;
  } while (sum != before);
  return sum;
}

// (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k over k >= 1) / 3: the weight of full registers (Ertl 2017, equation 19).
double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double weight = 1;
  double sum = 1 - x;
  double before;
  do {
    x = std::sqrt(x);
    before = sum;
    weight *= 0.5;
    sum -= (1 - x) * (1 - x) * weight;
  } while (sum != before);
  return sum / 3;
}

}  // namespace

void HyperLogLog::Merge(const HyperLogLog& other) {
  for (int i = 0; i < kRegisters; ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
}

double HyperLogLog::Estimate() const {
  std::array<int, kMaxRank + 1> with_rank{};
  for (const uint8_t rank : registers_) ++with_rank[rank];
  constexpr double kAlpha = 0.72134752044448170;  // 1 / (2 ln 2)
  double sum = kRegisters * Tau(1 - static_cast<double>(with_rank[kMaxRank]) / kRegisters);
  for (int rank = kMaxRank - 1; rank >= 1; --rank) sum = 0.5 * (sum + with_rank[rank]);
  sum += kRegisters * Sigma(static_cast<double>(with_rank[0]) / kRegisters);
  return kAlpha * kRegisters * kRegisters / sum;
}

void HyperLogLog::Serialize(std::string& bytes) const {
  const auto used = static_cast<size_t>(kRegisters - std::count(registers_.begin(), registers_.end(), 0));
  AppendVarint(bytes, used);
  if (used > kMaxSparse) {
    bytes.append(registers_.begin(), registers_.end());
    return;
  }
  int last = -1;
  for (int i = 0; i < kRegisters; ++i) {
    if (registers_[i] == 0) continue;
    AppendVarint(bytes, static_cast<uint64_t>(i - last - 1));
    AppendFixed(bytes, registers_[i]);
    last = i;
  }
}

absl::StatusOr<HyperLogLog> HyperLogLog::Parse(ByteReader& reader) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("distinct count at byte {}: {}", start, what));
  };
  HyperLogLog state;
  TRY_ASSIGN(const uint64_t used, reader.Varint());
  if (used > kRegisters) return broken("more registers in use than there are");
  if (used > kMaxSparse) {
    TRY_ASSIGN(const std::string_view ranks, reader.Raw(kRegisters));
    std::copy(ranks.begin(), ranks.end(), state.registers_.begin());
  } else {
    uint64_t next = 0;
    for (uint64_t i = 0; i < used; ++i) {
      TRY_ASSIGN(const uint64_t distance, reader.Varint());
      TRY_ASSIGN(const uint8_t rank, reader.Fixed<uint8_t>());
      if (distance >= kRegisters - next) return broken("a register beyond the last");
      state.registers_[next + distance] = rank;
      next += distance + 1;
    }
  }
  const auto zeros = static_cast<uint64_t>(std::count(state.registers_.begin(), state.registers_.end(), 0));
  if (kRegisters - zeros != used) return broken("the number of registers in use is wrong");
  if (*std::max_element(state.registers_.begin(), state.registers_.end()) > kMaxRank) return broken("impossible rank");
  return state;
}

}  // namespace roost::profile
