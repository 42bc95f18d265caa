#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "column/value.h"
#include "profile/summary.h"
#include "transform/features.h"
#include "transform/trace.h"

namespace roost::transform {

/// What a feature does with its column. The names in roost.yaml are those of OperationName (docs/features.md).
/// "Missing" is null, NaN, infinite, and what an expression could not compute.
enum class Operation {
  kNumber,       ///< "number": the value as it is; missing: no entry
  kStandardize,  ///< "standardize": (value - mean) / standard deviation; missing: 0, the mean
  kMinMax,       ///< "min_max": (value - min) / (max - min), clipped to [0, 1]; missing: no entry
  kBucketize,    ///< "bucketize": one-hot of quantile buckets or of `borders`, with one more for missing values
  kPolynomial,   ///< "polynomial": z, z^2 .. z^degree of the standardized value; missing: 0
  kOneHot,       ///< "one_hot": one-hot of a vocabulary, with buckets for unknown words and one for missing values
  kOrdinal,      ///< "ordinal": the number of the word, a category for trees; unknown and missing: no entry
  kHash,         ///< "hash": one-hot of the word's hash, with one more for missing values
  kTokens,       ///< "tokens": the words of a text, counted; missing: no entry
  kCross,        ///< "cross": one-hot of the combinations of two or three columns, with one more for missing values
  kHour,         ///< "hour": one-hot of the hour of the day (UTC), with one more for missing values
  kWeekday,      ///< "weekday": one-hot, Monday first
  kMonth,        ///< "month": one-hot, January first
  kDay,          ///< "day": one-hot of the day of the month
  kCyclic,       ///< "cyclic": sine and cosine of `period`; missing: no entry
  kAge,          ///< "age": days from the column to `until` or from `since` to the column, standardized
  kMultiHot,     ///< "multi_hot": the words of a list; with buckets for unknown words and one for missing lists
  kListCount,    ///< "list_count": the number of elements, standardized
  kListMean,     ///< "list_mean": the mean of a list of numbers, standardized
};

/// All of them, in the order above.
std::span<const Operation> AllOperations();
/// "standardize".
std::string_view OperationName(Operation operation);
/// Empty where no operation has that name.
std::optional<Operation> ParseOperation(std::string_view name);

/// What stands for a missing number.
enum class Impute { kNone, kMean, kMedian, kMin, kMax, kValue };
/// What a word of a text counts.
enum class TokenWeight {
  kCount,   ///< "count": how often it stands in the row
  kBinary,  ///< "binary": 1
  kTfIdf,   ///< "tf_idf": how often, times ln((1 + rows) / (1 + rows with the word)) + 1
};
/// What turns in a circle.
enum class Period { kHour, kWeekday, kMonth, kDayOfYear };

std::string_view ImputeName(Impute impute);            ///< "none", "mean", "median", "min", "max", "value"
std::string_view TokenWeightName(TokenWeight weight);  ///< "count", "binary", "tf_idf"
std::string_view PeriodName(Period period);            ///< "hour", "weekday", "month", "day_of_year"

/// A column that is computed from those of the row (docs/expressions.md); it may read derived columns before it.
struct DerivedColumn {
  std::string name;
  std::string expression;

  friend bool operator==(const DerivedColumn&, const DerivedColumn&) = default;
};

/// One feature as a user declares it: one entry of `features:`, whose keys are the members' names.
struct FeatureSpec {
  std::string column;                ///< of the data, or derived
  std::vector<std::string> columns;  ///< cross: two or three, and `column` is empty
  std::optional<Operation> use;      ///< none: to be chosen from the profile (choose.h); Fit wants one

  // Of numbers (also of ages, counts and means of lists), in this order, before the operation.
  Impute impute = Impute::kNone;              ///< by the values of the training rows before they are clipped
  double impute_value = 0;                    ///< of Impute::kValue
  std::optional<double> clip_low, clip_high;  ///< values beyond are taken as these
  bool log = false;        ///< ln(1 + value); values below the least of training are taken as that one
  bool indicator = false;  ///< one more feature: 1 where the value is missing (before `impute`), else 0

  int64_t buckets = 10;                      ///< bucketize: at most that many, 2 to 100
  std::vector<double> borders;               ///< bucketize: these instead; 1 to 99, strictly increasing
  int64_t degree = 2;                        ///< polynomial: 2 to 5
  int64_t top = 1000;                        ///< vocabularies: at most that many words, the most frequent first
  int64_t min_count = 1;                     ///< vocabularies: words that fewer rows hold are unknown
  int64_t unknown_buckets = 1;               ///< one_hot, cross, multi_hot: unknown words are spread over these
  int64_t hash_buckets = 0;                  ///< hash: 0 is 1,024; tokens, cross: 0 is a vocabulary
  int64_t ngrams = 1;                        ///< tokens: also runs of up to that many words; 1 to 3
  TokenWeight weight = TokenWeight::kCount;  ///< tokens
  double max_share = 1.0;                    ///< tokens: words that a greater share of the rows hold are left out
  bool lower = true;                         ///< tokens: upper and lower case are the same
  bool unit_length = false;                  ///< tokens: a row's entries are divided by their Euclidean norm
  Period period = Period::kHour;             ///< cyclic
  std::string since, until;                  ///< age: an ISO 8601 time, or a time column

  friend bool operator==(const FeatureSpec&, const FeatureSpec&) = default;
};

/// What a transform is to be made of.
struct TransformSpec {
  std::vector<DerivedColumn> derived;
  std::vector<FeatureSpec> features;
};

/// What a transform learns from. `batches` are the training rows that `summary` is of; they are read once more, and
/// only for what the summary does not say exactly: vocabularies beyond the profile's cap, words of texts and lists,
/// crosses, ages, and derived, clipped or logged columns.
struct FitData {
  const profile::ProfileSummary& summary;
  std::span<const column::BatchView> batches;
};

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
  /// Learns means, bucket borders and vocabularies from the training rows: the same for any split of the rows into
  /// batches, any order of them and any number of threads.
  /// NotFound for a column that `data` lacks; InvalidArgument for an operation that does not suit the column's type, a
  /// parameter out of range, and what the values cannot carry; ResourceExhausted for more distinct words than can be
  /// counted; Cancelled. The message names feature and column.
  static absl::StatusOr<Transform> Fit(const TransformSpec& spec, const FitData& data, const Context& context);

  /// The columns of the data that rows must bring, in the order in which ApplyRow takes them; each once, by first use.
  std::span<const InputColumn> inputs() const;

  int32_t num_features() const;

  /// "distance", "distance in [418, 733)", "origin=SFO", "date hour=7", "origin missing", "origin unknown 0". Unique.
  std::string FeatureName(int32_t feature) const;

  /// Whether the feature's values are numbers of categories (0, 1, ...; "ordinal"), and of how many; 0 where not.
  bool IsCategory(int32_t feature) const { return NumCategories(feature) > 0; }
  int32_t NumCategories(int32_t feature) const;

  /// Features of one row, whose values are in the order of inputs() and of their kinds (ROOST_CHECK; callers convert
  /// foreign rows first). Clears `features` first; its entries ascend by index. No allocation once `features` has
  /// grown. Cost: about 20 ns a number or word.
  void ApplyRow(std::span<const column::Value> row, FeatureVector& features) const;

  /// Features of all rows, in their order; in parallel; the bits of ApplyRow. NotFound where a column is missing,
  /// InvalidArgument where its type does not suit, Cancelled.
  absl::StatusOr<FeatureRows> ApplyBatch(const column::BatchView& batch, const Context& context) const;

  /// The same as a matrix, `absent` where there is no entry. Memory: 8 bytes a row and feature.
  absl::StatusOr<DenseRows> ApplyDense(const column::BatchView& batch, double absent, const Context& context) const;

  /// How each declared feature of a row came to its entries, step by step, for people (trace.h). `row` as in ApplyRow.
  std::vector<TracedFeature> Trace(std::span<const column::Value> row) const;

  /// With FromJson: the same transform to the bit. Readable: vocabularies, borders and means by name.
  Json ToJson() const;
  /// InvalidArgument where `json` is no transform that this version can read; says which member.
  static absl::StatusOr<Transform> FromJson(const Json& json);

  /// The inside, for the files of this folder and for the export to other formats (fitted.h).
  struct Fitted;
  const Fitted& fitted() const { return *fitted_; }

 private:
  explicit Transform(std::shared_ptr<const Fitted> fitted);
  std::shared_ptr<const Fitted> fitted_;
};

}  // namespace roost::transform
