#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "expr/expression.h"
#include "transform/transform.h"
#include "transform/vocabulary.h"

// The inside of a Transform: what was learned. What each operation computes from it stands in entries.h.

namespace roost::transform {

// Limits of what is fitted and of what is read back.
inline constexpr int64_t kMaxFeatures = 1'000;
inline constexpr int64_t kMaxTotalFeatures = 8'000'000;  // with every word and bucket
inline constexpr int64_t kMaxDerived = 1'000;
inline constexpr int64_t kMaxBuckets = 100;
inline constexpr int64_t kMaxWords = 100'000;
inline constexpr int64_t kMaxUnknownBuckets = 1'000;
inline constexpr int64_t kMaxHashBuckets = 1'000'000;
inline constexpr int64_t kHashBuckets = 1'024;  // of hash, where none are given
inline constexpr int64_t kMinDegree = 2;
inline constexpr int64_t kMaxDegree = 5;
inline constexpr int64_t kMaxNgrams = 3;
inline constexpr size_t kMinCrossed = 2;
inline constexpr size_t kMaxCrossed = 3;

// Features end here, so that no sum of them with sane weights overflows or becomes NaN.
inline constexpr double kMaxFeatureValue = 1e150;

/// Parts the words of a cross in its vocabulary's words.
inline constexpr char kCrossSeparator = '\x1f';

/// What happens to a number before its operation, in this order.
struct NumberSteps {
  std::optional<double> imputed;              ///< stands for a missing value
  std::optional<double> clip_low, clip_high;  ///< values beyond are taken as these
  std::optional<double> log_floor;            ///< > -1; then ln(1 + max(value, log_floor))

  bool any() const { return imputed || clip_low || clip_high || log_floor; }
};

/// One declared feature after fitting. Its features are first .. first + num_slots() - 1; the slots are those of the
/// operation and, where `indicator` is set, a last one.
struct FittedFeature {
  std::vector<std::string> columns;  ///< one; of cross two or three; of age with `until` that too
  Operation use = Operation::kNumber;
  std::vector<size_t> sources;  ///< positions of `columns`: in the inputs, and after these in the derived columns
  int32_t first = 0;

  NumberSteps steps;                          ///< number .. polynomial, age, list_count, list_mean
  bool indicator = false;                     ///< the last slot is 1 where the value is missing, else 0
  double mean = 0;                            ///< standardize, polynomial, age, list_count, list_mean
  double standard_deviation = 0;              ///< of the population; 0: the feature is always 0
  double min = 0, max = 0;                    ///< min_max; min < max
  std::vector<double> borders;                ///< bucketize: strictly increasing
  int32_t degree = 2;                         ///< polynomial
  Vocabulary vocabulary;                      ///< one_hot, ordinal, multi_hot; cross and tokens where hash_buckets is 0
  int32_t hash_buckets = 0;                   ///< hash; cross and tokens: 0 for a vocabulary
  int32_t ngrams = 1;                         ///< tokens
  TokenWeight weight = TokenWeight::kCount;   ///< tokens
  bool lower = true;                          ///< tokens
  bool unit_length = false;                   ///< tokens
  int64_t rows = 0;                           ///< tokens with tf_idf: training rows that have a text ...
  std::vector<int64_t> word_rows;             ///< ... and of each word the rows that hold it
  std::vector<double> word_weights;           ///< from these: ln((1 + rows) / (1 + word_rows)) + 1
  Period period = Period::kHour;              ///< cyclic
  std::vector<std::array<double, 2>> circle;  ///< cyclic: sine and cosine of each of the period's values
  std::string since;                          ///< age without `until`: as it was declared
  int64_t since_micros = 0;                   ///< the same in microseconds since 1970

  /// Features of the operation, without the indicator.
  int32_t num_operation_slots() const;
  int32_t num_slots() const { return num_operation_slots() + (indicator ? 1 : 0); }
  /// Entries in every row; 0 where rows differ.
  int32_t fixed_entries() const;
  /// "distance", "origin, destination".
  std::string Label() const;
};

/// A derived column that features use.
struct FittedDerived {
  DerivedColumn declared;
  std::optional<expr::BoundExpression> expression;  ///< over the inputs and the derived columns before it; never empty
  column::Kind kind = column::Kind::kNumber;
  bool is_boolean = false;  ///< a number that is 0 or 1
};

/// What is known of a column before anything is learned.
struct SourceType {
  column::Kind kind = column::Kind::kNumber;
  bool is_boolean = false;  ///< expressions read it as a boolean
};
/// The type of a column of the data; NotFound where there is none, InvalidArgument where no model can take it.
using FindColumn = std::function<absl::StatusOr<SourceType>(const std::string& name)>;

struct Transform::Fitted {
  std::vector<InputColumn> inputs;
  std::vector<bool> input_is_boolean;
  std::vector<FittedDerived> derived;
  std::vector<FittedFeature> features;
  int32_t num_features = 0;
  absl::flat_hash_map<int32_t, int32_t> copies;  ///< features whose plain name is taken: 2 is named "... #2"

  size_t num_sources() const { return inputs.size() + derived.size(); }
  column::Kind SourceKind(size_t source) const {
    return source < inputs.size() ? inputs[source].kind : derived[source - inputs.size()].kind;
  }
  const FittedFeature& Owner(int32_t feature) const;

  /// Finds the columns of the features, whose declared part is set, and binds the derived columns that they use.
  /// InvalidArgument where there is no feature or too many, one comes twice, or takes another kind of column.
  absl::Status Link(std::span<const DerivedColumn> declared, const FindColumn& find_column);
  /// Numbers the features, whose learned part is set, and names them. InvalidArgument where they are too many.
  absl::Status Number();

 private:
  absl::Status AddInput(const std::string& name, const FindColumn& find_column);
  absl::Status BindDerived(const FindColumn& find_column);
  absl::Status LinkFeature(size_t position);
};

/// Whether `operation` takes a column of `kind`; `Takes` says what it takes instead: "a number", "a text".
bool TakesKind(Operation operation, column::Kind kind);
std::string_view Takes(Operation operation);
/// An operation of numbers: it has NumberSteps.
bool IsOfNumbers(Operation operation);
/// Whether missing values have a feature of their own anyway, so that there is no indicator.
bool HasMissingSlot(Operation operation);

/// "feature 2, bucketize of column 'distance'", where `position` counts from 0.
std::string DescribeFeature(size_t position, std::string_view use, std::string_view column);

/// The numbers of values of a period, and its tables of sine and cosine.
int32_t PeriodLength(Period period);
std::vector<std::array<double, 2>> CircleOf(Period period);
/// ln((1 + rows) / (1 + word_rows)) + 1 of each word: scikit-learn's smooth idf.
std::vector<double> WordWeights(int64_t rows, std::span<const int64_t> word_rows);
/// The name of a feature of `feature`, by its slot; two features may have the same.
std::string PlainName(const FittedFeature& feature, int32_t slot);

}  // namespace roost::transform
