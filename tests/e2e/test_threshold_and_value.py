"""Thresholds that a training learns on rows of their own, and values that are expressions; pandas is the oracle."""
import numpy
import pytest

from model_project import HASH_SPLIT, ModelProject, make_rows

TIME_SPLIT = {"by": "time", "column": "day", "evaluate_share": 0.25}
VALUE = {"true_positive": 4, "false_positive": -1}


def rows_with_amounts(count=3000):
    rows = make_rows(count=count)
    rows["amount_paid"] = numpy.random.default_rng(5).gamma(2, 10, size=count)
    return rows


def f1(labels, decisions):
    hits = (labels & decisions).sum()
    return 2 * hits / (labels.sum() + decisions.sum())


def value(labels, decisions):
    return numpy.select([labels & decisions, decisions], [4.0, -1.0], 0.0).mean()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return ModelProject(tmp_path_factory.mktemp("threshold") / "project", rows_with_amounts())


def figure(report, metric, name=None):
    """The figure of all rows; by default of the first model."""
    return report["slices"][0]["models"][name or report["models"][0]][metric]["value"]


def parts_of(project, trained):
    """The scored rows of the time split: those of the threshold, and those that are measured."""
    scored = project.predict(model=f"model@{trained['version']}")
    lineage = next(one["lineage"] for one in project.models() if one["version"] == trained["version"])
    day = scored["day"].astype("datetime64[us]").astype("int64")
    kept = scored[(day >= lineage["threshold_at_micros"]) & (day < lineage["split_at_micros"])]
    return kept, scored[day >= lineage["split_at_micros"]], (day < lineage["threshold_at_micros"]).sum()


@pytest.mark.parametrize("best, of", [("f1", f1), ("value", value)])
def test_the_threshold_is_the_best_one_on_its_rows_and_is_measured_on_others(project, best, of):
    project.configure(split=TIME_SPLIT, threshold={"best": best, "share": 0.2}, evaluation={"value": VALUE})
    trained = project.train()
    kept, measured, before = parts_of(project, trained)
    assert trained["threshold"]["rows"] == len(kept) and trained["train_rows"] == before
    assert abs(len(kept) - 600) <= 1 and len(measured) == 750
    learned = trained["threshold"]["threshold"]
    worth = {score: of(kept["late"], kept["probability"] >= score) for score in kept["probability"].unique()}
    assert trained["threshold"]["value"] == pytest.approx(max(worth.values()), abs=1e-12)
    assert worth[min(worth, key=lambda score: abs(score - learned))] == pytest.approx(max(worth.values()), abs=1e-12)
    name = f"model@{trained['version']}"
    report = project.json("compare", name, "--metric", best)
    assert report["thresholds"][name] == {"value": learned, "from": "learned"}
    assert figure(report, best, name) == pytest.approx(of(measured["late"], measured["probability"] >= learned),
                                                       abs=1e-12)
    assert project.json("evaluate")["threshold"] == learned


def test_no_threshold_is_carried_over(project):
    project.configure(split=TIME_SPLIT, threshold={"best": "f1"})
    learned = project.train()["threshold"]["threshold"]
    project.configure(split=TIME_SPLIT)
    assert "threshold" not in project.train()
    assert learned != 0.5 and project.json("evaluate")["threshold"] == 0.5


def test_by_hash_too_the_rows_are_apart(project):
    project.configure(split=HASH_SPLIT | {"test_share": 0.1}, threshold={"best": "accuracy", "share": 0.1})
    trained = project.train()
    test = project.json("evaluate", "--part", "test")["rows"]
    assert trained["train_rows"] + trained["evaluate_rows"] + trained["threshold"]["rows"] + test == 3000
    assert 220 < trained["threshold"]["rows"] < 380


@pytest.mark.parametrize("keys, says", [
    ({"threshold": {"best": "auc"}}, "model.threshold.best"),
    ({"threshold": {"best": "nonsense"}}, "model.threshold.best"),
    ({"threshold": {"best": "value"}}, "model.threshold.best"),
    ({"threshold": {"share": 0.1}}, "key 'best' is missing"),
    ({"threshold": 1.5}, "number from 0 to 1"),
    ({"label": "amount", "threshold": {"best": "f1"}}, "model.threshold: it is for labels of true and false"),
    ({"split": HASH_SPLIT | {"evaluate_share": 0.5}, "threshold": {"best": "f1", "share": 0.5}},
     "model.threshold.share leave less than 5 %"),
])
def test_what_cannot_be_learned_is_refused(tmp_path, keys, says):
    made = ModelProject(tmp_path / "project", make_rows())
    made.configure(**keys)
    made.refused(2, "train", says=[says])


# --- values ------------------------------------------------------------------------------------------------------

def mean_value(project, model, evaluation):
    project.configure(split=TIME_SPLIT, evaluation={"resamples": 50} | evaluation, **model)
    trained = project.train()
    scored = project.predict(model=f"model@{trained['version']}")
    lineage = next(one["lineage"] for one in project.models() if one["version"] == trained["version"])
    day = scored["day"].astype("datetime64[us]").astype("int64")
    report = project.run("compare", f"model@{trained['version']}", "--json").json()
    return report, scored[day >= lineage["split_at_micros"]]


def test_amounts_are_expressions_over_the_row(project):
    report, rows = mean_value(project, {}, {"value": {"true_positive": "amount_paid * 0.5 - 1", "false_positive": -2}})
    decided = rows["probability"] >= 0.5
    expected = numpy.select([rows["late"] & decided, decided], [rows["amount_paid"] * 0.5 - 1, -2.0], 0.0).mean()
    assert figure(report, "value") == pytest.approx(expected, rel=1e-12)


def test_each_row_is_worth_what_an_expression_says(project):
    each = "if(decision == 1, if(label == 1, amount_paid, -5), 0) - score"
    report, rows = mean_value(project, {"threshold": 0.4}, {"value": {"each": each}})
    decided = rows["probability"] >= 0.4
    expected = (numpy.select([rows["late"] & decided, decided], [rows["amount_paid"], -5.0], 0.0)
                - rows["probability"]).mean()
    assert figure(report, "value") == pytest.approx(expected, rel=1e-12)
    assert figure(report, "value", "dummy") is not None, "the dummy has a value too"


def test_of_numbers_too(project):
    report, rows = mean_value(project, {"label": "amount"}, {"value": {"each": "-abs(score - label) * amount_paid"}})
    expected = -(abs(rows["value"] - rows["amount"]) * rows["amount_paid"]).mean()
    assert figure(report, "value") == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value, says", [
    ({"each": "score +"}, "value"), ({"each": "nothing * score"}, "nothing"), ({"each": "word"}, "want a number"),
    ({"true_positive": "word"}, "want a number"),
])
def test_values_that_are_no_numbers_are_refused(project, value, says):
    project.configure(split=TIME_SPLIT, evaluation={"value": value})
    result = project.run("train", code=None)
    if result.code == 0:
        result = project.refused(2, "compare", "model")
    assert says in result.stderr


def test_classes_have_no_value_of_each(project):
    project.configure(split=TIME_SPLIT, label="kind", evaluation={"value": {"each": "score"}})
    project.train()
    project.refused(2, "compare", "model", says=["there is no metric 'value' of task classes"])
