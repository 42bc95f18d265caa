#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/hash.h"

namespace roost::transform {

/// True where `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool IsUtf8(std::string_view text);

/// Numbered words: slots 0 to size() - 1 are the words in their order; the next `unknown_buckets` are shared by all
/// other words, by their hash. One look-up hashes its word once and allocates nothing.
class Vocabulary {
 public:
  Vocabulary() = default;

  /// `words` are distinct; `unknown_buckets` >= 1.
  Vocabulary(std::vector<std::string> words, int32_t unknown_buckets);

  std::span<const std::string> words() const { return words_; }
  int32_t unknown_buckets() const { return unknown_buckets_; }
  int32_t num_slots() const { return static_cast<int32_t>(words_.size()) + unknown_buckets_; }

  /// The slot of `word`, known or not.
  int32_t SlotOf(std::string_view word) const {
    const uint64_t hash = Hash64(word);
    const auto known = slots_.find(word, hash);
    if (known != slots_.end()) return known->second;
    return static_cast<int32_t>(words_.size()) + static_cast<int32_t>(hash % static_cast<uint64_t>(unknown_buckets_));
  }

 private:
  struct WordHash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return Hash64(word); }
  };
  struct WordsEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
  };

  std::vector<std::string> words_;
  int32_t unknown_buckets_ = 1;
  absl::flat_hash_map<std::string, int32_t, WordHash, WordsEqual> slots_;
};

}  // namespace roost::transform
