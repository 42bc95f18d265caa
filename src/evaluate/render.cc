#include "evaluate/render.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/format.h"

namespace roost::evaluate {
namespace {

Json ToJson(const std::optional<double>& figure) { return figure.has_value() ? Json(*figure) : Json(nullptr); }

Json ToJson(const BinaryFigures& figures) {
  return {{"auc", ToJson(figures.auc)},
          {"log_loss", figures.log_loss},
          {"brier", figures.brier},
          {"calibration_error", figures.calibration_error},
          {"accuracy", figures.accuracy},
          {"precision", ToJson(figures.precision)},
          {"recall", ToJson(figures.recall)},
          {"confusion",
           {{"true_positives", figures.confusion.true_positives},
            {"false_positives", figures.confusion.false_positives},
            {"true_negatives", figures.confusion.true_negatives},
            {"false_negatives", figures.confusion.false_negatives}}}};
}

std::string Number(const std::optional<double>& figure) {
  return figure.has_value() ? fmt::format("{:.4f}", *figure) : "undefined";
}

void AppendRow(std::string& text, const char* name, const std::string& model, const std::string& dummy) {
  text += fmt::format("{:<18}  {:>11}  {:>11}\n", name, model, dummy);
}

void AppendFigures(std::string& text, const BinaryFigures& model, const BinaryFigures& dummy) {
  AppendRow(text, "metric", "model", "dummy");
  AppendRow(text, "ROC AUC", Number(model.auc), Number(dummy.auc));
  AppendRow(text, "log loss", Number(model.log_loss), Number(dummy.log_loss));
  AppendRow(text, "Brier score", Number(model.brier), Number(dummy.brier));
  AppendRow(text, "calibration error", Number(model.calibration_error), Number(dummy.calibration_error));
  AppendRow(text, "accuracy", Number(model.accuracy), Number(dummy.accuracy));
  AppendRow(text, "precision", Number(model.precision), Number(dummy.precision));
  AppendRow(text, "recall", Number(model.recall), Number(dummy.recall));
  const auto count = [&](const char* name, int64_t Confusion::*field) {
    AppendRow(text, name, FormatCount(model.confusion.*field), FormatCount(dummy.confusion.*field));
  };
  count("true positives", &Confusion::true_positives);
  count("false positives", &Confusion::false_positives);
  count("true negatives", &Confusion::true_negatives);
  count("false negatives", &Confusion::false_negatives);
}

}  // namespace

Json ToJson(const BinaryEvaluation& evaluation) {
  Json bins = Json::array();
  for (const CalibrationBin& bin : evaluation.calibration) {
    bins.push_back({{"lowest_score", bin.lowest_score},
                    {"highest_score", bin.highest_score},
                    {"mean_score", bin.mean_score},
                    {"positive_rate", bin.positive_rate},
                    {"rows", bin.rows}});
  }
  return {{"rows", evaluation.rows},           {"positives", evaluation.positives}, {"threshold", evaluation.threshold},
          {"base_rate", evaluation.base_rate}, {"model", ToJson(evaluation.model)}, {"dummy", ToJson(evaluation.dummy)},
          {"calibration", std::move(bins)}};
}

std::string ToText(const BinaryEvaluation& evaluation) {
  const double rate = static_cast<double>(evaluation.positives) / static_cast<double>(evaluation.rows);
  std::string text =
      fmt::format("{} rows, {} positive ({:.2f} %), threshold {}\nThe dummy predicts {} for every row.\n\n",
                  FormatCount(evaluation.rows), FormatCount(evaluation.positives), 100 * rate,
                  FormatNumber(evaluation.threshold), FormatNumber(evaluation.base_rate));
  AppendFigures(text, evaluation.model, evaluation.dummy);
  text +=
      fmt::format("\ncalibration\n{:<17}  {:>10}  {:>13}  {:>11}\n", "scores", "mean score", "positive rate", "rows");
  for (const CalibrationBin& bin : evaluation.calibration) {
    text += fmt::format("{:.4f} to {:.4f}   {:>10.4f}  {:>13.4f}  {:>11}\n", bin.lowest_score, bin.highest_score,
                        bin.mean_score, bin.positive_rate, FormatCount(bin.rows));
  }
  return text;
}

}  // namespace roost::evaluate
