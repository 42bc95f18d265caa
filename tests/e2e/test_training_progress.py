"""--json tells on stderr how far a training is: lines that a program can read; stdout stays one document."""
import json

from model_project import ModelProject, make_rows

TREES = {"kind": "boosted_trees", "rounds": 300, "early_stopping": 0}
KEYS = {"message_type", "stage", "unit", "done", "total", "loss", "seconds_left"}


def test_a_training_tells_its_stages(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(3000), trainer=TREES)
    result = project.run("train", "--json")
    json.loads(result.stdout)
    lines = result.progress()
    assert all(set(line) <= KEYS for line in lines)
    assert list(dict.fromkeys(line["stage"] for line in lines)) == ["reading", "train", "scoring", "importance"]
    train = [line for line in lines if line["stage"] == "train"]
    assert [train[0]["done"], train[-1]["done"]] == [1, 300], "the last line always comes"
    assert {line["total"] for line in train} == {300} and {line["unit"] for line in train} == {"rounds"}
    assert train[-1]["loss"] < train[0]["loss"]
    assert [line["done"] for line in train] == sorted(line["done"] for line in train)
    assert all(line["seconds_left"] >= 0 for line in lines if "seconds_left" in line)


def test_a_linear_training_tells_its_loss(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(1000))
    train = [line for line in project.run("train", "--json").progress() if line["stage"] == "train"]
    assert 0 < train[-1]["loss"] < train[0]["loss"] and train[-1]["unit"] == "iterations"


def test_an_external_trainer_tells_its_loss(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(200), features=[{"column": "a"}],
                           trainer={"kind": "external", "command": ["sh", "trainer.sh"]})
    (project.folder / "trainer.sh").write_text(
        "echo '{\"progress\": {\"step\": 3, \"steps\": 10, \"loss\": 0.41}}'; exit 3\n")
    result = project.run("train", "--json", code=2)
    line, error = map(json.loads, result.stderr.splitlines()[-2:])
    assert line == {"message_type": "progress", "stage": "training", "unit": "steps", "done": 3, "total": 10,
                    "loss": 0.41}
    assert error["message_type"] == "exit_error" and "exit code 3" in error["message"]


def test_quiet_is_quiet(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(500))
    assert project.run("train", "--json", "--quiet").stderr == ""
    assert project.run("predict", "model", "rows", "--json", "--quiet").stderr == ""


def test_evaluate_and_predict_tell_too(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(500))
    project.train()
    evaluated, scored = project.run("evaluate", "--json"), project.run("predict", "model", "rows", "--json")
    assert "scoring" in {line["stage"] for line in evaluated.progress()}
    assert scored.progress() and len([json.loads(line) for line in scored.stdout.splitlines()]) == 500


def test_tune_tells_its_trials_and_what_was_there_already(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(500), label="amount", tune={
        "space": [{"key": "l2", "low": 0.1, "high": 10}], "trials": 3, "least_share": 1})
    first = project.run("tune", "--json")
    trials = [line for line in first.events() if line["message_type"] == "trial"]
    assert [line["trial"] for line in trials] == [0, 1, 2]
    assert [line["score"] for line in trials] == [trial["score"] for trial in first.json()["trials"]]
    assert first.json()["resumed"] == 0
    second = project.run("tune", "--json")
    assert second.json()["resumed"] == 3
    assert "trial" not in {line["message_type"] for line in second.events()}
