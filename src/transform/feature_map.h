#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "transform/transform.h"

namespace roost::transform {

/// The weights with which words begin that the old transform did not know.
enum class NewWords {
  kZero,
  kFieldMean,  ///< the mean of the old weights of the words of the same declared feature
};

/// A share of an old weight.
struct WeightTerm {
  int32_t from = 0;  ///< feature of the old transform
  double factor = 1;

  friend bool operator==(const WeightTerm&, const WeightTerm&) = default;
};

/// How the weights of a linear model over one transform become those over another, so that both give the same scores:
///   w_to[f] = sum of factor * w_from[from] over the terms of f;  b_to = b_from + the same over `intercept`.
/// Features are told by their meaning (columns with the expressions of derived ones, operation, word, bucket), never by
/// their numbers.
struct FeatureMap {
  int32_t num_from = 0;
  int32_t num_to = 0;
  std::vector<int32_t> starts;        ///< num_to + 1: the terms of feature f are [starts[f], starts[f + 1])
  std::vector<WeightTerm> terms;      ///< at most one a feature, but in polynomials
  std::vector<WeightTerm> intercept;  ///< what other means and minima add up to
  /// NewWords::kFieldMean: new words begin with the mean of old features [first, first + count).
  struct NewWord {
    int32_t to = 0;
    int32_t first = 0;
    int32_t count = 0;
  };
  std::vector<NewWord> new_words;

  int64_t mapped = 0;        ///< features of the new transform that have terms
  int64_t approximate = 0;   ///< of these: not exact in every row
  int64_t new_features = 0;  ///< without a term
  int64_t dropped = 0;       ///< old features that are in no term

  std::span<const WeightTerm> TermsOf(int32_t feature) const {
    return std::span(terms).subspan(
        static_cast<size_t>(starts[static_cast<size_t>(feature)]),
        static_cast<size_t>(starts[static_cast<size_t>(feature) + 1] - starts[static_cast<size_t>(feature)]));
  }
};

/// The map of a transform to its successor.
///
/// Exact in every row: words, hours and the like that both know; equal hash buckets, and equal numbers of unknown
/// buckets; `number`. Exact in rows that have the value (missing ones are the mean, which is another one now):
/// standardize, age, list_count, list_mean; polynomial to an equal or higher degree, by the binomial theorem; tokens,
/// also by tf_idf. Exact within both ranges: min_max.
/// Approximate: buckets of other borders, which take the old bucket that holds their middle; numbers with another clip
/// or imputed value; a polynomial of a lower degree; tokens of other weights, or of tf_idf with unit length.
/// Without a term: what is new, ordinal over another vocabulary, hash buckets of another number, numbers of which only
/// one is a logarithm, and scales that a deviation of 0 leaves undefined.
///
/// The map of a transform to itself is the identity, to the bit, but for these scales. Cost: about 100 ns a feature.
FeatureMap MapFeatures(const Transform& from, const Transform& to, NewWords new_words = NewWords::kZero);

/// For each of `to` the position of the same name in `from`, or -1.
std::vector<int32_t> MapClasses(std::span<const std::string> from, std::span<const std::string> to);

/// Where the training of a model over a new transform starts.
struct WarmStart {
  std::vector<double> weights;     ///< a row of num_to for each class
  std::vector<double> intercepts;  ///< one a class
  // What is told of it in the model's lineage: see FeatureMap.
  int64_t mapped = 0;
  int64_t approximate = 0;
  int64_t new_features = 0;
  int64_t dropped = 0;
  int64_t new_classes = 0;
};

/// The old `weights` (a row of map.num_from for each of `intercepts`) over the new features. `classes` says for each
/// new class which old one it is (MapClasses); new ones begin with zeros; empty: the same classes.
/// InvalidArgument where the sizes do not fit.
absl::StatusOr<WarmStart> ApplyMap(const FeatureMap& map, std::span<const double> weights,
                                   std::span<const double> intercepts, std::span<const int32_t> classes = {});

}  // namespace roost::transform
