#include "access/token.h"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

#include <fmt/format.h>

#include "base/check.h"

namespace roost::access {
namespace {

constexpr std::string_view kPrefix = "roost_";
constexpr std::string_view kDigits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kRandomDigits = 43;  // log2(62^43) is 256.03
constexpr size_t kCheckDigits = 6;
constexpr size_t kIdDigits = 12;
constexpr size_t kMaxNameBytes = 100;

bool IsDigit(char c) { return kDigits.find(c) != std::string_view::npos; }

/// Six digits of the hash of what goes before: a check without a secret, so that anybody can make it.
std::string CheckOf(std::string_view text) {
  const Digest digest = Sha256(text);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | digest.bytes[i];
  std::string check;
  for (size_t i = 0; i < kCheckDigits; ++i, number /= kDigits.size()) check += kDigits[number % kDigits.size()];
  return check;
}

}  // namespace

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kInfer: return "infer";
    case Role::kRead: return "read";
    case Role::kAdmin: return "admin";
  }
  ROOST_CHECK(false, "a role that is none");
}

absl::StatusOr<Role> ParseRole(std::string_view name) {
  for (const Role role : {Role::kInfer, Role::kRead, Role::kAdmin}) {
    if (RoleName(role) == name) return role;
  }
  return absl::InvalidArgumentError(fmt::format("'{}' is no role; want infer, read or admin", name));
}

absl::Status CheckConsumer(std::string_view name) {
  const auto allowed = [](char c) { return IsDigit(c) || c == '.' || c == '_' || c == '-'; };
  if (name.empty() || name.size() > kMaxNameBytes || !IsDigit(name[0]) ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no name of a consumer: want 1 to {} of letters, digits, '.', '_' and '-', the first a "
                    "letter or digit",
                    name, kMaxNameBytes));
  }
  if (name == kAnonymous) {
    return absl::InvalidArgumentError(fmt::format("'{}' means callers without a token", kAnonymous));
  }
  return absl::OkStatus();
}

std::string Token::Id() const { return hash.ToHex().substr(0, kIdDigits); }

std::string NewTokenText() {
  // Bytes from 248 on would make the first digits likelier than the others.
  constexpr uint8_t kFair = 256 / kDigits.size() * kDigits.size();
  std::string text(kPrefix);
  while (text.size() < kPrefix.size() + kRandomDigits) {
    std::array<uint8_t, 64> random;
    ROOST_CHECK(RAND_bytes(random.data(), random.size()) == 1, "the system gives no random bytes");
    for (const uint8_t byte : random) {
      if (byte < kFair && text.size() < kPrefix.size() + kRandomDigits) text += kDigits[byte % kDigits.size()];
    }
  }
  return text + CheckOf(text);
}

bool IsTokenText(std::string_view text) {
  constexpr size_t kSize = kPrefix.size() + kRandomDigits + kCheckDigits;
  if (text.size() != kSize || !text.starts_with(kPrefix)) return false;
  const std::string_view digits = text.substr(kPrefix.size());
  return std::all_of(digits.begin(), digits.end(), IsDigit) &&
         CheckOf(text.substr(0, kSize - kCheckDigits)) == text.substr(kSize - kCheckDigits);
}

}  // namespace roost::access
