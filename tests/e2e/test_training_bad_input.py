"""Data and configurations that nothing can be learned from: each gets its message, and no version is made."""
import numpy
import pandas
import pytest

from model_project import HASH_SPLIT, LINEAR_FEATURES, ModelProject, make_rows

TREES = {"kind": "boosted_trees", "rounds": 5}


@pytest.fixture
def made(tmp_path):
    """Makes the project from rows and keys of the model."""
    return lambda rows=None, **model: ModelProject(tmp_path / "project", make_rows() if rows is None else rows, **model)


# --- Labels ---

def test_a_label_whose_column_is_missing(made):
    made(label="lat").train_refused("'lat'", "did you mean 'late'?")


@pytest.mark.parametrize("rows, model, says", [
    (lambda rows: rows.assign(late=True), {}, "have the label true"),
    (lambda rows: rows.assign(late=False), {"trainer": TREES}, "have the label false"),
    (lambda rows: rows.assign(kind="low"), {"label": "kind"}, "have the label 'low'"),
    (lambda rows: rows.assign(amount=2.5), {"label": "amount"}, "have the label 2.5"),
])
def test_a_constant_label(made, rows, model, says):
    made(rows(make_rows()), **model).train_refused("training rows of rows@1", says, "nothing to tell apart",
                                                   "check model.label")


@pytest.mark.parametrize("rows, label", [
    (lambda rows: rows.assign(late=pandas.array([None] * len(rows), dtype="boolean")), "late"),
    (lambda rows: rows.assign(amount=numpy.nan), "amount"),
    (lambda rows: rows.assign(kind=pandas.array([None] * len(rows), dtype="string")), "kind"),
])
def test_a_label_without_any_value(made, rows, label):
    made(rows(make_rows()), label=label).train_refused("no row with a label", "nothing to train on", "model.label")


@pytest.mark.parametrize("label, task, says", [
    ("amount", "binary", ("is a number", "'binary'", "delay > 15")),
    ("kind", "number", ("is a text", "'number'")),
    ("late", "counts", ("is a boolean", "'counts'")),
    ("day", "classes", ("is a time", "'classes'")),
    ("day", None, ("is a time", "hour(date)")),
])
def test_a_label_of_another_kind_than_the_task(made, label, task, says):
    made(label=label, **({"task": task} if task else {})).train_refused("model.label", *says)


def test_rows_without_a_label_are_left_out_and_told(made):
    rows = make_rows()
    project = made(rows.assign(late=rows["late"].astype("boolean").mask(rows["key"] < 50)))
    assert project.train()["unlabelled_rows"] == 50
    assert "50 rows have no label" in project.run("train").stderr


def test_negative_counts_are_named_by_their_row(made):
    rows = make_rows()
    rows.loc[6, "many"] = -3
    made(rows, label="many", task="counts").train_refused("row 7", "-3", "at least 0")


@pytest.mark.parametrize("trainer", [{"kind": "linear"}, TREES])
def test_a_class_that_training_never_saw_is_told_and_no_error(made, trainer):
    # By time, the last quarter evaluates: there a class comes up that nobody could know.
    rows = make_rows()
    rows.loc[rows.index[-40:], "kind"] = "unheard"
    project = made(rows, label="kind", split={"by": "time", "column": "day", "evaluate_share": 0.25}, trainer=trainer)
    evaluation = project.train()["evaluation"]
    assert evaluation["unseen_rows"] == 40
    assert "unseen" in project.run("evaluate").stdout
    assert "unheard" not in project.show()["definition"]["classes"]


# --- Rows ---

@pytest.mark.parametrize("count", [1, 2])
def test_a_row_or_two(made, count):
    made(make_rows(count)).train_refused("rows@1", "label")


def test_no_rows_at_all(made):
    made(make_rows().head(0)).train_refused("rows@1")


@pytest.mark.parametrize("trainer", [{"kind": "linear"}, TREES])
def test_a_feature_without_any_value(made, trainer):
    made(make_rows().assign(a=numpy.nan), trainer=trainer).train_refused("'a'", "no value")


def test_a_split_that_leaves_nothing_to_evaluate_on(made):
    rows = make_rows()
    rows.loc[rows["day"] >= rows["day"].quantile(0.7), "amount"] = numpy.nan
    made(rows, label="amount", split={"by": "time", "column": "day", "evaluate_share": 0.2}).train_refused(
        "nothing to evaluate on", "raise evaluate_share")


def test_a_split_that_leaves_nothing_to_train_on(made):
    made(make_rows().assign(day=pandas.Timestamp("2024-01-01")), split={"by": "time", "column": "day"}).train_refused(
        "nothing to train on", "model.split")


def test_a_test_part_that_nobody_declared(made):
    project = made()
    project.train()
    project.refused(2, "evaluate", "--part", "test", says=("without a test part", "test_share"))
    project.refused(2, "evaluate", "--part", "tset", says=("'tset'", "train, evaluate, test"))


def test_a_feature_that_is_the_label_is_warned_of(made):
    rows = make_rows()
    project = made(rows.assign(copy=rows["late"].map({True: "yes", False: "no"}), twice=2 * rows["late"]),
                   features=[*LINEAR_FEATURES, {"column": "copy", "use": "one_hot"}, {"column": "twice", "use": "number"}])
    leaks = {leak["column"]: leak["power"] for leak in project.train()["leaks"]}
    assert set(leaks) == {"copy", "twice"} and min(leaks.values()) > 0.99
    warned = project.run("train").stderr
    assert "warning: 'copy' alone predicts the label with a power of 1.000" in warned
    assert {leak["column"] for leak in project.show()["lineage"]["leaks"]} == {"copy", "twice"}


# --- Weights ---

@pytest.mark.parametrize("value, says", [(numpy.nan, "row 4"), (None, "row 4"), (-0.5, "weighs -0.5"),
                                         (numpy.inf, "weighs inf")])
@pytest.mark.parametrize("trainer", [{"kind": "linear"}, TREES])
def test_a_weight_that_is_none(made, value, says, trainer):
    rows = make_rows().assign(count=1.0)
    rows.loc[3, "count"] = value
    made(rows, weight="count", trainer=trainer).train_refused("model.weight", says, "at least 0", "coalesce")


def test_weights_that_are_texts_or_all_zero(made):
    project = made(make_rows().assign(none=0.0), weight="word")
    project.train_refused("model.weight is a text", "want a number")
    project.configure(weight="none")
    project.train_refused("weight")


# --- Keys of roost.yaml ---

@pytest.mark.parametrize("model, says", [
    ({"trainer": {"kind": "linear", "max_depth": 3}}, ("max_depth", "linear")),
    ({"trainer": {"kind": "boosted_trees", "tolerance": 0.1}}, ("tolerance", "boosted_trees")),
    ({"trainer": {"kind": "boosted_trees", "command": ["sh"]}}, ("command", "boosted_trees")),
    ({"trainer": {"kind": "external"}}, ("command", "missing")),
    ({"trainer": {"kind": "external", "command": ["sh"], "l2": 1}}, ("l2", "external")),
    ({"trainer": {"kind": "linear", "start": "refresh"}}, ("refresh", "boosted_trees")),
    ({"trainer": {"kind": "lienar"}}, ("lienar", "linear")),
    ({"trainer": {"l2": -1}}, ("roost.yaml:16", "from 0", "-1")),
    ({"trainer": {"l2": "much"}}, ("roost.yaml:16", "number", "much")),
    ({"split": {"by": "time"}}, ("column", "missing")),
    ({"split": {"by": "group"}}, ("column", "missing")),
    ({"split": {"by": "hash"}}, ("key", "missing")),
    ({"split": {"by": "hash", "key": ["key"], "column": "day"}}, ("column", "hash")),
    ({"split": HASH_SPLIT | {"evaluate_share": 0.6, "test_share": 0.4}}, ("5 %",)),
    ({"features": []}, ("roost.yaml:11", "auto")),
    ({"features": [{"use": "standardize"}]}, ("column", "missing")),
    ({"features": [{"column": "a", "use": "cross"}]}, ("columns",)),
    ({"features": [{"column": "a", "use": "squared"}]}, ("squared",)),
    ({"features": [{"column": "a", "use": "standardize", "buckets": 3}]}, ("buckets", "standardize")),
    ({"label": "late >"}, ("roost.yaml:6", "at character 7", "late >")),
    ({"task": "ranking", "label": "many", "trainer": TREES}, ("group",)),
])
def test_keys_that_make_no_sense(tmp_path, model, says):
    project = ModelProject(tmp_path / "project")
    project.configure(**model)
    result = project.refused(2, "train", says=says)
    assert "roost.yaml:" in result.stderr or "model." in result.stderr or "model:" in result.stderr


@pytest.mark.parametrize("model, says", [
    ({"trainer": {"kind": "linear", "loss": "poisson"}}, ("'poisson'", "'binary'", "logistic")),
    ({"task": "ranking", "label": "many", "group": "word"}, ("linear", "ranking", "boosted_trees")),
    ({"features": [{"column": "word", "use": "standardize"}]}, ("'word'", "number")),
    ({"features": [{"column": "a", "use": "hour"}]}, ("'a'", "time")),
    ({"features": [{"column": "c", "use": "number"}]}, ("'c'",)),
    ({"features": [{"column": "day", "use": "number"}]}, ("'day'",)),
    ({"split": {"by": "time", "column": "word"}}, ("'word'", "date or timestamp", "by: group")),
    ({"split": {"by": "group", "column": "nothing"}}, ("'nothing'",)),
    ({"group": "nothing", "task": "ranking", "label": "many", "trainer": TREES}, ("'nothing'",)),
    ({"columns": [{"name": "sum", "value": "a + word"}], "features": [{"column": "sum", "use": "number"}]}, ("sum",)),
])
def test_keys_that_do_not_suit_the_data(made, model, says):
    made(**model).train_refused(*says)


def test_a_model_that_does_not_converge_is_never_silent(made):
    project = made(trainer={"kind": "linear", "max_iterations": 1, "tolerance": 1e-12})
    trained = project.run("train")
    assert "NOT CONVERGED" in trained.stdout and "warning:" in trained.stderr and "max_iterations" in trained.stderr
    assert project.models()[0]["lineage"]["converged"] is False


# --- Rows to score ---

def test_rows_that_cannot_be_scored(made):
    project = made()
    project.train()
    rows = make_rows(50, seed=9)
    project.refused(2, "predict", project.write(rows.drop(columns="word")), says=("'word'",))
    project.refused(2, "predict", project.write(rows.assign(a="much")), says=("'a'", "number"))
    project.refused(2, "predict", project.write(rows.assign(word=1.5).assign(a=rows["day"])), says=("'a'",))
    project.refused(2, "predict", project.write(rows.assign(probability=0.5)), says=("'probability' already",))
    project.refused(2, "predict", "model@7", "rows", says=("no version 7", "model@1"))
    project.refused(2, "explain", "--row", '{"aa": 1}', says=("no column 'aa'", "did you mean 'a'?"))
    project.refused(2, "explain", "--row", '{"a": "x"}', says=("'a'", "a number"))
    project.refused(2, "explain", "--row", "[", says=("--row",))
