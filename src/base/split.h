#pragma once

#include <string_view>
#include <vector>

namespace roost {

/// The parts of `text` between separators: one more than there are separators, empty ones too. They point into `text`.
inline std::vector<std::string_view> SplitAt(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace roost
