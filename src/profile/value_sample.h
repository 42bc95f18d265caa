#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "profile/smallest_hashes.h"
#include "profile/summary.h"

namespace roost::profile {

/// The 1,024 distinct texts with the smallest hashes, and how often each came, exactly: what the shapes and kinds of
/// texts are told from where there are too many to count each. A law-abiding state: see README.md.
///
/// Texts whose 64-bit hashes are equal are taken to be one.
///
/// Cost of an Add: 1 ns for a text that is not among them, about 10 ns for another. Up to 600 KB. Threads: a state
/// belongs to one thread at a time.
class ValueSample {
 public:
  static constexpr size_t kValues = 1024;
  static constexpr size_t kMaxBytes = 256;  ///< of a text; longer ones are cut there, at a character

  /// `count` rows with `value`, whose Hash64 is `hash`.
  void Add(std::string_view value, uint64_t hash, int64_t count);
  void Merge(const ValueSample& other);

  /// By falling count, then by value.
  std::vector<ValueCount> Values() const;

  void Serialize(std::string& bytes) const;
  /// DataLoss where `reader` is not at a whole state, or one of more than `max_count` rows.
  static absl::StatusOr<ValueSample> Parse(ByteReader& reader, int64_t max_count);

 private:
  struct Entry {
    std::string value;
    int64_t count = 0;
  };

  void AddTo(Entry& entry, std::string_view value, int64_t count);

  SmallestHashes<Entry, kValues> entries_;
};

/// A text that stands for `weight` rows.
struct WeightedText {
  std::string value;
  double weight = 0;
};

/// Texts for all `rows` of a column, as the sample and the frequent values that a sketch found (ValueSketch::Frequent)
/// show them together: frequent values stand for their own rows, the rest of the sample for all other rows. A sample of
/// distinct values alone would miss most values that make up much of the rows.
std::vector<WeightedText> TextsOf(const std::vector<ValueCount>& sample, const std::vector<ValueCount>& frequent,
                                  int64_t rows);

}  // namespace roost::profile
