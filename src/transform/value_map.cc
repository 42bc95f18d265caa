#include "transform/value_map.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "transform/feature_map.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

// Where each word of an ordinal feature is among those of its successor.
std::vector<int32_t> CodesOf(const FittedFeature& from, const FittedFeature& to) {
  absl::flat_hash_map<std::string_view, int32_t> codes;
  for (const std::string& word : to.vocabulary.words()) codes.emplace(word, static_cast<int32_t>(codes.size()));
  std::vector<int32_t> map;
  for (const std::string& word : from.vocabulary.words()) {
    const auto code = codes.find(word);
    map.push_back(code == codes.end() ? -1 : code->second);
  }
  return map;
}

void AddOrdinals(const Transform& from, const Transform& to, std::vector<ValueMap>& maps) {
  for (const FittedFeature& target : to.fitted().features) {
    if (target.use != Operation::kOrdinal) continue;
    for (const FittedFeature& source : from.fitted().features) {
      if (source.use != Operation::kOrdinal || source.columns != target.columns) continue;
      maps.push_back({.from = source.first, .to = target.first, .categories = CodesOf(source, target)});
    }
  }
}

}  // namespace

std::vector<ValueMap> MapValues(const Transform& from, const Transform& to) {
  const FeatureMap features = MapFeatures(from, to);
  // MapFeatures speaks of weights: w_to = factor * w_from and b_to = b_from + constant * w_from say that
  // value_from = factor * value_to + constant.
  absl::flat_hash_map<int32_t, double> constants;
  for (const WeightTerm& term : features.intercept) constants[term.from] += term.factor;
  std::vector<ValueMap> maps;
  for (int32_t feature = 0; feature < features.num_to; ++feature) {
    const auto terms = features.TermsOf(feature);
    if (terms.size() != 1 || terms[0].factor == 0 || to.IsCategory(feature)) continue;
    const auto constant = constants.find(terms[0].from);
    maps.push_back({.from = terms[0].from,
                    .to = feature,
                    .scale = 1 / terms[0].factor,
                    .shift = constant == constants.end() ? 0 : -constant->second / terms[0].factor});
  }
  AddOrdinals(from, to, maps);
  std::stable_sort(maps.begin(), maps.end(), [](const ValueMap& a, const ValueMap& b) { return a.to < b.to; });
  return maps;
}

}  // namespace roost::transform
