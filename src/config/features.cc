#include <string>
#include <utility>
#include <vector>

#include "config/model.h"

namespace roost::config {
namespace {

using transform::FeatureSpec;
using transform::Impute;
using transform::Operation;

absl::Status ReadImpute(const YamlNode& node, FeatureSpec& feature) {
  constexpr std::pair<std::string_view, Impute> kWays[] = {
      {"mean", Impute::kMean}, {"median", Impute::kMedian}, {"min", Impute::kMin}, {"max", Impute::kMax}};
  for (const auto& [name, way] : kWays) {
    if (!node.IsScalar() || node.scalar() != name) continue;
    feature.impute = way;
    return absl::OkStatus();
  }
  const absl::StatusOr<double> value = ReadNumber(node, {});
  if (!value.ok()) return node.Error("want one of mean, median, min, max, or a number");
  feature.impute = Impute::kValue;
  feature.impute_value = *value;
  return absl::OkStatus();
}

std::vector<std::pair<std::string, Operation>> Operations() {
  std::vector<std::pair<std::string, Operation>> operations;
  for (const Operation operation : transform::AllOperations()) {
    operations.emplace_back(std::string(transform::OperationName(operation)), operation);
  }
  return operations;
}

void DeclareNumbers(Declaration<FeatureSpec>& feature) {
  feature.OptionalNumber("clip_low", &FeatureSpec::clip_low, {}, "numbers: smaller values become this one")
      .OptionalNumber("clip_high", &FeatureSpec::clip_high, {}, "numbers: larger values become this one")
      .Flag("log", &FeatureSpec::log, "numbers: ln(1 + value) is taken, after clipping")
      .Custom("impute", "mean, median, min, max or a number", "", "numbers: what stands for missing values",
              Presence::kOptional, ReadImpute)
      .Shaped(ValueShape::Either({ValueShape::Choice({"mean", "median", "min", "max"}), ValueShape::Number({})}))
      .Flag("indicator", &FeatureSpec::indicator, "numbers: one more feature, 1 where the value is missing")
      .When("use", {"bucketize"})
      .Integer("buckets", &FeatureSpec::buckets, {.min = 2, .max = 100}, "at most that many buckets")
      .Numbers("borders", &FeatureSpec::borders, {}, "the buckets' borders, ascending; by default quantiles")
      .When("use", {"polynomial"})
      .Integer("degree", &FeatureSpec::degree, {.min = 2, .max = 5}, "the highest power")
      .When("", {});
}

void DeclareWords(Declaration<FeatureSpec>& feature) {
  using transform::TokenWeight;
  feature.When("use", {"one_hot", "ordinal", "tokens", "cross", "multi_hot"})
      .Integer("top", &FeatureSpec::top, {.min = 1, .max = 100'000}, "at most that many words")
      .Integer("min_count", &FeatureSpec::min_count, {.min = 1}, "words that came less often are unknown")
      .When("use", {"one_hot", "cross", "multi_hot"})
      .Integer("unknown_buckets", &FeatureSpec::unknown_buckets, {.min = 1, .max = 1000},
               "unknown words are spread over that many by their hash")
      .When("use", {"hash", "tokens", "cross"})
      .Integer("hash_buckets", &FeatureSpec::hash_buckets, {.min = 0, .max = 1'048'576},
               "words go by their hash into that many; 0: 1,024 of `hash`, a vocabulary of the others")
      .When("use", {"tokens"})
      .Integer("ngrams", &FeatureSpec::ngrams, {.min = 1, .max = 3}, "up to so many words in a row are one more word")
      .Choice("weight", &FeatureSpec::weight,
              {{"count", TokenWeight::kCount}, {"binary", TokenWeight::kBinary}, {"tf_idf", TokenWeight::kTfIdf}},
              "a word's value in a row")
      .Number("max_share", &FeatureSpec::max_share, {.min = 1e-6, .max = 1},
              "words in a greater share of the rows are left out")
      .Flag("lower", &FeatureSpec::lower, "upper and lower case are one")
      .Flag("unit_length", &FeatureSpec::unit_length, "a row's values are divided by their Euclidean length")
      .When("", {});
}

void DeclareTimes(Declaration<FeatureSpec>& feature) {
  using transform::Period;
  feature.When("use", {"cyclic"})
      .Choice("period", &FeatureSpec::period,
              {{"hour", Period::kHour},
               {"weekday", Period::kWeekday},
               {"month", Period::kMonth},
               {"day_of_year", Period::kDayOfYear}},
              "what comes round")
      .When("use", {"age"})
      .Text("since", &FeatureSpec::since, "days from this time (ISO 8601) to the column's")
      .Text("until", &FeatureSpec::until, "days from the column's time to that of this column")
      .When("", {});
}

}  // namespace

Declaration<FeatureSpec> DeclareFeature() {
  Declaration<FeatureSpec> feature;
  feature.Text("column", &FeatureSpec::column, "the column of the dataset, or a name of `columns`")
      .OptionalChoice("use", &FeatureSpec::use, Operations(),
                      "what the feature does with it (docs/features.md); by default chosen from the profile")
      .When("use", {"cross"})
      .Texts("columns", &FeatureSpec::columns, "the 2 or 3 text columns whose combinations count")
      .When("", {});
  DeclareNumbers(feature);
  DeclareWords(feature);
  DeclareTimes(feature);
  return feature;
}

}  // namespace roost::config
