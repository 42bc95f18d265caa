"""`roost compare`: decisions that change, differences of scores, curves and calibration, beside pandas and scikit-learn."""
import json
import re

import numpy
import pandas
import pytest
from sklearn import metrics

from model_project import ModelProject, make_rows

LATE = {"by": "time", "column": "day", "evaluate_share": 0.4}
EVALUATION = {"slices": ["word"], "min_rows": 20, "value": {"true_positive": 4, "false_positive": -1}}


@pytest.fixture(scope="module")
def rows():
    return make_rows(1500)


def two_versions(folder, rows, **model):
    made = ModelProject(folder, rows, split=LATE, evaluation=EVALUATION, **model)
    for l2 in (1, 300):
        made.configure(split=LATE, evaluation=EVALUATION, trainer={"kind": "linear", "l2": l2}, **model)
        made.train("--cold")
    return made


@pytest.fixture(scope="module")
def project(tmp_path_factory, rows):
    return two_versions(tmp_path_factory.mktemp("compare") / "project", rows, threshold=0.4)


@pytest.fixture(scope="module")
def compared(project):
    return project.json("compare", "model@2", "model@1")


@pytest.fixture(scope="module")
def kept(project, rows, compared):
    """The rows that were measured, with both versions' scores."""
    border = pandas.Timestamp(re.search(r"\d{4}\S+", compared["rows"])[0]).tz_localize(None)
    scored = rows.assign(now=project.predict(model="model@2")["probability"].to_numpy(),
                         before=project.predict(model="model@1")["probability"].to_numpy())
    return scored[scored["day"] >= border]


def part_of(kept, name):
    return kept if name == "all rows" else kept[kept["word"] == name.removeprefix("word=")]


def test_flips_and_differences_are_those_that_pandas_counts(compared, kept):
    assert [entry["name"] for entry in compared["slices"]][0] == "all rows" and len(compared["slices"]) == 5
    changed = 0
    for entry in compared["slices"]:
        part = part_of(kept, entry["name"])
        changes = entry["changes_to"]["model@1"]
        right, was_right = ((part[side] >= 0.4) == part["late"] for side in ("now", "before"))
        assert changes["flips"] == {"gained": int((right & ~was_right).sum()), "lost": int((~right & was_right).sum()),
                                    "sideways": 0}
        changed += changes["flips"]["gained"] + changes["flips"]["lost"]
        differences = (part["now"] - part["before"]).abs().to_numpy()
        for quantile in changes["score_differences"]:
            assert quantile["difference"] == pytest.approx(
                numpy.quantile(differences, quantile["share"], method="averaged_inverted_cdf"), abs=1e-12)
    assert changed > 0


def test_curves_are_those_of_scikit_learn(compared, kept):
    for name, side in (("model@2", "now"), ("model@1", "before")):
        curves = compared["curves"][name]
        for point in curves["points"]:
            acted = kept[side] >= point["threshold"]
            assert point["acted_share"] == pytest.approx(acted.mean(), abs=1e-9)
            assert point["recall"] == pytest.approx(metrics.recall_score(kept["late"], acted), abs=1e-9)
            assert point["false_positive_rate"] == pytest.approx((acted & ~kept["late"]).sum() / (~kept["late"]).sum(), abs=1e-9)
            if acted.any():
                assert point["precision"] == pytest.approx(metrics.precision_score(kept["late"], acted), abs=1e-9)
            assert point["value"] == pytest.approx((4 * (acted & kept["late"]) - (acted & ~kept["late"])).mean(), abs=1e-9)
        assert curves["best"]["value"] >= max(point["value"] for point in curves["points"])
        roc = sorted((point["false_positive_rate"], point["recall"]) for point in curves["points"])
        assert metrics.auc(*zip(*roc)) == pytest.approx(metrics.roc_auc_score(kept["late"], kept[side]), abs=0.01)


def test_calibration_by_slice_is_that_of_its_rows(compared, kept):
    for entry in compared["slices"]:
        part = part_of(kept, entry["name"])
        for name, side in (("model@2", "now"), ("model@1", "before")):
            bins = entry["calibration"][name]
            assert sum(one["rows"] for one in bins) == len(part)
            for one in bins:
                inside = part[(part[side] >= one["lowest_score"]) & (part[side] <= one["highest_score"])]
                assert len(inside) == one["rows"]
                assert one["mean_score"] == pytest.approx(inside[side].mean(), abs=1e-9)
                assert one["positive_rate"] == pytest.approx(inside["late"].mean(), abs=1e-9)


def test_thresholds_and_what_decisions_are_worth_are_told(compared):
    assert compared["thresholds"] == {name: {"value": 0.4, "from": "model.threshold"} for name in ("model@2", "model@1")}
    assert compared["break_even"] == pytest.approx(1 / 5)


def test_the_page_has_the_figures_of_the_json(project, compared):
    project.run("compare", "model@2", "model@1", "--html", "page.html")
    page = (project.folder / "page.html").read_text(encoding="utf-8")
    flips = compared["slices"][0]["changes_to"]["model@1"]["flips"]
    assert f"<td>{flips['lost']}<td><svg" in page and f"</svg><td>{flips['gained']}<td>" in page
    for text in ("<bdi>word=green</bdi>", "0.4 <small>model.threshold of its roost.yaml</small>", "ROC: what is found",
                 "where acting breaks even<dd>0.2", "true positive<dd>4"):
        assert text in page
    assert page.count('class="chart small"') == len(compared["slices"]) - 1
    project.run("compare", "model@2", "model@1", "--html", "again.html")
    assert (project.folder / "again.html").read_bytes() == (project.folder / "page.html").read_bytes()


def test_a_page_that_cannot_be_written_is_an_error(project):
    project.refused(2, "compare", "model@2", "--html", "no/such/folder/page.html", says=["page.html"])


def test_numbers_differ_and_do_not_flip(tmp_path, rows):
    evaluation = {"slices": ["word"], "min_rows": 20}
    made = ModelProject(tmp_path / "project", rows, label="amount", split=LATE)
    for l2 in (1, 300):
        made.configure(label="amount", split=LATE, evaluation=evaluation, trainer={"kind": "linear", "l2": l2})
        made.train("--cold")
    compared = made.json("compare", "model@2", "model@1")
    changes = compared["slices"][0]["changes_to"]["model@1"]
    assert changes["flips"] is None and len(changes["score_differences"]) == 4
    assert "curves" not in compared and "thresholds" not in compared and "calibration" not in json.dumps(compared)
    text = made.run("compare", "model@2", "model@1").stdout
    assert "gained" not in text and "scores from model@1 to model@2" in text


@pytest.fixture(scope="module")
def trees(tmp_path_factory, rows):
    """A version of trees, and a linear one of the same rows with the trainer's defaults."""
    columns = ["key", "a", "b", "word", "day", "late"]
    made = ModelProject(tmp_path_factory.mktemp("trees") / "project", rows[columns], split=LATE, features="auto")
    for trainer in ({"kind": "boosted_trees", "rounds": 20}, {"kind": "linear"}):
        made.configure(split=LATE, features="auto", trainer=trainer,
                       gate={"baseline": "linear", "rules": [{"metric": "auc", "at_least": 0.5}]})
        made.train("--cold")
    return made


def test_a_linear_model_of_the_same_rows_stands_beside_trees(trees):
    compared = trees.json("compare", "model@1", "model@2")
    assert compared["models"] == ["model@1", "model@2", "linear", "dummy"]
    models = compared["slices"][0]["models"]
    for name, estimate in models["linear"].items():
        assert estimate["value"] == models["model@2"][name]["value"], name  # trained alike, to the bit
    assert compared["slices"][0]["difference_to"]["linear"]["log_loss"]["standard_error"] > 0
    trees.run("compare", "model@1", "--html", "trees.html")
    page = (trees.folder / "trees.html").read_text(encoding="utf-8")
    assert "difference to <bdi>linear</bdi>" in page and "upright, dashed: <bdi>linear</bdi>" in page
    assert trees.json("compare", "model@2")["models"] == ["model@2", "dummy"]


def test_a_gate_that_names_it_holds_versions_against_the_linear_model(trees):
    judged = trees.run("gate", "model@1", "--json", code=None).json()
    assert judged["baseline_name"] == "linear"
    finding = judged["baseline"]["findings"][0]
    figures = judged["measured"]["slices"][0]["models"]
    assert finding["champion"] == figures["linear"]["log_loss"]["value"] and "the linear model's" in finding["text"]
    linear = trees.run("gate", "model@2", code=None)
    assert "model@2 has no linear baseline" in linear.stderr and "held against the dummy" in linear.stderr
    assert trees.run("gate", "model@2", "--json", code=None).json()["baseline_name"] == "dummy"


def test_rankings_have_no_linear_model_and_the_gate_says_why(tmp_path, rows):
    made = ModelProject(tmp_path / "project", rows.assign(list=rows["key"] // 10, relevant=rows["late"].astype(int)),
                        task="ranking", label="relevant", group="list", split={"by": "group", "column": "list"},
                        trainer={"kind": "boosted_trees", "rounds": 5},
                        gate={"baseline": "linear", "rules": [{"metric": "mrr", "at_least": 0.1}]})
    made.train()
    assert made.json("compare", "model@1")["models"] == ["model@1", "dummy"]
    judged = made.run("gate", "model@1", code=None)
    assert "no linear baseline" in judged.stderr and "ranking" in judged.stderr


def test_the_linear_model_reads_no_column_that_the_model_does_not_read(tmp_path, rows):
    made = ModelProject(tmp_path / "project", rows, split=LATE, trainer={"kind": "boosted_trees", "rounds": 5})
    made.train()
    made.add(rows.drop(columns=["many", "kind", "amount"]))  # no feature reads them
    assert made.json("compare", "model@1", "--data", "rows@2")["models"] == ["model@1", "linear", "dummy"]
