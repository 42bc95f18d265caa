#pragma once

#include <concepts>
#include <type_traits>

#include "evaluate/evaluation.h"
#include "evaluate/importance.h"

/// The members of each struct in their JSON form, listed once for writing and reading: Members(value, visit) calls
/// visit(name, member), or visit.IfPresent(name, member) for members that are left out where they have no value.
/// Part of evaluation_json.cc.
namespace roost::evaluate {

template <typename T, typename Struct>
concept MaybeConst = std::same_as<std::remove_const_t<T>, Struct>;

template <MaybeConst<Confusion> T, typename Visit>
void Members(T& confusion, Visit& visit) {
  visit("true_positives", confusion.true_positives);
  visit("false_positives", confusion.false_positives);
  visit("true_negatives", confusion.true_negatives);
  visit("false_negatives", confusion.false_negatives);
}

template <MaybeConst<BinaryFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("auc", figures.auc);
  visit("log_loss", figures.log_loss);
  visit("brier", figures.brier);
  visit("calibration_error", figures.calibration_error);
  visit("accuracy", figures.accuracy);
  visit("precision", figures.precision);
  visit("recall", figures.recall);
  visit("confusion", figures.confusion);
}

template <MaybeConst<CalibrationBin> T, typename Visit>
void Members(T& bin, Visit& visit) {
  visit("lowest_score", bin.lowest_score);
  visit("highest_score", bin.highest_score);
  visit("mean_score", bin.mean_score);
  visit("positive_rate", bin.positive_rate);
  visit("rows", bin.rows);
  visit.IfPresent("weight", bin.weight);
}

template <MaybeConst<BinaryEvaluation> T, typename Visit>
void Members(T& evaluation, Visit& visit) {
  visit("rows", evaluation.rows);
  visit("positives", evaluation.positives);
  visit.IfPresent("total_weight", evaluation.total_weight);
  visit("threshold", evaluation.threshold);
  visit("base_rate", evaluation.base_rate);
  visit("model", evaluation.model);
  visit("dummy", evaluation.dummy);
  visit("calibration", evaluation.calibration);
}

template <MaybeConst<ClassFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("rows", figures.rows);
  visit("predicted", figures.predicted);
  visit("precision", figures.precision);
  visit("recall", figures.recall);
  visit("f1", figures.f1);
}

template <MaybeConst<TopK> T, typename Visit>
void Members(T& top, Visit& visit) {
  visit("k", top.k);
  visit("accuracy", top.accuracy);
}

template <MaybeConst<ClassesFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("log_loss", figures.log_loss);
  visit("accuracy", figures.accuracy);
  visit("macro_f1", figures.macro_f1);
  visit("weighted_f1", figures.weighted_f1);
  visit("top_k", figures.top_k);
  visit("classes", figures.classes);
  visit("confusion", figures.confusion);
}

template <MaybeConst<ClassesEvaluation> T, typename Visit>
void Members(T& evaluation, Visit& visit) {
  visit("rows", evaluation.rows);
  visit.IfPresent("total_weight", evaluation.total_weight);
  visit("unseen_rows", evaluation.unseen_rows);
  visit("names", evaluation.names);
  visit("baseline", evaluation.baseline);
  visit("model", evaluation.model);
  visit("dummy", evaluation.dummy);
}

template <MaybeConst<ErrorQuantile> T, typename Visit>
void Members(T& quantile, Visit& visit) {
  visit("share", quantile.share);
  visit("error", quantile.error);
}

template <MaybeConst<NumberFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("rmse", figures.rmse);
  visit("mae", figures.mae);
  visit("median_error", figures.median_error);
  visit("mean_bias", figures.mean_bias);
  visit("r2", figures.r2);
  visit("error_quantiles", figures.error_quantiles);
}

template <MaybeConst<NumbersEvaluation> T, typename Visit>
void Members(T& evaluation, Visit& visit) {
  visit("rows", evaluation.rows);
  visit.IfPresent("total_weight", evaluation.total_weight);
  visit("least_target", evaluation.least_target);
  visit("mean_target", evaluation.mean_target);
  visit("greatest_target", evaluation.greatest_target);
  visit("baseline", evaluation.baseline);
  visit("model", evaluation.model);
  visit("dummy", evaluation.dummy);
}

template <MaybeConst<CountFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("poisson_deviance", figures.poisson_deviance);
  visit("d2", figures.d2);
  visit("mae", figures.mae);
  visit("rmse", figures.rmse);
  visit("mean_score", figures.mean_score);
}

template <MaybeConst<CountsEvaluation> T, typename Visit>
void Members(T& evaluation, Visit& visit) {
  visit("rows", evaluation.rows);
  visit.IfPresent("total_weight", evaluation.total_weight);
  visit("mean_target", evaluation.mean_target);
  visit("zeros", evaluation.zeros);
  visit("baseline", evaluation.baseline);
  visit("model", evaluation.model);
  visit("dummy", evaluation.dummy);
}

template <MaybeConst<RankingFigures> T, typename Visit>
void Members(T& figures, Visit& visit) {
  visit("ndcg_5", figures.ndcg_5);
  visit("ndcg_10", figures.ndcg_10);
  visit("ndcg", figures.ndcg);
  visit("mrr", figures.mrr);
}

template <MaybeConst<RankingEvaluation> T, typename Visit>
void Members(T& evaluation, Visit& visit) {
  visit("rows", evaluation.rows);
  visit("groups", evaluation.groups);
  visit.IfPresent("total_weight", evaluation.total_weight);
  visit("groups_without_relevant", evaluation.groups_without_relevant);
  visit("model", evaluation.model);
  visit("dummy", evaluation.dummy);
}

template <MaybeConst<ColumnImportance> T, typename Visit>
void Members(T& importance, Visit& visit) {
  visit("column", importance.column);
  visit("mean_drop", importance.mean_drop);
  visit("deviation", importance.deviation);
  visit("repeats", importance.repeats);
}

template <MaybeConst<Importance> T, typename Visit>
void Members(T& importance, Visit& visit) {
  visit("metric", importance.metric);
  visit("value", importance.value);
  visit("rows", importance.rows);
  visit("rows_left_out", importance.rows_left_out);
  visit("columns", importance.columns);
}

}  // namespace roost::evaluate
