#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "column/value.h"
#include "profile/summary.h"
#include "transform/features.h"

namespace roost::transform {

/// What a feature does with its column. The names in roost.yaml are those of OperationName.
enum class Operation {
  kStandardize,  ///< "standardize": (value - mean) / standard deviation; missing, NaN and infinite values are 0
  kBucketize,    ///< "bucketize": one-hot of quantile buckets, with one more for missing values
  kOneHot,       ///< "one_hot": one-hot of a vocabulary, with buckets for unknown words and one for missing values
  kHour,         ///< "hour": one-hot of the hour of the day (UTC), with one more for missing values
  kWeekday,      ///< "weekday": one-hot, Monday first
  kMonth,        ///< "month": one-hot, January first
};

/// One feature as a user declares it.
struct FeatureSpec {
  std::string column;
  Operation use = Operation::kStandardize;
  int64_t buckets = 10;         ///< bucketize: at most that many, 2 to 100
  int64_t top = 1000;           ///< one_hot: at most that many words, the most frequent first, 1 to 100,000
  int64_t min_count = 1;        ///< one_hot: words that came less often are unknown
  int64_t unknown_buckets = 1;  ///< one_hot: unknown words are spread over that many by their hash, 1 to 1,000

  friend bool operator==(const FeatureSpec&, const FeatureSpec&) = default;
};

std::string_view OperationName(Operation operation);

/// One input of a transform: what a row must bring.
struct InputColumn {
  std::string name;
  column::Kind kind;

  friend bool operator==(const InputColumn&, const InputColumn&) = default;
};

/// A fitted transform: from the columns of a row to its features, the same bits in training (ApplyBatch) and serving
/// (ApplyRow). Immutable; callable from any number of threads; cheap to copy.
class Transform {
 public:
  /// Learns means, bucket borders and vocabularies from the statistics of the training rows.
  /// NotFound for a column that `summary` lacks; InvalidArgument for an operation that does not suit the column's type,
  /// a parameter out of range, or a column without any value; the message names feature and column.
  static absl::StatusOr<Transform> Fit(std::span<const FeatureSpec> features, const profile::ProfileSummary& summary);

  /// The columns that rows must bring, in the order in which ApplyRow takes them; each once, by first use.
  std::span<const InputColumn> inputs() const;

  int32_t num_features() const;

  /// "distance", "distance in [418, 733)", "origin=SFO", "date hour=7", "origin missing", "origin unknown 0".
  std::string FeatureName(int32_t feature) const;

  /// Features of one row, whose values are in the order of inputs() and of their kinds (ROOST_CHECK; callers convert
  /// foreign rows first). Clears `features` first. No allocation once `features` has grown.
  void ApplyRow(std::span<const column::Value> row, FeatureVector& features) const;

  /// Features of all rows, in their order; in parallel. NotFound where a column is missing, InvalidArgument where its
  /// type does not suit.
  absl::StatusOr<FeatureRows> ApplyBatch(const column::BatchView& batch, const Context& context) const;

  /// With FromJson: the same transform to the bit. Readable: vocabularies, borders and means by name.
  Json ToJson() const;
  /// InvalidArgument where `json` is no transform that this version can read; says which member.
  static absl::StatusOr<Transform> FromJson(const Json& json);

 private:
  struct Fitted;
  explicit Transform(std::shared_ptr<const Fitted> fitted);
  std::shared_ptr<const Fitted> fitted_;
};

}  // namespace roost::transform
