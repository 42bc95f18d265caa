"""The examples of PyTorch and TensorFlow through `roost train`: cold, warm, interrupted, as their READMEs say."""
import json
import re
import shutil
import signal
import subprocess
import time

import numpy
import pyarrow.csv
import pyarrow.parquet as parquet
import pytest

from program import ROOT, Project
from trainers import NETWORKS, path_with_python

pytestmark = pytest.mark.slow
EPOCHS = {"external-pytorch": 400, "external-tensorflow": 25}  # some seconds: there is time to interrupt


@pytest.fixture(scope="module")
def customers(tmp_path_factory):
    """The customers of examples/churn in two files, in the order in which they were asked."""
    folder = tmp_path_factory.mktemp("customers")
    subprocess.run(["python3", ROOT / "examples/churn/make_data.py", folder / "all.csv"], check=True)
    rows = pyarrow.csv.read_csv(folder / "all.csv")
    pyarrow.csv.write_csv(rows.slice(0, 3000), folder / "early.csv")
    pyarrow.csv.write_csv(rows.slice(3000), folder / "late.csv")
    return folder


@pytest.fixture(params=NETWORKS)
def example(request):
    return request.param


@pytest.fixture
def made(example, tmp_path, customers):
    """Makes a project of the example with the early customers, in a folder of this name."""
    path = path_with_python(tmp_path, example)

    def make(name):
        project = Project(tmp_path / name)
        for file in ("roost.yaml", "train.py"):
            shutil.copy(ROOT / "examples" / example / file, project.folder)
        project.instead["PATH"] = path
        project.run("init", ".")
        project.run("data", "add", "customers", customers / "early.csv")
        return project
    return make


def set_epochs(project, epochs):
    file = project.folder / "roost.yaml"
    text, times = re.subn(r"epochs: \d+", f"epochs: {epochs}", file.read_text())
    assert times == 1
    file.write_text(text)


def scores(project, model):
    """What the registered model says of every customer, in their order."""
    file = project.folder / "scores.parquet"
    project.run("predict", model, "customers", "--output", file, "--force")
    return parquet.read_table(file)["probability"].to_numpy()


def check_as_trained(project, model, evaluate_rows):
    """The model of the latest training says what its trainer did, who left a sample in the work folder. The rows to
    measure on are the last: those who were asked last."""
    file = project.folder / ".roost/training/churn/output/sample.json"
    sample = numpy.array(json.loads(file.read_text())["predictions"])[:, 0]
    assert len(sample) == min(evaluate_rows, 1000) and numpy.ptp(sample) > 0.2
    kept_back = scores(project, model)[-evaluate_rows:]
    numpy.testing.assert_allclose(kept_back[:len(sample)], sample, atol=1e-5)


def test_cold_then_warm(made, customers):
    project = made("project")
    cold = project.json("train")
    assert (cold["training"]["trainer"], cold["training"]["start"]) == ("external", "cold")
    assert cold["evaluation"]["model"]["auc"] > 0.8
    check_as_trained(project, "churn@1", cold["evaluate_rows"])

    project.run("data", "add", "customers", customers / "late.csv", "--append")
    set_epochs(project, 1)
    warm = project.json("train")
    assert (warm["training"]["start"], warm["training"]["parent"]) == ("warm", "churn@1")
    assert warm["evaluation"]["model"]["auc"] > 0.8
    check_as_trained(project, "churn@2", warm["evaluate_rows"])
    cold = project.json("train", "--cold")
    assert cold["training"]["start"] == "cold"
    warm_loss, cold_loss = (training["evaluation"]["model"]["log_loss"] for training in (warm, cold))
    assert warm_loss < 0.98 * cold_loss, "one epoch from the parent's weights does more than one from nothing"


def test_interrupted_it_goes_on_from_its_checkpoint(made, example):
    project = made("stopped")
    epochs = EPOCHS[example]
    set_epochs(project, epochs)
    process = project.start("train")
    deadline = time.monotonic() + 60
    while not list(project.folder.glob(".roost/training/churn/checkpoint/*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert project.json("model", "list") == []
    resumed = project.json("train")
    assert 0 < resumed["training"]["metrics"]["epochs"] < epochs

    whole = made("whole")
    set_epochs(whole, epochs)
    assert whole.json("train")["training"]["metrics"]["epochs"] == epochs
    assert (scores(project, "churn@1") == scores(whole, "churn@1")).all(), "to the same weights"
