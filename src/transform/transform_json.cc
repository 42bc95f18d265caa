#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/status.h"
#include "transform/fitted.h"
#include "transform/json_object.h"

namespace roost::transform {
namespace {

constexpr int64_t kVersion = 1;

constexpr Operation kOperations[] = {Operation::kStandardize, Operation::kBucketize, Operation::kOneHot,
                                     Operation::kHour,        Operation::kWeekday,   Operation::kMonth};

std::optional<Operation> OperationOf(std::string_view name) {
  for (const Operation operation : kOperations) {
    if (OperationName(operation) == name) return operation;
  }
  return std::nullopt;
}

Json FeatureToJson(const FittedFeature& feature) {
  Json json = {{"column", feature.column}, {"use", std::string(OperationName(feature.use))}};
  switch (feature.use) {
    case Operation::kStandardize:
      json["mean"] = feature.mean;
      json["standard_deviation"] = feature.standard_deviation;
      break;
    case Operation::kBucketize: json["borders"] = feature.borders; break;
    case Operation::kOneHot: {
      const auto words = feature.vocabulary.words();
      json["words"] = std::vector<std::string>(words.begin(), words.end());
      json["unknown_buckets"] = feature.vocabulary.unknown_buckets();
      break;
    }
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    default: break;
  }
  return json;
}

absl::Status ReadStandardize(const Json& json, const std::string& where, FittedFeature& feature) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, where, {"column", "use", "mean", "standard_deviation"}));
  TRY_ASSIGN(feature.mean, object.Number("mean"));
  TRY_ASSIGN(feature.standard_deviation, object.Number("standard_deviation"));
  if (feature.standard_deviation < 0) return object.Fail("standard_deviation", "must not be negative");
  return absl::OkStatus();
}

absl::Status ReadBucketize(const Json& json, const std::string& where, FittedFeature& feature) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, where, {"column", "use", "borders"}));
  TRY_ASSIGN(feature.borders, object.Numbers("borders", 1, kMaxBuckets - 1));
  const auto& borders = feature.borders;
  if (std::adjacent_find(borders.begin(), borders.end(), std::greater_equal<>()) != borders.end()) {
    return object.Fail("borders", "must be strictly increasing");
  }
  return absl::OkStatus();
}

absl::Status ReadOneHot(const Json& json, const std::string& where, FittedFeature& feature) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, where, {"column", "use", "words", "unknown_buckets"}));
  TRY_ASSIGN(std::vector<std::string> words, object.Texts("words", 1, kMaxWords));
  TRY_ASSIGN(const int64_t unknown_buckets, object.Integer("unknown_buckets", 1, kMaxUnknownBuckets));
  absl::flat_hash_set<std::string> known;
  for (const std::string& word : words) {
    if (!IsUtf8(word)) return object.Fail("words", "must be UTF-8");
    if (!known.insert(word).second) return object.Fail("words", fmt::format("holds '{}' twice", word));
  }
  feature.vocabulary = Vocabulary(std::move(words), static_cast<int32_t>(unknown_buckets));
  return absl::OkStatus();
}

absl::StatusOr<FittedFeature> ReadFeature(const Json& json, const std::string& where) {
  FittedFeature feature;
  TRY_ASSIGN(const JsonObject object,
             JsonObject::Make(json, where,
                              {"column", "use", "mean", "standard_deviation", "borders", "words", "unknown_buckets"}));
  TRY_ASSIGN(feature.column, object.Text("column"));
  TRY_ASSIGN(const std::string use, object.Text("use"));
  const std::optional<Operation> operation = OperationOf(use);
  if (!operation.has_value()) return object.Fail("use", fmt::format("must be an operation, not '{}'", use));
  feature.use = *operation;
  switch (feature.use) {
    case Operation::kStandardize: TRY(ReadStandardize(json, where, feature)); break;
    case Operation::kBucketize: TRY(ReadBucketize(json, where, feature)); break;
    case Operation::kOneHot: TRY(ReadOneHot(json, where, feature)); break;
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    default: TRY(JsonObject::Make(json, where, {"column", "use"}).status()); break;
  }
  return feature;
}

// The inputs are there for readers of the file; what they say must be what the features say.
absl::Status CheckInputs(std::span<const Json* const> inputs, std::span<const InputColumn> wanted) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    TRY_ASSIGN(const JsonObject object,
               JsonObject::Make(*inputs[i], fmt::format("transform: inputs[{}]", i), {"name", "kind"}));
    TRY_ASSIGN(const std::string name, object.Text("name"));
    TRY_ASSIGN(const std::string kind, object.Text("kind"));
    if (i >= wanted.size()) return object.Fail("name", fmt::format("is '{}', which no feature uses", name));
    if (name != wanted[i].name) {
      return object.Fail("name", fmt::format("must be '{}', as the features use it, not '{}'", wanted[i].name, name));
    }
    const std::string_view wanted_kind = column::KindName(wanted[i].kind);
    if (kind != wanted_kind) return object.Fail("kind", fmt::format("must be '{}', not '{}'", wanted_kind, kind));
  }
  if (inputs.size() == wanted.size()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("transform: 'inputs' lacks '{}', which a feature uses", wanted[inputs.size()].name));
}

}  // namespace

Json Transform::ToJson() const {
  Json inputs_json = Json::array();
  for (const InputColumn& input : fitted_->inputs) {
    inputs_json.push_back({{"name", input.name}, {"kind", std::string(column::KindName(input.kind))}});
  }
  Json features_json = Json::array();
  for (const FittedFeature& feature : fitted_->features) features_json.push_back(FeatureToJson(feature));
  return {{"version", kVersion}, {"inputs", std::move(inputs_json)}, {"features", std::move(features_json)}};
}

absl::StatusOr<Transform> Transform::FromJson(const Json& json) {
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, "transform", {"version", "inputs", "features"}));
  TRY(object.Integer("version", kVersion, kVersion).status());
  TRY_ASSIGN(const std::vector<const Json*> inputs_json, object.Array("inputs", 1, kMaxFeatures));
  TRY_ASSIGN(const std::vector<const Json*> features_json, object.Array("features", 1, kMaxFeatures));
  std::vector<FittedFeature> features;
  for (size_t i = 0; i < features_json.size(); ++i) {
    TRY_ASSIGN(FittedFeature feature, ReadFeature(*features_json[i], fmt::format("transform: features[{}]", i)));
    features.push_back(std::move(feature));
  }
  auto transform = Fitted::Assemble(std::move(features));
  if (!transform.ok()) return Annotate(transform.status(), "transform");
  TRY(CheckInputs(inputs_json, transform->inputs()));
  return transform;
}

}  // namespace roost::transform
