#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/labelled_rows.h"
#include "api/parent.h"
#include "api/training_checkpoint.h"
#include "base/context.h"
#include "base/json.h"
#include "config/model.h"
#include "predict/model.h"
#include "transform/transform.h"

namespace roost::api {

/// What a training did: for people, and for the lineage of the model.
struct TrainerReport {
  std::string trainer;  ///< "linear", "boosted_trees", "external"
  std::string solver;   ///< "newton", "xgboost", or the program's name
  std::string start;    ///< "cold", "warm", "continue", "refresh"
  std::string reason;   ///< why it started so
  std::string parent;   ///< "late-flights@2"; empty: none
  int64_t steps = 0;    ///< Newton steps, or trees
  std::string unit;     ///< "steps", "trees"
  int64_t passes = 0;   ///< over the training rows; 0: not counted
  bool converged = true;
  std::string ended;                ///< why it ended, in words
  std::string loss_name;            ///< "log loss"
  double loss = 0;                  ///< on the training rows
  std::optional<double> objective;  ///< what was minimised, with its penalties
  std::optional<double> gradient_norm;
  int64_t features_kept = 0;              ///< warm: whose weight the parent had
  int64_t features_new = 0;               ///< warm: that the parent did not have
  int64_t features_dropped = 0;           ///< warm: of the parent, that are no more
  std::map<std::string, double> metrics;  ///< what an external trainer told
  int64_t resumed_after = 0;              ///< of `steps`: those of an earlier call that was killed; not in ToJson
  absl::Duration earlier;                 ///< what that call took for them; not in ToJson

  Json ToJson() const;
};

struct TrainedModel {
  predict::ScoringModel model;
  TrainerReport report;
  std::map<std::string, std::string> parts;  ///< of the package, beside those that every model has
  Json lineage = Json::object();             ///< what the next training needs to know, beside the report
};

/// What a trainer works on. All of it outlives the call.
struct TrainerJob {
  const config::ModelConfig& config;
  const LabelledData& data;
  const transform::Transform* transform = nullptr;  ///< null: the trainer takes columns, and makes its own features
  std::span<const transform::InputColumn> inputs;   ///< the columns that the model will take
  std::string identity;                 ///< of the rows: the digest of the dataset version, and whose scores they have
  const ParentModel* parent = nullptr;  ///< null: from nothing
  std::string cold_reason;              ///< why there is no parent
  TrainingCheckpoint* checkpoint = nullptr;  ///< null: none; an external trainer has one of its own
};

/// Trains by `config.trainer`: its rows are those of Part::kTrain; trees and external programs also see those of
/// Part::kEvaluate, to stop early. InvalidArgument where the labels do not suit (all the same, a class without rows,
/// ...), and the errors of the trainers.
absl::StatusOr<TrainedModel> RunTrainer(Project& project, const TrainerJob& job, const Context& context);

/// The one of RunTrainer for each kind.
absl::StatusOr<TrainedModel> TrainLinear(const TrainerJob& job, const Context& context);
absl::StatusOr<TrainedModel> TrainTrees(Project& project, const TrainerJob& job, const Context& context);
absl::StatusOr<TrainedModel> TrainExternal(Project& project, const TrainerJob& job, const Context& context);

/// The features of all rows of a part.
absl::StatusOr<transform::FeatureRows> Featurize(const transform::Transform& transform, const LabelledRows& rows,
                                                 const Context& context);

/// The weights of the training rows with the classes' weights in them; empty: all 1.
std::vector<double> TrainingWeights(const config::ModelConfig& config, const LabelledData& data);

}  // namespace roost::api
