#include "base/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "base/check.h"

namespace roost {

std::string Digest::ToHex() const {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

absl::StatusOr<Digest> Digest::FromHex(std::string_view hex) {
  Digest digest;
  const bool well_formed = hex.size() == 2 * digest.bytes.size() &&
                           hex.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (!well_formed) {
    return absl::InvalidArgumentError(fmt::format("not a SHA-256 in hexadecimal: '{}'", hex));
  }
  const std::string raw = absl::HexStringToBytes(std::string(hex));
  std::copy(raw.begin(), raw.end(), digest.bytes.begin());
  return digest;
}

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  ROOST_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "OpenSSL has no SHA-256");
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Add(std::string_view bytes) {
  ROOST_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1, "SHA-256 update failed");
}

Digest Sha256Stream::Finish() {
  Digest digest;
  ROOST_CHECK(EVP_DigestFinal_ex(state_->context, digest.bytes.data(), nullptr) == 1, "SHA-256 final failed");
  ROOST_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1, "SHA-256 restart failed");
  return digest;
}

Digest Sha256(std::string_view bytes) {
  thread_local Sha256Stream stream;
  stream.Add(bytes);
  return stream.Finish();
}

uint64_t Hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

}  // namespace roost
