"""Several models in one project, and a model that takes another one's score as a column."""
import json
import shutil
import urllib.request

import pandas
import pytest

from model_project import HASH_SPLIT, LINEAR_FEATURES, ModelProject, make_rows, yaml_of

AMOUNT_FEATURES = [{"column": "late_score", "use": "standardize"}, {"column": "b", "use": "standardize"}]


class SeveralModels(ModelProject):
    """`late` of the columns, and `amount` of late's score and one column."""

    def configure(self, **models):
        models = {
            "amount": {"label": "amount", "split": HASH_SPLIT, "scores": {"late_score": "late"},
                       "features": AMOUNT_FEATURES},
            "late": {"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES,
                     "gate": {"rules": [{"metric": "auc", "at_least": 0.55}]}, "evaluation": {"resamples": 50}},
        } | models
        (self.folder / "roost.yaml").write_text(
            "project: test\ndataset: rows\nmodels:\n"
            + "\n".join(f"  {name}:\n{yaml_of(keys, '    ')}" for name, keys in models.items()) + "\n")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = SeveralModels(tmp_path_factory.mktemp("several") / "project", make_rows())
    made.run("run")
    return made


def copy_of(project, folder):
    shutil.copytree(project.folder, folder)
    return SeveralModels.at(folder, project)


def test_a_run_trains_each_after_those_whose_scores_it_takes(trained):
    assert {(one["model"], one["version"]) for one in trained.models()} == {("late", 1), ("amount", 1)}
    scopes = [run["scope"] for run in trained.json("run", "list")]
    assert scopes == ["all of amount", "all of late"], "the newest first"
    again = trained.json("run")
    assert [run["model"] for run in again["runs"]] == ["late", "amount"]
    for run in again["runs"]:
        assert all(step["hit"] or step["step"] == "release" or step["state"] == "skipped" for step in run["steps"])


def test_the_score_is_what_predict_says(trained):
    rows = trained.predict(model="late")
    scores = pandas.DataFrame({"late_score": rows["probability"], "b": rows["b"], "key": rows["key"]})
    scores.to_parquet(trained.folder / "scores.parquet")
    brought = trained.folder / "brought.parquet"
    trained.run("predict", "amount", "scores.parquet", "-o", brought, "--force")
    made = trained.predict(model="amount")
    assert pandas.read_parquet(brought)["value"].tolist() == made["value"].tolist()
    assert made["late_score"].tolist() == rows["probability"].tolist()


def test_the_score_is_tracked_both_ways(trained):
    lineage = trained.json("model", "lineage", "amount@1")
    assert lineage["scores"] == [{"taker": "amount@1", "column": "late_score", "score_of": "late@1"}]
    assert trained.json("model", "lineage", "late@1")["score_takers"] == lineage["scores"]
    late = next(one for one in trained.models() if one["model"] == "late")
    assert lineage["lineage"]["scores"]["late_score"]["model"] == "late@1"
    assert len(lineage["lineage"]["scores"]["late_score"]["digest"]) == 64 and late["version"] == 1


def test_evaluation_makes_the_scores_of_the_version_that_was_trained_with(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    before = project.json("evaluate", "amount@1")
    project.configure(late={"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES[:1]})
    assert project.json("train", "--model", "late")["version"] == 2
    project.run("model", "promote", "late@2", "--reason", "another")
    assert project.json("evaluate", "amount@1") == before


def test_another_champion_below_trains_the_model_above_anew(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    project.run("model", "promote", "late@1", "--reason", "the first")
    assert project.json("run", "--model", "amount")["steps"][2]["hit"], "the champion is the version that was taken"
    project.configure(late={"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES[:2]})
    project.run("train", "--model", "late")
    project.run("model", "promote", "late@2", "--reason", "another")
    train = project.json("run", "--model", "amount")["steps"][2]
    assert not train["hit"] and "score late_score changed (late@1 -> late@2)" in train["reason"]
    assert project.json("model", "lineage", "amount@2")["scores"][0]["score_of"] == "late@2"


def test_a_server_takes_the_score_as_a_column(trained):
    rows = trained.predict(model="amount").iloc[:3]
    with trained.serve() as url:
        body = json.dumps({"rows": rows[["late_score", "b"]].to_dict("records")}).encode()
        request = urllib.request.Request(f"{url}/v1/models/amount:score", body, {"Content-Type": "application/json"})
        answer = json.load(urllib.request.urlopen(request))
    served = [row["value"] for row in answer["rows"]]
    assert served == pytest.approx(rows["value"].tolist(), rel=1e-12)


def test_a_model_above_a_model_above_a_model(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    project.configure(top={"label": "many", "task": "counts", "split": HASH_SPLIT, "scores": {"amount_score": "amount@1"},
                           "features": [{"column": "amount_score", "use": "standardize"}]})
    assert project.json("train", "--model", "top")["version"] == 1
    made = project.predict(model="top")
    assert made["amount_score"].tolist() == project.predict(model="amount")["value"].tolist()


def test_which_of_several_must_be_said(trained):
    for command in (["train"], ["tune"], ["features"]):
        assert "--model: amount, late" in trained.refused(2, *command).stderr
    assert "roost.yaml has several" in trained.refused(2, "evaluate").stderr
    assert "it has amount, late" in trained.refused(2, "train", "--model", "nobody").stderr


def test_reports_and_judgements_are_of_the_model_that_was_named(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    late = {"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES}
    project.configure(late=late | {"evaluation": {"confidence": 0.8}, "gate": {"rules": [{"metric": "auc", "at_least": 0.55}]}})
    report = project.json("features", "report", "late")
    assert report["model"] == "late@1" and report["confidence"] == 0.8 and len(report["features"]) == 3
    for command in (["features", "report", "--model", "late"], ["features", "--model", "late", "report"]):
        again = project.json(*command)
        assert again["model"] == "late@1" and again["trained"] == 0 and again["resumed"] == report["trained"]
    assert project.json("features", "report", "amount")["confidence"] == 0.95
    project.refused(2, "features", "report", says="roost.yaml has several")
    project.refused(2, "features", "report", "--model", "nobody", says="it has amount, late")
    assert project.json("model", "staleness", "late")["confidence"] == 0.8
    assert project.json("model", "staleness", "amount")["metric"] == "rmse"
    project.refused(2, "gate", says="roost.yaml has several")
    project.refused(2, "gate", "amount", says="model.gate")


def test_a_feature_report_takes_the_scores_of_the_version_s_training(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    before = project.json("features", "report", "amount")
    project.configure(late={"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES[:1]})
    project.run("train", "--model", "late")
    project.run("model", "promote", "late@2", "--reason", "another")
    shutil.rmtree(project.folder / ".roost" / "features")
    after = project.json("features", "report", "amount")
    assert after["trained"] == before["trained"] and after["value"] == before["value"]
    assert [feature["loss"] for feature in after["features"]] == [feature["loss"] for feature in before["features"]]


def test_edits_go_to_the_model_that_was_named(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    project.configure(late={"label": "late", "split": HASH_SPLIT, "features": "auto",
                            "tune": {"space": [{"key": "l2", "low": 0.1, "high": 10}], "trials": 3, "least_share": 1},
                            "trainer": {"l2": 1.0}})
    above = (project.folder / "roost.yaml").read_text().split("  late:\n")[0]
    project.run("features", "--model", "late", "--write")
    project.run("tune", "--model", "late", "--write")
    text = (project.folder / "roost.yaml").read_text()
    assert text.startswith(above) and "auto" not in text and "l2: 1.0" not in text
    project.run("train", "--model", "late")


@pytest.mark.parametrize("scores, says", [
    ({"late_score": "nobody"}, "model.scores: 'late_score'"),
    ({"late_score": "late@7"}, "model.scores: 'late_score'"),
    ({"a": "late"}, "rows@1 has a column 'a'"),
    ({"late_score": "amount"}, "wait for each other's scores"),
])
def test_scores_that_cannot_be_had_are_refused(trained, tmp_path, scores, says):
    project = copy_of(trained, tmp_path / "project")
    column = next(iter(scores))
    project.configure(amount={"label": "amount", "split": HASH_SPLIT, "scores": scores,
                              "features": [{"column": column, "use": "standardize"}]})
    before = project.models() if "wait" not in says else None
    project.refused(2, "train", "--model", "amount", says=[says])
    if before is not None:
        assert project.models() == before


def test_a_deleted_version_below_is_named(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    assert "amount@1" in project.refused(None, "model", "delete", "late@1", "--reason", "old").stderr


def test_classes_have_no_single_score(trained, tmp_path):
    project = copy_of(trained, tmp_path / "project")
    project.configure(kind={"label": "kind", "split": HASH_SPLIT, "features": LINEAR_FEATURES},
                      amount={"label": "amount", "split": HASH_SPLIT, "scores": {"late_score": "kind"},
                              "features": AMOUNT_FEATURES})
    project.run("train", "--model", "kind")
    project.refused(2, "train", "--model", "amount", says=["has 3 outputs"])
