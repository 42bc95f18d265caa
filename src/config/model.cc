#include "config/model.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/declared_values.h"
#include "base/json.h"
#include "base/status.h"
#include "config/training_order.h"
#include "expr/expression.h"

namespace roost::config {
namespace {

Declaration<SplitConfig> DeclareSplit() {
  Declaration<SplitConfig> split;
  split
      .Choice(
          "by", &SplitConfig::by, {{"time", SplitBy::kTime}, {"group", SplitBy::kGroup}, {"hash", SplitBy::kHash}},
          "`time`: the latest rows are kept back; `group`: rows of one value of `column` stay together; `hash`: the "
          "hash of the `key` columns decides")
      .When("by", {"time", "group"})
      .Text("column", &SplitConfig::column, "a time column, or the column whose values are the groups")
      .When("by", {"hash"})
      .Texts("key", &SplitConfig::key, "the columns that tell rows apart")
      .When("", {})
      .Number("evaluate_share", &SplitConfig::evaluate_share, {.min = 0.01, .max = 0.9},
              "the share of the rows that is kept from every fit: stops trees early, tunes, evaluates")
      .Number("test_share", &SplitConfig::test_share, {.min = 0, .max = 0.9},
              "the share that nothing but `roost evaluate --part test` looks at; by time the very latest rows");
  return split;
}

absl::Status ReadOptions(const YamlNode& node, TrainerConfig& trainer) {
  if (!node.IsMap()) return node.Error("want a mapping: it is handed to the trainer as it is");
  trainer.options = PlainJson(node).dump();
  return absl::OkStatus();
}

void DeclareLinear(Declaration<TrainerConfig>& trainer) {
  using train::Loss;
  using train::Solver;
  trainer.When("kind", {"linear"})
      .OptionalChoice("loss", &TrainerConfig::loss,
                      {{"squared", Loss::kSquared},
                       {"logistic", Loss::kLogistic},
                       {"softmax", Loss::kSoftmax},
                       {"hinge", Loss::kHinge},
                       {"squared_hinge", Loss::kSquaredHinge},
                       {"poisson", Loss::kPoisson}},
                      "by default the one of the task: logistic, softmax, squared, poisson")
      .Choice("solver", &TrainerConfig::solver,
              {{"auto", Solver::kAuto},
               {"newton", Solver::kNewton},
               {"newton_cg", Solver::kNewtonCg},
               {"proximal", Solver::kProximal},
               {"ftrl", Solver::kFtrl}},
              "`auto` takes the one that suits loss, penalty and width")
      .Integer("max_iterations", &TrainerConfig::max_iterations, {.min = 1, .max = 10'000}, "steps at most")
      .Number("tolerance", &TrainerConfig::tolerance, {.min = 1e-14, .max = 1},
              "done when no entry of the mean gradient is larger")
      .Integer("passes", &TrainerConfig::passes, {.min = 1, .max = 1000}, "passes over the rows of `solver: ftrl`");
}

void DeclareTrees(Declaration<TrainerConfig>& trainer) {
  trainer.When("kind", {"boosted_trees"})
      .Integer("rounds", &TrainerConfig::rounds, {.min = 1, .max = 100'000}, "trees at most (of classes: one a class)")
      .Integer("max_depth", &TrainerConfig::max_depth, {.min = 1, .max = 16}, "questions from the root to a leaf")
      .Number("learning_rate", &TrainerConfig::learning_rate, {.min = 1e-6, .max = 1}, "how much of each tree counts")
      .Number("min_child_weight", &TrainerConfig::min_child_weight, {.min = 0, .max = 1e9},
              "a leaf has at least this sum of second derivatives")
      .Number("gamma", &TrainerConfig::gamma, {.min = 0, .max = 1e9}, "a question gains at least this")
      .Number("subsample", &TrainerConfig::subsample, {.min = 0.01, .max = 1}, "share of the rows that a tree sees")
      .Number("column_share", &TrainerConfig::column_share, {.min = 0.01, .max = 1},
              "share of the features that a tree sees")
      .Integer("max_bins", &TrainerConfig::max_bins, {.min = 2, .max = 65'535}, "thresholds tried for each feature")
      .Integer("early_stopping", &TrainerConfig::early_stopping, {.min = 0, .max = 10'000},
               "stops after so many trees that do not better the evaluation rows; 0: never")
      .Integer("max_trees", &TrainerConfig::max_trees, {.min = 1, .max = 1'000'000},
               "a warm start that would have more begins from nothing")
      .Number("decay", &TrainerConfig::decay, {.min = 0, .max = 1},
              "`start: refresh`: a leaf is so much of its old value, the rest from the new rows");
}

void DeclareExternal(Declaration<TrainerConfig>& trainer) {
  trainer.When("kind", {"external"})
      .Texts("command", &TrainerConfig::command,
             "the program and its arguments, run in the project's folder (docs/trainers.md)")
      .Choice("input", &TrainerConfig::input,
              {{"columns", TrainerInput::kColumns}, {"features", TrainerInput::kFeatures}},
              "what it gets: the columns as they are, or the features of `features` as one matrix")
      .Custom("options", "mapping", "", "handed to the program as it is", Presence::kOptional, ReadOptions)
      .Shaped(ValueShape::Any())
      .Texts("environment", &TrainerConfig::environment, "names of environment variables that it may see")
      .Number("max_minutes", &TrainerConfig::max_minutes, {.min = 0.01, .max = 100'000}, "it is stopped after that")
      .Integer("max_memory_mb", &TrainerConfig::max_memory_mb, {.min = 0, .max = 100'000'000},
               "it is stopped when it takes more; 0: no limit");
}

Declaration<TrainerConfig> DeclareTrainer() {
  Declaration<TrainerConfig> trainer;
  trainer
      .Choice("kind", &TrainerConfig::kind,
              {{"linear", TrainerKind::kLinear},
               {"boosted_trees", TrainerKind::kBoostedTrees},
               {"external", TrainerKind::kExternal}},
              "`linear`: weights found by own solvers; `boosted_trees`: XGBoost; `external`: any program")
      .Choice("start", &TrainerConfig::start,
              {{"warm", TrainingStart::kWarm},
               {"cold", TrainingStart::kCold},
               {"continue", TrainingStart::kContinue},
               {"refresh", TrainingStart::kRefresh}},
              "a new version begins at the version before (`warm`), or from nothing; `continue` and `refresh` are of "
              "trees: new ones on top, or the same ones with new leaves")
      .Integer("cold_every", &TrainerConfig::cold_every, {.min = 0, .max = 1000},
               "every so many versions a cold training is held against the warm one; 0: never")
      .Integer("seed", &TrainerConfig::seed, {.min = 0, .max = int64_t{1} << 53}, "of all that is random")
      .When("kind", {"linear", "boosted_trees"})
      .Number("l2", &TrainerConfig::l2, {.min = 0, .max = 1e9},
              "penalty on the squared weights (half of it times their sum; scikit-learn's C is 1/l2)")
      .Number("l1", &TrainerConfig::l1, {.min = 0, .max = 1e9}, "penalty on the weights' magnitudes");
  DeclareLinear(trainer);
  DeclareTrees(trainer);
  DeclareExternal(trainer);
  return trainer;
}

Declaration<TuneConfig> DeclareTune() {
  Declaration<TunedParameter> parameter;
  parameter
      .Text("key", &TunedParameter::key, "a key of the trainer: `l2`; of an external one `options.NAME`",
            Presence::kRequired)
      .OptionalNumber("low", &TunedParameter::low, {}, "the least value")
      .OptionalNumber("high", &TunedParameter::high, {}, "the greatest value")
      .Flag("log", &TunedParameter::log, "values are spread evenly over their logarithms")
      .Flag("whole", &TunedParameter::whole, "only whole numbers")
      .Texts("values", &TunedParameter::values, "the values to choose from, instead of `low` and `high`");
  Declaration<TuneConfig> tune;
  tune.List("space", &TuneConfig::space, parameter, "what may change", Presence::kRequired)
      .Integer("trials", &TuneConfig::trials, {.min = 1, .max = 10'000}, "combinations that are tried")
      .Integer("keep_one_in", &TuneConfig::keep_one_in, {.min = 2, .max = 10},
               "the best one in so many goes on, with so many times the rows")
      .Number("least_share", &TuneConfig::least_share, {.min = 0.001, .max = 1},
              "the share of the training rows that trials begin with; 1: all trials have all rows");
  return tune;
}

absl::Status ReadFeatures(const YamlNode& node, ModelConfig& model, const DeclaredKeys& keys) {
  if (node.IsScalar() && node.scalar() == "auto") {
    model.auto_features = true;
    return absl::OkStatus();
  }
  if (!node.IsList() || node.Elements().empty()) return node.Error("want 'auto' or a list with one entry or more");
  for (const YamlNode& element : node.Elements()) {
    transform::FeatureSpec feature;
    TRY(keys.Read(element, &feature));
    const bool crosses = feature.use == transform::Operation::kCross;
    if (feature.column.empty() && !crosses) return element.Error("key 'column' is missing: the column of the dataset");
    if (crosses && (feature.columns.size() < 2 || feature.columns.size() > 3)) {
      return element.Error("'use: cross' wants 2 or 3 'columns'");
    }
    model.features.push_back(std::move(feature));
  }
  return absl::OkStatus();
}

Declaration<ThresholdConfig> DeclareThreshold() {
  Declaration<ThresholdConfig> threshold;
  threshold
      .Text("best", &ThresholdConfig::best,
            "the metric that is best from there on (docs/gate.md): `f1`, `accuracy`, `value`", Presence::kRequired)
      .Number("share", &ThresholdConfig::share, {.min = 0.01, .max = 0.5},
              "of the rows: they are for this alone, neither trained on nor measured");
  return threshold;
}

absl::Status ReadThreshold(const YamlNode& node, ModelConfig& model) {
  if (node.IsMap()) {
    ThresholdConfig learned;
    TRY(DeclareThreshold().keys()->Read(node, &learned));
    model.split.threshold_share = learned.share;
    model.learned_threshold = std::move(learned);
    return absl::OkStatus();
  }
  TRY_ASSIGN(model.threshold, ReadNumber(node, {.min = 0, .max = 1}));
  return absl::OkStatus();
}

absl::Status ReadScores(const YamlNode& node, ModelConfig& model) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from names of columns to models");
  for (const YamlNode::Member& member : node.Members()) {
    TRY_ASSIGN(const std::string reference, ReadText(member.value));
    const std::string name(ModelNameIn(reference));
    if (const absl::Status bad = CheckName(name); !bad.ok()) return member.value.Error(std::string(bad.message()));
    model.scores[member.name] = reference;
  }
  return absl::OkStatus();
}

absl::Status CheckSplit(const SplitConfig& split) {
  if (split.by == SplitBy::kHash ? split.key.empty() : split.column.empty()) {
    return absl::InvalidArgumentError(fmt::format(
        "model.split: key '{}' is missing: {}", split.by == SplitBy::kHash ? "key" : "column",
        split.by == SplitBy::kHash ? "the columns that tell rows apart" : "a time column, or the groups' column"));
  }
  if (split.evaluate_share + split.test_share + split.threshold_share <= 0.95) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("model.split: evaluate_share and test_share{} leave less than 5 % to learn from",
                  split.threshold_share > 0 ? " and model.threshold.share" : ""));
}

absl::Status CheckTrainer(const TrainerConfig& trainer) {
  if (trainer.kind == TrainerKind::kExternal && trainer.command.empty()) {
    return absl::InvalidArgumentError("model.trainer: key 'command' is missing: the program and its arguments");
  }
  const bool of_trees = trainer.start == TrainingStart::kContinue || trainer.start == TrainingStart::kRefresh;
  if (of_trees && trainer.kind != TrainerKind::kBoostedTrees) {
    return absl::InvalidArgumentError("model.trainer: start 'continue' and 'refresh' belong to 'kind: boosted_trees'");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckExpression(const std::string& text) { return expr::Expression::Parse(text).status(); }

namespace {

Declaration<ModelConsumer> DeclareModelConsumer() {
  Declaration<ModelConsumer> consumer;
  consumer.Text("contact", &ModelConsumer::contact, "whom to tell: a person or a team")
      .Text("why", &ModelConsumer::why, "what the model is called for");
  return consumer;
}

absl::Status ReadModelConsumers(const YamlNode& node, ModelConfig& model) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of consumers");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    ModelConsumer consumer;
    TRY(DeclareModelConsumer().keys()->Read(member.value, &consumer));
    model.consumers[member.name] = std::move(consumer);
  }
  return absl::OkStatus();
}

}  // namespace

Declaration<ModelConfig> DeclareModel(ModelNaming naming) {
  using predict::Task;
  Declaration<transform::DerivedColumn> column;
  column.Text("name", &transform::DerivedColumn::name, "the new column", Presence::kRequired)
      .Text("value", &transform::DerivedColumn::expression, "an expression (docs/expressions.md)", Presence::kRequired,
            CheckExpression);
  const Declaration<transform::FeatureSpec> feature = DeclareFeature();
  Declaration<ModelConfig> model;
  if (naming == ModelNaming::kByKey) {
    model.Text("name", &ModelConfig::name, "the model's name", Presence::kRequired, CheckName)
        .Shaped(ValueShape::Text(kNamePattern));
  }
  model
      .OptionalChoice("task", &ModelConfig::task,
                      {{"binary", Task::kBinary},
                       {"classes", Task::kClasses},
                       {"number", Task::kNumber},
                       {"counts", Task::kCounts},
                       {"ranking", Task::kRanking}},
                      "what is predicted; by default what the label is: true or false, a text, a number")
      .Text("label", &ModelConfig::label, "an expression: what is to be predicted (docs/expressions.md)",
            Presence::kRequired, CheckExpression)
      .Text("weight", &ModelConfig::weight, "an expression of numbers: how much a row counts", Presence::kOptional,
            CheckExpression)
      .Choice("class_weights", &ModelConfig::class_weights,
              {{"none", ClassWeights::kNone}, {"balanced", ClassWeights::kBalanced}},
              "`balanced`: every class counts as much in training, however rare it is")
      .Custom("threshold", "number from 0 to 1, or a mapping", "0.5",
              "tasks of true or false: from which probability on the decision is true; `{best: f1}` learns it in each "
              "training",
              Presence::kOptional, ReadThreshold, DeclareThreshold().keys())
      .Shaped(ValueShape::Either(
          {ValueShape::Number({.min = 0, .max = 1}), ValueShape::Section(DeclareThreshold().keys())}))
      .Text("group", &ModelConfig::group, "ranking: the column whose equal values are one list")
      .Section("split", &ModelConfig::split, DeclareSplit(), "which rows are for training, which for evaluation",
               Presence::kRequired)
      .Custom("scores", "mapping from names of columns", "",
              "columns that are the scores of other models: `NAME`, `NAME@champion`, `NAME@2` (docs/several-models.md)",
              Presence::kOptional, ReadScores)
      .Shaped(ValueShape::Named(ValueShape::Text()))
      .List("columns", &ModelConfig::columns, column, "columns that are computed from others")
      .Custom(
          "features", "`auto`, or a list", "", "what the model sees of a row; `auto` chooses from the profile",
          Presence::kRequired,
          [keys = feature.keys()](const YamlNode& node, ModelConfig& target) {
            return ReadFeatures(node, target, *keys);
          },
          feature.keys())
      .Shaped(ValueShape::Either({ValueShape::Choice({"auto"}), ValueShape::List(ValueShape::Section(feature.keys()))}))
      .Section("trainer", &ModelConfig::trainer, DeclareTrainer(), "how the model learns")
      .Section("tune", &ModelConfig::tune, DeclareTune(), "what `roost tune` tries")
      .Section("evaluation", &ModelConfig::evaluation, DeclareEvaluation(), "how versions are measured and compared")
      .Section("gate", &ModelConfig::gate, DeclareGate(), "what a version must keep to be released: `roost gate`")
      .Custom("consumers", "mapping from the names of consumers", "",
              "who calls the model; `roost model consumers` shows them, and whoever releases a version is told of them",
              Presence::kOptional, ReadModelConsumers, DeclareModelConsumer().keys())
      .Shaped(ValueShape::Named(ValueShape::Section(DeclareModelConsumer().keys()), kNamePattern));
  return model;
}

absl::Status CheckModel(const ModelConfig& model) {
  TRY(CheckSplit(model.split));
  TRY(CheckTrainer(model.trainer));
  const bool takes_columns =
      model.trainer.kind == TrainerKind::kExternal && model.trainer.input == TrainerInput::kColumns;
  if (takes_columns && !model.columns.empty()) {
    return WithHint(absl::InvalidArgumentError("model.columns: an external trainer with 'input: columns' gets the "
                                               "columns of the dataset, and computes others itself"),
                    "take 'input: features', or compute them in the trainer");
  }
  if (takes_columns && !model.scores.empty()) {
    return WithHint(
        absl::InvalidArgumentError("model.scores: an external trainer with 'input: columns' gets the columns "
                                   "of the dataset"),
        "take 'input: features'");
  }
  if (model.task == predict::Task::kRanking && model.group.empty()) {
    return absl::InvalidArgumentError("model: key 'group' is missing: a ranking needs the column of its lists");
  }
  return absl::OkStatus();
}

}  // namespace roost::config
