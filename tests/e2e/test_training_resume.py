"""A long training that is killed with kill -9 goes on where it was, and ends as if it had not been killed."""
import shutil
import time

import pytest

from model_project import ModelProject, make_rows

# Long enough for a checkpoint, which comes after two seconds: a bin for each value makes rounds slow.
TREES = {"kind": "boosted_trees", "rounds": 1000, "max_bins": 65535, "learning_rate": 0.02, "early_stopping": 0}
FTRL = {"kind": "linear", "solver": "ftrl", "passes": 1000}
NUMBERS = [{"column": "a", "use": "number"}, {"column": "b", "use": "number"}]


def make_project(folder, trainer):
    rows = 20_000 if trainer["kind"] == "boosted_trees" else 200_000
    return ModelProject(folder, make_rows(rows), features=NUMBERS, trainer=trainer)


def checkpoint_of(project):
    return project.folder / ".roost/checkpoints/model/train"


def kill_at_first_checkpoint(project):
    process = project.start("train", "--json")
    deadline = time.monotonic() + 60
    while not checkpoint_of(project).exists():
        assert process.poll() is None, "the training was too short to be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.kill()
    assert process.communicate()[0] == "" and process.returncode == -9
    assert project.models() == []


def first_step(result, stage):
    """How much was done when this stage began, by the lines on stderr."""
    return next(line["done"] for line in result.progress() if line["stage"] == stage)


@pytest.mark.parametrize("trainer", [TREES, FTRL], ids=["trees", "linear"])
def test_it_goes_on_to_the_same_model(tmp_path, trainer):
    project = make_project(tmp_path / "killed", trainer)
    shutil.copytree(project.folder, tmp_path / "whole")
    kill_at_first_checkpoint(project)
    whole = ModelProject.at(tmp_path / "whole", project)
    uninterrupted, resumed = whole.run("train", "--json"), project.run("train", "--json")
    done = resumed.json()["resumed_after"]
    assert done > 0 and "resumed_after" not in uninterrupted.json()
    assert first_step(resumed, "train") > 1 == first_step(uninterrupted, "train")
    for key in ("training", "evaluation", "importance"):
        assert resumed.json()[key] == uninterrupted.json()[key]
    assert project.predict().equals(whole.predict())
    assert not checkpoint_of(project).parent.exists()
    again = project.train()
    assert again["is_new"] is False and again["version"] == 1


def test_another_configuration_begins_anew(tmp_path):
    project = make_project(tmp_path / "project", TREES)
    kill_at_first_checkpoint(project)
    project.configure(features=NUMBERS, trainer=TREES | {"rounds": 30})
    result = project.run("train", "--json")
    assert "resumed_after" not in result.json() and result.json()["training"]["iterations"] == 30
    assert not checkpoint_of(project).exists()


def test_people_are_told(tmp_path):
    project = make_project(tmp_path / "project", TREES | {"subsample": 0.8})
    kill_at_first_checkpoint(project)
    assert "rounds of an earlier call that was interrupted" in project.run("train").stderr
    # Samples after the interruption are others: the model is another one, and says so.
    assert project.show()["lineage"]["resumed_after"] > 0
