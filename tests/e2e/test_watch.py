"""`roost watch`: spans as they come, schedules, back-fill, alerts, and that it may be killed at any moment."""
import random
import shutil
import signal
import time

import pytest

from model_project import HASH_SPLIT, LINEAR_FEATURES, make_rows, yaml_of
from run_project import GATE, STEPS
from test_run import content
from test_training_external import COLUMNS, COPY, make_model
from watch_project import WatchProject

KILLED_COPIES = 8


def bad_rows(number):
    """Rows of which half have no word, which the schema wants."""
    rows = make_rows(600, seed=number, first=600 * (number - 1))
    rows.loc[rows.index % 2 == 0, "word"] = None
    return rows


def noise(number):
    """Rows whose label is chance."""
    rows = make_rows(600, seed=number, first=600 * (number - 1))
    rows["late"] = rows["late"].sample(frac=1, random_state=number).to_numpy()
    return rows


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A project whose first span was run, and its version released by a person."""
    made = WatchProject(tmp_path_factory.mktemp("watch") / "released")
    made.put(1)
    assert [run["state"] for run in made.once()] == ["waits"]
    made.run("model", "promote", "model@1", "--reason", "the first")
    made.run("schema", "infer", "rows")
    (made.folder / "alerts.jsonl").unlink()
    return made


@pytest.fixture
def project(released, tmp_path):
    return copy_of(released, tmp_path / "project")


@pytest.fixture
def slow(tmp_path):
    """A project whose training waits until there is a file `go`."""
    project = WatchProject(tmp_path / "project", features=COLUMNS, gate=None,
                           trainer={"kind": "external", "command": ["sh", "trainer.sh"]})
    (project.folder / "model.onnx").write_bytes(make_model())
    (project.folder / "trainer.sh").write_text(f"touch begun\nwhile [ ! -e go ]; do sleep 0.02; done\n{COPY}\n")
    put(project, 1)
    return project


def copy_of(project, folder):
    shutil.copytree(project.folder, folder)
    copy = WatchProject.at(folder, project)
    copy.watch = dict(project.watch)
    return copy


def put(project, *numbers):
    for number in numbers:
        project.put(number)


def spans_of(runs):
    return [run["spans"] for run in runs]


# --- spans -------------------------------------------------------------------------------------------------------

def test_spans_that_came_are_run_in_their_order(project):
    put(project, 3, 2, 4)
    runs = project.once()
    assert spans_of(runs) == [["rows-2.parquet"], ["rows-3.parquet"], ["rows-4.parquet"]]
    assert [run["state"] for run in runs] == ["done"] * 3
    assert project.champions() == [1, 2, 3, 4]
    assert [project.rows_of(version) for version in (2, 3, 4)] == [1200, 1800, 2400]
    assert all(model["lineage"]["start"] == "warm" for model in project.models()[1:])
    assert project.once() == [], "what was run is not run again"
    assert [(alert["event"], alert["model"]) for alert in project.alerts()] == [
        ("released", "model@2"), ("released", "model@3"), ("released", "model@4")]


def test_catch_up_with_the_latest_runs_all_together(project):
    project.watch["catch_up"] = "latest"
    project.configure()
    put(project, 2, 3, 4)
    assert spans_of(project.once()) == [["rows-2.parquet", "rows-3.parquet", "rows-4.parquet"]]
    assert project.champions() == [1, 2] and project.rows_of(2) == 2400
    assert set(project.span_states().values()) == {"done"}


def test_what_is_refused_together_is_run_one_by_one(project):
    project.watch["catch_up"] = "latest"
    project.configure()
    put(project, 2, 4)
    project.put(3, bad_rows(3))
    runs = project.once(code=1)
    assert [(len(run["spans"]), run["state"]) for run in runs] == [
        (3, "refused"), (1, "done"), (1, "refused"), (1, "done")]
    assert project.span_states() == {"rows-1.parquet": "done", "rows-2.parquet": "done", "rows-3.parquet": "refused",
                                     "rows-4.parquet": "done"}
    assert [alert["spans"] for alert in project.alerts() if alert["event"] == "refused"] == [["rows-3.parquet"]]


def test_a_span_that_was_refused_is_left_out_until_it_is_mended(project):
    project.put(2, bad_rows(2))
    project.put(3)
    runs = project.once(code=1)
    assert [run["state"] for run in runs] == ["refused", "done"]
    assert "release" not in {step["step"] for step in runs[0]["steps"] if step["state"] != "not done"}
    assert project.rows_of(2) == 1200, "of rows-1 and rows-3"
    assert project.once() == []
    project.put(2)
    assert spans_of(project.once()) == [["rows-2.parquet"]]
    assert project.rows_of(3) == 1800
    refused = project.alerts()[0]
    assert (refused["event"], refused["by"], refused["spans"]) == ("refused", "validation", ["rows-2.parquet"])
    assert "word" in refused["details"] and refused["project"] == "test"


def test_what_the_gate_refuses_is_not_released_and_its_rows_stay(project):
    project.put(2, noise(2))
    project.configure(gate={"rules": [{"metric": "auc", "at_least": 0.99}]})
    assert [run["state"] for run in project.once(code=1)] == ["refused"]
    assert project.champions() == [1] and project.span_states()["rows-2.parquet"] == "done"
    alert = project.alerts()[0]
    assert (alert["event"], alert["by"], alert["model"]) == ("refused", "gate", "model@2")
    assert "broken: auc" in alert["details"]


def test_manual_releases_wait_for_a_person(project):
    project.watch["release"] = "manual"
    project.configure()
    put(project, 2)
    run = project.once()[0]
    assert run["state"] == "waits" and "watch.release is manual" in run["steps"][5]["made"]
    assert project.champions() == [1]
    assert [alert["event"] for alert in project.alerts()] == ["waits"]


def test_a_rolling_window_forgets_the_oldest_spans(project):
    project.watch["window"] = {"spans": 2}
    project.configure()
    put(project, 2, 3)
    project.once()
    assert [project.rows_of(version) for version in (2, 3)] == [1200, 1200]
    keys = project.run("data", "cat", "rows", "--columns", "key", "--format", "csv").stdout.split()[1:]
    assert sorted(map(int, keys)) == list(range(600, 1800))
    project.put(1, make_rows(600, seed=9))
    project.once()
    assert project.span_states()["rows-1.parquet"] == "old" and len(project.versions("rows")) == 3


def test_a_window_of_days_counts_back_from_the_newest_row(project):
    project.watch["window"] = {"days": 30, "column": "day"}
    project.configure()
    put(project, 2, 3)  # 600 hours each
    project.once()
    assert project.rows_of(3) == 30 * 24 + 1
    days = project.run("data", "cat", "rows", "--columns", "day", "--format", "csv").stdout.split()[1:]
    assert min(days).startswith("2024-02-14")


def test_a_folder_can_be_a_span(tmp_path):
    project = WatchProject(tmp_path / "project", watch={"span": "folder"})
    project.data = "source: ['*/part-*.parquet']"
    project.configure()
    for number in (1, 2):
        for part in (1, 2):
            (project.folder / f"day-{number}").mkdir(exist_ok=True)
            project.write(make_rows(300, seed=10 * number + part, first=600 * number + 300 * part),
                          f"day-{number}/part-{part}.parquet")
    assert spans_of(project.once()) == [["day-1"], ["day-2"]]
    assert [project.rows_of(version) for version in (1, 2)] == [600, 1200]


def test_a_span_that_cannot_be_read_is_refused(project):
    (project.folder / "rows-2.parquet").write_bytes(b"PAR1 and nothing else")
    put(project, 3)
    runs = project.once(code=1)
    assert [run["state"] for run in runs] == ["refused", "done"] and "rows-2.parquet" in runs[0]["result"]
    assert project.span_states() == {"rows-1.parquet": "done", "rows-2.parquet": "refused", "rows-3.parquet": "done"}
    assert [(alert["event"], alert["by"]) for alert in project.alerts()] == [
        ("refused", "validation"), ("released", None)]
    put(project, 2)
    assert spans_of(project.once()) == [["rows-2.parquet"]] and project.rows_of(3) == 1800


def test_a_schema_that_cannot_be_read_is_no_fault_of_a_span(project):
    schema = project.folder / "schema.yaml"
    good = schema.read_text()
    schema.write_text(good + "\nnonsense: [\n")
    put(project, 2)
    assert "schema.yaml" in project.run("watch", "--once", code=2).stderr
    assert project.span_states()["rows-2.parquet"] == "failed"
    schema.write_text(good)
    assert [run["state"] for run in project.once()] == ["done"]


def test_a_run_that_fails_is_tried_again_and_those_behind_it_wait(slow):
    script = slow.folder / "trainer.sh"
    whole = script.read_text()
    script.write_text("exit 3\n")
    (slow.folder / "go").touch()
    put(slow, 2)
    for _ in range(2):
        assert slow.run("watch", "--once", code=None).code > 1
    assert slow.span_states() == {"rows-1.parquet": "failed", "rows-2.parquet": "new"}
    assert [alert["event"] for alert in slow.alerts()] == ["failed"], "the same again is told once"
    assert slow.status()["spans"][0]["retry"]
    script.write_text(whole)
    assert spans_of(slow.once()) == [["rows-1.parquet"], ["rows-2.parquet"]]


def test_nothing_to_watch_is_told(folder):
    folder.run("init", "--template", "flights")
    folder.refused(2, "watch", "--once", says=("nothing to watch", "data.source"))


def test_an_alert_program_that_fails_is_told_and_stops_nothing(project):
    project.watch["alert"] = ["sh", "-c", "echo no pager here >&2; exit 4"]
    project.configure()
    put(project, 2)
    result = project.run("watch", "--once")
    assert "no pager here" in result.stderr and project.champions() == [1, 2]
    assert project.once() == []


def test_of_several_models_each_is_watched_by_itself(tmp_path):
    project = WatchProject(tmp_path / "project")
    keys = {"label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES, "gate": GATE, "evaluation": {"resamples": 50}}
    config = project.folder / "roost.yaml"
    rest = config.read_text().split("\ndata:")[1]
    config.write_text("project: test\ndataset: rows\nmodels:\n" + "".join(
        f"  {name}:\n{yaml_of(keys, '    ')}\n" for name in ("one", "two")) + f"data:{rest}")
    put(project, 1)
    project.refused(2, "watch", "--once", says="--model")
    for name in ("one", "two"):
        assert spans_of(project.once("--model", name)) == [["rows-1.parquet"]]
        assert project.once("--model", name) == []
    assert {(model["model"], model["version"]) for model in project.models()} == {("one", 1), ("two", 1)}
    assert len(project.versions("rows")) == 1
    assert project.ended() == ["new span rows-1.parquet of one", "new span rows-1.parquet of two"]


# --- schedule ----------------------------------------------------------------------------------------------------

def test_a_schedule_runs_what_came_at_its_times(tmp_path):
    project = WatchProject(tmp_path / "project", watch={
        "triggers": {"span": False, "schedule": {"every": "1 month", "at": "03:00"}}})
    put(project, 1)
    assert project.once("--now", "2024-01-15") == []
    assert project.status()["next"] == "2024-02-01T03:00:00Z"
    assert project.once("--now", "2024-02-01T02:30:00Z") == []
    put(project, 2)
    runs = project.once("--now", "2024-02-01T04:00:00Z")
    assert [(run["trigger"], run["spans"]) for run in runs] == [
        ("schedule", ["rows-1.parquet"]), ("schedule", ["rows-2.parquet"])]
    assert project.once("--now", "2024-02-29") == []
    # Times that were missed are made up for once, over the data as they are.
    runs = project.once("--now", "2024-06-10")
    assert [(run["spans"], run["state"]) for run in runs] == [([], "waits")]
    assert [step["hit"] for step in runs[0]["steps"][:1]] == [True]
    assert project.status()["next"] == "2024-07-01T03:00:00Z"


def test_a_schedule_needs_no_source(tmp_path):
    project = WatchProject(tmp_path / "project", watch={"triggers": {"schedule": {"every": "1 week"}}})
    project.data = "gate: refuse"
    project.configure()
    project.add(make_rows())
    assert project.once("--now", "2024-01-01T01:00:00Z") == []
    assert [run["spans"] for run in project.once("--now", "2024-01-08T01:00:00Z")] == [[]]
    assert len(project.models()) == 1


# --- back-fill ---------------------------------------------------------------------------------------------------

def test_a_back_fill_runs_spans_as_if_they_came_now(released, tmp_path):
    project = WatchProject(tmp_path / "project")
    put(project, 1, 2, 3, 4)
    runs = project.backfill("rows-2..rows-3")
    assert spans_of(runs) == [["rows-2.parquet"], ["rows-3.parquet"]]
    assert [project.rows_of(version) for version in (1, 2)] == [1200, 1800]
    assert project.span_states() == {"rows-1.parquet": "new", "rows-2.parquet": "done", "rows-3.parquet": "done",
                                     "rows-4.parquet": "new"}


def test_a_back_fill_does_not_release_what_is_older_than_the_champion(project):
    put(project, 2, 3)
    project.once()
    assert project.champions() == [1, 2, 3]
    project.configure(trainer={"kind": "linear", "l2": 3})
    runs = project.backfill("..")
    assert [run["state"] for run in runs] == ["waits", "waits", "done"]
    assert "later spans were learned from" in runs[0]["steps"][5]["made"]
    assert project.champions()[:3] == [1, 2, 3] and len(project.champions()) == 4


def test_a_range_without_spans_is_told(project):
    project.refused(2, "watch", "--backfill", "x..y", says="no span from 'x' to 'y'")
    project.refused(2, "watch", "--backfill", "rows-1", says="no range")


# --- killed, stopped, two at once --------------------------------------------------------------------------------

def test_a_watch_that_is_killed_comes_to_the_same_versions(released, tmp_path):
    calm = copy_of(released, tmp_path / "calm")
    put(calm, 2, 3)
    began = time.monotonic()
    calm.once()
    whole = time.monotonic() - began
    expected = content(calm)
    draw = random.Random(11)
    killed = 0
    for number in range(KILLED_COPIES):
        project = copy_of(released, tmp_path / f"killed-{number}")
        put(project, 2, 3)
        for seconds in (whole * (number + draw.random()) / KILLED_COPIES, draw.random() * whole):
            process = project.start("watch", "--once", "--json")
            time.sleep(seconds)
            process.kill()
            process.communicate()
            killed += process.returncode == -9
        project.once()
        assert content(project) == expected
        assert project.ended() == ["new span rows-1.parquet", "new span rows-2.parquet", "new span rows-3.parquet"]
        assert {alert["model"] for alert in project.alerts()} == {"model@2", "model@3"}
        assert project.json("audit", "verify")["whole"]
    assert killed >= KILLED_COPIES


def test_two_watches_run_each_span_once(released, tmp_path):
    calm, project = (copy_of(released, tmp_path / name) for name in ("calm", "two"))
    put(calm, 2, 3, 4)
    calm.once()
    watches = [project.start("watch") for _ in range(2)]
    for number in (2, 3, 4):
        put(project, number)
        project.wait_for(lambda: project.span_states().get(f"rows-{number}.parquet") == "done", f"span {number}")
    for watch in watches:
        watch.send_signal(signal.SIGTERM)
        watch.communicate(timeout=100)
        assert watch.returncode == 0
    assert project.ended() == calm.ended() and content(project) == content(calm)


def begin(project, *arguments):
    """A process that is in the midst of its training."""
    process = project.start(*arguments)
    project.wait_for((project.folder / "begun").exists, "the training")
    return process


def test_sigterm_ends_a_watch_after_its_step(slow):
    process = begin(slow, "watch")
    process.send_signal(signal.SIGTERM)
    (slow.folder / "go").touch()
    process.communicate(timeout=100)
    assert process.returncode == 0
    assert [run["state"] for run in slow.runs()] == ["stopped"] and len(slow.models()) == 1
    run = slow.once()[0]
    assert {step["step"]: step["hit"] for step in run["steps"]}["train"] and len(slow.models()) == 1


def test_a_back_fill_that_was_killed_is_gone_on_with(slow):
    put(slow, 2, 3, 4)
    process = begin(slow, "watch", "--backfill", "rows-2..")
    process.kill()
    process.communicate()
    (slow.folder / "go").touch()
    slow.refused(10, "watch", "--backfill", "rows-1..rows-2", says=("did not end", "rows-4.parquet"))
    assert [run["spans"] for run in slow.backfill("rows-2..")] == [[f"rows-{number}.parquet"] for number in (2, 3, 4)]
    assert slow.ended() == [f"back-fill rows-{number}.parquet" for number in (2, 3, 4)]
    assert slow.span_states()["rows-1.parquet"] == "new"


def test_one_run_of_a_model_at_a_time(slow):
    process = begin(slow, "run")
    for command in (["run"], ["watch", "--once"], ["run", "--step", "ingest"]):
        result = slow.run(*command, code=11)
        assert "another run of model 'model' is under way: 'roost run' of tester" in result.stderr, result
        assert "--wait" in result.stderr
    slow.run("run", "--dry-run")
    waiting = slow.start("run", "--wait", "--json")
    (slow.folder / "go").touch()
    process.communicate(timeout=100)
    stdout, stderr = waiting.communicate(timeout=100)
    assert process.returncode == waiting.returncode == 0, stderr
    assert len(slow.models()) == 1 and [run["state"] for run in slow.runs()] == ["waits", "waits"]


def test_a_run_whose_process_was_killed_holds_nothing(slow):
    process = begin(slow, "run")
    process.kill()
    process.communicate()
    (slow.folder / "go").touch()
    assert list(slow.states()) == list(STEPS)
