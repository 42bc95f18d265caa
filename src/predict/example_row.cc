#include "predict/example_row.h"

#include <cstdlib>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "transform/fitted.h"

namespace roost::predict {
namespace {

using transform::FittedFeature;

constexpr size_t kLongestWord = 60;

Json PlainValue(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber: return 1;
    case column::Kind::kText: return "a";
    case column::Kind::kTime: return "2001-05-01T13:45:00Z";
    case column::Kind::kTextList: return Json::array({"a"});
    case column::Kind::kNumberList: return Json::array({1});
  }
  return nullptr;
}

/// `value` in four digits, as people write examples.
Json RoundNumber(double value) {
  const double rounded = std::strtod(FormatNumber(value).c_str(), nullptr);
  const auto whole = static_cast<int64_t>(std::abs(rounded) < 1e15 ? rounded : 0.0);
  return static_cast<double>(whole) == rounded ? Json(whole) : Json(rounded);
}

Json NumberOf(const FittedFeature& feature) {
  if (!feature.borders.empty()) return RoundNumber(feature.borders[feature.borders.size() / 2]);
  if (feature.use == transform::Operation::kMinMax) return RoundNumber((feature.min + feature.max) / 2);
  return feature.steps.log_floor.has_value() ? Json() : RoundNumber(feature.mean);
}

/// What `feature` learned of its only column, of `kind`; null where that is nothing to show.
Json LearnedValue(const FittedFeature& feature, column::Kind kind) {
  using enum transform::Operation;
  switch (feature.use) {
    case kStandardize:
    case kMinMax:
    case kBucketize:
    case kPolynomial: return kind == column::Kind::kNumber ? NumberOf(feature) : Json();
    case kOneHot:
    case kOrdinal:
    case kMultiHot: {
      const auto words = feature.vocabulary.words();
      if (words.empty() || words.front().empty() || words.front().size() > kLongestWord) return {};
      if (kind == column::Kind::kText) return words.front();
      return kind == column::Kind::kTextList ? Json::array({words.front()}) : Json();
    }
    default: return {};
  }
}

}  // namespace

Json ExampleRow(const ScoringModel& model) {
  Json row = Json::object();
  for (const auto& input : model.inputs()) row[input.name] = PlainValue(input.kind);
  if (model.transform() == nullptr) return row;
  const auto& fitted = model.transform()->fitted();
  std::vector<bool> learned(fitted.inputs.size());
  for (const FittedFeature& feature : fitted.features) {
    const size_t source = feature.sources.front();
    if (feature.sources.size() != 1 || source >= learned.size() || learned[source]) continue;
    Json value = LearnedValue(feature, fitted.inputs[source].kind);
    if (value.is_null()) continue;
    row[fitted.inputs[source].name] = std::move(value);
    learned[source] = true;
  }
  return row;
}

}  // namespace roost::predict
