#include "transform/vocabulary.h"

#include <utility>

#include "base/check.h"

namespace roost::transform {
Vocabulary::Vocabulary(std::vector<std::string> words, int32_t unknown_buckets)
    : words_(std::move(words)), unknown_buckets_(unknown_buckets) {
  ROOST_CHECK(unknown_buckets_ >= 0, "got " << unknown_buckets_);
  slots_.reserve(words_.size());
  for (size_t i = 0; i < words_.size(); ++i) {
    const bool is_new = slots_.emplace(words_[i], static_cast<int32_t>(i)).second;
    ROOST_CHECK(is_new, "'" << words_[i] << "' comes twice");
  }
}

}  // namespace roost::transform
