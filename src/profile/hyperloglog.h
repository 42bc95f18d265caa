#pragma once

#include <bit>
#include <cstdint>
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

/// The number of distinct values, estimated from their hashes in 4 KiB, with a standard error of 1.63 %.
///
/// A register holds a maximum, so `Merge` is commutative, associative and idempotent: any split gives the same bytes.
/// Cost: about 1 ns a hash. Threads: a state belongs to one thread at a time.
/// Source: Flajolet, Fusy, Gandouet, Meunier (AofA 2007); estimator of Ertl, "New cardinality estimation algorithms for
/// HyperLogLog sketches" (2017), §2.4, which needs no correction tables.
class HyperLogLog {
 public:
  static constexpr int kPrecision = 12;
  static constexpr int kRegisters = 1 << kPrecision;

  HyperLogLog() : registers_(kRegisters) {}

  /// `hash` must be uniform over 64 bits: Hash64 of bytes or MixBits of a number.
  void AddHash(uint64_t hash) {
    uint8_t& highest = registers_[hash >> (64 - kPrecision)];
    const auto rank = static_cast<uint8_t>(std::countl_zero((hash << kPrecision) | (1u << (kPrecision - 1))) + 1);
    if (rank > highest) highest = rank;
  }

  void Merge(const HyperLogLog& other);

  double Estimate() const;

  void Serialize(std::string& bytes) const;
  static absl::StatusOr<HyperLogLog> Parse(ByteReader& reader);

 private:
  static constexpr int kMaxRank = 64 - kPrecision + 1;

  std::vector<uint8_t> registers_;
};

}  // namespace roost::profile
