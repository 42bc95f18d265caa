"""roost.trainer without the heavy libraries: the work folder, what Roost is told, warm starts."""
import datetime
import json
import math
import os
import signal
import subprocess
import sys

import numpy
import pyarrow as pa
import pytest
from roost.trainer import CHECKPOINTED, ContractError, Parent, Trainer, name_map, shrink_perturb

from program import ROOT
from work_folder import make_work_folder

KINDS = {"age": "number", "plan": "text", "since": "time"}


def rows(ages, plans):
    since = [datetime.datetime(2025, 1, 1, 12), None, None][:len(ages)]
    return pa.table({"age": pa.array(ages, pa.int64()), "plan": plans, "since": pa.array(since, pa.timestamp("ms")),
                     "__target": [float(i % 2) for i in range(len(ages))], "__weight": [1.0] * len(ages)})


@pytest.fixture
def work(tmp_path):
    return make_work_folder(tmp_path / "work", [rows([1, None], ["a", None]), rows([3], ["b"])], rows([4, 5], ["a", "c"]),
                            KINDS)


@pytest.fixture
def trainer(work):
    before = signal.getsignal(signal.SIGTERM)
    yield Trainer.open(work)
    signal.signal(signal.SIGTERM, before)


def test_rows_are_what_the_served_model_gets(trainer):
    train = trainer.train()
    assert trainer.columns == ["age", "plan", "since"]
    assert train["age"].dtype == "float32" and math.isnan(train["age"][1])
    assert list(train["plan"]) == ["a", "", "b"]
    assert list(train["since"][:2]) == [1735732800 * 10**6, -2**63]
    assert list(train[trainer.target]) == [0.0, 1.0, 0.0] and train[trainer.target].dtype == "float64"
    assert trainer.train_table()["age"].to_pylist() == [1, None, 3], "as Roost wrote it"


def test_the_first_rows_to_measure_on(trainer):
    assert trainer.evaluate(1)["age"].tolist() == [4.0]
    assert len(trainer.evaluate(100)) == 2


def test_arrays_are_for_numbers(trainer, tmp_path):
    with pytest.raises(ContractError, match="plan, since"):
        trainer.train_arrays()
    table = rows([1, 2], ["a", "b"]).select(["age", "__target", "__weight"])
    numbers = Trainer.open(make_work_folder(tmp_path / "numbers", table, table, {"age": "number"}))
    inputs, targets, weights = numbers.train_arrays()
    assert inputs.tolist() == [[1.0], [2.0]] and inputs.dtype == "float32"
    assert targets.tolist() == [0.0, 1.0] and weights.tolist() == [1.0, 1.0]


def test_roost_is_told_in_lines_of_json(trainer, capsys):
    trainer.progress(3, 10, 0.25)
    trainer.progress(4)
    trainer.progress(5, loss=math.nan)
    trainer.metric("auc", numpy.float32(0.5))
    trainer.metric("auc", math.inf)
    trainer.message("two\nlines")
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [
        {"progress": {"step": 3, "steps": 10, "loss": 0.25}}, {"progress": {"step": 4, "steps": 0, "loss": None}},
        {"progress": {"step": 5, "steps": 0, "loss": None}}, {"metric": {"name": "auc", "value": 0.5}},
        {"message": "two\nlines"}]


def test_the_model_and_its_sample_are_written(trainer):
    trainer.save_onnx(b"model", numpy.array([0.25, 0.75], dtype="float32"))
    assert (trainer.output / "model.onnx").read_bytes() == b"model"
    assert json.loads((trainer.output / "sample.json").read_text()) == {"predictions": [[0.25], [0.75]]}
    trainer.save_sample(numpy.array([[0.25, 0.75]]))
    assert json.loads((trainer.output / "sample.json").read_text()) == {"predictions": [[0.25, 0.75]]}
    assert sorted(path.name for path in trainer.output.iterdir()) == ["model.onnx", "sample.json"]
    with pytest.raises(ValueError):
        trainer.save_sample([math.nan])
    with pytest.raises(ContractError):
        trainer.save_sample([])


def test_what_is_no_work_folder_is_told(tmp_path):
    with pytest.raises(ContractError, match="no config.json"):
        Trainer.open(tmp_path)
    make_work_folder(tmp_path, rows([1], ["a"]), rows([1], ["a"]), KINDS, contract=2)
    with pytest.raises(ContractError, match="contract 2"):
        Trainer.open(tmp_path)


def test_the_parent_is_at_hand(tmp_path):
    parent = {"model": "churn@3", "folder": "parent", "columns": ["age"], "classes": [], "features": []}
    work = make_work_folder(tmp_path, rows([1], ["a"]), rows([1], ["a"]), KINDS, parent=parent)
    (work / "parent/weights").write_text("1")
    opened = Trainer.open(work)
    assert opened.parent.model == "churn@3" and (opened.parent.folder / "weights").read_text() == "1"
    assert name_map(opened.parent.columns, opened.columns) == [0, -1, -1]


def test_the_first_layer_of_the_parent_says_the_same_of_the_features_of_now():
    generator = numpy.random.default_rng(1)
    features = [{"old": 2, "scale": 0.5, "shift": 3.0}, {"old": -1, "scale": 1.0, "shift": 0.0},
                {"old": 0, "scale": -2.0, "shift": -1.0}]
    parent = Parent(None, {"model": "churn@3", "columns": [], "classes": [], "features": features})
    weights, bias = generator.normal(size=(3, 4)).astype("float32"), generator.normal(size=4).astype("float32")
    weights[1] = 0  # the feature that is gone said nothing
    old = generator.normal(size=(100, 3)).astype("float32")
    now = numpy.stack([0.5 * old[:, 2] + 3, generator.normal(size=100), -2 * old[:, 0] - 1], axis=1)
    given = weights.copy(), bias.copy()
    new_weights, new_bias = parent.first_layer(weights, bias)
    assert new_weights.dtype == new_bias.dtype == "float32" and new_weights.shape == (3, 4)
    numpy.testing.assert_allclose(now @ new_weights + new_bias, old @ weights + bias, atol=1e-5)
    assert (new_weights[1] == 0).all()
    assert (weights == given[0]).all() and (bias == given[1]).all(), "what was given stays as it was"
    line, intercept = parent.first_layer(weights[:, 0], bias[0])
    assert (line == new_weights[:, 0]).all() and intercept == new_bias[0], "a linear model is a layer of one unit"


def test_sigterm_means_checkpoint_and_leave(work):
    program = (f"import sys, time; sys.path.insert(0, {str(ROOT / 'python')!r})\n"
               "from roost.trainer import Trainer\n"
               "trainer = Trainer.open()\n"
               "print('ready', flush=True)\n"
               "while not trainer.should_stop: time.sleep(0.01)\n"
               "(trainer.checkpoint / 'step').write_text('3')\n"
               "trainer.leave()\n")
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True,
                               env=os.environ | {"ROOST_WORK": str(work)})
    assert process.stdout.readline() == "ready\n"
    process.terminate()
    assert process.wait(timeout=60) == CHECKPOINTED
    process.stdout.close()
    assert (work / "checkpoint/step").read_text() == "3"


def test_names_are_mapped():
    assert name_map(["a", "b", "c"], ["c", "x", "a"]) == [2, -1, 0]
    assert name_map([], ["a"]) == [-1]


def test_shrink_perturb():
    weights = {"layers": [numpy.ones((200, 200), dtype="float32"), numpy.arange(3)], "bias": 2.0}
    kept = shrink_perturb(weights, 1, 0, seed=1)
    assert (kept["layers"][0] == 1).all() and kept["bias"] == 2.0
    moved = shrink_perturb(weights, 0.5, 0.01, seed=1)
    first = moved["layers"][0]
    assert first.dtype == "float32"
    assert abs(first.mean() - 0.5) < 0.001 and abs(first.std() - 0.01) < 0.001
    assert moved["layers"][1].tolist() == [0, 1, 2], "whole numbers are no weights"
    assert moved["bias"] != 1.0 and abs(moved["bias"] - 1.0) < 0.1
    again = shrink_perturb(weights, 0.5, 0.01, seed=1)
    assert (again["layers"][0] == first).all() and again["bias"] == moved["bias"]
    assert (shrink_perturb(weights, 0.5, 0.01, seed=2)["layers"][0] != first).any()
    assert shrink_perturb((1.0, 2.0), 0.5, 0, seed=1) == (0.5, 1.0)
    for shrink, noise in ((-0.1, 0), (1.1, 0), (1, -1), (1, math.nan)):
        with pytest.raises(ValueError):
            shrink_perturb(weights, shrink, noise, seed=1)
