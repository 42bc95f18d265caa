"""Promotions and rollbacks under a running server, racing people, and what is left when they are killed."""
import json
import signal
import threading
import time
import urllib.error
import urllib.request

import pytest

from model_project import ModelProject, make_rows
from test_serve_versions import eventually, served

WATCH_SECONDS = 0.2
VERSIONS = 3


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with three versions, whose server follows the champion."""
    made = ModelProject(tmp_path_factory.mktemp("release") / "project", make_rows())
    for l2 in (1, 20, 400):
        made.configure(trainer={"kind": "linear", "l2": l2})
        made.train("--cold")
    with open(made.folder / "roost.yaml", "a") as config:
        config.write(f"serve:\n  watch_seconds: {WATCH_SECONDS}\n  models:\n"
                     "    model: {versions: {aliases: [champion, previous]}}\n")
    made.run("model", "promote", "model@1", "--reason", "the first")
    return made


class Caller(threading.Thread):
    """Asks for scores without a pause, and keeps what failed and which versions answered."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.request = urllib.request.Request(f"{url}/v1/models/model:score", b'{"a": 1.0, "b": 0.5, "word": "red"}')
        self.failures, self.versions, self.calls, self.ended = [], set(), 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            self.calls += 1
            try:
                with urllib.request.urlopen(self.request, timeout=10) as answer:
                    self.versions.add(json.load(answer)["version"])
            except (urllib.error.URLError, OSError) as error:
                self.failures.append(f"call {self.calls}: {error}")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join(timeout=20)


def champion(project):
    return project.json("model", "history", "model", "--alias", "champion")[-1]["to"]


def test_a_running_server_follows_promotions_and_a_rollback_without_a_failed_request(project):
    with project.serve() as url, Caller(url) as caller:
        for version in (2, 3):
            begun = time.monotonic()
            project.run("model", "promote", f"model@{version}", "--reason", "better")
            eventually(lambda: max(served(url, "model")) == version, f"model@{version} is served")
            print(f"promotion to model@{version}, seen after {time.monotonic() - begun:.2f} s")
        begun = time.monotonic()
        said = project.json("model", "rollback", "model", "--reason", "worse")
        took = time.monotonic() - begun
        assert (said["from"], said["to"]) == (3, 2)
        eventually(lambda: served(url, "model") == [1, 2], "model@2 is served, and model@1 in case")
        seen = time.monotonic() - begun
        print(f"rollback: {took:.3f} s, seen by the server after {seen:.3f} s, {caller.calls} calls meanwhile")
        assert took < 1.0
        assert seen < took + WATCH_SECONDS + 2
    assert not caller.failures, caller.failures[:3]
    assert caller.calls > 50 and caller.versions == {1, 2, 3}


def test_of_people_who_promote_at_once_one_wins(project):
    before = champion(project)
    others = [version for version in range(1, VERSIONS + 1) if version != before]
    racers = [project.start("model", "promote", f"model@{version}", "--expect", str(before), "--reason", "race")
              for version in others for _ in range(2)]
    codes = sorted(racer.wait(timeout=60) for racer in racers)
    assert codes.count(0) == 1 and set(codes) == {0, 11}, codes
    assert champion(project) in others
    assert project.json("audit", "verify")["whole"]


def test_a_promotion_that_is_killed_is_whole_or_not_there(project):
    for delay in (0.0, 0.005, 0.01, 0.02, 0.04):
        before = champion(project)
        version = before % VERSIONS + 1
        process = project.start("model", "promote", f"model@{version}", "--reason", "killed")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
        assert champion(project) in (before, version)
        project.run("model", "promote", f"model@{version}", "--reason", "again")
        history = project.json("model", "history", "model")
        last = {move["alias"]: move["to"] for move in history}
        assert last == {"champion": version, "previous": before}
        assert project.json("audit", "verify")["whole"]


def test_the_audit_log_survives_a_lost_database(project):
    before = project.json("audit", "log")
    head = project.json("audit", "head")["hash"]
    history = project.json("model", "history", "model")
    for file in (project.folder / ".roost").glob("metadata.sqlite*"):
        file.rename(file.with_suffix(".lost"))
    project.run("workspace", "recover")
    assert project.json("audit", "log") == before
    assert project.json("model", "history", "model") == history
    assert project.json("audit", "verify", "--head", head)["noted"] == len(before)


def test_versions_that_others_refer_to_are_kept(project):
    current = champion(project)
    project.refused(10, "model", "delete", f"model@{current}", "--reason", "no", says="the alias 'champion' points at it")
    assert project.json("model", "delete", f"model@{current}", "--dry-run", code=1)["referrers"]
    project.refused(2, "model", "delete", "model@9", "--reason", "no", says="no version 9")


def test_a_backup_and_a_copy_have_the_log(project, tmp_path):
    head = project.json("audit", "head")["hash"]
    project.run("workspace", "backup", tmp_path / "backup")
    other = ModelProject(tmp_path / "other")
    project.run("workspace", "copy", other.folder)
    assert other.json("audit", "verify", "--head", head)["whole"]
    # From now on the copy has a log of its own, and says up to where it was copied.
    other.run("token", "create", "web")
    project.run("model", "promote", f"model@{champion(project) % VERSIONS + 1}", "--reason", "more")
    project.run("workspace", "copy", other.folder)
    last = other.json("audit", "log")[-1]
    assert last["action"] == "workspace.copied"
    assert last["details"]["head"] == project.json("audit", "head")["hash"]
    assert other.json("audit", "verify", "--head", head)["whole"]


def test_deleted_versions_leave_the_disk(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows())
    for l2 in (1, 20):
        project.configure(trainer={"kind": "linear", "l2": l2})
        project.train("--cold")
    objects = project.folder / ".roost/objects/models"
    before = len(list(objects.iterdir()))
    project.run("model", "delete", "model@1", "--reason", "a trial")
    condemned = project.json("data", "gc", "--run", "--grace", "0s")["models"]["condemned"]["objects"]
    removed = project.json("data", "gc", "--run", "--grace", "0s")["models"]["removed"]["objects"]
    assert condemned == removed > 0
    assert len(list(objects.iterdir())) == before - removed
    assert [model["version"] for model in project.json("model", "list")] == [2]
    assert project.json("data", "verify")["sound"]
    project.train("--cold")
    assert project.json("model", "lineage", "model@2")["descendants"] == []
