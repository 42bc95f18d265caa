"""roost.trainer with scikit-learn, and examples/churn: what is exported predicts what was trained."""
import csv
import json
import os
import subprocess
import sys

import numpy
import onnxruntime
import pyarrow as pa
import pytest
from roost.trainer import Trainer
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from program import ROOT
from work_folder import make_work_folder

CHURN = ROOT / "examples/churn"
KINDS = {"age": "number", "plan": "text"}


def onnx_predictions(trainer, rows=1000):
    """What output/model.onnx says of the first rows to measure on, fed as docs/trainers.md says: [rows, outputs]."""
    session = onnxruntime.InferenceSession(str(trainer.output / "model.onnx"), providers=["CPUExecutionProvider"])
    frame = trainer.evaluate(rows)
    inputs = {}
    for port in session.get_inputs():
        values = frame[trainer.columns] if port.name == "features" else frame[[port.name]]
        inputs[port.name] = values.to_numpy(dtype=object if port.type == "tensor(string)" else "float32")
    scores = [output for output in session.run(None, inputs) if output.dtype.kind == "f"]
    assert len(scores) == 1, "one output of numbers: the prediction"
    return scores[0]


def sample(trainer):
    return numpy.array(json.loads((trainer.output / "sample.json").read_text())["predictions"])


def table(targets, seed=1):
    generator = numpy.random.default_rng(seed)
    return pa.table({"age": generator.uniform(0, 90, len(targets)),
                     "plan": [None if i % 7 == 0 else "abc"[i % 3] for i in range(len(targets))],
                     "__target": [float(target) for target in targets], "__weight": [1.0] * len(targets)})


def columns():
    return ColumnTransformer([("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["plan"])],
                             remainder="passthrough")


def trained(tmp_path, targets, model, **config):
    rows = table(targets)
    trainer = Trainer.open(make_work_folder(tmp_path, rows, table(targets, seed=2), KINDS, **config))
    train = trainer.train()
    pipeline = Pipeline([("columns", columns()), ("model", model)])
    pipeline.fit(train[trainer.columns], train[trainer.target])
    trainer.save_sklearn(pipeline, sample_rows=50)
    return trainer


def test_classes_are_in_the_order_of_roost(tmp_path):
    trainer = trained(tmp_path, [i % 3 for i in range(300)], LogisticRegression(max_iter=1000), task="classes",
                      classes=["x", "y", "z"])
    assert sample(trainer).shape == (50, 3)
    numpy.testing.assert_allclose(onnx_predictions(trainer, 50), sample(trainer), atol=1e-5)


def test_numbers(tmp_path):
    trainer = trained(tmp_path, [i % 10 for i in range(300)], LinearRegression(), task="number")
    assert sample(trainer).shape == (50, 1)
    numpy.testing.assert_allclose(onnx_predictions(trainer, 50), sample(trainer), atol=1e-4)


def test_features(tmp_path):
    generator = numpy.random.default_rng(1)
    rows = pa.table({"a": generator.normal(size=200), "b=x": generator.normal(size=200),
                     "__target": generator.integers(0, 2, 200).astype(float), "__weight": numpy.ones(200)})
    trainer = Trainer.open(make_work_folder(tmp_path, rows, rows, {}, input="features", features=["a", "b=x"]))
    inputs, targets, _ = trainer.train_arrays()
    trainer.save_sklearn(LogisticRegression().fit(inputs, targets))
    numpy.testing.assert_allclose(onnx_predictions(trainer)[:, 1:], sample(trainer), atol=1e-6)


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    path = tmp_path_factory.mktemp("churn") / "customers.csv"
    subprocess.run([sys.executable, str(CHURN / "make_data.py"), str(path)], check=True)
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def churn_table(customers):
    numbers = ("tenure_months", "monthly_charge", "total_charge", "support_calls")
    arrays = {name: pa.array([float(row[name]) if row[name] else None for row in customers]) for name in numbers}
    arrays |= {name: pa.array([row[name] or None for row in customers]) for name in ("contract", "payment", "internet")}
    arrays["__target"] = pa.array([float(row["left"] == "true") for row in customers])
    arrays["__weight"] = pa.array([1.0] * len(customers))
    return pa.table(arrays), {name: "number" if name in numbers else "text" for name in list(arrays)[:-2]}


def test_the_example_churn_trains(customers, tmp_path):
    assert len(customers) == 7000
    assert 0.2 < sum(row["left"] == "true" for row in customers) / 7000 < 0.4
    days = [row["asked"] for row in customers]
    assert days == sorted(days) and (days[0], days[-1]) == ("2025-01-01", "2025-12-31")
    rows, kinds = churn_table(customers)
    work = make_work_folder(tmp_path, rows.slice(0, 5250), rows.slice(5250), kinds, options={"rounds": 60})
    environment = os.environ | {"ROOST_WORK": str(work), "PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run([sys.executable, "train.py"], cwd=CHURN, env=environment, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    steps = [event["progress"] for event in events if "progress" in event]
    assert [step["step"] for step in steps] == list(range(1, 61)) and steps[-1]["loss"] < steps[0]["loss"]
    metrics = {event["metric"]["name"]: event["metric"]["value"] for event in events if "metric" in event}
    assert metrics["auc"] > 0.8
    trainer = Trainer.open(work)
    numpy.testing.assert_allclose(onnx_predictions(trainer)[:, 1:], sample(trainer), atol=1e-5)
