"""Features: chosen from the statistics and explained, written into roost.yaml, and the same in training and serving."""
import json
import struct
import urllib.error
import urllib.request

import numpy
import pandas
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from model_project import ModelProject, make_rows

EVERY_OPERATION = [
    {"column": "a", "use": "number", "impute": "median", "indicator": True},
    {"column": "b", "use": "standardize", "clip_low": -3, "clip_high": 8},
    {"column": "amount2", "use": "standardize", "log": True},
    {"column": "b", "use": "min_max"},
    {"column": "a", "use": "bucketize", "buckets": 5},
    {"column": "b", "use": "polynomial", "degree": 3},
    {"column": "word", "use": "one_hot", "min_count": 2, "unknown_buckets": 3},
    {"column": "word", "use": "hash", "hash_buckets": 16},
    {"column": "note", "use": "tokens", "ngrams": 2, "weight": "tf_idf", "unit_length": True},
    {"columns": ["word", "other"], "use": "cross"},
    {"column": "day", "use": "hour"},
    {"column": "day", "use": "weekday"},
    {"column": "day", "use": "month"},
    {"column": "day", "use": "day"},
    {"column": "day", "use": "cyclic", "period": "day_of_year"},
    {"column": "day", "use": "age", "since": "2023-06-01"},
    {"column": "day", "use": "age", "until": "end"},
    {"column": "tags", "use": "multi_hot"},
    {"column": "tags", "use": "list_count"},
    {"column": "scores", "use": "list_mean"},
    {"column": "ratio", "use": "standardize"},
    {"column": "shout", "use": "one_hot"},
]
TEXT_WORDS = [f"Wort{letter}" for letter in "abcdefghijklmnopqrst"] + ["ÄRGER", "straße", "x"]
DERIVED = [{"name": "ratio", "value": "a / (1 + abs(b))"}, {"name": "shout", "value": "upper(word)"}]


def rich_rows(count=400, seed=1):
    """Rows with every kind of column, missing values and strange ones among them, as an Arrow table."""
    rows = make_rows(count, seed=seed)
    draw = numpy.random.default_rng(seed + 100)

    def sometimes(values, share=0.1):
        return [None if missing else value for value, missing in zip(values, draw.random(count) < share)]
    return pa.table({
        "key": rows["key"], "late": rows["late"],
        "a": pa.array(sometimes(rows["a"])), "b": pa.array(sometimes(rows["b"])),
        "amount2": pa.array(sometimes(draw.gamma(2, 3, count))),
        "word": pa.array(sometimes(rows["word"])), "other": pa.array(sometimes(draw.choice(["x", "y", ""], count))),
        "note": pa.array(sometimes([" ".join(draw.choice(TEXT_WORDS, 6))
                                    for _ in range(count)])),
        "day": pa.array(sometimes(rows["day"]), pa.timestamp("us")),
        "end": pa.array(sometimes(rows["day"] + pandas.Timedelta(days=3)), pa.timestamp("us")),
        "tags": pa.array(sometimes([list(draw.choice(["red", "blue", "odd"], draw.integers(0, 4))) + [None] * (number % 5 == 0)
                                    for number in range(count)]), pa.list_(pa.string())),
        "scores": pa.array(sometimes([list(draw.normal(size=draw.integers(0, 4))) for _ in range(count)]),
                           pa.list_(pa.float64())),
    })


def rich_project(folder, trainer=None, **model):
    keys = {"features": EVERY_OPERATION, "columns": DERIVED, "trainer": trainer or {"kind": "linear"}} | model
    project = ModelProject(folder, **{key: value for key, value in keys.items() if value is not None})
    parquet.write_table(rich_rows(), project.folder / "rich.parquet")
    project.add("rich.parquet")
    return project


# --- Chosen ---

def test_auto_trains_and_tells_what_it_chose(tmp_path):
    project = rich_project(tmp_path / "project", features="auto", columns=DERIVED[1:])
    trained = project.run("train")
    assert "chosen: {column: word, use: one_hot" in trained.stderr
    chosen = project.show()["lineage"]["chosen_features"]
    assert all(entry["reason"] for entry in chosen)
    assert not any("late" in entry["feature"] or "key" in entry["feature"] for entry in chosen)
    evaluation = project.json("evaluate")
    assert evaluation["model"]["log_loss"] < evaluation["dummy"]["log_loss"]


@pytest.mark.parametrize("trainer", [{"kind": "linear"}, {"kind": "boosted_trees", "rounds": 5}])
def test_what_is_chosen_can_be_written_down_and_gives_the_same_model(tmp_path, trainer):
    project = rich_project(tmp_path / "project", trainer, features="auto", columns=None)
    project.train()
    shown = project.run("features")
    listed = project.json("features")
    assert shown.stdout.startswith("features:")
    for entry in listed["features"]:
        assert entry["feature"] in shown.stdout and entry["reason"] in shown.stdout
    assert "# key is left out: it is" in shown.stdout and "column: key" not in shown.stdout
    before = (project.folder / "roost.yaml").read_text()
    project.run("features", "--write")
    written = (project.folder / "roost.yaml").read_text()
    assert "features: auto" not in written and written.startswith("# of a test")
    assert [line for line in before.splitlines() if "features" not in line] == [
        line for line in written.splitlines() if line in before and "features" not in line]
    again = project.train("--cold")
    assert again["version"] == 2
    first, second = (json.dumps(project.show(f"model@{version}")["definition"]) for version in (1, 2))
    assert first == second
    project.refused(2, "features", "--write", says=("not 'auto'", "without --write"))


def test_a_column_alone_is_chosen_for(tmp_path):
    project = rich_project(tmp_path / "project", features=[{"column": "word"}, {"column": "a", "use": "number"}], columns=None)
    trained = project.run("train")
    assert "chosen: {column: word, use: one_hot" in trained.stderr and "column: a," not in trained.stderr


def test_a_column_that_says_nothing_is_refused_where_it_is_named(tmp_path):
    project = rich_project(tmp_path / "project", features=[{"column": "key"}], columns=None)
    project.train_refused("'key'", "identifier", "leave the column out")


# --- Derived columns and texts ---

def test_a_derived_column_is_computed_alike_in_training_and_scoring(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(), label="amount",
                           columns=[{"name": "sum", "value": "1.5 * a - 0.5 * (b - 2)"}, {"name": "half", "value": "sum / 2"}],
                           features=[{"column": "half", "use": "number"}, {"column": "word", "use": "one_hot"}],
                           trainer={"kind": "linear", "l2": 1e-6})
    evaluation = project.train()["evaluation"]
    assert evaluation["model"]["rmse"] < 0.2
    explained = project.json("explain", "--row", '{"a": 1, "b": 2, "word": "red"}')
    half = explained["features"][0]
    assert half["inputs"][0]["expression"] == "sum / 2" and half["entries"][0]["value"] == 0.75
    project.refused(2, "explain", "--row", '{"sum": 1}', says="no column 'sum'")


def test_words_of_a_text_decide(tmp_path):
    rows = make_rows()
    rows["note"] = numpy.where(rows["late"], "Please WAIT, it is late", "all is well today")
    project = ModelProject(tmp_path / "project", rows, features=[{"column": "note", "use": "tokens"}])
    evaluation = project.train()["evaluation"]
    assert evaluation["model"]["auc"] == 1.0
    names = {feature["name"]: feature["weights"][0] for feature in project.show()["features"]}
    assert names["note: wait"] > 0 > names["note: well"]


# --- The same bits in batch and served ---

def bits(values):
    return [struct.pack("<d", value) for value in values]


def element(value):
    if isinstance(value, (list, numpy.ndarray)):
        return json.dumps(list(value))
    return value


def tensors(table):
    """One input for each column that the model takes, missing values as null, lists as JSON arrays."""
    inputs = []
    for name in ("a", "b", "amount2", "word", "other", "note", "day", "end", "tags", "scores"):
        column = table[name].combine_chunks()
        if name in ("day", "end"):
            kind, data = "INT64", column.cast(pa.int64()).to_pylist()
        elif pa.types.is_floating(column.type):
            kind, data = "FP64", column.to_pylist()
        else:
            kind, data = "BYTES", [element(value if name != "tags" or value is None else [t for t in value if t is not None])
                                   for value in column.to_pylist()]
        inputs.append({"name": name, "shape": [len(data)], "datatype": kind, "data": data})
    return inputs


def served(url, table):
    body = json.dumps({"inputs": tensors(table)}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/v2/models/model/infer", body)) as answer:
        return json.load(answer)["outputs"][0]["data"]


@pytest.mark.parametrize("trainer", [{"kind": "linear"}, {"kind": "boosted_trees", "rounds": 20}])
def test_served_predictions_equal_the_batch_ones_to_the_bit_for_every_operation(tmp_path, trainer):
    project = rich_project(tmp_path / "project", trainer)
    project.train()
    fresh = rich_rows(200, seed=7)
    words = fresh["word"].to_pylist()
    fresh = fresh.set_column(fresh.column_names.index("word"), "word", pa.array(["never seen", *words[1:]]))
    parquet.write_table(fresh, project.folder / "fresh.parquet")
    batch = project.predict("fresh.parquet")["probability"]
    with project.serve() as url:
        assert bits(served(url, fresh)) == bits(batch)
        for row in (0, 3, 17):
            assert bits(served(url, fresh.slice(row, 1))) == bits(batch[row:row + 1])
        about = json.load(urllib.request.urlopen(f"{url}/v2/models/model"))
    assert {entry["name"]: entry["datatype"] for entry in about["inputs"]}["tags"] == "BYTES"
    uses = [feature["use"] for feature in project.show()["definition"]["transform"]["features"]]
    assert uses == [feature["use"] for feature in EVERY_OPERATION]


def test_a_list_that_is_none_is_refused_by_the_server(tmp_path):
    project = rich_project(tmp_path / "project", features=[{"column": "tags", "use": "multi_hot"}], columns=None)
    project.train()
    with project.serve() as url:
        for bad in ('"red"', "[1]", "[", '{"red": 1}'):
            body = json.dumps({"inputs": [{"name": "tags", "shape": [1], "datatype": "BYTES", "data": [bad]}]}).encode()
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(f"{url}/v2/models/model/infer", body))
            assert refused.value.code == 400 and "tags" in refused.value.read().decode()


def test_lists_are_explained(tmp_path):
    project = rich_project(tmp_path / "project")
    project.train()
    found = project.json("explain", "--row", json.dumps({"tags": ["red", "red", "new"], "scores": [1, 2, 6], "b": 1}))
    by_use = {feature["use"]: feature for feature in found["features"]}
    assert {entry["name"]: entry["value"] for entry in by_use["multi_hot"]["entries"]}["tags=red"] == 1
    assert "3" in json.dumps(by_use["list_mean"]["steps"][0])
