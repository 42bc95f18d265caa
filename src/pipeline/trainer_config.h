#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace roost::pipeline {

/// The version of the contract of docs/trainers.md that this program keeps.
inline constexpr int kTrainerContract = 1;

/// A column that an external trainer gets and that its model takes as an input of the same name.
struct TrainerColumn {
  std::string name;
  std::string kind;  ///< column::KindName: "number", "text", "time", "text_list", "number_list"
};

/// Where a feature of now was in the parent: new value = scale * old value + shift.
struct ParentFeature {
  int64_t old = -1;  ///< -1: the parent did not have it
  double scale = 1;
  double shift = 0;
};

/// The model version that a training starts from.
struct TrainerParent {
  std::string model;                    ///< "churn@3"
  std::vector<std::string> columns;     ///< the columns that it took
  std::vector<std::string> classes;     ///< the names of its classes, in the order of its outputs
  std::vector<ParentFeature> features;  ///< one a feature of now; empty where the input is columns
};

/// What config.json tells an external trainer (docs/trainers.md), without the paths, which the WorkFolder knows.
struct TrainerConfig {
  std::string model;                 ///< the model's name
  std::string task;                  ///< predict::TaskName: "binary", "classes", "number", "counts", "ranking"
  std::vector<std::string> classes;  ///< the names of the classes, for "classes"; else empty
  uint64_t seed = 0;
  int64_t threads = 1;
  std::string options = "{}";          ///< the user's own `options:`, a JSON object
  std::vector<TrainerColumn> columns;  ///< input: the columns themselves; empty where features are given
  std::vector<std::string> features;   ///< input: the features of the fitted transform; empty where columns are
  std::optional<TrainerParent> parent;
};

/// What stops a trainer that takes more than it may, and what its output may be.
struct TrainerLimits {
  double seconds = 0;                        ///< wall time; 0: no limit
  int64_t memory_bytes = 0;                  ///< of all its processes together, shared pages once; 0: no limit
  double grace_seconds = 30;                 ///< between SIGTERM and SIGKILL
  int64_t model_bytes = int64_t{512} << 20;  ///< of model.onnx: what predict loads
  int64_t output_bytes = 20'000'000'000;     ///< of all files of output/ together
};

}  // namespace roost::pipeline
