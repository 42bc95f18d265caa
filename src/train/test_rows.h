#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "train/linear.h"

namespace roost::train {

/// For tests: rows with their targets and weights.
struct TestRows {
  transform::FeatureRows rows;
  std::vector<double> targets;
  std::vector<double> weights;
  int32_t num_classes = 2;

  void Add(const std::vector<std::pair<int32_t, double>>& entries, double target) {
    for (const auto& [index, value] : entries) {
      rows.indices.push_back(index);
      rows.values.push_back(value);
    }
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
    targets.push_back(target);
  }

  TrainingRows Training() const {
    return {.features = &rows, .targets = targets, .weights = weights, .num_classes = num_classes};
  }
};

/// A target of `loss` that follows `margin`, with noise.
inline double TargetOf(Loss loss, double margin, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  switch (loss) {
    case Loss::kSquared: return margin + uniform(random) - 0.5;
    case Loss::kPoisson: return std::poisson_distribution<int>(std::exp(0.4 * margin))(random);
    case Loss::kSoftmax: {
      const double noisy = margin + 2 * uniform(random) - 1;
      return noisy > 1 ? 2 : noisy > -0.5 ? 1 : 0;
    }
    default: return uniform(random) < 1 / (1 + std::exp(-margin)) ? 1 : 0;
  }
}

/// Rows as a transform makes them: two categories as one-hot features, and one number, which in half of the sets
/// depends on the first category (so that rows become cells). Targets follow a model of all.
inline TestRows Categories(Loss loss, int num_rows, int num_categories, uint64_t seed, bool few_numbers = false) {
  std::mt19937_64 random(seed);
  std::mt19937_64 of_weights(99);  // the same model for any seed
  std::normal_distribution<double> normal;
  std::vector<double> weights(2 * num_categories);
  for (double& weight : weights) weight = 0.7 * normal(of_weights);
  TestRows data;
  data.num_classes = loss == Loss::kSoftmax ? 3 : 2;
  data.rows.num_features = 2 * num_categories + 1;
  for (int row = 0; row < num_rows; ++row) {
    const auto first = static_cast<int32_t>(random() % num_categories);
    const auto second = static_cast<int32_t>(num_categories + random() % num_categories);
    const double number = few_numbers ? std::sin(first) : normal(random);
    const double margin = weights[first] + weights[second] + 0.8 * number - 0.3;
    data.Add({{first, 1.0}, {second, 1.0}, {2 * num_categories, number}}, TargetOf(loss, margin, random));
  }
  return data;
}

/// Rows that have all features.
inline TestRows Matrix(Loss loss, int num_rows, int num_features, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  TestRows data;
  data.num_classes = loss == Loss::kSoftmax ? 3 : 2;
  data.rows.num_features = num_features;
  for (int row = 0; row < num_rows; ++row) {
    std::vector<std::pair<int32_t, double>> entries;
    double margin = 0.2;
    for (int32_t j = 0; j < num_features; ++j) {
      entries.emplace_back(j, normal(random));
      margin += std::sin(j) * entries.back().second;
    }
    data.Add(entries, TargetOf(loss, margin, random));
  }
  return data;
}

}  // namespace roost::train
