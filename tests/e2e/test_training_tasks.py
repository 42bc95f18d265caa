"""Every task with every trainer of Roost's own, on data whose signal is known; peers are scikit-learn's models."""
import json

import numpy
import pandas
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from model_project import ModelProject, make_rows

TREES = {"kind": "boosted_trees", "rounds": 60, "max_depth": 3}
FEATURES = [{"column": "a", "use": "number"}, {"column": "b", "use": "number"}, {"column": "word", "use": "one_hot"}]
OUTPUTS = {"binary": ["probability"], "number": ["value"], "counts": ["count"], "ranking": ["score"],
           "classes": ["probability of high", "probability of low", "probability of middle"]}
TASKS = {"binary": {"label": "late"}, "classes": {"label": "kind"}, "number": {"label": "amount"},
         "counts": {"label": "many", "task": "counts"},
         "ranking": {"label": "grade", "task": "ranking", "group": "list"}}


def rows_with_lists():
    """Rows whose `grade`, 0 to 3, is to be ranked within `list`; the lists lie scattered over the rows."""
    rows = make_rows(900)
    order = numpy.random.default_rng(3).permutation(len(rows))
    grade = pandas.cut(rows["amount"], [-99, -1.5, 0, 1.5, 99], labels=False)
    return rows.assign(grade=grade, list=order % 60)


@pytest.fixture(scope="module", params=[(task, trainer) for task in TASKS for trainer in ("linear", "trees")
                                        if (task, trainer) != ("ranking", "linear")], ids="-".join)
def trained(request, tmp_path_factory):
    """Task, project and what `roost train` said."""
    task, trainer = request.param
    split = {"by": "group", "column": "list"} if task == "ranking" else {"by": "hash", "key": ["key"]}
    project = ModelProject(tmp_path_factory.mktemp("tasks") / "project", rows_with_lists(), features=FEATURES,
                           trainer=TREES if trainer == "trees" else {"kind": "linear"},
                           split=split | {"evaluate_share": 0.3, "test_share": 0.1}, **TASKS[task])
    return task, project, project.train()


def better(task, evaluation):
    """Whether the model is well above the dummy by a figure of the task, whose bound the signal allows."""
    model, dummy = evaluation["model"], evaluation["dummy"]
    if task in ("binary", "classes"):
        return model["log_loss"] < 0.85 * dummy["log_loss"] and model["accuracy"] > dummy["accuracy"] + 0.05
    if task == "number":
        return model["rmse"] < 0.4 * dummy["rmse"] and model["r2"] > 0.8
    if task == "counts":
        return model["poisson_deviance"] < 0.8 * dummy["poisson_deviance"]
    return model["ndcg_10"] > dummy["ndcg_10"] + 0.1


def test_the_model_beats_the_dummy(trained):
    task, _, trained_as = trained
    assert trained_as["evaluation"].get("task", "binary") == task
    assert better(task, trained_as["evaluation"]), trained_as["evaluation"]


def test_evaluate_gives_what_the_training_gave_and_measures_the_other_parts(trained):
    task, project, trained_as = trained
    evaluation = project.json("evaluate")
    assert evaluation["model"] == trained_as["evaluation"]["model"]
    parts = {part: project.json("evaluate", "--part", part) for part in ("train", "evaluate", "test")}
    counts = [parts[part]["rows"] for part in ("train", "evaluate", "test")]
    assert counts[:2] == [trained_as["train_rows"], trained_as["evaluate_rows"]] and sum(counts) == 900
    assert better(task, parts["test"]), parts["test"]
    assert project.run("evaluate").stdout.startswith("model@1 on the rows of rows@1")


def test_predictions_have_the_columns_of_the_task(trained):
    task, project, _ = trained
    scored = project.predict()
    assert list(scored.columns[-len(OUTPUTS[task]):]) == OUTPUTS[task]
    values = scored[OUTPUTS[task]].to_numpy()
    assert numpy.isfinite(values).all() and len(numpy.unique(values)) > 20
    if task in ("binary", "classes"):
        assert values.min() >= 0 and values.max() <= 1
    if task == "classes":
        assert numpy.abs(values.sum(axis=1) - 1).max() < 1e-6  # trees: sums of floats
    if task == "counts":
        assert values.min() >= 0


def test_a_row_is_explained_to_the_bit(trained):
    task, project, _ = trained
    scored = project.predict().iloc[7]
    row = {"a": scored["a"], "b": scored["b"], "word": scored["word"]}
    found = project.json("explain", "--row", json.dumps(row))
    assert [found["outputs"][name] for name in OUTPUTS[task]] == list(scored[OUTPUTS[task]])
    assert [feature["use"] for feature in found["features"]] == ["number", "number", "one_hot"]
    assert found["features"][2]["entries"][0]["name"] == f"word={row['word']}"
    if found["intercepts"]:
        for output, margin in enumerate(found["margins"]):
            parts = [entry["value"] * entry["weights"][output] for entry in found["contributions"]]
            assert margin == pytest.approx(found["intercepts"][output] + sum(parts), abs=1e-12)
    assert "word" in project.run("explain", "--row", json.dumps(row)).stdout


def test_the_model_is_shown_with_its_features_and_their_importance(trained):
    _, project, trained_as = trained
    shown = project.show()
    assert [feature["name"] for feature in shown["features"]][:2] == ["a number", "b number"]
    columns = {column["column"]: column for column in shown["importance"]["columns"]}
    assert set(columns) == {"a", "b", "word"}
    assert shown["importance"] == trained_as["importance"]
    text = project.run("model", "show", "model").stdout
    assert "on kept rows" in text and "a number" in text
    table = project.run("model", "show", "model", "--transform").stdout
    assert all(feature["name"] in table for feature in shown["features"])


# --- Against scikit-learn ---

SHARP = {"kind": "linear", "l2": 2.0, "tolerance": 1e-10}
NUMBERS = FEATURES[:2]
LATER = pandas.Timestamp("2030-01-01")


@pytest.fixture
def peer(tmp_path):
    """Makes a project whose given rows all train the model, beside two later ones that evaluate it, and scores them."""
    def make(rows, **model):
        last = rows.iloc[-2:].assign(day=LATER, late=[True, False], kind=["low", "high"])
        project = ModelProject(tmp_path / "project", pandas.concat([rows, last]), **(
            {"split": {"by": "time", "column": "day", "evaluate_share": 0.01}, "features": NUMBERS} | model))
        assert project.train()["train_rows"] == len(rows)
        return project, project.predict().iloc[:len(rows)]
    return make


def rows_on_one_day(count=150):
    return make_rows(count).assign(day=pandas.Timestamp("2024-01-01"))


def test_binary_probabilities_are_scikit_learns(peer):
    rows = rows_on_one_day()
    _, scored = peer(rows, trainer=SHARP)
    model = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=10_000).fit(rows[["a", "b"]], rows["late"])
    assert numpy.abs(scored["probability"] - model.predict_proba(rows[["a", "b"]])[:, 1]).max() < 1e-6


def test_balanced_classes_are_scikit_learns(peer):
    rows = rows_on_one_day().assign(late=lambda rows: rows["a"] + rows["b"] / 4 > 1.4)
    _, scored = peer(rows, trainer=SHARP, class_weights="balanced")
    model = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=10_000, class_weight="balanced")
    model.fit(rows[["a", "b"]], rows["late"])
    assert numpy.abs(scored["probability"] - model.predict_proba(rows[["a", "b"]])[:, 1]).max() < 1e-6


def test_probabilities_of_classes_are_scikit_learns(peer):
    rows = rows_on_one_day()
    _, scored = peer(rows, trainer=SHARP, label="kind")
    model = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=10_000).fit(rows[["a", "b"]], rows["kind"])
    assert numpy.abs(scored[OUTPUTS["classes"]].to_numpy() - model.predict_proba(rows[["a", "b"]])).max() < 1e-6


def test_numbers_are_those_of_ridge(peer):
    rows = rows_on_one_day()
    _, scored = peer(rows, trainer=SHARP, label="amount")
    assert numpy.abs(scored["value"] - Ridge(alpha=2.0).fit(rows[["a", "b"]], rows["amount"]).predict(
        rows[["a", "b"]])).max() < 1e-6


def test_counts_are_those_of_the_poisson_regressor(peer):
    rows = rows_on_one_day()
    _, scored = peer(rows, trainer=SHARP, label="many", task="counts")
    model = PoissonRegressor(alpha=2.0 / len(rows), tol=1e-12, max_iter=10_000).fit(rows[["a", "b"]], rows["many"])
    assert numpy.abs(scored["count"] - model.predict(rows[["a", "b"]])).max() < 1e-5


def test_row_weights_are_scikit_learns_sample_weights(peer):
    rows = rows_on_one_day().assign(share=lambda rows: rows["key"] % 3 + 0.25)
    _, scored = peer(rows, trainer=SHARP, weight="share")
    model = LogisticRegression(C=1 / 2.0, tol=1e-12, max_iter=10_000)
    model.fit(rows[["a", "b"]], rows["late"], sample_weight=rows["share"])
    assert numpy.abs(scored["probability"] - model.predict_proba(rows[["a", "b"]])[:, 1]).max() < 1e-6


def test_whole_weights_are_as_good_as_copies_of_rows(tmp_path):
    rows = make_rows(300).assign(copies=lambda rows: rows["key"] % 3 + 1)
    copied = rows.loc[rows.index.repeat(rows["copies"])]
    keys = {"features": NUMBERS, "trainer": SHARP, "label": "late"}
    weighted = ModelProject(tmp_path / "weighted", rows, weight="copies", **keys)
    repeated = ModelProject(tmp_path / "repeated", copied, **keys)
    first, second = weighted.train(), repeated.train()
    assert first["train_rows"] < second["train_rows"]
    assert first["training"]["objective"] == pytest.approx(second["training"]["objective"], rel=1e-9)
    assert first["evaluation"]["model"]["log_loss"] == pytest.approx(second["evaluation"]["model"]["log_loss"], rel=1e-9)
    weights = [[feature["weights"][0] for feature in project.show()["features"]] for project in (weighted, repeated)]
    assert weights[0] == pytest.approx(weights[1], rel=1e-7)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
def test_margin_losses_give_probabilities_by_platts_sigmoid(tmp_path, loss):
    project = ModelProject(tmp_path / "project", make_rows(900), trainer={"kind": "linear", "loss": loss})
    evaluation = project.train()["evaluation"]
    assert evaluation["model"]["log_loss"] < 0.85 * evaluation["dummy"]["log_loss"]
    assert evaluation["model"]["calibration_error"] < 0.15


def test_trees_take_row_weights(tmp_path):
    # Rows that weigh nothing are as good as left out.
    rows = make_rows(600)
    rows["share"] = (rows["word"] != "red").astype(float)
    rows["amount"] = rows["amount"].mask(rows["word"] == "red", 1000.0)
    project = ModelProject(tmp_path / "project", rows, label="amount", weight="share", features=NUMBERS, trainer=TREES)
    project.train()
    assert project.predict()["value"].max() < 50
