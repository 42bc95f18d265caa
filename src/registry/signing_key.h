#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

// OpenSSL's EVP_PKEY, which this header need not know.
struct evp_pkey_st;

namespace roost::registry {

struct KeyDeleter {
  void operator()(evp_pkey_st* key) const;
};
using KeyHandle = std::unique_ptr<evp_pkey_st, KeyDeleter>;

/// A public key of ECDSA on P-256, P-384 or P-521; bytes are hashed by SHA-256, SHA-384 or SHA-512 of its size.
/// Movable. Threads: one at a time.
class PublicKey {
 public:
  /// InvalidArgument, naming `file`, where `pem` holds no such key. A private key is none.
  static absl::StatusOr<PublicKey> Parse(std::string_view pem, std::string_view file);

  /// Whether `signature` (DER) is that of `bytes`.
  bool Verifies(std::string_view bytes, std::string_view signature) const;

  /// By which signatures name the key: SHA-256 of its PEM, 64 hexadecimal digits.
  const std::string& hint() const { return hint_; }

 private:
  friend class PrivateKey;
  PublicKey(KeyHandle key, std::string hint) : key_(std::move(key)), hint_(std::move(hint)) {}

  KeyHandle key_;
  std::string hint_;
};

/// The private key to such a one.
class PrivateKey {
 public:
  /// InvalidArgument, naming `file`, where `pem` holds no such key without a passphrase.
  static absl::StatusOr<PrivateKey> Parse(std::string_view pem, std::string_view file);

  /// The signature (DER) of `bytes`; another one at each call.
  absl::StatusOr<std::string> Sign(std::string_view bytes) const;

  const PublicKey& public_key() const { return public_key_; }

 private:
  PrivateKey(KeyHandle key, PublicKey public_key) : key_(std::move(key)), public_key_(std::move(public_key)) {}

  KeyHandle key_;
  PublicKey public_key_;
};

}  // namespace roost::registry
