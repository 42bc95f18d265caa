#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/hash.h"

namespace roost::transform {

/// For maps of words that are looked up by views.
struct WordHash {
  using is_transparent = void;
  size_t operator()(std::string_view word) const { return Hash64(word); }
};
struct WordsEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};
template <typename Value>
using WordMap = absl::flat_hash_map<std::string, Value, WordHash, WordsEqual>;

/// The slot, 0 to `buckets` - 1, of a word that is told by its hash alone.
inline int32_t HashSlot(uint64_t hash, int32_t buckets) {
  return static_cast<int32_t>(hash % static_cast<uint64_t>(buckets));
}

/// Numbered words: slots 0 to size() - 1 are the words in their order; the next `unknown_buckets` are shared by all
/// other words, by their hash. One look-up hashes its word once and allocates nothing.
class Vocabulary {
 public:
  Vocabulary() = default;

  /// `words` are distinct; `unknown_buckets` >= 0.
  Vocabulary(std::vector<std::string> words, int32_t unknown_buckets);

  std::span<const std::string> words() const { return words_; }
  int32_t size() const { return static_cast<int32_t>(words_.size()); }
  int32_t unknown_buckets() const { return unknown_buckets_; }
  int32_t num_slots() const { return size() + unknown_buckets_; }

  /// The slot of `word`, known or not; -1 for unknown ones where there are no unknown buckets.
  int32_t SlotOf(std::string_view word) const {
    const uint64_t hash = Hash64(word);
    const auto known = slots_.find(word, hash);
    if (known != slots_.end()) return known->second;
    return unknown_buckets_ == 0 ? -1 : size() + HashSlot(hash, unknown_buckets_);
  }

 private:
  std::vector<std::string> words_;
  int32_t unknown_buckets_ = 1;
  WordMap<int32_t> slots_;
};

}  // namespace roost::transform
