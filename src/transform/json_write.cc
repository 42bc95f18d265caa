#include <utility>

#include <nlohmann/json.hpp>

#include "transform/fitted.h"
#include "transform/json_version.h"

namespace roost::transform {
namespace {

void WriteSteps(const FittedFeature& feature, Json& json) {
  const NumberSteps& steps = feature.steps;
  for (const auto& [name, value] : {std::pair("imputed", steps.imputed),
                                    {"clip_low", steps.clip_low},
                                    {"clip_high", steps.clip_high},
                                    {"log_floor", steps.log_floor}}) {
    if (value.has_value()) json[name] = *value;
  }
  if (feature.indicator) json["indicator"] = true;
}

// Words of a cross as lists of their parts.
Json CrossWords(const Vocabulary& vocabulary) {
  Json words = Json::array();
  for (const std::string& word : vocabulary.words()) {
    Json parts = Json::array();
    size_t begin = 0;
    for (size_t end = word.find(kCrossSeparator); end != std::string::npos; end = word.find(kCrossSeparator, begin)) {
      parts.push_back(word.substr(begin, end - begin));
      begin = end + 1;
    }
    parts.push_back(word.substr(begin));
    words.push_back(std::move(parts));
  }
  return words;
}

void WriteVocabulary(const FittedFeature& feature, Json& json) {
  if (feature.hash_buckets > 0) {
    json["hash_buckets"] = feature.hash_buckets;
    return;
  }
  const auto words = feature.vocabulary.words();
  json["words"] = feature.use == Operation::kCross ? CrossWords(feature.vocabulary)
                                                   : Json(std::vector<std::string>(words.begin(), words.end()));
  if (HasMissingSlot(feature.use)) json["unknown_buckets"] = feature.vocabulary.unknown_buckets();
}

void WriteTokens(const FittedFeature& feature, Json& json) {
  json["ngrams"] = feature.ngrams;
  json["lower"] = feature.lower;
  json["weight"] = std::string(TokenWeightName(feature.weight));
  json["unit_length"] = feature.unit_length;
  WriteVocabulary(feature, json);
  if (feature.weight != TokenWeight::kTfIdf) return;
  json["rows"] = feature.rows;
  json["word_rows"] = feature.word_rows;
}

void WriteLearned(const FittedFeature& feature, Json& json) {
  switch (feature.use) {
    case Operation::kPolynomial: json["degree"] = feature.degree; [[fallthrough]];
    case Operation::kStandardize:
    case Operation::kListCount:
    case Operation::kListMean:
      json["mean"] = feature.mean;
      json["standard_deviation"] = feature.standard_deviation;
      break;
    case Operation::kAge:
      if (feature.columns.size() == 2) {
        json["until"] = feature.columns[1];
      } else {
        json["since"] = feature.since;
        json["since_micros"] = feature.since_micros;
      }
      json["mean"] = feature.mean;
      json["standard_deviation"] = feature.standard_deviation;
      break;
    case Operation::kMinMax:
      json["min"] = feature.min;
      json["max"] = feature.max;
      break;
    case Operation::kBucketize: json["borders"] = feature.borders; break;
    case Operation::kCyclic: json["period"] = std::string(PeriodName(feature.period)); break;
    case Operation::kOneHot:
    case Operation::kOrdinal:
    case Operation::kHash:
    case Operation::kCross:
    case Operation::kMultiHot: WriteVocabulary(feature, json); break;
    case Operation::kTokens: WriteTokens(feature, json); break;
    case Operation::kNumber:
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay: break;
  }
}

Json FeatureToJson(const FittedFeature& feature) {
  Json json = Json::object();
  if (feature.use == Operation::kCross) {
    json["columns"] = feature.columns;
  } else {
    json["column"] = feature.columns.front();
  }
  json["use"] = std::string(OperationName(feature.use));
  WriteSteps(feature, json);
  WriteLearned(feature, json);
  return json;
}

}  // namespace

Json Transform::ToJson() const {
  Json inputs_json = Json::array();
  for (size_t i = 0; i < fitted_->inputs.size(); ++i) {
    const InputColumn& input = fitted_->inputs[i];
    Json input_json = {{"name", input.name}, {"kind", std::string(column::KindName(input.kind))}};
    if (fitted_->input_is_boolean[i]) input_json["boolean"] = true;
    inputs_json.push_back(std::move(input_json));
  }
  Json json = {{"version", kTransformVersion}, {"inputs", std::move(inputs_json)}};
  if (!fitted_->derived.empty()) {
    Json derived_json = Json::array();
    for (const FittedDerived& derived : fitted_->derived) {
      derived_json.push_back({{"name", derived.declared.name}, {"expression", derived.declared.expression}});
    }
    json["derived"] = std::move(derived_json);
  }
  Json features_json = Json::array();
  for (const FittedFeature& feature : fitted_->features) features_json.push_back(FeatureToJson(feature));
  json["features"] = std::move(features_json);
  return json;
}

}  // namespace roost::transform
