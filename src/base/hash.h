#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost {

/// A SHA-256 (FIPS 180-4), the name of every stored object.
struct Digest {
  std::array<uint8_t, 32> bytes{};

  friend auto operator<=>(const Digest&, const Digest&) = default;

  /// 64 lower-case hexadecimal digits.
  std::string ToHex() const;

  /// InvalidArgument unless `hex` is 64 hexadecimal digits.
  static absl::StatusOr<Digest> FromHex(std::string_view hex);

  template <typename H>
  friend H AbslHashValue(H state, const Digest& digest) {
    return H::combine(std::move(state), digest.bytes);
  }
};

/// SHA-256 of `bytes`; about 1.5 GB/s where the processor has the SHA instructions.
Digest Sha256(std::string_view bytes);

/// SHA-256 of bytes that come in pieces. Threads: one at a time.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void Add(std::string_view bytes);

  /// The digest of all that was added; the stream starts anew.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3 of `bytes`: fast and stable across machines and versions, but not cryptographic.
uint64_t Hash64(std::string_view bytes, uint64_t seed = 0);

}  // namespace roost
