"""The main job from end to end, every figure held against pyarrow and scikit-learn."""
import json
import os
import struct

import numpy
import pandas
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest
from sklearn import metrics

import flights_model
from program import FLIGHTS, ROOT

NUMBERS = ("delay", "distance")
EXAMPLE = ROOT / "examples/flights"
TEXTS = ("origin", "destination")


def bits(values):
    return [struct.pack("<d", value) for value in values]


@pytest.fixture(scope="session")
def predictions(journey):
    """flights@4 with Roost's probabilities, as a frame."""
    path = journey.folder.parent / "predictions.parquet"
    journey.run("predict", "flights@4", "--output", path)
    return parquet.read_table(path).to_pandas()


@pytest.fixture(scope="session")
def split(journey, predictions):
    """The rows that trained the model and those that were kept."""
    split_at = pandas.Timestamp(journey.trained["split_at"]).tz_localize(None)
    early = predictions["date"] < split_at
    return predictions[early], predictions[~early]


def test_the_template_is_the_example(project):
    for name in ("roost.yaml", ".gitignore"):
        assert (project.folder / name).read_bytes() == (EXAMPLE / name).read_bytes()


def test_each_month_becomes_a_version(journey):
    rows = [journey.rows(version).num_rows for version in (1, 2, 3, 4)]
    assert [version["rows"] for version in journey.added] == rows
    assert [version["version"] for version in journey.versions()] == [4, 3, 2, 1]
    assert [version["message"] for version in journey.versions()] == [f"month {month}" for month in (4, 3, 2, 1)]


@pytest.mark.parametrize("version", [1, 2, 4])
@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv", "jsonl"])
def test_every_version_comes_back_as_it_went_in(journey, version, ending, tmp_path):
    path = tmp_path / f"rows.{ending}"
    journey.run("data", "export", f"flights@{version}", "--output", path)
    readers = {"parquet": pandas.read_parquet, "arrow": pandas.read_feather, "csv": pandas.read_csv,
               "jsonl": lambda name: pandas.read_json(name, lines=True)}
    found, expected = readers[ending](path), journey.rows(version).to_pandas()
    found["date"] = pandas.to_datetime(found["date"]).dt.tz_localize(None).astype(expected["date"].dtype)
    pandas.testing.assert_frame_equal(found, expected, check_dtype=ending in ("parquet", "arrow"))


def test_the_same_rows_again_are_no_new_version(journey):
    again = journey.json("data", "add", "flights", *(journey.file(month) for month in (1, 2, 3, 4)))
    assert again["unchanged"] and again["version"] == 4
    assert len(journey.versions()) == 4


@pytest.mark.parametrize("version", [1, 4])
def test_the_profile_agrees_with_pyarrow(journey, version):
    rows = journey.rows(version)
    profile = journey.json("profile", f"flights@{version}")
    assert profile["rows"] == rows.num_rows
    assert [column["name"] for column in profile["columns"]] == rows.column_names
    for column in profile["columns"]:
        values = rows[column["name"]]
        assert column["rows"] == rows.num_rows
        assert column["missing"] == values.null_count
        distinct = pc.count_distinct(values).as_py()
        assert column["distinct"] == pytest.approx(distinct, abs=0 if column["distinct_is_exact"] else 0.05 * distinct)


@pytest.mark.parametrize("name", NUMBERS)
def test_figures_of_numbers_agree_with_pyarrow(journey, name):
    values = journey.rows(4)[name]
    number = next(column for column in journey.json("profile", "flights@4")["columns"] if column["name"] == name)["number"]
    assert (number["min"], number["max"]) == (pc.min(values).as_py(), pc.max(values).as_py())
    assert number["finite"] == len(values) - values.null_count
    assert number["zeros"] == pc.sum(pc.equal(values, 0)).as_py()
    assert number["negative"] == pc.sum(pc.less(values, 0)).as_py()
    assert number["mean"] == pytest.approx(pc.mean(values).as_py(), rel=1e-14)
    assert number["standard_deviation"] == pytest.approx(pc.stddev(values).as_py(), rel=1e-12)
    exact = numpy.quantile(values.to_numpy(), numpy.arange(101) / 100, method="nearest")
    assert number["percentiles"] == pytest.approx(exact, rel=0.01, abs=1)
    assert sum(bar["count"] for bar in number["histogram"]) == number["finite"]


@pytest.mark.parametrize("name", TEXTS)
def test_figures_of_texts_agree_with_pyarrow(journey, name):
    values = journey.rows(4)[name].to_pandas()
    text = next(column for column in journey.json("profile", "flights@4")["columns"] if column["name"] == name)["text"]
    counts = sorted(values.value_counts().items(), key=lambda item: (-item[1], item[0]))
    assert text["exact"]
    assert [(entry["value"], entry["count"]) for entry in text["top"]] == counts[:len(text["top"])]
    assert (text["min_length"], text["max_length"]) == (values.str.len().min(), values.str.len().max())


def test_a_schema_from_january_accepts_january_and_refuses_the_broken_may(journey):
    journey.run("schema", "infer", "flights@1")
    journey.run("validate", "flights@1")
    may = journey.run("validate", journey.file(5))
    assert "delay" not in may.stderr
    broken = journey.run("validate", FLIGHTS / "flights-2001-05-broken.csv", code=1)
    for found in ("distance", "distance_miles", "delay", "late", "origin", "???"):
        assert found in broken.stdout, f"{found} should be named\n{broken}"
    json.loads(journey.run("validate", FLIGHTS / "flights-2001-05-broken.csv", "--json", code=1).stdout)


def test_the_rows_are_split_by_time(journey, split):
    train, kept = split
    assert (journey.trained["train_rows"], journey.trained["evaluate_rows"]) == (len(train), len(kept))
    assert len(kept) / (len(train) + len(kept)) == pytest.approx(0.25, abs=0.01)
    assert journey.trained["training"]["converged"]


def test_the_metrics_agree_with_scikit_learn(journey, split):
    train, kept = split
    evaluation = journey.json("evaluate")
    truth, scores = flights_model.labels(kept), kept["probability"].to_numpy()
    base = numpy.full(len(kept), flights_model.labels(train).mean())
    assert (evaluation["rows"], evaluation["positives"]) == (len(kept), truth.sum())
    for figures, predicted in ((evaluation["model"], scores), (evaluation["dummy"], base)):
        assert figures["auc"] == pytest.approx(metrics.roc_auc_score(truth, predicted), abs=1e-12)
        assert figures["log_loss"] == pytest.approx(metrics.log_loss(truth, predicted), abs=1e-12)
        assert figures["brier"] == pytest.approx(metrics.brier_score_loss(truth, predicted), abs=1e-12)
        assert figures["accuracy"] == metrics.accuracy_score(truth, predicted >= evaluation["threshold"])
    assert sum(entry["rows"] for entry in evaluation["calibration"]) == len(kept)
    assert {key: journey.trained["evaluation"][key] for key in ("model", "dummy")} == {
        key: evaluation[key] for key in ("model", "dummy")}


def test_the_model_is_the_one_that_scikit_learn_finds(journey, split):
    train, kept = split
    features = journey.json("model", "show", "late-flights@1")["definition"]["transform"]["features"]
    borders = next(feature["borders"] for feature in features if feature["use"] == "bucketize")
    # Quantiles are estimates; everything after them must agree, so both models get the same borders.
    assert borders == pytest.approx(flights_model.borders(train), rel=0.01)
    truth, peer = flights_model.labels(kept), flights_model.probabilities(train, kept, borders)
    roost = journey.json("evaluate")["model"]
    assert roost["auc"] == pytest.approx(metrics.roc_auc_score(truth, peer), abs=1e-4)
    assert roost["log_loss"] == pytest.approx(metrics.log_loss(truth, peer), abs=1e-4)
    assert kept["probability"].to_numpy() == pytest.approx(peer, abs=1e-4)


def test_the_model_list_tells_where_each_version_came_from(journey):
    model = next(entry for entry in journey.json("model", "list") if entry["version"] == 1)
    assert model["model"] == "late-flights"
    assert model["lineage"]["dataset"] == "flights@4"
    assert model["lineage"]["dataset_digest"] == journey.added[-1]["digest"]
    assert model["lineage"]["config_digest"]
    assert "code_revision" in model["lineage"]


def test_one_thread_trains_the_same_model_to_the_bit(journey):
    one_core = {min(os.sched_getaffinity(0))}
    again = journey.run("train", "--json", preexec_fn=lambda: os.sched_setaffinity(0, one_core)).json()
    # The package holds the model, its evaluation and its lineage: the same bytes are the same version.
    assert (again["version"], again["digest"]) == (1, journey.trained["digest"])
    assert len(journey.json("model", "list")) == 1


def test_one_row_scores_as_the_same_row_among_all(journey, predictions, tmp_path):
    path = tmp_path / "one.parquet"
    parquet.write_table(journey.rows(4).slice(4321, 1), path)
    line = json.loads(journey.run("predict", path, "--format", "jsonl").stdout)
    assert bits([line["probability"]]) == bits(predictions["probability"][4321:4322])
