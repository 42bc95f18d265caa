#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "access/token.h"

namespace roost::access {

/// Longer files of tokens are refused: room for some 80,000.
inline constexpr size_t kMaxTokenFileBytes = 16 << 20;

/// Tokens as a file that servers read, without the tokens themselves: JSON, one token a line.
///
///   {"format":"roost tokens","version":1,"tokens":[
///   {"consumer":"web","role":"infer","sha256":"...","created":"2026-11-30T12:00:00Z","expires":null,"revoked":null},
///   ...]}
///
/// `expires` and `revoked` are null, left out, or times as `created`.
std::string ToTokenFile(const std::vector<Token>& tokens);

/// What ToTokenFile wrote, or a person. InvalidArgument, with `path` and the place, for anything else: unknown members,
/// a token that is there twice, a newer version, a file beyond kMaxTokenFileBytes.
absl::StatusOr<std::vector<Token>> ParseTokenFile(std::string_view text, std::string_view path);

}  // namespace roost::access
