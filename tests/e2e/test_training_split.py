"""The split by time, group and hash: which rows learn, and that what is kept back is never seen by a fit."""
import json

import numpy
import onnx
import pandas
import pyarrow.parquet as parquet
import pytest
from onnx import TensorProto, helper

from model_project import ModelProject, make_rows

SPLITS = {
    "time": {"by": "time", "column": "day", "evaluate_share": 0.2, "test_share": 0.1},
    "group": {"by": "group", "column": "list", "evaluate_share": 0.2, "test_share": 0.1},
    "hash": {"by": "hash", "key": ["key", "word"], "evaluate_share": 0.2, "test_share": 0.1},
}
EVERY_FIT = [{"column": "a", "use": "standardize"}, {"column": "b", "use": "bucketize"},
             {"column": "c", "use": "min_max"}, {"column": "c", "use": "polynomial"},
             {"column": "word", "use": "one_hot", "unknown_buckets": 2}, {"column": "note", "use": "tokens", "ngrams": 2},
             {"columns": ["word", "other"], "use": "cross"}, {"column": "other", "use": "ordinal"},
             {"column": "b", "use": "number", "impute": "median"}]
TRAINERS = {"linear": {"kind": "linear"}, "trees": {"kind": "boosted_trees", "rounds": 15, "early_stopping": 5}}


def rows_of_all(count=800):
    rows = make_rows(count)
    draw = numpy.random.default_rng(11)
    return rows.assign(list=[f"list {number}" for number in draw.integers(0, 80, count)], c=draw.gamma(2, 3, count),
                       other=draw.choice(["x", "y", "z"], count),
                       note=[" ".join(draw.choice(["free", "offer", "meet", "now", "you"], 3)) for _ in range(count)])


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """By split, the keys of the rows in each part: an external trainer is handed the rows themselves."""
    graph = helper.make_graph(
        [helper.make_node("Sub", ["key", "key"], ["zero"]), helper.make_node("Sigmoid", ["zero"], ["probability"])], "model",
        [helper.make_tensor_value_info("key", TensorProto.DOUBLE, [None, 1])],
        [helper.make_tensor_value_info("probability", TensorProto.DOUBLE, [None, 1])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    found = {}
    for name, split in SPLITS.items():
        project = ModelProject(
            tmp_path_factory.mktemp("parts") / name, rows_of_all(), split=split, features=[{"column": "key"}],
            trainer={"kind": "external", "command": ["cp", "model.onnx", "sample.json", ".roost/training/model/output"]})
        onnx.save(model, project.folder / "model.onnx")
        (project.folder / "sample.json").write_text('{"predictions": [[0.5]]}')
        trained = project.train()
        keys = {part: set(parquet.read_table(project.folder / ".roost/training/model" / part)["key"].to_pylist())
                for part in ("train", "evaluate")}
        assert [len(keys["train"]), len(keys["evaluate"])] == [trained["train_rows"], trained["evaluate_rows"]]
        keys["test"] = set(range(800)) - keys["train"] - keys["evaluate"]
        assert project.json("evaluate", "--part", "test")["rows"] == len(keys["test"])
        found[name] = keys
    return found


@pytest.mark.parametrize("name", SPLITS)
def test_the_parts_have_their_shares_and_no_row_in_common(parts, name):
    keys = parts[name]
    assert not keys["train"] & keys["evaluate"]
    for part, share in (("train", 0.7), ("evaluate", 0.2), ("test", 0.1)):
        assert len(keys[part]) / 800 == pytest.approx(share, abs=0.002 if name == "time" else 0.09)


def test_by_time_the_latest_rows_are_kept(parts):
    keys = parts["time"]
    assert max(keys["train"]) < min(keys["evaluate"]) and max(keys["evaluate"]) < min(keys["test"])


def test_a_group_is_never_in_two_parts(parts):
    lists = rows_of_all().set_index("key")["list"]
    groups = [set(lists[sorted(keys)]) for keys in parts["group"].values()]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert len(groups[0] | groups[1] | groups[2]) == lists.nunique()


def test_a_key_stays_in_its_part_when_rows_come(tmp_path, parts):
    # Early rows first, all of them later: by hash nobody changes sides.
    project = ModelProject(tmp_path / "project", rows_of_all().head(300), split=SPLITS["hash"])
    project.train()
    before = project.json("evaluate", "--part", "test")["rows"]
    assert before == len([key for key in parts["hash"]["test"] if key < 300])


def poisoned(rows, keys):
    """The rows with other labels and wild values where the key is one of these."""
    rows = rows.copy()
    found = rows["key"].isin(keys)
    rows.loc[found, "late"] = ~rows.loc[found, "late"]
    rows.loc[found, "a"] = 1e9
    rows.loc[found, "b"] = numpy.nan
    rows.loc[found, "c"] = -1e6
    rows.loc[found, "other"] = "poison"
    rows.loc[found, "note"] = "poison poison arsenic"
    return rows


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_test_part_is_never_seen_by_a_fit(tmp_path, parts, name, trainer):
    definitions, figures = [], []
    for rows in (rows_of_all(), poisoned(rows_of_all(), parts[name]["test"])):
        project = ModelProject(tmp_path / str(len(definitions)), rows, split=SPLITS[name], features=EVERY_FIT,
                               trainer=TRAINERS[trainer])
        figures.append(project.train()["evaluation"])
        definitions.append(json.dumps(project.show()["definition"]))
        tested = project.json("evaluate", "--part", "test")["model"]["log_loss"]
    assert definitions[0] == definitions[1] and figures[0] == figures[1]
    assert tested > 1.5 * figures[1]["model"]["log_loss"], "the poison did not reach the test part"


@pytest.mark.parametrize("name", SPLITS)
def test_a_linear_fit_does_not_see_the_evaluation_part_either(tmp_path, parts, name):
    definitions = []
    for rows in (rows_of_all(), poisoned(rows_of_all(), parts[name]["test"] | parts[name]["evaluate"])):
        project = ModelProject(tmp_path / str(len(definitions)), rows, split=SPLITS[name], features=EVERY_FIT)
        project.train()
        definitions.append(json.dumps(project.show()["definition"]))
    assert definitions[0] == definitions[1]


def test_poison_in_the_training_part_is_seen(tmp_path, parts):
    definitions = []
    for rows in (rows_of_all(), poisoned(rows_of_all(), sorted(parts["hash"]["train"])[:3])):
        project = ModelProject(tmp_path / str(len(definitions)), rows, split=SPLITS["hash"], features=EVERY_FIT)
        project.train()
        definitions.append(json.dumps(project.show()["definition"]))
    assert definitions[0] != definitions[1] and "arsenic" in definitions[1]


def test_features_that_are_chosen_see_training_rows_alone(tmp_path, parts):
    definitions = []
    for rows in (rows_of_all(), poisoned(rows_of_all(), parts["time"]["test"] | parts["time"]["evaluate"])):
        project = ModelProject(tmp_path / str(len(definitions)), rows, split=SPLITS["time"], features="auto")
        project.train()
        definitions.append(json.dumps(project.show()["definition"]))
    assert definitions[0] == definitions[1]


def test_rows_without_a_time_or_group_are_in_no_part(tmp_path):
    rows = rows_of_all()
    project = ModelProject(tmp_path / "project", rows.assign(day=rows["day"].mask(rows["key"] < 20)), split=SPLITS["time"])
    trained = project.train()
    assert trained["unlabelled_rows"] == 20
    project.configure(split=SPLITS["group"])
    project.add(rows.assign(list=rows["list"].mask(rows["key"] < 30)))
    assert project.train()["unlabelled_rows"] == 30


def test_another_version_is_measured_from_the_same_border_on(tmp_path):
    rows = rows_of_all()
    project = ModelProject(tmp_path / "project", rows, split=SPLITS["time"])
    trained = project.train()
    later = make_rows(100, seed=5, first=800)
    project.add(later.assign(list="list 1", c=1.0, other="x", note="now"), "--append")
    evaluation = project.json("evaluate", "model@1", "--data", "rows@2", "--part", "test")
    assert evaluation["rows"] == 180 and evaluation["split_at"] == trained["split_at"]
    assert pandas.Timestamp(trained["split_at"]).tz_localize(None) == rows["day"][560]
