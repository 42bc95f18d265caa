#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/declared.h"
#include "config/evaluation.h"
#include "predict/task.h"
#include "train/boosted_trees.h"
#include "train/linear.h"
#include "transform/transform.h"

namespace roost::config {

/// Which rows a model learns from and which it is measured on. Every fit, training, evaluation and cleaning takes the
/// parts from here; a row's part does not depend on the other parts' values.
enum class SplitBy {
  kTime,   ///< the latest rows of `column` are kept back
  kGroup,  ///< rows of one value of `column` stay together: the hash of the value decides
  kHash,   ///< the hash of the `key` columns decides
};

struct SplitConfig {
  SplitBy by = SplitBy::kTime;
  std::string column;            ///< time, group
  std::vector<std::string> key;  ///< hash
  double evaluate_share = 0.25;  ///< kept from every fit: early stopping, tuning, evaluation
  double test_share = 0;         ///< kept from early stopping and tuning too: the latest rows, or a hash of their own
  double threshold_share = 0;    ///< kept from training, for nothing but the threshold that is learned on them
};

enum class TrainerKind { kLinear, kBoostedTrees, kExternal };

/// Where a training begins.
enum class TrainingStart {
  kWarm,      ///< at the parent, in the way that suits the trainer: trees continue
  kCold,      ///< from nothing
  kContinue,  ///< trees: new ones on top of the parent's
  kRefresh,   ///< trees: the parent's with leaves from the new rows
};

/// What an external trainer is given.
enum class TrainerInput {
  kColumns,   ///< the columns as they are; the ONNX model takes columns
  kFeatures,  ///< the features of `features:` as one matrix; the ONNX model takes that matrix
};

/// How a model learns. Which fields count depends on `kind`.
struct TrainerConfig {
  TrainerKind kind = TrainerKind::kLinear;
  TrainingStart start = TrainingStart::kWarm;
  int64_t cold_every = 0;
  int64_t seed = 0;
  double l1 = 0.0;
  double l2 = 1.0;
  // linear
  std::optional<train::Loss> loss;  ///< none: the one that suits the task
  train::Solver solver = train::Solver::kAuto;
  int64_t max_iterations = train::LinearOptions().max_iterations;
  double tolerance = train::LinearOptions().tolerance;
  int64_t passes = train::LinearOptions().passes;
  // boosted_trees
  int64_t rounds = train::TreesOptions().rounds;
  int64_t max_depth = train::TreesOptions().max_depth;
  double learning_rate = train::TreesOptions().learning_rate;
  double min_child_weight = train::TreesOptions().min_child_weight;
  double gamma = train::TreesOptions().gamma;
  double subsample = train::TreesOptions().subsample;
  double column_share = train::TreesOptions().column_share;
  int64_t max_bins = train::TreesOptions().max_bins;
  int64_t early_stopping = train::TreesOptions().early_stopping;
  int64_t max_trees = train::TreesOptions().max_trees;
  double decay = train::TreesOptions().decay;
  // external
  std::vector<std::string> command;
  TrainerInput input = TrainerInput::kColumns;
  std::string options = "{}";  ///< JSON, handed to the program as it is
  std::vector<std::string> environment;
  double max_minutes = 60;
  int64_t max_memory_mb = 0;  ///< 0: no limit
};

enum class ClassWeights { kNone, kBalanced };

/// A threshold that each training learns on rows of its own.
struct ThresholdConfig {
  std::string best;    ///< the metric by which it is best
  double share = 0.1;  ///< of the rows
};

/// One parameter that `roost tune` may change: a number between two, or one of some values.
struct TunedParameter {
  std::string key;  ///< of the trainer: "l2", "options.depth"
  std::optional<double> low, high;
  bool log = false;
  bool whole = false;
  std::vector<std::string> values;
};

struct TuneConfig {
  std::vector<TunedParameter> space;
  int64_t trials = 16;
  int64_t keep_one_in = 3;
  double least_share = 0.1;
};

/// Who calls a model, as roost.yaml says.
struct ModelConsumer {
  std::string contact;  ///< a person or a team
  std::string why;

  friend bool operator==(const ModelConsumer&, const ModelConsumer&) = default;
};

/// One model of the project.
struct ModelConfig {
  std::string name;
  std::optional<predict::Task> task;  ///< none: what the label's kind says
  std::string label;                  ///< an expression
  std::string weight;                 ///< an expression of numbers; empty: all rows alike
  ClassWeights class_weights = ClassWeights::kNone;
  std::string group;                ///< ranking: the column whose equal values are one list
  std::optional<double> threshold;  ///< binary: from which probability on the decision is true; none: 0.5
  std::optional<ThresholdConfig> learned_threshold;  ///< in its place
  SplitConfig split;
  std::map<std::string, std::string> scores;  ///< a column by name -> the model whose score it is: NAME, NAME@ALIAS
  std::vector<transform::DerivedColumn> columns;
  bool auto_features = false;  ///< chosen from the profile; `features` is empty then
  std::vector<transform::FeatureSpec> features;
  TrainerConfig trainer;
  std::optional<TuneConfig> tune;
  EvaluationConfig evaluation;
  std::optional<GateConfig> gate;
  std::map<std::string, ModelConsumer> consumers;
};

/// Where the name of a model stands: in its key `name`, or before it, as in `models:`.
enum class ModelNaming { kByKey, kByMapping };

/// The keys of `model:`, or of one of `models:`.
Declaration<ModelConfig> DeclareModel(ModelNaming naming = ModelNaming::kByKey);

/// The keys of one entry of `model.features`.
Declaration<transform::FeatureSpec> DeclareFeature();

/// What no single key says: keys that need each other. InvalidArgument, naming the keys.
absl::Status CheckModel(const ModelConfig& model);

/// InvalidArgument unless `text` parses as an expression.
absl::Status CheckExpression(const std::string& text);

/// InvalidArgument unless `name` is up to 100 letters, digits, '.', '_' and '-', a letter or digit first: what the
/// store and URLs take as a name.
absl::Status CheckName(const std::string& name);
/// The same as a regular expression.
inline constexpr char kNamePattern[] = "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$";

}  // namespace roost::config
