#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "predict/task.h"
#include "train/boosted_trees.h"
#include "train/training_rows.h"
#include "transform/features.h"

namespace roost::train {

/// Rows that own what TrainingRows borrows. Features 0 and 1 are numbers, 2 is a category of 12, 3 is a number that
/// most rows lack; the targets depend on all of them.
struct TestRows {
  transform::FeatureRows features;
  std::vector<double> targets;
  std::vector<int64_t> groups;
  int32_t num_classes = 2;

  TrainingRows View() const {
    return {.features = &features, .targets = targets, .groups = groups, .num_classes = num_classes};
  }
};

inline const std::vector<uint8_t> kTestCategories{0, 0, 1, 0};

inline double TestTarget(predict::Task task, double signal, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  switch (task) {
    case predict::Task::kBinary: return uniform(random) < 1 / (1 + std::exp(-signal)) ? 1 : 0;
    case predict::Task::kClasses: return signal + uniform(random) < 0 ? 0 : signal < 1.5 ? 1 : 2;
    case predict::Task::kNumber: return 100 * signal + uniform(random);
    case predict::Task::kCounts: return std::floor(std::exp(signal / 2) + uniform(random));
    case predict::Task::kRanking: return std::min(4.0, std::max(0.0, std::floor(signal + uniform(random))));
  }
  return 0;
}

/// `drift` moves what the targets depend on.
inline TestRows MakeTestRows(predict::Task task, int64_t count, uint64_t seed, double drift = 0) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> category(0, 11);
  TestRows rows;
  rows.features.num_features = 4;
  rows.num_classes = task == predict::Task::kClasses ? 3 : 2;
  for (int64_t row = 0; row < count; ++row) {
    const double x = normal(random);
    const double y = std::round(normal(random) * 4) / 4;
    const int code = category(random);
    double signal = (1 + drift) * x - y * y / 2 + (code % 3 == 0 ? 1.5 : -0.5);
    const auto add = [&](int32_t feature, double value) {
      rows.features.indices.push_back(feature);
      rows.features.values.push_back(value);
    };
    if (row % 11 != 0) add(0, x);
    add(1, y);
    if (row % 7 != 0) add(2, code);
    if (row % 5 == 0) {
      const double z = normal(random);
      add(3, z);
      signal += z;
    }
    rows.features.starts.push_back(static_cast<int64_t>(rows.features.indices.size()));
    rows.targets.push_back(TestTarget(task, signal, random));
    if (task == predict::Task::kRanking) rows.groups.push_back(row / 10);
  }
  return rows;
}

inline TreesOptions TestOptions(predict::Task task, int64_t rounds) {
  return {.task = task, .rounds = rounds, .max_depth = 5, .learning_rate = 0.3, .is_category = kTestCategories};
}

}  // namespace roost::train
