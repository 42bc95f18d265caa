#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "column/batch.h"

namespace roost::schema {

struct FeatureSkewOptions {
  std::vector<std::string> keys;  ///< columns that tell rows apart, on both sides; at least one
  /// Fractional numbers, also of keys, are rounded to so many digits behind the point (0 to 15) before they are
  /// compared: a feature that is stored in 32 bits on one side and in 64 on the other differs in every row otherwise.
  std::optional<int> round_digits;
  /// How many values are kept of each side, see FeatureSkewFinder.
  int64_t max_values = int64_t{1} << 24;
};

/// A value in training that is another one in serving; none for missing.
struct ValueConfusion {
  std::optional<std::string> training;
  std::optional<std::string> serving;
  int64_t rows = 0;
};

/// One column in the joined rows, which are the sum of the four.
struct ColumnSkew {
  std::string column;
  int64_t equal = 0;      ///< the same value, or missing on both sides
  int64_t different = 0;  ///< two values
  int64_t only_training = 0;
  int64_t only_serving = 0;
  std::vector<ValueConfusion> confusions;  ///< of rows that are not equal: the ten most frequent first, then by value

  int64_t skewed() const { return different + only_training + only_serving; }
};

/// A pair of rows that differ.
struct SkewSample {
  struct Difference {
    std::string column;
    std::optional<std::string> training;
    std::optional<std::string> serving;
  };
  std::vector<std::string> key;  ///< in the order of FeatureSkewOptions::keys
  std::vector<Difference> differences;
};

/// The counts of keys and of joined rows are those of the sampled keys.
struct FeatureSkew {
  int64_t training_rows = 0;  ///< all that were added
  int64_t serving_rows = 0;
  int64_t training_without_key = 0;  ///< of them, rows with a missing value in the key: left out
  int64_t serving_without_key = 0;
  double sampled_share = 1;       ///< share of the keys that was looked at: 1, 1/2, 1/4, ...
  int64_t joined = 0;             ///< keys that stand in one row of each side: the rows that are compared
  int64_t skewed = 0;             ///< of them, those that differ in any column
  int64_t only_training = 0;      ///< keys in one row of training and in none of serving
  int64_t only_serving = 0;       ///< the other way round
  int64_t repeated_training = 0;  ///< keys in several rows of training: left out, as no row is the one to compare
  int64_t repeated_serving = 0;
  std::vector<ColumnSkew> columns;        ///< all but the keys, in the order of training and then of serving
  std::vector<SkewSample> samples;        ///< ten, chosen by the hash of the key
  std::vector<std::string> not_compared;  ///< columns whose values cannot be read: lists, structs
};

/// Compares training rows with serving rows that have the same key, column by column, as TFX's DetectFeatureSkew does:
/// features that are computed twice, once for training and once for serving, should be the same.
///
/// Values are compared, not types: 5 equals 5.0, and a column that one side lacks is missing there. (Numbers and texts
/// are never equal.) The rows of both sides come in batches, in any order and any interleaving: the answer is the same.
///
/// Memory: a hash table of the keys (about 70 bytes each), the values of the rows that came without a partner, and of
/// those that differ from it: 9 bytes a number, up to 66 a text. So it is least where the smaller side is added first.
/// There are at most max_values / (number of columns and keys) keys; beyond that half of the keys are left out by their
/// hash, again and again, so that which ones stay depends on the set of keys only. Cost: about 0.3 µs a row of five
/// values, twice that where all of them differ. Threads: one at a time.
/// Equal keys are taken to be those with equal 128 bits of hash.
class FeatureSkewFinder {
 public:
  /// The columns are those of the two batches, of which nothing else is looked at. InvalidArgument where a side lacks a
  /// key, or a key is of another kind (number, text, time) on the other side or cannot be read.
  static absl::StatusOr<FeatureSkewFinder> Make(const column::BatchView& training, const column::BatchView& serving,
                                                FeatureSkewOptions options);

  FeatureSkewFinder(FeatureSkewFinder&&) noexcept;
  FeatureSkewFinder& operator=(FeatureSkewFinder&&) noexcept;
  ~FeatureSkewFinder();

  /// The next rows. InvalidArgument, naming it, where a column that the side had in Make is missing, or cannot be read
  /// any more; nothing is added then.
  absl::Status AddTraining(const column::BatchView& batch);
  absl::Status AddServing(const column::BatchView& batch);

  FeatureSkew Finish() const;

 private:
  class State;
  explicit FeatureSkewFinder(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace roost::schema
