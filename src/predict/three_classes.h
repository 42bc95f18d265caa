#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include "predict/predictor.h"

namespace roost::predict {

/// For tests: a predictor of three classes, whose margins are three sums over the features.
class ThreeClasses final : public Predictor {
 public:
  explicit ThreeClasses(int32_t num_features) : num_features_(num_features) {}

  void Score(const transform::FeatureVector& features, std::span<double> outputs) const override {
    double margin = 0;
    for (size_t i = 0; i < features.indices.size(); ++i) {
      margin += std::sin(features.indices[i]) * std::tanh(features.values[i]);
    }
    const double sum = 1 + std::exp(margin) + std::exp(-2 * margin);
    outputs[0] = 1 / sum;
    outputs[1] = std::exp(margin) / sum;
    outputs[2] = std::exp(-2 * margin) / sum;
  }
  int32_t num_features() const override { return num_features_; }
  int32_t num_outputs() const override { return 3; }
  std::string kind() const override { return "three_classes"; }
  Json ToJson() const override { return {{"kind", kind()}}; }

 private:
  int32_t num_features_;
};

}  // namespace roost::predict
