#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"

namespace roost::profile {

/// A hash of 64 bits with every input bit in every output bit; one to one.
/// Source: splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
constexpr uint64_t MixBits(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

/// The number of distinct values, estimated from their hashes in 4 KiB, with a standard error of 1.63 %. The first 16
/// registers in use are kept as a list.
///
/// A register holds a maximum, so `Merge` is commutative, associative and idempotent: any split gives the same bytes.
/// Cost: about 2 ns a value. Threads: a state belongs to one thread at a time.
/// Source: Flajolet, Fusy, Gandouet, Meunier (AofA 2007); estimator of Ertl, "New cardinality estimation algorithms for
/// HyperLogLog sketches" (2017), §2.4, which needs no correction tables.
class HyperLogLog {
 public:
  static constexpr int kPrecision = 12;
  static constexpr int kRegisters = 1 << kPrecision;

  /// `hash` must be uniform over 64 bits: Hash64 of bytes or MixBits of a number.
  void AddHash(uint64_t hash) { Raise(PositionOf(hash), RankOf(hash)); }

  /// Adds MixBits of each value's 64 bits; of doubles -0.0 is 0.0.
  void Add(std::span<const double> values);
  void Add(std::span<const int64_t> values);
  void Add(std::span<const uint64_t> values);

  void Merge(const HyperLogLog& other);

  double Estimate() const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<HyperLogLog> Parse(ByteReader& reader);

 private:
  static constexpr int kMaxRank = 64 - kPrecision + 1;
  static constexpr size_t kMaxListed = 16;

  struct Register {
    uint16_t position = 0;
    uint8_t rank = 0;
  };

  static size_t PositionOf(uint64_t hash) { return hash >> (64 - kPrecision); }
  static uint8_t RankOf(uint64_t hash) {
    return static_cast<uint8_t>(std::countl_zero((hash << kPrecision) | (1u << (kPrecision - 1))) + 1);
  }
  void Raise(size_t position, uint8_t rank) {
    if (ranks_.empty()) return RaiseListed(position, rank);
    if (rank > ranks_[position]) ranks_[position] = rank;
  }
  void RaiseListed(size_t position, uint8_t rank);
  template <typename Value, typename BitsOf>
  void AddAll(std::span<const Value> values, const BitsOf& bits_of);
  /// The registers in use, ascending.
  std::vector<Register> InUse() const;

  std::vector<Register> listed_;  // in the order of first use; empty once there are `ranks_`
  std::vector<uint8_t> ranks_;    // of all registers, or none
};

}  // namespace roost::profile
