"""`roost run`: what is done and what is taken, and that a run which was killed is gone on with to the same versions."""
import random
import shutil
import time

import pytest

from model_project import make_rows
from run_project import STEPS, RunProject
from test_training_external import COLUMNS, COPY, make_model

FRESH_COPIES = 12
KILLS_OF_ONE = 40


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A project whose first version was released by a person, and whose source has a file more since."""
    made = RunProject(tmp_path_factory.mktemp("run") / "released")
    made.put(1)
    assert made.pipeline()["state"] == "waits"
    made.run("model", "promote", "model@1", "--reason", "the first")
    made.put(2)
    return made


@pytest.fixture
def project(released, tmp_path):
    """A copy of it."""
    return copy_of(released, tmp_path / "project")


def copy_of(project, folder):
    shutil.copytree(project.folder, folder)
    return RunProject.at(folder, project)


def content(project):
    """All that a run leaves to others, without the times in it: the digest of a dataset's version has one."""
    models = project.models()
    for model in models:
        model["lineage"].pop("dataset_digest")
    kept = [(model["version"], model["aliases"], model["evaluation"], model["lineage"],
             project.predict(model=f"model@{model['version']}").to_csv()) for model in models]
    rows = []
    for version in project.versions("rows"):
        path = project.folder / "exported.arrow"
        project.run("data", "export", f"rows@{version['version']}", "--output", path, "--force")
        rows.append((version["version"], path.read_bytes()))
    return kept, rows, project.champions()


def kill_after(project, seconds):
    """Whether a run was killed; else it came to its end."""
    process = project.start("run", "--json")
    time.sleep(seconds)
    process.kill()
    process.communicate()
    return process.returncode == -9


# --- kill -9 -----------------------------------------------------------------------------------------------------

def test_runs_that_are_killed_come_to_the_same_versions(released, tmp_path):
    calm = copy_of(released, tmp_path / "calm")
    began = time.monotonic()
    assert calm.pipeline()["state"] == "done"
    whole_run = time.monotonic() - began
    expected = content(calm)
    draw = random.Random(7)
    killed = 0
    for number in range(FRESH_COPIES):
        project = copy_of(released, tmp_path / f"killed-{number}")
        # Up to three kills, the first at moments that are spread over the whole run.
        first = whole_run * (number + draw.random()) / FRESH_COPIES
        for seconds in (first, draw.random() * whole_run, draw.random() * whole_run):
            killed += kill_after(project, seconds)
        assert project.pipeline()["state"] == "done"
        assert content(project) == expected
        assert project.json("data", "verify")["sound"]
        assert project.json("audit", "verify")["whole"]
    assert killed >= FRESH_COPIES


def test_a_model_has_the_same_bytes_however_often_it_was_killed(released, tmp_path):
    calm = copy_of(released, tmp_path / "calm")
    calm.pipeline("--step", "ingest")
    project = copy_of(calm, tmp_path / "killed")
    began = time.monotonic()
    calm.pipeline()
    whole_run = time.monotonic() - began
    draw = random.Random(8)
    killed = sum(kill_after(project, draw.random() * min(1, 0.1 + number / KILLS_OF_ONE) * whole_run)
                 for number in range(KILLS_OF_ONE))
    assert killed >= KILLS_OF_ONE / 4
    project.pipeline()
    # The digest of a package is of what its training took, too.
    bytes_of = [[(model["version"], model["lineage"], model["evaluation"]) for model in made.models()]
                for made in (project, calm)]
    assert bytes_of[0] == bytes_of[1] and content(project) == content(calm)
    assert project.champions() == calm.champions() == [1, 2]
    runs = project.json("run", "list", "--limit", "100")
    assert {run["state"] for run in runs} <= {"done", "waits", "not finished"}
    assert any(run["state"] == "not finished" for run in runs)


def test_ctrl_c_stops_a_run_and_is_kept(project):
    process = project.start("run")
    time.sleep(0.15)
    process.send_signal(2)
    process.communicate()
    assert process.returncode in (0, 130, -2)
    assert project.pipeline()["state"] == "done"
    assert project.champions() == [1, 2]


# --- hits and misses ---------------------------------------------------------------------------------------------

def test_what_is_known_is_not_done_again(project):
    assert project.states() == dict.fromkeys(STEPS, "done") | {"validate": "skipped"}
    before = content(project), project.json("audit", "log")
    again = project.pipeline()
    assert {step["step"]: step["hit"] for step in again["steps"]} == dict.fromkeys(STEPS, True)
    assert all("seconds" not in step for step in again["steps"])
    reasons = {step["step"]: step["reason"] for step in again["steps"]}
    assert reasons["train"] == reasons["ingest"] == "as in run 2"
    assert reasons["gate"] == reasons["release"] == "model@2 is the champion"
    assert (content(project), project.json("audit", "log")) == before


def test_what_changed_is_told(project):
    reasons = project.reasons()
    assert reasons["ingest"] == "source changed (1 file -> 2 files), configuration the same"
    assert reasons["train"] == "data changed (rows@1 -> rows@2), configuration the same"
    project.configure(trainer={"kind": "linear", "l2": 3})
    reasons = project.reasons()
    assert reasons["ingest"] == "as in run 2"
    assert reasons["train"] == "configuration changed (model.trainer.l2), data the same"
    assert reasons["evaluate"] == "model changed (model@2 -> model@3), configuration and data the same"
    assert reasons["gate"].startswith("champion changed (model@1 -> model@2), model changed"), reasons
    project.configure(trainer={"kind": "linear", "l2": 3}, evaluation={"resamples": 60})
    states = project.states()
    assert (states["train"], states["evaluate"], states["gate"]) == ("hit", "done", "hit")


def test_comments_and_keys_of_others_change_nothing(project):
    project.pipeline()
    with open(project.folder / "roost.yaml", "a") as config:
        config.write("serve: {port: 8081}  # elsewhere\n")
    assert set(project.states().values()) == {"hit", "skipped"}


def test_a_version_that_is_gone_is_made_again(project):
    project.pipeline()
    project.configure(trainer={"kind": "linear", "l2": 3})
    project.pipeline()
    for _ in range(2):
        project.run("model", "rollback", "model")
    deleted = project.models()[-1]
    project.run("model", "delete", "model@3", "--reason", "a try")
    assert project.reasons()["train"] == "model@3 is gone"
    made = project.models()[-1]
    assert made["version"] == 4
    assert [made[part] for part in ("lineage", "evaluation")] == [deleted[part] for part in ("lineage", "evaluation")]


def test_an_older_configuration_brings_its_version_back(project):
    first = project.pipeline()["steps"][2]
    project.configure(trainer={"kind": "linear", "l2": 3})
    project.pipeline()
    project.configure()
    again = project.pipeline()["steps"][2]
    assert again["hit"] and again["output"] == first["output"] and again["key"] == first["key"]
    anew = project.pipeline("--from", "train")["steps"][2]
    assert not anew["hit"] and anew["output"] == first["output"], "the training begins where it began before"


def test_a_program_that_trains_is_an_input(tmp_path):
    project = RunProject(tmp_path / "project", features=COLUMNS, gate=None,
                         trainer={"kind": "external", "command": ["sh", "trainer.sh"]})
    project.put(1)
    script = project.folder / "trainer.sh"
    script.write_text("exit 3\n")
    assert project.run("run", code=None).code > 1
    failed = project.json("run", "list")[0]
    assert failed["state"] == "failed" and failed["message"]
    (project.folder / "model.onnx").write_bytes(make_model())
    script.write_text(COPY)
    assert project.reasons()["train"] == "for the first time"
    assert project.reasons()["train"] == "as in run 2"
    script.write_text(f"# as before\n{COPY}")
    assert project.reasons()["train"] == "trainer.sh changed, configuration and data the same"


# --- a no --------------------------------------------------------------------------------------------------------

def test_rows_that_break_the_schema_stop_the_run(project):
    project.run("schema", "infer", "rows")
    bad = make_rows(600, seed=3, first=1200)
    bad.loc[bad.index % 2 == 0, "word"] = None
    project.put(3, bad)
    result = project.run("run", code=1)
    assert "ingest    refused" in result.stdout and "error: word: " in result.stdout, result
    assert "release   not done" in result.stdout and "what follows was not done" in result.stderr, result
    assert len(project.versions("rows")) == 1 and len(project.models()) == 1
    assert project.json("run", "list")[0]["state"] == "refused"
    (project.folder / "rows-3.parquet").unlink()
    assert project.pipeline()["state"] == "done"


def test_a_version_that_breaks_a_new_schema_is_refused(project):
    project.pipeline()
    project.run("schema", "infer", "rows")
    schema = project.folder / "schema.yaml"
    schema.write_text(schema.read_text().replace("name: word", "name: wort"))
    result = project.pipeline(code=1)
    assert [step["state"] for step in result["steps"][:3]] == ["done", "refused", "not done"]
    assert result["steps"][0]["hit"] and "wort" in result["steps"][1]["details"]
    again = project.pipeline(code=1)["steps"][1]
    assert again["hit"] and again["state"] == "refused"


def test_a_version_that_the_gate_refuses_is_not_released(project):
    rows = make_rows(600, seed=2, first=600)
    rows["late"] = rows["late"].sample(frac=1, random_state=1).to_numpy()  # nothing can be learned from these
    project.put(2, rows)
    project.configure(gate={"rules": [{"metric": "auc", "at_least": 0.99}]})
    result = project.pipeline(code=1)
    assert [step["state"] for step in result["steps"][3:]] == ["done", "refused", "not done"]
    assert "broken: auc" in result["steps"][4]["details"]
    log = project.json("audit", "log")
    again = project.pipeline(code=1)
    assert again["steps"][4]["hit"] and again["steps"][4]["details"] == result["steps"][4]["details"]
    assert project.json("audit", "log") == log, "the same gate is not asked twice"
    assert project.champions() == [1] and len(project.models()) == 2


# --- releases ----------------------------------------------------------------------------------------------------

def test_a_first_version_waits_for_a_person(tmp_path):
    project = RunProject(tmp_path / "project")
    project.put(1)
    result = project.run("run")
    assert "roost model promote model@1 --reason TEXT" in result.stdout and "waits" in result.stdout
    assert project.champions() == []
    project.run("model", "promote", "model@1", "--reason", "the first")
    assert project.pipeline()["state"] == "done"


def test_without_a_gate_a_person_releases(project):
    project.configure(gate=None)
    states = project.states()
    assert (states["gate"], states["release"]) == ("skipped", "waits")
    assert project.champions() == [1]


def test_what_was_rolled_back_stays_back(project):
    assert project.pipeline()["state"] == "done"
    project.run("model", "rollback", "model")
    result = project.pipeline()
    assert result["state"] == "waits" and "was champion until" in result["steps"][5]["made"]
    assert project.champions() == [1, 2, 1]


# --- parts of a run ----------------------------------------------------------------------------------------------

def test_steps_one_by_one_make_what_a_run_makes(released, tmp_path):
    whole, parts = (copy_of(released, tmp_path / name) for name in ("whole", "parts"))
    whole.pipeline()
    for step in STEPS:
        assert list(parts.states("--step", step)) == [step]
    assert content(parts) == content(whole)


def test_a_step_needs_what_those_before_it_make(project):
    project.refused(2, "run", "--step", "trains", says="did you mean 'train'?")
    project.pipeline("--step", "ingest")
    for step in ("validate", "train", "evaluate"):
        project.refused(10, "run", "--step", "gate", says=("rows@1", "rows@2", f"roost run --step {step}"))
        project.pipeline("--step", step)
    assert project.states("--step", "gate") == {"gate": "done"}


def test_a_first_step_that_was_never_done_is_named(tmp_path):
    project = RunProject(tmp_path / "project")
    project.put(1)
    project.refused(10, "run", "--step", "train", says=("never done", "roost run --step ingest"))


def test_a_plan_does_nothing(project):
    before = content(project), project.json("run", "list"), project.json("audit", "log")
    plan = project.pipeline("--dry-run")
    assert plan["run"] is None and plan["state"] == "to do"
    assert [step["state"] for step in plan["steps"]][::2] == ["to do", "to do", "to do"]
    assert plan["steps"][0]["reason"] == "source changed (1 file -> 2 files), configuration the same"
    assert plan["steps"][2]["reason"] == "takes what a step before it is to make"
    assert (content(project), project.json("run", "list"), project.json("audit", "log")) == before


def test_from_a_step_all_is_done_anew(project):
    project.pipeline()
    before = content(project)
    states = project.states("--from", "train")
    assert [states[step] for step in STEPS] == ["hit", "skipped", "done", "done", "hit", "hit"]
    assert content(project) == before, "the same again is no new version"
    project.run("run", "--from", "train", "--step", "train", code=2)


def test_two_runs_at_once_release_one_version(project):
    processes = [project.start("run", "--json") for _ in range(2)]
    for process in processes:
        process.communicate()
    # Whoever comes second finds that the other one is at it, or the work done.
    assert {process.returncode for process in processes} <= {0, 11}
    project.pipeline()
    assert project.champions() == [1, 2] and len(project.models()) == 2


def test_without_a_source_the_latest_version_is_taken(tmp_path):
    project = RunProject(tmp_path / "project")
    project.data = "gate: refuse"
    project.configure()
    project.refused(2, "run", says="there is no dataset 'rows'")
    project.add(make_rows())
    result = project.pipeline()
    assert result["steps"][0]["reason"] == "the latest version: roost.yaml has no data.source"
    assert result["steps"][2]["output"]["model"] == "model@1"


def test_a_source_without_files_is_told(tmp_path):
    project = RunProject(tmp_path / "project")
    result = project.refused(2, "run", says="rows-*.parquet")
    assert project.json("run", "list")[0]["state"] == "failed", result


def test_a_project_without_a_model_is_told_before_anything_is_done(folder):
    folder.run("init", "--template", "tabular")
    folder.refused(2, "run", says="no 'model'")
    assert folder.json("run", "list") == []


# --- what was done -----------------------------------------------------------------------------------------------

def test_runs_are_shown_and_compared(project):
    project.pipeline()
    project.configure(trainer={"kind": "linear", "l2": 3})
    project.pipeline()
    runs = project.json("run", "list")
    assert [(run["run"], run["state"]) for run in runs] == [(3, "done"), (2, "done"), (1, "waits")]
    shown = project.json("run", "show", 3)
    assert [step["step"] for step in shown["steps"]] == list(STEPS)
    assert [step["made_by"] for step in shown["steps"]][:3] == [2, 3, 3]
    assert shown["steps"][2]["key"]["configuration"]["model.trainer.l2"] == "3"
    compared = project.json("run", "compare", 2, 3)
    assert compared["runs"] == [2, 3]
    assert {"name": "model.trainer.l2", "values": ["1", "3"]} in compared["configuration"]
    assert {"name": "train parent", "values": ["model@1", "model@2"]} in compared["inputs"]
    assert {entry["name"] for entry in compared["metrics"]} >= {"auc", "log_loss"}
    assert all(len(entry["values"]) == 3 for entry in project.json("run", "compare", 1, 2, 3)["inputs"])
    assert project.json("run", "compare", 3, 3)["configuration"] == []
    project.refused(2, "run", "show", 9, says="there is no run 9")
    project.refused(2, "run", "compare", 3, says="two runs or more")


def test_runs_are_shown_as_pages(project):
    project.pipeline()

    def page(*arguments):
        assert project.run("run", *arguments, "--html", "page.html").stderr == "wrote page.html\n"
        return (project.folder / "page.html").read_text()

    listed, shown, compared = page("list"), page("show", 2), page("compare", 1, 2)
    assert "<bdi>model@1</bdi>" in listed and "<b class=better>blessed</b>" in listed
    for html in (shown, compared):
        assert "ROC: what is found" in html and "no curves are drawn" not in html
    assert "model.trainer.kind" in shown and "train parent" in shown
    assert "solid: <bdi>run 1: model@1</bdi>" in compared and "dashed: <bdi>run 2: model@2</bdi>" in compared
    assert (page("list"), page("show", 2)) == (listed, shown)
