"""The examples of PyTorch and TensorFlow by hand-made work folders, each in its own environment, and what their
libraries' models become as ONNX."""
import json
import os
import signal
import subprocess

import numpy
import onnxruntime
import pyarrow as pa
import pytest

from program import ROOT
from trainers import NETWORKS, trainer_python
from work_folder import make_work_folder

pytestmark = pytest.mark.slow
FEATURES = ["a", "b", "c"]
EPOCHS = {"external-pytorch": 60, "external-tensorflow": 15}  # some seconds: there is time to stop it


@pytest.fixture(params=NETWORKS)
def example(request):
    return request.param


def table(rows, seed):
    generator = numpy.random.default_rng(seed)
    inputs = generator.normal(size=(rows, len(FEATURES)))
    targets = (inputs @ [2.0, -1.0, 0.5] + generator.normal(size=rows) > 0).astype(float)
    return pa.table(dict(zip(FEATURES, inputs.T)) | {"__target": targets, "__weight": numpy.ones(rows)})


def make_work(folder, options, **config):
    return make_work_folder(folder, table(2000, 1), table(500, 2), {}, input="features", features=FEATURES,
                            options=options, **config)


def start(example, work, program="train.py", *arguments):
    environment = os.environ | {"ROOST_WORK": str(work), "PYTHONPATH": str(ROOT / "python")}
    return subprocess.Popen([trainer_python(example), program, *arguments], cwd=ROOT / "examples" / example,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def train(example, work):
    process = start(example, work)
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-3000:]
    return [json.loads(line)["progress"] for line in out.splitlines() if line.startswith('{"progress"')]


def predictions(work):
    """What output/model.onnx says of the rows to measure on: [rows, outputs]."""
    session = onnxruntime.InferenceSession(str(work / "output/model.onnx"), providers=["CPUExecutionProvider"])
    rows = table(500, 2)
    inputs = numpy.stack([rows[name].to_numpy() for name in FEATURES], axis=1).astype("float32")
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


def sample(work):
    return numpy.array(json.loads((work / "output/sample.json").read_text())["predictions"])


def test_the_model_is_what_was_trained(example, tmp_path):
    work = make_work(tmp_path, {"epochs": 5})
    steps = train(example, work)
    assert [step["step"] for step in steps] == [1, 2, 3, 4, 5] and steps[-1]["loss"] < steps[0]["loss"]
    scores = predictions(work)
    assert scores.shape == (500, 1)
    numpy.testing.assert_allclose(scores, sample(work), atol=1e-5)
    assert ((scores[:, 0] > 0.5) == table(500, 2)["__target"].to_numpy()).mean() > 0.75


def test_a_child_begins_where_its_parent_ended(example, tmp_path):
    parent = make_work(tmp_path / "parent", {"epochs": 10})
    cold = train(example, parent)
    features = [{"old": position, "scale": 1.0, "shift": 0.0} for position in range(len(FEATURES))]
    child = make_work(tmp_path / "child", {"epochs": 1, "shrink": 0.9, "noise": 0.01},
                      parent={"model": "test@1", "folder": "parent", "columns": [], "classes": [], "features": features})
    for file in (parent / "output").iterdir():
        (child / "parent" / file.name).write_bytes(file.read_bytes())
    warm = train(example, child)
    assert warm[0]["loss"] < cold[2]["loss"]


def test_stopped_and_run_again_it_goes_on(example, tmp_path):
    work = make_work(tmp_path, {"epochs": EPOCHS[example]})
    process = start(example, work)
    for line in process.stdout:
        if '"step": 3,' in line:
            process.send_signal(signal.SIGTERM)
            break
    process.communicate(timeout=600)
    assert process.returncode == 75
    steps = train(example, make_work(tmp_path, {"epochs": EPOCHS[example]}))
    assert 3 < steps[0]["step"] < steps[-1]["step"] == EPOCHS[example]
    whole = train(example, make_work(tmp_path / "whole", {"epochs": EPOCHS[example]}))
    assert steps[-1]["loss"] == whole[-1]["loss"], "seeded by epoch: to the same weights"


PROGRAMS = {
    "external-pytorch": "import torch\n"
                        "torch.manual_seed(1)\n"
                        "trainer.save_torch(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Softmax(1)))\n",
    "external-tensorflow": "import keras\n"
                           "keras.utils.set_random_seed(1)\n"
                           "trainer.save_keras(keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, 'softmax')]))\n",
}


def save(example, work):
    """A network of four classes is saved in the work folder; the process' exit code and errors."""
    program = "from roost.trainer import Trainer\ntrainer = Trainer.open()\n" + PROGRAMS[example]
    process = start(example, work, "-c", program)
    _, errors = process.communicate(timeout=600)
    return process.returncode, errors


def test_a_network_of_classes_is_saved_with_its_predictions(example, tmp_path):
    work = make_work(tmp_path, {}, task="classes", classes=["k", "l", "m", "n"])
    code, errors = save(example, work)
    assert code == 0, errors[-3000:]
    assert sample(work).shape == (500, 4) and numpy.ptp(sample(work), axis=0).min() > 0.1
    numpy.testing.assert_allclose(predictions(work), sample(work), atol=1e-5)


def test_a_network_wants_features(example, tmp_path):
    work = make_work_folder(tmp_path, table(10, 1), table(10, 2), dict.fromkeys(FEATURES, "number"))
    code, errors = save(example, work)
    assert code == 1 and "it needs `input: features` in roost.yaml" in errors
    assert list((work / "output").iterdir()) == []
