#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roost::transform {

/// The words of one text; reused from text to text.
class Words {
 public:
  size_t size() const { return begins_.size(); }
  /// `count` words from `first` on, one space between them: an n-gram. `first` + `count` <= size().
  std::string_view Run(size_t first, size_t count) const {
    const size_t end = first + count < begins_.size() ? begins_[first + count] - 1 : bytes_.size();
    return std::string_view(bytes_).substr(begins_[first], end - begins_[first]);
  }

  /// Takes the words of `text`: the longest runs of letters and decimal digits (Unicode categories L and Nd) with the
  /// marks (M) that follow them, in lower case where `lower` says so (the simple mapping of each character, which does
  /// not look at its neighbours). A byte that begins no UTF-8 character parts words as a space does. The earlier words
  /// are gone. Cost: about 5 ns a character of ASCII; allocates nothing once it has grown.
  void Take(std::string_view text, bool lower);

 private:
  std::string bytes_;           // the words, one space between them
  std::vector<size_t> begins_;  // of each word in bytes_
};

}  // namespace roost::transform
