"""The example of PyTorch, where an environment that has it is named: ROOST_TORCH_PYTHON is the path of its Python. It is
large, so this belongs to the slow set."""
import json
import os
import signal
import subprocess

import numpy
import onnxruntime
import pyarrow as pa
import pytest

from program import ROOT
from work_folder import make_work_folder

EXAMPLES = {"external-pytorch": "ROOST_TORCH_PYTHON"}
FEATURES = ["a", "b", "c"]


@pytest.fixture(params=EXAMPLES)
def example(request):
    if EXAMPLES[request.param] not in os.environ:
        pytest.skip(f"{EXAMPLES[request.param]} names no Python")
    return request.param


def table(rows, seed):
    generator = numpy.random.default_rng(seed)
    inputs = generator.normal(size=(rows, len(FEATURES)))
    targets = (inputs @ [2.0, -1.0, 0.5] + generator.normal(size=rows) > 0).astype(float)
    return pa.table(dict(zip(FEATURES, inputs.T)) | {"__target": targets, "__weight": numpy.ones(rows)})


def make_work(folder, options, **config):
    return make_work_folder(folder, table(2000, 1), table(500, 2), {}, input="features", features=FEATURES,
                            options=options, **config)


def start(example, work):
    path = os.pathsep.join([str(ROOT / "python"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])
    environment = os.environ | {"ROOST_WORK": str(work), "PYTHONPATH": path}
    return subprocess.Popen([os.environ[EXAMPLES[example]], "train.py"], cwd=ROOT / "examples" / example, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def train(example, work):
    process = start(example, work)
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-3000:]
    return [json.loads(line)["progress"] for line in out.splitlines() if line.startswith('{"progress"')]


def predictions(work):
    session = onnxruntime.InferenceSession(str(work / "output/model.onnx"), providers=["CPUExecutionProvider"])
    rows = table(500, 2)
    inputs = numpy.stack([rows[name].to_numpy() for name in FEATURES], axis=1).astype("float32")
    return session.run(None, {session.get_inputs()[0].name: inputs})[0].reshape(-1)


def test_the_model_is_what_was_trained(example, tmp_path):
    work = make_work(tmp_path, {"epochs": 5})
    steps = train(example, work)
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5] and steps[-1]["loss"] < steps[0]["loss"]
    sample = numpy.array(json.loads((work / "output/sample.json").read_text())["predictions"]).reshape(-1)
    scores = predictions(work)
    numpy.testing.assert_allclose(scores, sample, atol=1e-5)
    assert ((scores > 0.5) == table(500, 2)["__target"].to_numpy()).mean() > 0.75


def test_a_child_begins_where_its_parent_ended(example, tmp_path):
    parent = make_work(tmp_path / "parent", {"epochs": 10})
    cold = train(example, parent)
    features = [{"old": position, "scale": 1.0, "shift": 0.0} for position in range(len(FEATURES))]
    child = make_work(tmp_path / "child", {"epochs": 1}, warm={"mode": "warm", "shrink": 0.9, "noise": 0.01},
                      parent={"model": "test@1", "folder": "parent", "columns": [], "classes": [], "features": features})
    for file in (parent / "output").iterdir():
        (child / "parent" / file.name).write_bytes(file.read_bytes())
    warm = train(example, child)
    assert warm[0]["loss"] < cold[2]["loss"]


def test_stopped_and_run_again_it_goes_on(example, tmp_path):
    work = make_work(tmp_path, {"epochs": 60})
    process = start(example, work)
    for line in process.stdout:
        if '"step": 3,' in line:
            process.send_signal(signal.SIGTERM)
            break
    process.communicate(timeout=600)
    assert process.returncode == 75
    steps = train(example, make_work(tmp_path, {"epochs": 60}))
    assert 3 < steps[0]["step"] < 60 and steps[-1]["step"] == 60
    whole = train(example, make_work(tmp_path / "whole", {"epochs": 60}))
    assert steps[-1]["loss"] == whole[-1]["loss"], "seeded by epoch: to the same weights"
