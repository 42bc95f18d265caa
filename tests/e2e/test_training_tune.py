"""roost tune: finds better parameters than bad ones, goes on where it was killed, and edits roost.yaml."""
import json
import shutil
import time

import pytest

from model_project import ModelProject, make_rows

BAD = {"kind": "linear", "l2": 100000}
SPACE = {"space": [{"key": "l2", "low": 0.001, "high": 100000, "log": True}], "trials": 8, "keep_one_in": 2,
         "least_share": 0.25}
TREES = {"kind": "boosted_trees", "rounds": 40, "max_depth": 1}
TREES_SPACE = {"space": [{"key": "max_depth", "low": 1, "high": 6, "whole": True},
                         {"key": "learning_rate", "values": [0.05, 0.3]}], "trials": 6, "least_share": 1}


def rows_with_a_cross(count=3000):
    """The label depends on the sign of a * b alone: trees of depth 1 cannot see it."""
    rows = make_rows(count)
    return rows.assign(late=rows["a"] * (rows["b"] - 2) > 0)


def without_seconds(found):
    return [{key: value for key, value in trial.items() if key != "seconds"} for trial in found["trials"]]


def test_it_finds_a_better_penalty(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(), label="amount", trainer=BAD, tune=SPACE)
    before = project.train()["evaluation"]["model"]["rmse"]
    found = project.json("tune")
    assert found["metric"] == "RMSE" and found["written"] is False
    scores = {(trial["trial"], trial["rung"]): trial["score"] for trial in found["trials"]}
    last = max(rung for _, rung in scores)
    assert scores[found["best"], last] == min(score for (_, rung), score in scores.items() if rung == last)
    assert [sum(rung == number for _, rung in scores) for number in range(last + 1)] == [8, 4, 2]
    assert [trial["share"] for trial in found["trials"] if trial["rung"] == last] == [1, 1]
    assert scores[found["best"], last] < 0.5 * before
    assert float(found["edits"]["l2"]) < 1000
    assert [len(project.models()), "100000" in (project.folder / "roost.yaml").read_text()] == [1, True]


def test_write_edits_the_value_and_keeps_the_comments(tmp_path):
    project = ModelProject(tmp_path / "project", rows_with_a_cross(), features=[
        {"column": "a", "use": "number"}, {"column": "b", "use": "number"}], trainer=TREES, tune=TREES_SPACE)
    config = project.folder / "roost.yaml"
    text = config.read_text().replace("max_depth: 1", "max_depth: 1   # one question alone")
    config.write_text(text)
    found = project.json("tune", "--write")
    assert found["written"] is True and int(found["edits"]["max_depth"]) > 1
    written = config.read_text()
    depth, rate = found["edits"]["max_depth"], found["edits"]["learning_rate"]
    assert f"max_depth: {depth}   # one question alone" in written and f"learning_rate: {rate}" in written
    kept = [line for line in written.splitlines() if not line.strip().startswith(("max_depth", "learning_rate"))]
    assert kept == [line for line in text.splitlines() if not line.strip().startswith("max_depth")]
    figures = project.train()["evaluation"]
    assert figures["model"]["log_loss"] < 0.6 * figures["dummy"]["log_loss"]
    best = max(found["trials"], key=lambda trial: (trial["trial"] == found["best"], trial["rung"]))
    assert figures["model"]["log_loss"] == best["score"]


def test_it_goes_on_after_a_kill_and_ends_as_if_there_had_been_none(tmp_path):
    project = ModelProject(tmp_path / "killed", rows_with_a_cross(), trainer=TREES | {"rounds": 20}, tune=TREES_SPACE)
    shutil.copytree(project.folder, tmp_path / "whole")
    whole = ModelProject.at(tmp_path / "whole", project)
    process = project.start("tune")
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if sum(text.read_text().count("\n") for text in project.folder.glob(".roost/tune/*.jsonl")) >= 3:
            break
        time.sleep(0.005)
    process.kill()
    process.communicate()
    again = project.run("tune")
    assert "2 results were there already" in again.stderr or "3 results were there already" in again.stderr, again
    ran = again.stderr.count("of the rows: ")
    assert 1 <= ran < 6
    resumed, uninterrupted = project.json("tune"), whole.json("tune")
    assert without_seconds(resumed) == without_seconds(uninterrupted)
    assert (resumed["best"], resumed["edits"]) == (uninterrupted["best"], uninterrupted["edits"])


def test_a_torn_line_of_the_record_is_made_again(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(), label="amount", trainer=BAD, tune=SPACE)
    found = project.json("tune")
    record = next(project.folder.glob(".roost/tune/*.jsonl"))
    record.write_bytes(record.read_bytes()[:-20])
    again = project.run("tune")
    assert "13 results were there already" in again.stderr
    assert without_seconds(project.json("tune")) == without_seconds(found)


def test_another_space_is_another_search(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(), label="amount", trainer=BAD, tune=SPACE | {"trials": 3})
    project.run("tune")
    project.configure(label="amount", trainer=BAD, tune=SPACE | {"trials": 4})
    assert "were there already" not in project.run("tune").stderr


@pytest.mark.parametrize("tune, says", [
    ({"space": [{"key": "max_depth", "low": 1, "high": 6, "whole": True}]}, ("max_depth", "linear")),
    ({"space": [{"key": "l3", "low": 1, "high": 6}]}, ("unknown key 'l3'", "model.tune.space")),
    ({"space": [{"key": "l2", "low": 1}]}, ("l2", "'low' and 'high', or 'values'")),
    ({"space": [{"key": "l2", "low": 1, "high": 2, "values": ["1"]}]}, ("l2", "either")),
    ({"space": [{"key": "l2", "low": 2, "high": 1}]}, ("l2",)),
    ({"space": [{"key": "l2", "low": 0, "high": 1, "log": True}]}, ("l2",)),
    ({"space": [{"key": "l2", "low": -5, "high": -1}]}, ("l2",)),
    ({"space": [{"key": "l2", "values": ["much"]}]}, ("l2", "number")),
    ({"space": []}, ("roost.yaml:", "one entry or more")),
    ({"space": [{"low": 1, "high": 2}]}, ("key", "missing")),
])
def test_a_space_that_makes_no_sense(tmp_path, tune, says):
    project = ModelProject(tmp_path / "project", make_rows(100))
    project.configure(tune=tune)
    project.refused(2, "tune", says=says)


def test_nothing_to_tune(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(100))
    project.refused(2, "tune", says=("no 'model.tune'", "space"))


def test_options_of_an_external_trainer_are_handed_over(tmp_path):
    # The trainer fails for one value and so tells which it was given; all trials fail, and that is told.
    project = ModelProject(
        tmp_path / "project", make_rows(100), features=[{"column": "a"}],
        trainer={"kind": "external", "command": ["sh", "trainer.sh"], "options": {"depth": 1}},
        tune={"space": [{"key": "options.depth", "values": ["7"]}], "trials": 1, "least_share": 1})
    (project.folder / "trainer.sh").write_text('cp "$ROOST_WORK/config.json" seen.json; exit 3\n')
    result = project.run("tune", code=2)
    assert "every trial failed" in result.stderr and "exit code 3" in result.stderr
    assert json.loads((project.folder / "seen.json").read_text())["options"] == {"depth": 7}


def test_trials_of_an_external_trainer_find_no_checkpoint_of_each_other(tmp_path):
    project = ModelProject(
        tmp_path / "project", make_rows(100), features=[{"column": "a"}],
        trainer={"kind": "external", "command": ["sh", "trainer.sh"], "options": {"depth": 1}},
        tune={"space": [{"key": "options.depth", "values": ["7", "8", "9"]}], "trials": 6, "least_share": 1})
    (project.folder / "trainer.sh").write_text(
        'ls "$ROOST_WORK/checkpoint" > found\n'
        'depth=$(grep -o \'"depth": *[0-9]\' "$ROOST_WORK/config.json" | grep -o "[0-9]$")\n'
        'for other in $(cat found); do [ "$other" = "$depth" ] || echo "$depth found $other" >> mixed; done\n'
        'touch "$ROOST_WORK/checkpoint/$depth"; echo "$depth" >> seen; exit 3\n')
    project.run("tune", code=2)
    assert len(set((project.folder / "seen").read_text().split())) > 1
    assert not (project.folder / "mixed").exists()
