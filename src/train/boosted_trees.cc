#include "train/boosted_trees.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/format.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "train/xgboost_library.h"
#include "train/xgboost_model.h"
#include "train/xgboost_rows.h"

namespace roost::train {
namespace {

using predict::Task;

constexpr int64_t kMaxDepth = 30;
constexpr int64_t kMaxBins = 65536;
constexpr int64_t kTrainLossEvery = 10;  // rounds; a loss over the training rows costs up to a tenth of a round

struct Objective {
  const char* name;
  const char* metric;
};

Objective ObjectiveOf(Task task) {
  switch (task) {
    case Task::kBinary: return {"binary:logistic", "logloss"};
    case Task::kClasses: return {"multi:softprob", "mlogloss"};
    case Task::kNumber: return {"reg:squarederror", "rmse"};
    case Task::kCounts: return {"count:poisson", "poisson-nloglik"};
    case Task::kRanking: return {"rank:ndcg", "ndcg"};
  }
  return {"", ""};
}

absl::Status CheckInteger(const char* name, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} is {}; it must be {} to {}", name, value, low, high));
}

absl::Status CheckShare(const char* name, double value) {
  if (value > 0 && value <= 1) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} is {}; it must be above 0 and at most 1", name, value));
}

absl::Status CheckPositive(const char* name, double value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} is {}; it must be 0 or a positive number", name, value));
}

absl::Status CheckBaseScore(Task task, double score) {
  const bool in_range = task == Task::kBinary   ? score > 0 && score < 1
                        : task == Task::kCounts ? score > 0 && std::isfinite(score)
                                                : std::fabs(score) <= predict::TreesPredictor::kMaxLeaf;
  if (in_range) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("base_score is {}, which the task '{}' never predicts", score, predict::TaskName(task)));
}

absl::Status CheckOptions(const TreesOptions& options, const TrainingRows& rows) {
  TRY(CheckInteger("rounds", options.rounds, 1, predict::TreesPredictor::kMaxTrees));
  TRY(CheckInteger("max_depth", options.max_depth, 1, kMaxDepth));
  TRY(CheckInteger("max_bins", options.max_bins, 2, kMaxBins));
  TRY(CheckInteger("early_stopping", options.early_stopping, 0, predict::TreesPredictor::kMaxTrees));
  TRY(CheckInteger("max_trees", options.max_trees, 1, predict::TreesPredictor::kMaxTrees));
  TRY(CheckShare("learning_rate", options.learning_rate));
  TRY(CheckShare("subsample", options.subsample));
  TRY(CheckShare("column_share", options.column_share));
  TRY(CheckPositive("min_child_weight", options.min_child_weight));
  TRY(CheckPositive("l2", options.l2));
  TRY(CheckPositive("l1", options.l1));
  TRY(CheckPositive("gamma", options.gamma));
  if (!(options.decay >= 0 && options.decay <= 1)) {
    return absl::InvalidArgumentError(fmt::format("decay is {}; it must be 0 to 1", options.decay));
  }
  if (options.base_score.has_value()) TRY(CheckBaseScore(options.task, *options.base_score));
  if (options.task == Task::kClasses) {
    TRY(CheckInteger("the number of classes", rows.num_classes, 2, predict::TreesPredictor::kMaxTrees));
    TRY(CheckInteger("rounds * classes", options.rounds * rows.num_classes, 1, predict::TreesPredictor::kMaxTrees));
  }
  if (!options.is_category.empty() && options.is_category.size() != static_cast<size_t>(rows.features->num_features)) {
    return absl::InvalidArgumentError(fmt::format("is_category has {} elements for {} features",
                                                  options.is_category.size(), rows.features->num_features));
  }
  return absl::OkStatus();
}

absl::Status CheckTargetsDiffer(const TrainingRows& rows, Task task) {
  if (task != Task::kBinary && task != Task::kClasses) return absl::OkStatus();
  const double first = rows.targets.front();
  if (std::any_of(rows.targets.begin(), rows.targets.end(), [&](double target) { return target != first; })) {
    return absl::OkStatus();
  }
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("all {} rows are of class {}; a model needs two", rows.targets.size(), first)),
                  "Check the label's expression and the row filter.");
}

// How training begins, and the parent's model over today's features.
struct Beginning {
  TreesStart start = TreesStart::kCold;
  std::string reason;
  std::string model;
  int64_t trees = 0;
};

int64_t NumOutputs(const TrainingRows& rows, Task task) { return task == Task::kClasses ? rows.num_classes : 1; }

absl::StatusOr<Beginning> BeginWith(const TreesParent& parent, const TrainingRows& rows, const TreesOptions& options) {
  const int32_t num_features = rows.features->num_features;
  TRY_ASSIGN(const predict::TreesModel model, ReadXgboostModel(parent.xgboost_model));
  TRY(predict::TreesPredictor::Make(model).status());
  if (model.task != options.task) {
    return absl::FailedPreconditionError(fmt::format("the parent's task is '{}'", predict::TaskName(model.task)));
  }
  const int64_t outputs = NumOutputs(rows, options.task);
  if (static_cast<int64_t>(model.base_margins.size()) != outputs) {
    return absl::FailedPreconditionError(
        fmt::format("the parent has {} classes, not {}", model.base_margins.size(), outputs));
  }
  const auto trees = static_cast<int64_t>(model.trees.size());
  if (trees == 0 || trees % outputs != 0)
    return absl::FailedPreconditionError("the parent has no whole round of trees");
  if (parent.start == TreesStart::kContinue && trees + options.rounds * outputs > options.max_trees) {
    return absl::FailedPreconditionError(fmt::format("the parent has {} trees and {} more would pass max_trees, {}",
                                                     trees, options.rounds * outputs, options.max_trees));
  }
  std::vector<ParentFeature> features = parent.features;
  if (features.empty()) {
    if (model.num_features != num_features) {
      return absl::FailedPreconditionError(fmt::format("the parent has {} features", model.num_features));
    }
    for (int32_t i = 0; i < num_features; ++i) features.push_back({.feature = i});
  }
  if (features.size() != static_cast<size_t>(model.num_features)) {
    return absl::InvalidArgumentError(
        fmt::format("the parent has {} features, of which {} are mapped", model.num_features, features.size()));
  }
  TRY_ASSIGN(std::string mapped, MapXgboostModel(parent.xgboost_model, features, num_features, options.is_category));
  const std::string reason = fmt::format("the parent's {} trees fit today's features", trees);
  return Beginning{.start = parent.start, .reason = reason, .model = std::move(mapped), .trees = trees};
}

absl::StatusOr<Beginning> Begin(const TreesParent* parent, const TrainingRows& rows, const TreesOptions& options) {
  if (parent == nullptr) return Beginning{.reason = "there is no parent"};
  if (parent->start == TreesStart::kCold) return Beginning{.reason = "a cold start was asked for"};
  absl::StatusOr<Beginning> beginning = BeginWith(*parent, rows, options);
  if (absl::IsFailedPrecondition(beginning.status())) {
    return Beginning{.reason = std::string(beginning.status().message())};
  }
  return beginning;
}

absl::Status SetOptions(XgboostBooster& booster, const TrainingRows& rows, const TreesOptions& options,
                        const Context& context) {
  const Objective objective = ObjectiveOf(options.task);
  TRY(booster.Set("objective", objective.name));
  TRY(booster.Set("eval_metric", objective.metric));
  TRY(booster.Set("tree_method", "hist"));
  TRY(booster.Set("verbosity", "0"));
  TRY(booster.Set("nthread", fmt::format("{}", context.pool->num_threads())));
  // XGBoost's seed is an int64.
  TRY(booster.Set("seed", fmt::format("{}", context.seed >> 1)));
  TRY(booster.Set("seed_per_iteration", "true"));
  if (options.task == Task::kClasses) TRY(booster.Set("num_class", fmt::format("{}", rows.num_classes)));
  for (const auto& [name, value] : {std::pair{"max_depth", options.max_depth}, {"max_bin", options.max_bins}}) {
    TRY(booster.Set(name, fmt::format("{}", value)));
  }
  for (const auto& [name, value] : {std::pair{"learning_rate", options.learning_rate},
                                    {"min_child_weight", options.min_child_weight},
                                    {"reg_lambda", options.l2},
                                    {"reg_alpha", options.l1},
                                    {"gamma", options.gamma},
                                    {"subsample", options.subsample},
                                    {"colsample_bytree", options.column_share}}) {
    TRY(booster.Set(name, FormatExact(value)));
  }
  return absl::OkStatus();
}

// Sums over rows differ in their last bits by the number of threads: what is compared and recorded has nine digits.
double NineDigits(double loss) {
  const std::string text = fmt::format("{:.9g}", loss);
  double rounded = loss;
  std::from_chars(text.data(), text.data() + text.size(), rounded);
  return rounded;
}

class Training {
 public:
  Training(const TrainingRows& rows, const TreesOptions& options, const Context& context, Beginning beginning)
      : rows_(rows), options_(options), context_(context), beginning_(std::move(beginning)) {
    fit_.start = beginning_.start;
    fit_.start_reason = beginning_.reason;
    fit_.parent_trees = beginning_.trees;
    fit_.metric = ObjectiveOf(options.task).metric;
    fit_.higher_is_better = options.task == Task::kRanking;
  }

  absl::StatusOr<TreesFit> Run(const TrainingRows* evaluation) {
    for (const TrainingRows* rows : {&rows_, evaluation}) {
      if (rows == nullptr) continue;
      TRY_ASSIGN(XgboostMatrix matrix, MakeXgboostMatrix(*rows, options_.is_category, context_));
      matrices_.push_back(std::move(matrix));
      TRY(context_.CheckCancelled());
    }
    TRY_ASSIGN(XgboostBooster booster, XgboostBooster::Make(matrices_));
    const TreesState* from = options_.resumption.from;
    const std::string& grown = from == nullptr ? beginning_.model : from->xgboost_model;
    if (!grown.empty()) TRY(booster.Load(grown));
    TRY(SetOptions(booster, rows_, options_, context_));
    if (beginning_.start == TreesStart::kRefresh) {
      TRY(Refresh(booster));
    } else {
      TRY(Grow(booster));
    }
    TRY_ASSIGN(const predict::TreesModel model, ReadXgboostModel(fit_.xgboost_model));
    TRY_ASSIGN(fit_.predictor, predict::TreesPredictor::Make(model));
    return std::move(fit_);
  }

 private:
  bool Better(double loss, double than) const { return fit_.higher_is_better ? loss > than : loss < than; }
  int64_t ParentRounds() const { return beginning_.trees / NumOutputs(rows_, options_.task); }

  absl::Status RecordTrainLoss(const XgboostBooster& booster) {
    TRY_ASSIGN(const std::vector<double> losses, booster.Losses(std::span(matrices_).first(1)));
    fit_.train_loss.push_back(NineDigits(losses.front()));
    return absl::OkStatus();
  }

  // None without evaluation rows.
  absl::StatusOr<std::optional<double>> EvaluationLoss(const XgboostBooster& booster) const {
    if (matrices_.size() < 2) return std::optional<double>();
    TRY_ASSIGN(const std::vector<double> losses, booster.Losses(std::span(matrices_).subspan(1)));
    return std::optional<double>(NineDigits(losses.front()));
  }

  void Report(int64_t done, int64_t total) const {
    const std::vector<double>& losses = fit_.evaluation_loss.empty() ? fit_.train_loss : fit_.evaluation_loss;
    ProgressUpdate update{.stage = "train", .unit = "rounds", .done = done, .total = total};
    if (!losses.empty()) update.loss = losses.back();
    context_.Report(update);
  }

  // The evaluation loss before the first round, where a parent has one.
  absl::StatusOr<std::optional<double>> BeginToGrow(XgboostBooster& booster) const {
    if (beginning_.trees > 0) return EvaluationLoss(booster);
    if (options_.base_score.has_value()) TRY(booster.Set("base_score", FormatExact(*options_.base_score)));
    return std::optional<double>();
  }

  // The best evaluation loss of the rounds before.
  absl::StatusOr<std::optional<double>> GoOn(const TreesState& from, const XgboostBooster& booster) {
    TRY_ASSIGN(const int64_t rounds, booster.NumRounds());
    const size_t measured = matrices_.size() < 2 ? 0 : static_cast<size_t>(from.rounds);
    if (rounds != ParentRounds() + from.rounds || from.rounds < 1 || from.rounds > options_.rounds ||
        from.best_round > from.rounds || from.evaluation_loss.size() != measured) {
      return absl::InvalidArgumentError(fmt::format(
          "the state to go on from has {} rounds of {} and belongs to another training", from.rounds, rounds));
    }
    fit_.rounds = from.rounds;
    fit_.best_round = from.best_round;
    fit_.train_loss = from.train_loss;
    fit_.evaluation_loss = from.evaluation_loss;
    Report(fit_.rounds, options_.rounds);
    return from.best_loss;
  }

  absl::Status KeepState(const XgboostBooster& booster, std::optional<double> best_loss) const {
    const Resumption<TreesState>& resumption = options_.resumption;
    if (!resumption.due || !resumption.due()) return absl::OkStatus();
    TRY_ASSIGN(std::string model, booster.Save());
    return resumption.keep({.xgboost_model = std::move(model),
                            .rounds = fit_.rounds,
                            .best_round = fit_.best_round,
                            .best_loss = best_loss,
                            .train_loss = fit_.train_loss,
                            .evaluation_loss = fit_.evaluation_loss});
  }

  // Whether the evaluation rows have seen no better loss for early_stopping rounds.
  bool IsLate() const {
    return matrices_.size() > 1 && options_.early_stopping > 0 &&
           fit_.rounds - fit_.best_round >= options_.early_stopping;
  }

  // New trees, until there are enough or the evaluation rows have seen none better for long.
  absl::Status Grow(XgboostBooster& booster) {
    std::optional<double> best;
    if (options_.resumption.from != nullptr) {
      TRY_ASSIGN(best, GoOn(*options_.resumption.from, booster));
    } else {
      TRY_ASSIGN(best, BeginToGrow(booster));
    }
    while (fit_.rounds < options_.rounds && !IsLate()) {
      TRY(context_.CheckCancelled());
      TRY(booster.Update(fit_.rounds, matrices_.front()));
      if (fit_.rounds++ % kTrainLossEvery == 0) TRY(RecordTrainLoss(booster));
      TRY_ASSIGN(const std::optional<double> loss, EvaluationLoss(booster));
      if (loss.has_value()) fit_.evaluation_loss.push_back(*loss);
      Report(fit_.rounds, options_.rounds);
      if (!loss.has_value() || !best.has_value() || Better(*loss, *best)) {
        best = loss;
        fit_.best_round = fit_.rounds;
      }
      TRY(KeepState(booster, best));
    }
    const bool is_measured = (fit_.rounds - 1) % kTrainLossEvery == 0;
    if (!is_measured) TRY(RecordTrainLoss(booster));
    return SaveFirst(booster, ParentRounds() + fit_.best_round);
  }

  absl::Status SaveFirst(const XgboostBooster& booster, int64_t rounds) {
    if (rounds == ParentRounds() + fit_.rounds) {
      TRY_ASSIGN(fit_.xgboost_model, booster.Save());
      return absl::OkStatus();
    }
    TRY_ASSIGN(const XgboostBooster first, booster.First(rounds));
    TRY_ASSIGN(fit_.xgboost_model, first.Save());
    return absl::OkStatus();
  }

  // The parent's trees with leaves between the old ones and those that the new rows ask for.
  absl::Status Refresh(XgboostBooster& booster) {
    TRY(booster.Set("process_type", "update"));
    TRY(booster.Set("updater", "refresh"));
    TRY(booster.Set("refresh_leaf", "1"));
    const int64_t rounds = ParentRounds();
    for (; fit_.rounds < rounds; Report(fit_.rounds, rounds)) {
      TRY(context_.CheckCancelled());
      TRY(booster.Update(fit_.rounds, matrices_.front()));
      ++fit_.rounds;
    }
    fit_.best_round = rounds;
    TRY_ASSIGN(const std::string refreshed, booster.Save());
    TRY_ASSIGN(const std::string blended, BlendXgboostLeaves(beginning_.model, refreshed, options_.decay));
    TRY_ASSIGN(XgboostBooster whole, XgboostBooster::Make(matrices_));
    TRY(whole.Load(blended));
    TRY(SetOptions(whole, rows_, options_, context_));
    TRY(RecordTrainLoss(whole));
    TRY_ASSIGN(const std::optional<double> loss, EvaluationLoss(whole));
    if (loss.has_value()) fit_.evaluation_loss.push_back(*loss);
    TRY_ASSIGN(fit_.xgboost_model, whole.Save());
    return absl::OkStatus();
  }

  const TrainingRows& rows_;
  const TreesOptions& options_;
  const Context& context_;
  Beginning beginning_;
  std::vector<XgboostMatrix> matrices_;
  TreesFit fit_;
};

}  // namespace

std::string_view TreesStartName(TreesStart start) {
  switch (start) {
    case TreesStart::kCold: return "cold";
    case TreesStart::kContinue: return "continue";
    case TreesStart::kRefresh: return "refresh";
  }
  return "cold";
}

absl::StatusOr<TreesFit> FitTrees(const TrainingRows& rows, const TrainingRows* evaluation, const TreesOptions& options,
                                  const TreesParent* parent, const Context& context) {
  TRY(CheckOptions(options, rows));
  TRY(CheckTreesRows(rows, options.task, options.is_category, "training", context));
  TRY(CheckTargetsDiffer(rows, options.task));
  if (evaluation != nullptr) {
    if (evaluation->features->num_features != rows.features->num_features ||
        (options.task == Task::kClasses && evaluation->num_classes != rows.num_classes)) {
      return absl::InvalidArgumentError("the evaluation rows have other features or classes than the training rows");
    }
    TRY(CheckTreesRows(*evaluation, options.task, options.is_category, "evaluation", context));
  }
  TRY_ASSIGN(Beginning beginning, Begin(parent, rows, options));
  return Training(rows, options, context, std::move(beginning)).Run(evaluation);
}

}  // namespace roost::train
