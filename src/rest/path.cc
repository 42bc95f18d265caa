#include "rest/path.h"

#include <charconv>
#include <utility>

namespace roost::rest {
namespace {

std::optional<std::vector<char>> PercentDecode(std::string_view text) {
  std::vector<char> decoded;
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

bool PathPieces::Add(std::string_view piece) {
  if (piece.empty()) return false;
  if (piece.find('%') == std::string_view::npos) {
    pieces_.push_back(piece);
    return true;
  }
  std::optional<std::vector<char>> decoded = PercentDecode(piece);
  if (!decoded.has_value()) return false;
  pieces_.emplace_back(decoded->data(), decoded->size());
  decoded_.push_back(*std::move(decoded));
  return true;
}

std::optional<PathPieces> PathPieces::Split(std::string_view path) {
  PathPieces pieces;
  if (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::string_view piece = path.substr(0, path.find('/'));
    if (!pieces.Add(piece)) return std::nullopt;
    path.remove_prefix(piece.size());
  }
  return pieces;
}

}  // namespace roost::rest
