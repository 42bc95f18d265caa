#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/leakage.h"
#include "api/project.h"
#include "api/trainers.h"
#include "base/context.h"
#include "evaluate/evaluation.h"
#include "evaluate/importance.h"
#include "evaluate/value.h"
#include "registry/registry.h"
#include "transform/choose.h"

namespace roost::api {

struct TrainRequest {
  std::string reference;  ///< a dataset version; empty: the latest one of the project's dataset
  std::string parent;     ///< the version to start from; empty: the newest one of other data or configuration
  bool first = false;     ///< as if there were no version yet
  bool cold = false;      ///< from nothing, and held against the parent where there is one
};

/// Of a warm and a cold training of the same rows, where both were made, the one that is not the version.
struct OtherTraining {
  TrainerReport report;
  evaluate::Evaluation evaluation;
  absl::Duration elapsed;
};

struct TrainResponse {
  registry::ModelVersion version;
  bool is_new = true;   ///< false: the same data, configuration and code gave the bytes of this version before
  std::string dataset;  ///< "flights@4"
  int64_t train_rows = 0;
  int64_t evaluate_rows = 0;
  int64_t unlabelled_rows = 0;         ///< rows without a label or a value in the split's column: they are left out
  std::string trained_on;              ///< which rows: "before 2001-04-23T12:39:00Z"
  std::optional<absl::Time> split_at;  ///< by time: rows before it trained the model
  int32_t num_features = 0;            ///< 0: the trainer takes columns
  int64_t num_columns = 0;             ///< that the model takes
  std::vector<transform::ChosenFeature> chosen;  ///< of `features: auto`, with the reasons
  std::vector<Leak> leaks;
  TrainerReport report;
  absl::Duration elapsed;               ///< of the trainer
  std::optional<absl::Duration> saved;  ///< by the warm start: what the last cold training took for as many rows, less
  std::optional<OtherTraining> other;   ///< the other kind, where a cold training was due or asked for
  evaluate::Evaluation evaluation;      ///< on the rows of Part::kEvaluate
  evaluate::Importance importance;
  std::optional<evaluate::LearnedThreshold> threshold;  ///< where `model.threshold` has it learned
  std::string threshold_metric;                         ///< by which it is best
  int64_t threshold_rows = 0;                           ///< that it was learned on, and nothing else
};

/// Trains the project's model on a dataset version, evaluates it on the rows kept back, and registers it as a new
/// version. It starts from the version before, unless `model.trainer.start` or `request.cold` say otherwise; the same
/// dataset version, configuration, code and parent give the same model to the bit, on any number of threads, and no
/// new version. A long training keeps its state in the workspace: where it was killed, the same call goes on from
/// there, and ends with the same model (of trees that sample rows or columns: one as good). InvalidArgument where the
/// data cannot be learned from, FailedPrecondition where a fact that roost.yaml asserts does not hold; nothing is
/// registered then.
absl::StatusOr<TrainResponse> Train(Project& project, const TrainRequest& request, const Context& context);

/// A model with what it was trained on and how it does: what Train registers, and what one trial of a search makes.
struct Candidate {
  TrainedModel trained;
  evaluate::Evaluation evaluation;
  std::optional<evaluate::LearnedThreshold> threshold;  ///< where `model.threshold` has it learned
};

/// The rows of a training, with the statistics of those that are trained on.
struct TrainingRows {
  store::CommitInfo dataset;
  Split split;
  LabelledData data;                 ///< Part::kTrain and Part::kEvaluate; where it is learned, Part::kThreshold
  std::vector<std::string> columns;  ///< that features read
  profile::Profile profile;          ///< of the training rows
  std::vector<ScoreColumn> scores;   ///< of other models, among the columns
};

/// Reads and profiles; of the training rows only `train_share` of them. `reference` as TrainRequest. InvalidArgument
/// where a part is empty, or all labels are the same.
absl::StatusOr<TrainingRows> ReadTraining(Project& project, const config::ModelConfig& model,
                                          const std::string& reference, double train_share, const Context& context);

/// What `features: auto` chooses for `model`.
absl::StatusOr<transform::FeatureChoice> ChooseAll(const config::ModelConfig& model,
                                                   const profile::ProfileSummary& summary);

/// With the transform that was fitted on the training rows: for one training or many.
struct PreparedTraining {
  TrainingRows rows;
  transform::TransformSpec spec;                  ///< what the transform was fitted from
  std::optional<transform::Transform> transform;  ///< none where the trainer takes columns
  std::vector<transform::InputColumn> inputs;     ///< the columns that the model will take
  evaluate::TrainingBaseline baseline;            ///< what a dummy knows of the training rows
  std::vector<transform::ChosenFeature> chosen;   ///< of features without a 'use'
};

absl::StatusOr<PreparedTraining> PrepareTraining(Project& project, const config::ModelConfig& model,
                                                 const std::string& reference, double train_share,
                                                 const Context& context);

/// `reference`; empty: the latest version of the project's dataset.
absl::StatusOr<store::CommitInfo> ResolveDataset(Project& project, const std::string& reference);

/// The model of roost.yaml; InvalidArgument where there is none.
absl::StatusOr<const config::ModelConfig*> RequireModel(const Project& project);

/// Where a training begins.
struct CandidateStart {
  const ParentModel* parent = nullptr;       ///< null: from nothing
  std::string cold_reason;                   ///< why there is no parent
  TrainingCheckpoint* checkpoint = nullptr;  ///< null: a training that is killed begins again
};

/// Trains on what is prepared and measures the result on its Part::kEvaluate.
absl::StatusOr<Candidate> TrainCandidate(Project& project, const config::ModelConfig& model,
                                         const PreparedTraining& prepared, const CandidateStart& start,
                                         const Context& context);

}  // namespace roost::api
