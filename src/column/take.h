#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "column/batch.h"

namespace roost::column {

/// Some rows of a batch, copied: the same columns and types. Texts and lists are copied too, dictionaries are not (they
/// stay the producer's, as the columns' names do).
class TakenBatch {
 public:
  /// `rows` are rows of `batch`, in any order. Cost: 2 to 10 ns a value.
  TakenBatch(const BatchView& batch, std::span<const int64_t> rows);

  const BatchView& view() const { return view_; }

 private:
  friend class Taker;

  std::vector<std::unique_ptr<std::vector<uint8_t>>> buffers_;
  BatchView view_;
};

}  // namespace roost::column
