#include "rest/path.h"

#include <algorithm>
#include <charconv>

namespace roost::rest {
namespace {

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2) return std::nullopt;
    decoded.push_back(static_cast<char>(byte));
    i += 2;
  }
  return decoded;
}

}  // namespace

std::optional<std::vector<std::string>> SplitPath(std::string_view path) {
  std::vector<std::string> pieces;
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view piece = path.substr(0, path.find('/'));
    std::optional<std::string> decoded = PercentDecode(piece);
    if (!decoded.has_value() || decoded->empty()) return std::nullopt;
    pieces.push_back(*std::move(decoded));
    path.remove_prefix(piece.size());
  }
  return pieces;
}

}  // namespace roost::rest
