"""Each example runs in a copy of its folder as its README says, and what it learns is worth something."""
import shutil
import subprocess

import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, ROOT, Project
from trainers import path_with_python

SPAM = FLIGHTS.parent / "spam/messages.parquet"


def copy_of(example, folder):
    """A project that holds the example's files, with a workspace."""
    project = Project(folder / example)
    for file in (ROOT / "examples" / example).iterdir():
        if file.is_file():
            shutil.copy(file, project.folder)
    project.run("init", ".")
    assert (project.folder / "roost.yaml").read_bytes() == (ROOT / "examples" / example / "roost.yaml").read_bytes()
    return project


def check_scores(project, source, rows):
    """Every row of `source` gets a probability."""
    scores = project.folder / "scores.parquet"
    project.run("predict", source, "--output", scores)
    probability = parquet.read_table(scores)["probability"]
    assert len(probability) == rows and probability.null_count == 0
    low, high = pc.min_max(probability).as_py().values()
    assert 0 <= low < high <= 1


def figures(project, *arguments):
    """What `roost evaluate` says of the model and of the dummy."""
    report = project.json("evaluate", *arguments)
    return report["model"], report["dummy"]


def test_flights_with_linear_weights(tmp_path):
    project = copy_of("flights", tmp_path)
    project.run("data", "add", "flights", FLIGHTS / "flights-sample.parquet")
    trained = project.json("train")
    assert trained["training"]["converged"] and trained["training"]["start"] == "cold"
    model, dummy = figures(project)
    assert model["auc"] > 0.6 and model["log_loss"] < 0.98 * dummy["log_loss"]
    check_scores(project, "flights", 20_000)


def test_flights_with_trees(tmp_path):
    project = copy_of("flights-trees", tmp_path)
    sample = parquet.read_table(FLIGHTS / "flights-sample.parquet").sort_by("date")
    for name, first in (("early", 0), ("late", 14_000)):
        parquet.write_table(sample.slice(first, 14_000), project.folder / f"{name}.parquet")
    project.run("data", "add", "flights", project.folder / "early.parquet", "--append")
    first = project.json("train")
    assert first["training"]["start"] == "cold"
    assert 10 < first["training"]["iterations"] < 400, "the evaluation rows stop the trees early"
    model, dummy = figures(project)
    assert model["auc"] > 0.62 and model["log_loss"] < 0.98 * dummy["log_loss"]
    project.run("data", "add", "flights", project.folder / "late.parquet", "--append")
    second = project.json("train")
    assert second["training"]["start"] == "continue" and second["training"]["parent"] == "late-flights@1"
    assert second["training"]["iterations"] > 0
    model, dummy = figures(project)
    assert model["auc"] > 0.6 and model["log_loss"] < dummy["log_loss"]
    assert figures(project, "--part", "test")[0]["auc"] > 0.58
    check_scores(project, "flights", 20_000)


def test_spam(tmp_path):
    project = copy_of("spam", tmp_path)
    project.run("data", "add", "messages", SPAM)
    trained = project.json("train")
    assert trained["training"]["converged"] and trained["features"] > 10_000
    model, dummy = figures(project)
    assert model["auc"] > 0.99 and model["accuracy"] > 0.97 and model["log_loss"] < 0.2 * dummy["log_loss"]
    check_scores(project, "messages", 6046)


def test_churn_with_scikit_learn(tmp_path):
    project = copy_of("churn", tmp_path)
    project.instead["PATH"] = path_with_python(tmp_path, "churn")
    subprocess.run(["python3", "make_data.py"], cwd=project.folder, check=True)
    project.run("data", "add", "customers", "customers.csv")
    trained = project.json("train")
    assert trained["training"]["trainer"] == "external"
    model, dummy = figures(project)
    assert model["auc"] > 0.75 and model["log_loss"] < 0.9 * dummy["log_loss"]
    assert trained["training"]["metrics"]["auc"] == pytest.approx(model["auc"], abs=1e-3), "as the trainer measured it"
    check_scores(project, "customers", 7000)
