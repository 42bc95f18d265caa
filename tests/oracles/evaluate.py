"""What scikit-learn and numpy say of the rows in src/evaluate/*_test.cc; the constants there are printed by this.

Run with scikit-learn 1.9 and numpy 2: python tests/oracles/evaluate.py
"""
import itertools
from fractions import Fraction

import numpy as np
from sklearn import metrics

WEIGHTS = np.array([1.5, 2, 0.25, 3, 0.75, 1])
SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]


def show(name, *values):
    print(name, *(repr(float(value)) for value in values))


def binary():
    scores, labels = np.array([0.1, 0.4, 0.35, 0.8, 0.4, 0.65]), np.array([0, 0, 1, 1, 1, 0])
    given = {"sample_weight": WEIGHTS}
    show("binary", metrics.roc_auc_score(labels, scores, **given), metrics.log_loss(labels, scores, **given),
         metrics.brier_score_loss(labels, scores, **given), metrics.accuracy_score(labels, scores >= 0.5, **given),
         metrics.precision_score(labels, scores >= 0.5, **given), metrics.recall_score(labels, scores >= 0.5, **given))


def numbers(weights):
    targets, scores = np.array([3, -0.5, 2, 7, 4.25, 1]), np.array([2.5, 0, 2, 8, 3, 1.5])
    for name, predicted in ("numbers", scores), ("dummy", np.full(6, 2.5)):
        given = {"sample_weight": weights}
        show(name, metrics.mean_squared_error(targets, predicted, **given) ** 0.5,
             metrics.mean_absolute_error(targets, predicted, **given), metrics.r2_score(targets, predicted, **given),
             np.average(predicted - targets, weights=weights))
    if weights is None:
        show("median error", metrics.median_absolute_error(targets, scores))
    method = "averaged_inverted_cdf" if weights is None else "inverted_cdf"
    show("quantiles", *np.quantile(scores - targets, SHARES, method=method, weights=weights))


def counts(weights):
    targets, scores = np.array([0, 1, 4, 2, 0, 7.0]), np.array([0.5, 1.25, 3, 2, 0.125, 6])
    given = {"sample_weight": weights}
    show("counts", metrics.mean_poisson_deviance(targets, scores, **given),
         metrics.d2_tweedie_score(targets, scores, power=1, **given),
         metrics.mean_absolute_error(targets, scores, **given),
         metrics.mean_squared_error(targets, scores, **given) ** 0.5)
    show("dummy", metrics.mean_poisson_deviance(targets, np.full(6, 2.0), **given))


def classes(weights):
    scores = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3], [0.25, 0.25, 0.5],
                       [0.4, 0.35, 0.25], [0.2, 0.5, 0.3], [0.09, 0.11, 0.8]])
    truth, predicted = np.array([0, 1, 2, 1, 2, 0]), scores.argmax(1)
    given = {"sample_weight": weights}
    show("classes", metrics.log_loss(truth, scores, **given), metrics.accuracy_score(truth, predicted, **given),
         metrics.f1_score(truth, predicted, average="macro", **given),
         metrics.f1_score(truth, predicted, average="weighted", **given),
         metrics.top_k_accuracy_score(truth, scores, k=2, **given))
    for name, figures in zip(("precision", "recall", "f1"),
                             metrics.precision_recall_fscore_support(truth, predicted, **given)):
        show(name, *figures)
    print(metrics.confusion_matrix(truth, predicted).tolist())
    show("dummy", metrics.log_loss(truth, np.tile([0.5, 0.3, 0.2], (6, 1)), **given))
    if weights is None:
        unseen, of_four = np.array([0, 1, 2, 1, 3, 0]), np.hstack([scores, np.zeros((6, 1))])
        show("unseen", metrics.log_loss(unseen, of_four, labels=[0, 1, 2, 3]),
             metrics.accuracy_score(unseen, predicted), metrics.f1_score(unseen, predicted, average="macro"),
             metrics.f1_score(unseen, predicted, average="weighted"))


def reciprocal_rank(targets, scores):
    """The mean over all orders of the first tie that has a relevant row, one by one."""
    before = 0
    for score in sorted(set(scores), reverse=True):
        tie = [target > 0 for target, other in zip(targets, scores) if other == score]
        if any(tie):
            ranks = [Fraction(1, before + 1 + order.index(True)) for order in itertools.permutations(tie)]
            return sum(ranks) / len(ranks)
        before += len(tie)
    return Fraction(0)


def ranking():
    groups = np.array([7] * 4 + [3] * 3 + [5] * 12)
    targets = np.array([3, 2, 0, 1, 0, 1, 0, 0, 0, 2, 1, 0, 0, 3, 0, 1, 0, 0, 2.0])
    scores = np.array([0.5, 0.5, 0.25, 0.75, 0.1, 0.1, 0.3, 0.9, 0.8, 0.8, 0.7, 0.6, 0.6, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1])
    parts = [groups == group for group in (7, 3, 5)]
    for k in (5, 10, None):
        show(f"ndcg@{k}", np.mean([metrics.ndcg_score([targets[part]], [scores[part]], k=k) for part in parts]),
             np.mean([metrics.ndcg_score([targets[part]], [np.zeros(part.sum())], k=k) for part in parts]))
    show("mrr", sum(reciprocal_rank(targets[part], scores[part]) for part in parts) / 3)
    show("mrr of any order, groups 7 and 3", *(reciprocal_rank(targets[part], 0 * scores[part]) for part in parts[:2]))


def figures(name, values):
    """A table of metric_test.cc."""
    print(name)
    for metric, value in values.items():
        print(f'    {{"{metric}", {float(value)!r}}},')


def binary_metrics(weights):
    """Of all binary metrics that scikit-learn has, or that follow from its confusion matrix."""
    scores = np.array([0.1, 0.4, 0.35, 0.8, 0.4, 0.65, 0.55, 0.2])
    labels, given = np.array([0, 0, 1, 1, 1, 0, 1, 0]), {"sample_weight": weights}
    predicted = scores >= 0.4
    (tn, fp), (fn, tp) = metrics.confusion_matrix(labels, predicted, **given)
    mean = np.average(scores, weights=weights)
    share = np.average(labels, weights=weights)
    positive, negative = (np.average(scores[labels == y], weights=None if weights is None else weights[labels == y])
                          for y in (1, 0))
    plus, minus = metrics.class_likelihood_ratios(labels, predicted, **given)
    figures("binary metrics", {
        "auc": metrics.roc_auc_score(labels, scores, **given),
        "average_precision": metrics.average_precision_score(labels, scores, **given),
        "log_loss": metrics.log_loss(labels, scores, **given),
        "brier": metrics.brier_score_loss(labels, scores, **given),
        "accuracy": metrics.accuracy_score(labels, predicted, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted, **given),
        "precision": metrics.precision_score(labels, predicted, **given),
        "recall": metrics.recall_score(labels, predicted, **given),
        "specificity": metrics.recall_score(1 - labels, ~predicted, **given),
        "negative_predictive_value": metrics.precision_score(1 - labels, ~predicted, **given),
        "f1": metrics.f1_score(labels, predicted, **given),
        "mcc": metrics.matthews_corrcoef(labels, predicted, **given),
        "threat_score": metrics.jaccard_score(labels, predicted, **given),
        "fowlkes_mallows": tp / ((tp + fp) * (tp + fn)) ** 0.5,
        "informedness": metrics.balanced_accuracy_score(labels, predicted, adjusted=True, **given),
        "markedness": tp / (tp + fp) + tn / (tn + fn) - 1,
        "false_positive_rate": fp / (fp + tn), "false_negative_rate": fn / (fn + tp),
        "false_discovery_rate": fp / (fp + tp), "false_omission_rate": fn / (fn + tn),
        "positive_likelihood_ratio": plus, "negative_likelihood_ratio": minus,
        "diagnostic_odds_ratio": tp * tn / (fp * fn),
        "prevalence_threshold": (fp / (fp + tn)) ** 0.5 / ((tp / (tp + fn)) ** 0.5 + (fp / (fp + tn)) ** 0.5),
        "discrimination": positive - negative,
        "bias": mean - share, "calibration_ratio": mean / share, "mean_score": mean, "prevalence": share,
        "positive_rate": np.average(predicted, weights=weights), "weight": tn + fp + fn + tp})


def classes_metrics(weights):
    scores = np.array([[0.7, 0.2, 0.1, 0], [0.1, 0.6, 0.3, 0], [0.25, 0.125, 0.5, 0.125], [0.4, 0.35, 0.25, 0],
                       [0.2, 0.5, 0.3, 0], [0.09, 0.11, 0.8, 0], [0.2, 0.1, 0.6, 0.1], [0.1, 0.4, 0.2, 0.3]])
    truth, predicted, given = np.array([0, 1, 2, 1, 2, 0, 2, 3]), scores.argmax(1), {"sample_weight": weights}
    zero = given | {"zero_division": 0}
    figures("classes metrics", {
        "log_loss": metrics.log_loss(truth, scores, **given),
        "accuracy": metrics.accuracy_score(truth, predicted, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, **given),
        "macro_f1": metrics.f1_score(truth, predicted, average="macro", **zero),
        "weighted_f1": metrics.f1_score(truth, predicted, average="weighted", **zero),
        "macro_precision": metrics.precision_score(truth, predicted, average="macro", **zero),
        "macro_recall": metrics.recall_score(truth, predicted, average="macro", **zero),
        "weighted_precision": metrics.precision_score(truth, predicted, average="weighted", **zero),
        "mcc": metrics.matthews_corrcoef(truth, predicted, **given),
        "cohen_kappa": metrics.cohen_kappa_score(truth, predicted, **given),
        "brier": np.average(((scores - np.eye(4)[truth]) ** 2).sum(1), weights=weights),
        "top_2_accuracy": metrics.top_k_accuracy_score(truth, scores, k=2, **given),
        "top_3_accuracy": metrics.top_k_accuracy_score(truth, scores, k=3, **given),
        "weight": len(truth) if weights is None else weights.sum()})


def numbers_metrics(weights):
    targets, scores = np.array([3, 0.5, 2, 7, 4.25, 1, 0, 12]), np.array([2.5, 0, 2, 8, 3, 1.5, 0.25, 9])
    given = {"sample_weight": weights}
    spread = np.cov(np.stack([targets, scores]), aweights=weights, ddof=0)
    figures("number metrics", {
        "rmse": metrics.root_mean_squared_error(targets, scores, **given),
        "mse": metrics.mean_squared_error(targets, scores, **given),
        "mae": metrics.mean_absolute_error(targets, scores, **given),
        "mape": metrics.mean_absolute_percentage_error(targets, scores, **given),
        "msle": metrics.mean_squared_log_error(targets, scores, **given),
        "rmsle": metrics.root_mean_squared_log_error(targets, scores, **given),
        "r2": metrics.r2_score(targets, scores, **given),
        "explained_variance": metrics.explained_variance_score(targets, scores, **given),
        "pearson_squared": spread[0, 1] ** 2 / (spread[0, 0] * spread[1, 1]),
        "bias": np.average(scores - targets, weights=weights),
        "calibration_ratio": np.average(scores, weights=weights) / np.average(targets, weights=weights),
        "mean_score": np.average(scores, weights=weights), "mean_target": np.average(targets, weights=weights)})
    figures("count metrics", {
        "poisson_deviance": metrics.mean_poisson_deviance(targets, np.maximum(scores, 2.0 ** -52), **given),
        "d2": metrics.d2_tweedie_score(targets, np.maximum(scores, 2.0 ** -52), power=1, **given),
        "zero_share": np.average(targets == 0, weights=weights)})


binary()
for some_weights in (None, WEIGHTS):
    numbers(some_weights)
    counts(some_weights)
    classes(some_weights)
ranking()
for some_weights in (None, np.array([1.5, 2, 0.25, 3, 0.75, 1, 0.5, 4])):
    binary_metrics(some_weights)
    classes_metrics(some_weights)
    numbers_metrics(some_weights)
