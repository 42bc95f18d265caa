#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::expr {

/// kName: without quotes, so that it may also be a function's.
enum class TokenKind { kName, kQuotedName, kNumber, kText, kWord, kSymbol, kEnd };

/// One word of an expression. Private to this folder.
struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0;
  size_t end = 0;
  /// Names (with their dots) and texts without their quotes; words (and, or, ...) in lower case; symbols as written.
  std::string text;
  double number = 0;  ///< kNumber
};

/// The words of `text`, the last of them kEnd. InvalidArgument in the form of ErrorAt (syntax.h).
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text);

}  // namespace roost::expr
