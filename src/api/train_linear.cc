// The trainer `linear`: own solvers, warm by the names of features and classes.

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/trainers.h"
#include "base/status.h"
#include "predict/linear.h"
#include "train/linear.h"
#include "transform/feature_map.h"

namespace roost::api {
namespace {

using predict::Link;
using predict::Task;
using train::Loss;

absl::StatusOr<Loss> LossOf(const config::ModelConfig& config, Task task) {
  const std::optional<Loss>& loss = config.trainer.loss;
  const auto allow = [&](std::initializer_list<Loss> losses) -> absl::StatusOr<Loss> {
    if (!loss.has_value()) return *losses.begin();
    if (std::find(losses.begin(), losses.end(), *loss) != losses.end()) return *loss;
    std::vector<std::string_view> names;
    for (const Loss allowed : losses) names.push_back(train::LossName(allowed));
    return WithHint(absl::InvalidArgumentError(fmt::format("model.trainer.loss: '{}' does not suit the task '{}'",
                                                           train::LossName(*loss), predict::TaskName(task))),
                    fmt::format("take {}, or another label or task", fmt::join(names, " or ")));
  };
  switch (task) {
    case Task::kBinary: return allow({Loss::kLogistic, Loss::kHinge, Loss::kSquaredHinge});
    case Task::kClasses: return allow({Loss::kSoftmax});
    case Task::kNumber: return allow({Loss::kSquared});
    case Task::kCounts: return allow({Loss::kPoisson, Loss::kSquared});
    case Task::kRanking: break;
  }
  return WithHint(absl::InvalidArgumentError("the trainer 'linear' cannot learn a ranking"),
                  "take 'kind: boosted_trees'");
}

std::string LossWords(Loss loss) {
  switch (loss) {
    case Loss::kSquared: return "half the squared error";
    case Loss::kLogistic:
    case Loss::kSoftmax: return "log loss";
    case Loss::kHinge: return "hinge loss";
    case Loss::kSquaredHinge: return "squared hinge loss";
    case Loss::kPoisson: return "Poisson loss";
  }
  return "loss";
}

Link LinkOf(Loss loss) {
  switch (loss) {
    case Loss::kSquared: return Link::kIdentity;
    case Loss::kLogistic: return Link::kLogistic;
    case Loss::kSoftmax: return Link::kSoftmax;
    case Loss::kHinge:
    case Loss::kSquaredHinge: return Link::kSignMargin;
    case Loss::kPoisson: return Link::kExp;
  }
  return Link::kIdentity;
}

// A margin classifier gives no probability: Platt's sigmoid, fitted on the training rows, makes one of its margin
// (J. Platt, Probabilistic Outputs for Support Vector Machines, 1999). It is linear in the margin, so that the result
// is a logistic model whose weights are `scale` times those of the fit.
struct Sigmoid {
  double scale = 1;
  double shift = 0;
};

absl::StatusOr<Sigmoid> FitSigmoid(const predict::LinearPredictor& margins, const train::TrainingRows& rows,
                                   const Context& context) {
  transform::FeatureRows as_feature{.num_features = 1};
  transform::FeatureVector entries;
  for (int64_t row = 0; row < rows.features->num_rows(); ++row) {
    entries.Clear();
    for (int64_t e = rows.features->starts[row]; e < rows.features->starts[row + 1]; ++e) {
      entries.Add(rows.features->indices[e], rows.features->values[e]);
    }
    double margin = 0;
    margins.Margins(entries, {&margin, 1});
    as_feature.indices.push_back(0);
    as_feature.values.push_back(margin);
    as_feature.starts.push_back(row + 1);
  }
  const train::TrainingRows margin_rows{.features = &as_feature, .targets = rows.targets, .weights = rows.weights};
  // The least penalty that keeps a perfectly separated set finite.
  TRY_ASSIGN(const train::LinearFit fit,
             train::FitLinear(margin_rows, {.loss = Loss::kLogistic, .l2 = 1e-3}, nullptr, context));
  return Sigmoid{fit.weights[0], fit.intercepts[0]};
}

// The weights of a predictor as FitLinear has them: a row of features for each output.
train::LinearFit FitOf(const predict::LinearPredictor& predictor, const Sigmoid& sigmoid) {
  train::LinearFit fit;
  const auto outputs = static_cast<size_t>(predictor.num_outputs());
  for (const double intercept : predictor.intercepts()) {
    fit.intercepts.push_back((intercept - sigmoid.shift) / sigmoid.scale);
  }
  for (size_t output = 0; output < outputs; ++output) {
    for (int32_t feature = 0; feature < predictor.num_features(); ++feature) {
      fit.weights.push_back(predictor.WeightsOf(feature)[output] / sigmoid.scale);
    }
  }
  return fit;
}

Sigmoid SigmoidOf(const Json& lineage) {
  Sigmoid sigmoid;
  const auto member = lineage.find("sigmoid");
  if (member == lineage.end() || !member->is_object()) return sigmoid;
  sigmoid.scale = member->value("scale", 1.0);
  sigmoid.shift = member->value("shift", 0.0);
  if (sigmoid.scale == 0) sigmoid = {};
  return sigmoid;
}

struct Start {
  std::optional<train::LinearFit> fit;
  std::string reason;
  int64_t kept = 0;
  int64_t added = 0;
  int64_t dropped = 0;
};

// Where the parent's weights lie in the new features.
Start StartOf(const TrainerJob& job, Loss loss) {
  if (job.parent == nullptr) return {.reason = job.cold_reason};
  const auto cold = [&](std::string_view why) {
    return Start{.reason = fmt::format("{} {}", job.parent->version.ToString(), why)};
  };
  const auto* predictor = dynamic_cast<const predict::LinearPredictor*>(job.parent->model.predictor());
  if (predictor == nullptr) return cold("is no linear model");
  if (job.parent->lineage.value("loss", std::string(train::LossName(Loss::kLogistic))) != train::LossName(loss)) {
    return cold("was trained with another loss");
  }
  const train::LinearFit old = FitOf(*predictor, SigmoidOf(job.parent->lineage));
  const absl::StatusOr<transform::WarmStart> mapped =
      transform::ApplyMap(transform::MapFeatures(*job.parent->model.transform(), *job.transform), old.weights,
                          old.intercepts, transform::MapClasses(job.parent->model.classes(), job.data.classes));
  if (!mapped.ok()) return cold(std::string(mapped.status().message()));
  Start start{.reason = fmt::format("the weights of {}", job.parent->version.ToString()),
              .kept = mapped->mapped,
              .added = mapped->new_features,
              .dropped = mapped->dropped};
  start.fit = train::LinearFit{.intercepts = mapped->intercepts, .weights = mapped->weights};
  return start;
}

TrainerReport ReportOf(const TrainerJob& job, const train::LinearFit& fit, const Start& start, Loss loss) {
  const bool warm = start.fit.has_value();
  return {.trainer = "linear",
          .solver = fit.solver,
          .start = warm ? "warm" : "cold",
          .reason = start.reason,
          .parent = warm ? job.parent->version.ToString() : "",
          .steps = fit.iterations,
          .unit = "steps",
          .passes = fit.passes,
          .converged = fit.converged,
          .ended = fit.reason,
          .loss_name = LossWords(loss),
          .loss = fit.loss,
          .objective = fit.objective,
          .gradient_norm = fit.gradient_norm,
          .features_kept = start.kept,
          .features_new = start.added,
          .features_dropped = start.dropped};
}

// Where an earlier call of the same training was, if it was killed.
std::optional<train::LinearState> LeftState(TrainingCheckpoint* checkpoint) {
  if (checkpoint == nullptr) return std::nullopt;
  absl::StatusOr<train::LinearState> state = train::ParseLinearState(checkpoint->TakeLeft());
  return state.ok() ? std::optional(*std::move(state)) : std::nullopt;
}

}  // namespace

absl::StatusOr<TrainedModel> TrainLinear(const TrainerJob& job, const Context& context) {
  TRY_ASSIGN(const Loss loss, LossOf(job.config, job.data.task));
  const LabelledRows& labelled = job.data[Part::kTrain];
  TRY_ASSIGN(const transform::FeatureRows features, Featurize(*job.transform, labelled, context));
  const std::vector<double> weights = TrainingWeights(job.config, job.data);
  const train::TrainingRows rows{.features = &features,
                                 .targets = labelled.targets,
                                 .weights = weights,
                                 .num_classes = static_cast<int32_t>(std::max<size_t>(job.data.classes.size(), 2))};
  const config::TrainerConfig& trainer = job.config.trainer;
  const std::optional<train::LinearState> from = LeftState(job.checkpoint);
  const train::LinearOptions options{.loss = loss,
                                     .l2 = trainer.l2,
                                     .l1 = trainer.l1,
                                     .solver = trainer.solver,
                                     .max_iterations = trainer.max_iterations,
                                     .tolerance = trainer.tolerance,
                                     .passes = trainer.passes,
                                     .resumption = ResumptionOf(job.checkpoint, from)};
  const Start start = StartOf(job, loss);
  TRY_ASSIGN(train::LinearFit fit,
             train::FitLinear(rows, options, start.fit.has_value() ? &*start.fit : nullptr, context));
  TRY_ASSIGN(auto predictor, predict::LinearPredictor::Make(LinkOf(loss), fit.intercepts, fit.weights));
  Json sigmoid_json;
  if (LinkOf(loss) == Link::kSignMargin) {
    TRY_ASSIGN(const Sigmoid sigmoid, FitSigmoid(*predictor, rows, context));
    for (double& weight : fit.weights) weight *= sigmoid.scale;
    const std::vector<double> intercepts{fit.intercepts[0] * sigmoid.scale + sigmoid.shift};
    TRY_ASSIGN(predictor, predict::LinearPredictor::Make(Link::kLogistic, intercepts, fit.weights));
    sigmoid_json = Json{{"scale", sigmoid.scale}, {"shift", sigmoid.shift}};
  }
  TRY_ASSIGN(predict::ScoringModel model,
             predict::ScoringModel::Make(*job.transform, std::move(predictor), job.data.task, job.data.classes));
  TrainedModel trained{std::move(model), ReportOf(job, fit, start, loss), {}};
  if (from.has_value()) {
    trained.report.resumed_after = from->steps;
    trained.report.earlier = job.checkpoint->spent();
  }
  trained.lineage["loss"] = train::LossName(loss);
  if (!sigmoid_json.is_null()) trained.lineage["sigmoid"] = sigmoid_json;
  return trained;
}

}  // namespace roost::api
