"""`roost features report`: what each feature is worth beside trainings without it, what can go, what is resumed."""
import json
import signal
import sys

import numpy
import pandas
import pytest

from model_project import ModelProject, make_rows

ROWS = make_rows(3000)
ROWS = ROWS.assign(twin=2 * ROWS["a"] + 1, noise=numpy.random.default_rng(5).normal(size=len(ROWS)),
                   sparse=numpy.where(ROWS["key"] % 4 == 0, numpy.nan, 1.0 * (ROWS["key"] % 7)))
FEATURES = [{"column": column, "use": "standardize"} for column in ("a", "twin", "b", "noise", "sparse")] + [
    {"column": "word", "use": "one_hot"}]
NAMES = ["a standardize", "twin standardize", "b standardize", "noise standardize", "sparse standardize", "word one_hot"]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = ModelProject(tmp_path_factory.mktemp("features") / "project", ROWS, features=FEATURES)
    made.train()
    return made


@pytest.fixture(scope="module")
def report(project):
    return project.json("features", "report", "--max-loss", "0.005")


def by_name(report):
    return {feature["name"]: feature for feature in report["features"]}


def test_it_tells_what_is_needed_and_what_only_repeats(report):
    features = by_name(report)
    assert list(features) == NAMES
    assert features["b standardize"]["need"] == "needed" and features["word one_hot"]["need"] == "needed"
    for name in ("a standardize", "twin standardize"):
        assert features[name]["need"] == "no gain" and features[name]["only_repeats"], "either alone can go"
    assert features["noise standardize"]["need"] in ("no gain", "harmful") and not features["noise standardize"]["repeats"]
    assert report["groups"] == [["a standardize", "twin standardize"]]
    together = set(report["together"]["features"])
    assert "noise standardize" in together and len(together & {"a standardize", "twin standardize"}) == 1
    assert report["together"]["loss"]["high"] <= 0.005
    assert report["not_tried"] == [] and report["is_whole"] and report["resumed"] == 0


def test_sources_gaps_places_and_times(report):
    features = by_name(report)
    assert features["sparse standardize"]["columns"] == ["sparse"]
    assert features["sparse standardize"]["missing_share"] == pytest.approx(0.25, abs=0.02)
    assert features["a standardize"]["missing_share"] == 0
    assert features["word one_hot"]["places"] == 6 and features["a standardize"]["places"] == 1
    assert all(feature["row_ns"] > 0 for feature in features.values())
    order = report["order"]
    assert order == sorted(NAMES, key=lambda name: (features[name]["importance"], NAMES.index(name)))


def test_a_loss_is_that_of_a_training_without_the_feature(report, tmp_path):
    """As `roost compare` says of a version without `b` and one with all features."""
    made = ModelProject(tmp_path / "project", ROWS, features=FEATURES)
    made.train()
    made.configure(features=[feature for feature in FEATURES if feature["column"] != "b"])
    made.train("--cold")
    kept = made.json("compare", "model@2", "model@1")
    loss = kept["slices"][0]["difference_to"]["model@1"]["log_loss"]
    told = by_name(report)["b standardize"]["loss"]
    assert told["value"] == pytest.approx(loss["value"], abs=1e-6)
    assert told["low"] == pytest.approx(loss["low"], abs=1e-6) and told["high"] == pytest.approx(loss["high"], abs=1e-6)
    assert by_name(report)["b standardize"]["value"] == pytest.approx(
        kept["slices"][0]["models"]["model@2"]["log_loss"]["value"], abs=1e-6)


def test_nothing_is_registered_and_a_second_call_trains_nothing(project, report):
    assert len(project.models()) == 1
    again = project.json("features", "report", "--max-loss", "0.005")
    assert again["trained"] == 0 and again["resumed"] == report["trained"]
    for feature, before in zip(again["features"], report["features"]):
        assert {key: value for key, value in feature.items() if key != "row_ns"} == (
            {key: value for key, value in before.items() if key != "row_ns"})


def test_a_budget_ends_it_and_the_same_command_goes_on(tmp_path):
    made = ModelProject(tmp_path / "project", ROWS, features=FEATURES)
    made.train()
    first = made.run("features", "report", "--trainings", "2", "--max-loss", "0.005")
    assert "not tried: " in first.stdout and "the budget is spent" in first.stderr
    part = made.json("features", "report", "--trainings", "0", "--max-loss", "0.005")
    assert len(part["not_tried"]) == 4 and part["resumed"] == 2 and not part["is_whole"]
    tried = [name for name in part["order"] if name not in part["not_tried"]]
    assert tried == part["order"][:2], "the least important first"
    whole = made.json("features", "report", "--max-loss", "0.005")
    assert whole["is_whole"] and whole["resumed"] == 2
    fresh = ModelProject(tmp_path / "fresh", ROWS, features=FEATURES)
    fresh.train()
    undisturbed = fresh.json("features", "report", "--max-loss", "0.005")
    for feature, other in zip(whole["features"], undisturbed["features"]):
        assert feature["loss"] == other["loss"] and feature["need"] == other["need"]


def test_interrupted_it_keeps_what_it_has(tmp_path):
    made = ModelProject(tmp_path / "project", make_rows(5000), features="auto",
                        trainer={"kind": "boosted_trees", "rounds": 15})
    made.train()
    process = made.start("features", "report", "--json")
    for line in process.stderr:
        if json.loads(line)["message_type"] == "trial":
            process.send_signal(signal.SIGINT)
            break
    process.communicate(timeout=120)
    assert process.returncode in (0, 130)
    report = made.json("features", "report", "--trainings", "0")
    assert report["resumed"] >= 1 and report["start"] == "cold"


def test_trees_are_held_against_trees_that_began_from_nothing(tmp_path):
    made = ModelProject(tmp_path / "project", ROWS, features=[{"column": column, "use": "number"} for column in ("a", "noise")],
                        trainer={"kind": "boosted_trees", "rounds": 20})
    made.train()
    made.train()  # more trees on top
    report = made.json("features", "report")
    assert by_name(report)["a number"]["need"] == "needed" and report["start"] == "cold"
    assert report["max_loss"] == pytest.approx(0.01 * (report["dummy"] - report["value"]))
    assert not report["max_loss_is_given"]


def test_a_threshold_that_is_learned_changes_no_loss(tmp_path):
    """Its rows are kept from training, whatever they are kept for."""
    reports = []
    for best in ("f1", "recall"):
        made = ModelProject(tmp_path / best, ROWS, features=FEATURES[:3], threshold={"best": best, "share": 0.2})
        assert made.train()["threshold"]["rows"] > 500
        reports.append(made.json("features", "report"))
    assert by_name(reports[0])["b standardize"]["need"] == "needed"
    for feature, other in zip(*(report["features"] for report in reports)):
        assert feature["loss"] == other["loss"] and feature["need"] == other["need"]


TRAINER = """
import json, os, pathlib, sys
from onnx import TensorProto, helper

work = pathlib.Path(os.environ["ROOST_WORK"])
with open("found.txt", "a") as found:
    found.writelines(sorted(path.name for path in (work / "checkpoint").iterdir()))
names = [column["name"] for column in json.loads((work / "config.json").read_text())["columns"]]
(work / "checkpoint" / "-".join(names)).touch()
if "b" not in names:
    sys.exit("without b there is nothing to tell")
weights = {"a": 1.5, "b": -0.5, "key": 0.0}
nodes = []
for name in names:
    nodes.append(helper.make_node("Constant", [], [f"weight {name}"], value_float=weights[name]))
    nodes.append(helper.make_node("Mul", [name, f"weight {name}"], [f"part {name}"]))
nodes += [helper.make_node("Sum", [f"part {name}" for name in names], ["margin"]),
          helper.make_node("Sigmoid", ["margin"], ["probability"])]
value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1])
graph = helper.make_graph(nodes, "model", [value(name) for name in names], [value("probability")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
(work / "output" / "model.onnx").write_bytes(model.SerializeToString())
"""


def test_trainings_of_a_program_find_no_checkpoint_of_each_other(tmp_path):
    made = ModelProject(tmp_path / "project", ROWS, features=[{"column": name} for name in ("a", "b", "key")],
                        trainer={"kind": "external", "command": [sys.executable, "trainer.py"]})
    (made.folder / "trainer.py").write_text(TRAINER)
    made.train()
    report = made.json("features", "report", "--max-loss", "0.01")
    features = by_name(report)
    assert list(features) == ["a", "b", "key"] and report["start"] == "cold" and report["trained"] == 3
    assert features["key"]["need"] == "no gain" and features["key"]["loss"]["value"] == 0
    assert features["a"]["need"] == "needed"
    assert features["b"]["need"] == "failed" and "without b there is nothing to tell" in features["b"]["failure"]
    found = (made.folder / "found.txt").read_text()
    assert found == "a-b-key", "that of all features is the training of `roost train` once more"


def test_no_two_features_have_one_name(tmp_path):
    made = ModelProject(tmp_path / "project", ROWS, features=[
        {"column": "day", "use": "cyclic", "period": "hour"}, {"column": "day", "use": "cyclic", "period": "month"},
        {"column": "a", "use": "standardize"}])
    made.train()
    names = ["day cyclic hour", "day cyclic month", "a standardize"]
    assert list(by_name(made.json("features", "report", "--trainings", "0"))) == names


def test_one_feature_is_not_left_out(tmp_path):
    made = ModelProject(tmp_path / "project", ROWS, features=FEATURES[:1])
    made.train()
    report = made.json("features", "report")
    assert report["trained"] == 0 and report["not_tried"] == ["a standardize"]


def test_what_cannot_be_is_refused(project):
    project.refused(2, "features", "report", "--max-loss", "-1", says="greatest loss")
    project.refused(2, "features", "report", "nobody", says="nobody")
    project.refused(2, "features", "report", "--budget", "0", says="--budget")


def test_the_page_has_the_figures(project, report):
    project.run("features", "report", "--max-loss", "0.005", "--html", "features.html")
    page = (project.folder / "features.html").read_text(encoding="utf-8")
    for text in ("Features of model@1", "<bdi>noise standardize</bdi>", "only repeats <bdi>twin standardize</bdi>",
                 "class=better>needed"):
        assert text in page


def test_a_unit_makes_the_intervals_wider(tmp_path):
    """Ten copies of each row: as one unit they are one row, apart they seem ten."""
    rows = pandas.concat([ROWS[:400].assign(copy=copy) for copy in range(10)]).assign(key=range(4000))
    width = {}
    for name, evaluation in (("rows", {}), ("units", {"unit": "a"})):
        made = ModelProject(tmp_path / name, rows, features=FEATURES[:3], evaluation=evaluation)
        made.train()
        loss = by_name(made.json("features", "report"))["b standardize"]["loss"]
        width[name] = loss["high"] - loss["low"]
    assert width["units"] > 1.5 * width["rows"]
