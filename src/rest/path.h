#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace roost::rest {

/// The pieces of a path between slashes, each percent-decoded: "/v2/a%2Fb" -> "v2", "a/b".
class PathPieces {
 public:
  /// A slash at the end is ignored. Nothing where a '%' is not followed by two hexadecimal digits or a piece is empty.
  /// What is not encoded is seen in place: `path` outlives the pieces. Allocates for encoded and for deep paths only.
  static std::optional<PathPieces> Split(std::string_view path);

  PathPieces(PathPieces&&) noexcept = default;
  PathPieces& operator=(PathPieces&&) noexcept = default;

  std::span<const std::string_view> all() const { return pieces_; }

 private:
  PathPieces() = default;
  bool Add(std::string_view piece);

  absl::InlinedVector<std::string_view, 8> pieces_;
  std::vector<std::vector<char>> decoded_;
};

}  // namespace roost::rest
