"""Every figure of `roost compare`, on all rows and by slice, with weights, beside scikit-learn and plain numpy."""
import re

import numpy
import pandas
import pytest
from sklearn import metrics

from model_project import ModelProject, make_rows

LATE = {"by": "time", "column": "day", "evaluate_share": 0.4}
CLOSE = 1e-9


def weighed_rows(count=1500):
    rows = make_rows(count)
    draw = numpy.random.default_rng(7)
    return rows.assign(importance=draw.choice([0.25, 0.5, 1.0, 3.0], size=count), fare=draw.uniform(1, 9, size=count), one=1.0,
                       list=rows["key"] // 10, region=numpy.where((rows["key"] // 10) % 3 == 0, "north", "south"),
                       grade=numpy.minimum(rows["many"], 4)).assign(minus_fare=lambda made: -made["fare"])


ROWS = weighed_rows()


class Compared:
    """Two versions, measured by the program, and the rows that they were measured on, with their scores."""

    def __init__(self, folder, outputs, evaluation, split=LATE, **model):
        evaluation = {"slices": ["word"], "min_rows": 20} | evaluation
        keys = {"split": split, "evaluation": evaluation, "weight": "importance"} | model
        self.project = ModelProject(folder, ROWS, **keys)
        trainers = [model["trainer"]] if "trainer" in model else [{"kind": "linear", "l2": l2} for l2 in (1, 300)]
        for trainer in trainers:
            self.project.configure(**keys | {"trainer": trainer})
            self.project.train("--cold")
        names = [f"model@{i + 1}" for i in range(len(trainers))]
        self.json = self.project.json("compare", *names)
        border = pandas.Timestamp(re.search(r"\d{4}\S+", self.json["rows"])[0]).tz_localize(None)
        self.kept = ROWS[ROWS["day"] >= border]
        self.scores = {name: self.project.predict(model=name).loc[self.kept.index, outputs].to_numpy() for name in names}
        assert len(self.json["slices"]) >= 3

    def check(self, oracle):
        """`oracle(rows, scores)` -> a figure by metric; each must be what the program says of every slice and version."""
        seen = set()
        for entry in self.json["slices"]:
            inside = numpy.full(len(self.kept), True)
            if entry["name"] != "all rows":
                column, value = entry["name"].split("=")
                inside = (self.kept[column] == value).to_numpy()
            for name, scores in self.scores.items():
                for metric, expected in oracle(self.kept[inside], scores[inside]).items():
                    told = entry["models"][name][metric]["value"]
                    assert told == pytest.approx(float(expected), rel=CLOSE, abs=CLOSE), (entry["name"], name, metric)
                    seen.add(metric)
        return seen


def binary_figures(rows, scores):
    scores, truth, weights = scores[:, 0], rows["late"].to_numpy(), rows["importance"].to_numpy()
    given, predicted = {"sample_weight": weights}, scores >= 0.4
    (tn, fp), (fn, tp) = metrics.confusion_matrix(truth, predicted, **given)
    share, mean = numpy.average(truth, weights=weights), numpy.average(scores, weights=weights)
    plus, minus = metrics.class_likelihood_ratios(truth, predicted, **given)
    worth = numpy.where(predicted, numpy.where(truth, 4, -rows["fare"]), numpy.where(truth, -2, 0.5))
    return {
        "auc": metrics.roc_auc_score(truth, scores, **given),
        "average_precision": metrics.average_precision_score(truth, scores, **given),
        "log_loss": metrics.log_loss(truth, scores, **given), "brier": metrics.brier_score_loss(truth, scores, **given),
        "accuracy": metrics.accuracy_score(truth, predicted, **given),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, **given),
        "precision": metrics.precision_score(truth, predicted, **given),
        "recall": metrics.recall_score(truth, predicted, **given), "f1": metrics.f1_score(truth, predicted, **given),
        "specificity": tn / (tn + fp), "negative_predictive_value": tn / (tn + fn),
        "mcc": metrics.matthews_corrcoef(truth, predicted, **given),
        "threat_score": metrics.jaccard_score(truth, predicted, **given),
        "fowlkes_mallows": tp / ((tp + fp) * (tp + fn)) ** 0.5, "informedness": tp / (tp + fn) + tn / (tn + fp) - 1,
        "markedness": tp / (tp + fp) + tn / (tn + fn) - 1, "false_positive_rate": fp / (fp + tn),
        "false_negative_rate": fn / (fn + tp), "false_discovery_rate": fp / (fp + tp), "false_omission_rate": fn / (fn + tn),
        "positive_likelihood_ratio": plus, "negative_likelihood_ratio": minus, "diagnostic_odds_ratio": tp * tn / (fp * fn),
        "bias": mean - share, "calibration_ratio": mean / share, "mean_score": mean, "prevalence": share,
        "positive_rate": numpy.average(predicted, weights=weights), "weight": weights.sum(),
        "value": numpy.average(worth, weights=weights)}


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    names = list(binary_figures(ROWS, numpy.random.default_rng(4).random((len(ROWS), 1))))
    return Compared(tmp_path_factory.mktemp("binary") / "project", ["probability"],
                    {"metrics": names, "value": {"true_positive": 4, "false_positive": "minus_fare",
                                                 "false_negative": -2, "true_negative": 0.5}}, threshold=0.4)


def test_binary_figures(binary):
    assert binary.check(binary_figures) >= {"auc", "average_precision", "log_loss", "precision", "recall", "mcc", "value"}


def test_points_of_curves_with_weights(binary):
    rows, weights = binary.kept, binary.kept["importance"].to_numpy()
    truth = rows["late"].to_numpy()
    for name, scores in binary.scores.items():
        curves = binary.json["curves"][name]
        for point in curves["points"]:
            acted = scores[:, 0] >= point["threshold"]
            hits, alarms = weights[acted & truth].sum(), weights[acted & ~truth].sum()
            assert point["acted_share"] == pytest.approx(weights[acted].sum() / weights.sum(), abs=CLOSE)
            assert point["recall"] == pytest.approx(hits / weights[truth].sum(), abs=CLOSE)
            assert point["false_positive_rate"] == pytest.approx(alarms / weights[~truth].sum(), abs=CLOSE)
            if acted.any():
                assert point["precision"] == pytest.approx(hits / (hits + alarms), abs=CLOSE)
            worth = numpy.where(acted, numpy.where(truth, 4, -rows["fare"]), numpy.where(truth, -2, 0.5))
            assert point["value"] == pytest.approx(numpy.average(worth, weights=weights), abs=CLOSE)
        best = max(numpy.average(numpy.where(scores[:, 0] >= at, numpy.where(truth, 4, -rows["fare"]),
                                             numpy.where(truth, -2, 0.5)), weights=weights)
                   for at in [*scores[:, 0], 2.0])
        assert curves["best"]["value"] == pytest.approx(best, abs=CLOSE)


def test_gains_are_what_acting_on_the_highest_scores_finds(binary):
    weights = binary.kept["importance"].to_numpy()
    truth = binary.kept["late"].to_numpy()
    for name, scores in binary.scores.items():
        order = numpy.argsort(-scores[:, 0], kind="stable")
        assert len(set(scores[:, 0])) == len(scores), "ties would be parted"
        acted, found = weights[order].cumsum() / weights.sum(), (weights * truth)[order].cumsum() / weights[truth].sum()
        for point in binary.json["curves"][name]["lift"]:
            gain = numpy.interp(point["share"], [0, *acted], [0, *found])
            assert point["gain"] == pytest.approx(gain, abs=CLOSE)
            assert point["lift"] == pytest.approx(gain / point["share"], abs=CLOSE)


def test_calibration_of_each_slice_with_weights(binary):
    for entry in binary.json["slices"]:
        inside = numpy.full(len(binary.kept), True)
        if entry["name"] != "all rows":
            inside = (binary.kept["word"] == entry["name"].removeprefix("word=")).to_numpy()
        rows, count = binary.kept[inside], 0
        for name, scores in binary.scores.items():
            for one in entry["calibration"][name]:
                of_bin = scores[inside][:, 0]
                part = (of_bin >= one["lowest_score"]) & (of_bin <= one["highest_score"])
                weights = rows["importance"].to_numpy()[part]
                assert one["rows"] == part.sum() and one["weight"] == pytest.approx(weights.sum(), abs=CLOSE)
                assert one["mean_score"] == pytest.approx(numpy.average(of_bin[part], weights=weights), abs=CLOSE)
                assert one["positive_rate"] == pytest.approx(numpy.average(rows["late"][part], weights=weights), abs=CLOSE)
                count += part.sum()
        assert count == 2 * len(rows)


def number_figures(rows, scores, truth="amount"):
    scores, truth, weights = scores[:, 0], rows[truth].to_numpy(), rows["importance"].to_numpy()
    given, error = {"sample_weight": weights}, scores - truth
    # What an error costs is the loss of the quantile under / (under + over).
    worth = -(1 + 2.5) * metrics.mean_pinball_loss(truth, scores, alpha=2.5 / (1 + 2.5), **given)
    x, y = (numbers - numpy.average(numbers, weights=weights) for numbers in (scores, truth))
    pearson = numpy.average(x * y, weights=weights) ** 2 / (numpy.average(x * x, weights=weights) * numpy.average(y * y, weights=weights))
    return {"rmse": metrics.mean_squared_error(truth, scores, **given) ** 0.5,
            "mse": metrics.mean_squared_error(truth, scores, **given),
            "mae": metrics.mean_absolute_error(truth, scores, **given),
            "bias": numpy.average(error, weights=weights), "r2": metrics.r2_score(truth, scores, **given),
            "explained_variance": metrics.explained_variance_score(truth, scores, **given), "pearson_squared": pearson,
            "value": worth, "mean_score": numpy.average(scores, weights=weights),
            "mean_target": numpy.average(truth, weights=weights), "weight": weights.sum()}


def test_number_figures_and_costs_of_quantiles(tmp_path):
    names = list(number_figures(ROWS, ROWS[["fare"]].to_numpy()))
    compared = Compared(tmp_path / "project", ["value"], {"metrics": names, "value": {"over": 1, "under": 2.5}}, label="amount",
                        task="number")
    assert compared.check(number_figures) == set(names)


def count_figures(rows, scores):
    given = {"sample_weight": rows["importance"].to_numpy()}
    truth = rows["many"].to_numpy()
    error = scores[:, 0] - truth
    return {name: figure for name, figure in number_figures(rows, scores, "many").items()
            if name in ("mae", "rmse", "bias", "mean_score", "mean_target", "weight")} | {
        "value": -numpy.average(numpy.where(error > 0, rows["fare"] * error, -2.5 * error), weights=given["sample_weight"]),
        "poisson_deviance": metrics.mean_poisson_deviance(truth, scores[:, 0], **given),
        "d2": metrics.d2_tweedie_score(truth, scores[:, 0], power=1, **given),
        "zero_share": numpy.average(truth == 0, weights=given["sample_weight"])}


def test_count_figures(tmp_path):
    names = list(count_figures(ROWS, ROWS[["fare"]].to_numpy()))
    compared = Compared(tmp_path / "project", ["count"], {"metrics": names, "value": {"over": "fare", "under": 2.5}},
                        label="many", task="counts")
    assert compared.check(count_figures) == set(names)


CLASSES = ["high", "low", "middle"]


def classes_figures(rows, scores):
    truth, weights = numpy.array([CLASSES.index(kind) for kind in rows["kind"]]), rows["importance"].to_numpy()
    given, predicted = {"sample_weight": weights, "zero_division": 0}, scores.argmax(1)
    plain = {"sample_weight": weights}
    return {"log_loss": metrics.log_loss(truth, scores, labels=[0, 1, 2], **plain),
            "accuracy": metrics.accuracy_score(truth, predicted, **plain),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, **plain),
            "macro_f1": metrics.f1_score(truth, predicted, average="macro", **given),
            "weighted_f1": metrics.f1_score(truth, predicted, average="weighted", **given),
            "macro_precision": metrics.precision_score(truth, predicted, average="macro", **given),
            "macro_recall": metrics.recall_score(truth, predicted, average="macro", **given),
            "weighted_precision": metrics.precision_score(truth, predicted, average="weighted", **given),
            "mcc": metrics.matthews_corrcoef(truth, predicted, **plain),
            "cohen_kappa": metrics.cohen_kappa_score(truth, predicted, **plain),
            "brier": numpy.average(((scores - numpy.eye(3)[truth]) ** 2).sum(1), weights=weights),
            "top_2_accuracy": metrics.top_k_accuracy_score(truth, scores, k=2, labels=[0, 1, 2], **plain),
            "weight": weights.sum()}


def test_classes_figures(tmp_path):
    draw = numpy.random.default_rng(3)
    names = list(classes_figures(ROWS, draw.dirichlet([1, 1, 1], size=len(ROWS))))
    compared = Compared(tmp_path / "project", [f"probability of {name}" for name in CLASSES], {"metrics": names},
                        label="kind", task="classes")
    assert compared.check(classes_figures) == set(names)


HITS = [5, 3, 1]


def ranking_figures(rows, scores):
    """Means over the lists that have a relevant row; no two scores of a list are equal."""
    figures = {name: [] for name in ("ndcg@10", "mrr", "map", "hit@1", "hit@3", "precision@5", "recall@5", "first_place",
                                     "value")}
    for _, part in rows.assign(score=scores[:, 0]).groupby("list"):
        relevant = part.sort_values("score", ascending=False)["grade"].to_numpy() > 0
        if not relevant.any():
            continue
        assert part["score"].is_unique
        first = relevant.argmax() + 1
        figures["ndcg@10"].append(metrics.ndcg_score([part["grade"]], [part["score"]], k=10))
        figures["mrr"].append(1 / first)
        figures["map"].append(metrics.average_precision_score(part["grade"] > 0, part["score"]))
        for k in (1, 3):
            figures[f"hit@{k}"].append(float(relevant[:k].any()))
        figures["precision@5"].append(relevant[:5].sum() / 5)
        figures["recall@5"].append(relevant[:5].sum() / relevant.sum())
        figures["first_place"].append(first)
        figures["value"].append((numpy.array(HITS) * relevant[:3]).sum())
    return {name: numpy.mean(values) for name, values in figures.items()}


def test_ranking_figures_and_what_places_are_worth(tmp_path):
    names = ["ndcg@10", "mrr", "map", "hit@1", "hit@3", "precision@5", "recall@5", "first_place", "value"]
    compared = Compared(tmp_path / "project", ["score"],
                        {"metrics": names, "value": {"hits": HITS}, "slices": ["region"]}, task="ranking", label="grade",
                        group="list", weight="one", split=LATE, trainer={"kind": "boosted_trees", "rounds": 200, "early_stopping": 0},
                        features=[{"column": column, "use": "number"} for column in ("a", "b", "fare")])
    assert compared.check(ranking_figures) == set(names)
