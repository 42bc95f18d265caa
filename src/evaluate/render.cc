#include "evaluate/render.h"

#include <fmt/format.h>

#include "base/format.h"
#include "evaluate/table_text.h"

namespace roost::evaluate {
namespace {

void AppendFigures(std::string& text, const BinaryFigures& model, const BinaryFigures& dummy) {
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "ROC AUC", Share(model.auc), Share(dummy.auc));
  AppendRow(text, "log loss", Share(model.log_loss), Share(dummy.log_loss));
  AppendRow(text, "Brier score", Share(model.brier), Share(dummy.brier));
  AppendRow(text, "calibration error", Share(model.calibration_error), Share(dummy.calibration_error));
  AppendRow(text, "accuracy", Share(model.accuracy), Share(dummy.accuracy));
  AppendRow(text, "precision", Share(model.precision), Share(dummy.precision));
  AppendRow(text, "recall", Share(model.recall), Share(dummy.recall));
  const auto count = [&](const char* name, int64_t Confusion::*field) {
    AppendRow(text, name, FormatCount(model.confusion.*field), FormatCount(dummy.confusion.*field));
  };
  count("true positives", &Confusion::true_positives);
  count("false positives", &Confusion::false_positives);
  count("true negatives", &Confusion::true_negatives);
  count("false negatives", &Confusion::false_negatives);
}

}  // namespace

std::string ToText(const BinaryEvaluation& evaluation) {
  const double rate = static_cast<double>(evaluation.positives) / static_cast<double>(evaluation.rows);
  std::string text = fmt::format("{}, {} positive ({:.2f} %), threshold {}\nThe dummy predicts {} for every row.\n\n",
                                 RowsText(evaluation.rows, evaluation.total_weight), FormatCount(evaluation.positives),
                                 100 * rate, FormatNumber(evaluation.threshold), FormatNumber(evaluation.base_rate));
  AppendFigures(text, evaluation.model, evaluation.dummy);
  text +=
      fmt::format("\ncalibration\n{:<17}  {:>10}  {:>13}  {:>11}\n", "scores", "mean score", "positive rate", "rows");
  for (const CalibrationBin& bin : evaluation.calibration) {
    text += fmt::format("{:.4f} to {:.4f}   {:>10.4f}  {:>13.4f}  {:>11}\n", bin.lowest_score, bin.highest_score,
                        bin.mean_score, bin.positive_rate, FormatCount(bin.rows));
  }
  return text;
}

std::string ToText(const NumbersEvaluation& evaluation) {
  std::string text = fmt::format(
      "{}, targets from {} to {}, mean {}\nThe dummy predicts {}, the mean of the training rows, for every row.\n\n",
      RowsText(evaluation.rows, evaluation.total_weight), FormatNumber(evaluation.least_target, 5),
      FormatNumber(evaluation.greatest_target, 5), FormatNumber(evaluation.mean_target, 5),
      FormatNumber(evaluation.baseline, 5));
  const NumberFigures& model = evaluation.model;
  const NumberFigures& dummy = evaluation.dummy;
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "RMSE", Quantity(model.rmse), Quantity(dummy.rmse));
  AppendRow(text, "MAE", Quantity(model.mae), Quantity(dummy.mae));
  AppendRow(text, "median error", Quantity(model.median_error), Quantity(dummy.median_error));
  AppendRow(text, "mean bias", Quantity(model.mean_bias), Quantity(dummy.mean_bias));
  AppendRow(text, "R2", Share(model.r2), Share(dummy.r2));
  text += "\nscore - target is at most\n";
  AppendRow(text, "in", "model", "dummy");
  for (size_t i = 0; i < model.error_quantiles.size(); ++i) {
    AppendRow(text, fmt::format("{} % of the rows", FormatNumber(100 * model.error_quantiles[i].share)),
              Quantity(model.error_quantiles[i].error), Quantity(dummy.error_quantiles[i].error));
  }
  return text;
}

std::string ToText(const CountsEvaluation& evaluation) {
  std::string text = fmt::format(
      "{}, {} with a target of 0, mean target {}\nThe dummy predicts {}, the mean of the training rows, for every "
      "row.\n\n",
      RowsText(evaluation.rows, evaluation.total_weight), FormatCount(evaluation.zeros),
      FormatNumber(evaluation.mean_target, 5), FormatNumber(evaluation.baseline, 5));
  const CountFigures& model = evaluation.model;
  const CountFigures& dummy = evaluation.dummy;
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "Poisson deviance", Quantity(model.poisson_deviance), Quantity(dummy.poisson_deviance));
  AppendRow(text, "D2", Share(model.d2), Share(dummy.d2));
  AppendRow(text, "MAE", Quantity(model.mae), Quantity(dummy.mae));
  AppendRow(text, "RMSE", Quantity(model.rmse), Quantity(dummy.rmse));
  AppendRow(text, "mean score", Quantity(model.mean_score), Quantity(dummy.mean_score));
  return text;
}

std::string ToText(const RankingEvaluation& evaluation) {
  std::string text = fmt::format("{} in {} groups\nThe dummy orders the rows of a group by lot.\n",
                                 RowsText(evaluation.rows, evaluation.total_weight), FormatCount(evaluation.groups));
  if (evaluation.groups_without_relevant > 0) {
    text += fmt::format("Groups without a target above 0, which are left out: {}.\n",
                        FormatCount(evaluation.groups_without_relevant));
  }
  text += "\n";
  const RankingFigures& model = evaluation.model;
  const RankingFigures& dummy = evaluation.dummy;
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "NDCG@5", Share(model.ndcg_5), Share(dummy.ndcg_5));
  AppendRow(text, "NDCG@10", Share(model.ndcg_10), Share(dummy.ndcg_10));
  AppendRow(text, "NDCG", Share(model.ndcg), Share(dummy.ndcg));
  AppendRow(text, "MRR", Share(model.mrr), Share(dummy.mrr));
  return text;
}

}  // namespace roost::evaluate
