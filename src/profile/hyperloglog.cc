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

void HyperLogLog::RaiseListed(size_t position, uint8_t rank) {
  for (Register& listed : listed_) {
    if (listed.position != position) continue;
    listed.rank = std::max(listed.rank, rank);
    return;
  }
  if (listed_.size() < kMaxListed) {
    listed_.push_back({.position = static_cast<uint16_t>(position), .rank = rank});
    return;
  }
  ranks_.resize(kRegisters);
  for (const Register& listed : listed_) ranks_[listed.position] = listed.rank;
  listed_ = std::vector<Register>();  // braces would leave it its memory
  ranks_[position] = rank;
}

template <typename Value, typename BitsOf>
void HyperLogLog::AddAll(std::span<const Value> values, const BitsOf& bits_of) {
  size_t next = 0;
  for (; next < values.size() && ranks_.empty(); ++next) AddHash(MixBits(bits_of(values[next])));
  uint8_t* const ranks = ranks_.data();  // a byte that is written may be any object: this one would be read anew
  for (; next < values.size(); ++next) {
    const uint64_t hash = MixBits(bits_of(values[next]));
    const uint8_t rank = RankOf(hash);
    uint8_t& highest = ranks[PositionOf(hash)];
    if (rank > highest) highest = rank;
  }
}

void HyperLogLog::Add(std::span<const double> values) {
  AddAll(values, [](double value) { return std::bit_cast<uint64_t>(value + 0.0); });
}
void HyperLogLog::Add(std::span<const int64_t> values) {
  AddAll(values, [](int64_t value) { return static_cast<uint64_t>(value); });
}
void HyperLogLog::Add(std::span<const uint64_t> values) {
  AddAll(values, [](uint64_t value) { return value; });
}

void HyperLogLog::Merge(const HyperLogLog& other) {
  for (const Register& theirs : other.listed_) Raise(theirs.position, theirs.rank);
  if (other.ranks_.empty()) return;
  ranks_.resize(kRegisters);
  for (const Register& ours : listed_) ranks_[ours.position] = ours.rank;
  listed_ = std::vector<Register>();  // braces would leave it its memory
  for (size_t i = 0; i < ranks_.size(); ++i) ranks_[i] = std::max(ranks_[i], other.ranks_[i]);
}

std::vector<HyperLogLog::Register> HyperLogLog::InUse() const {
  std::vector<Register> in_use = listed_;
  std::sort(in_use.begin(), in_use.end(), [](const Register& a, const Register& b) { return a.position < b.position; });
  for (size_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i] != 0) in_use.push_back({.position = static_cast<uint16_t>(i), .rank = ranks_[i]});
  }
  return in_use;
}

double HyperLogLog::Estimate() const {
  std::array<int, kMaxRank + 1> with_rank{};
  for (const uint8_t rank : ranks_) ++with_rank[rank];
  for (const Register& listed : listed_) ++with_rank[listed.rank];
  if (ranks_.empty()) with_rank[0] = kRegisters - static_cast<int>(listed_.size());
  constexpr double kAlpha = 0.72134752044448170;  // 1 / (2 ln 2)
  double sum = kRegisters * Tau(1 - static_cast<double>(with_rank[kMaxRank]) / kRegisters);
  for (int rank = kMaxRank - 1; rank >= 1; --rank) sum = 0.5 * (sum + with_rank[rank]);
  sum += kRegisters * Sigma(static_cast<double>(with_rank[0]) / kRegisters);
  return kAlpha * kRegisters * kRegisters / sum;
}

void HyperLogLog::Serialize(std::string& bytes) const {
  const std::vector<Register> in_use = InUse();
  AppendVarint(bytes, in_use.size());
  if (in_use.size() > kMaxSparse) {
    bytes.append(ranks_.begin(), ranks_.end());
    return;
  }
  int last = -1;
  for (const Register& used : in_use) {
    AppendVarint(bytes, static_cast<uint64_t>(used.position - last - 1));
    AppendFixed(bytes, used.rank);
    last = used.position;
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
    state.ranks_.assign(ranks.begin(), ranks.end());
    const auto zeros = static_cast<uint64_t>(std::count(state.ranks_.begin(), state.ranks_.end(), 0));
    if (kRegisters - zeros != used) return broken("the number of registers in use is wrong");
    if (*std::max_element(state.ranks_.begin(), state.ranks_.end()) > kMaxRank) return broken("impossible rank");
    return state;
  }
  uint64_t next = 0;
  for (uint64_t i = 0; i < used; ++i) {
    TRY_ASSIGN(const uint64_t distance, reader.Varint());
    TRY_ASSIGN(const uint8_t rank, reader.Fixed<uint8_t>());
    if (distance >= kRegisters - next) return broken("a register beyond the last");
    if (rank == 0 || rank > kMaxRank) return broken("impossible rank");
    state.Raise(next + distance, rank);
    next += distance + 1;
  }
  return state;
}

}  // namespace roost::profile
