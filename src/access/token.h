#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"

namespace roost::access {

/// What a consumer may do; each may also do what those before it may.
enum class Role {
  kInfer,  ///< inference, and the metadata that clients ask for before it
  kRead,   ///< statistics, metrics, the index of the repository
  kAdmin,  ///< load and unload models
};

/// "infer", "read", "admin".
std::string_view RoleName(Role role);
/// InvalidArgument for any other text.
absl::StatusOr<Role> ParseRole(std::string_view name);

/// The consumer that callers without a token are counted as; no token can be theirs.
inline constexpr std::string_view kAnonymous = "anonymous";

/// InvalidArgument unless `name` is 1 to 100 of [A-Za-z0-9._-], starts with a letter or digit, and is not "anonymous".
absl::Status CheckConsumer(std::string_view name);

/// What is known of a token; not the token itself.
struct Token {
  std::string consumer;
  Role role = Role::kInfer;
  Digest hash;                        ///< SHA-256 of the token's text
  absl::Time created;                 ///< times are whole microseconds
  std::optional<absl::Time> expires;  ///< it is refused from then on; absent: never
  std::optional<absl::Time> revoked;  ///< it is refused since

  /// What people call it: the first 12 hexadecimal digits of the hash.
  std::string Id() const;

  bool IsActive(absl::Time now) const { return !revoked.has_value() && (!expires.has_value() || now < *expires); }

  friend bool operator==(const Token&, const Token&) = default;
};

/// A new token: "roost_", 43 random letters and digits (256 bits from OpenSSL), and 6 that check them. Programs that
/// look for leaked secrets find it by roost_[0-9A-Za-z]{49}.
std::string NewTokenText();

/// Whether `text` has the form and the check of a token: what is cut or mistyped has not.
bool IsTokenText(std::string_view text);

}  // namespace roost::access
