"""Hooks beside a real HTTP server: what arrives, its signature, and what happens where it does not."""
import contextlib
import hashlib
import hmac
import http.server
import json
import signal
import threading
import time

import pytest

from model_project import ModelProject, make_rows


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def receiving():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.got, server.status = [], 204
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def project(tmp_path):
    return ModelProject(tmp_path / "project", make_rows())


def add_hook(project, **keys):
    with open(project.folder / "roost.yaml", "a") as config:
        config.write(f"hooks: [{json.dumps(keys)}]\n")


def test_a_server_hears_of_a_model_from_its_training_to_its_end(project):
    (project.folder / "secret").write_text("a secret\n")
    with receiving() as server:
        add_hook(project, on=["registered", "promoted", "rolled_back", "retired", "deleted", "run_finished"],
                 url=f"http://127.0.0.1:{server.server_port}/hook", secret="secret")
        project.train()
        project.train()  # the same again: nothing new is registered
        project.run("model", "promote", "model@1", "--reason", "the first")
        project.run("model", "promote", "model@1", "--reason", "again")  # nothing is moved
        project.configure(trainer={"kind": "linear", "l2": 5})
        add_hook(project, on=["registered", "promoted", "rolled_back", "retired", "deleted", "run_finished"],
                 url=f"http://127.0.0.1:{server.server_port}/hook", secret="secret")
        project.train()
        project.run("model", "promote", "model@2", "--reason", "stronger")
        project.run("model", "rollback", "model", "--reason", "too strong")
        project.run("model", "retire", "model@2", "--reason", "not needed")
        project.run("model", "delete", "model@2", "--reason", "not needed")
        project.run("run", "--step", "train", code=None)
        events = [json.loads(body) for _, body in server.got]
    assert [event["event"] for event in events[:7]] == [
        "registered", "promoted", "registered", "promoted", "rolled_back", "retired", "deleted"]
    assert events[3] | {"id": "", "time": ""} == {
        "id": "", "event": "promoted", "time": "", "project": "test", "author": "tester", "model": "model",
        "version": 2, "alias": "champion", "from": 1, "reason": "stronger", "evidence": ""}
    assert len({event["id"] for event in events}) == len(events)
    for headers, body in server.got:
        made = hmac.new(b"a secret", body, hashlib.sha256).hexdigest()
        assert headers["X-Roost-Signature"] == f"sha256={made}"
        event = json.loads(body)
        assert (headers["X-Roost-Event"], headers["X-Roost-Delivery"]) == (event["event"], event["id"])
        assert headers["Content-Type"] == "application/json"


def test_a_server_that_is_down_stops_nothing_and_is_told_later(project):
    with receiving() as server:
        url = f"http://127.0.0.1:{server.server_port}/hook"
        server.status = 500
        add_hook(project, name="chat", on=["registered"], url=url, tries=2)
        result = project.run("train")
        assert "hook chat: not told of 'registered'" in result.stderr and "answered 500" in result.stderr
        assert len(project.models()) == 1
        assert project.json("hooks", "list")[0]["kept"] == 1
        assert project.run("hooks", "retry", code=1).stdout.startswith("chat: not told of 'registered'")
        server.status = 200
        assert project.run("hooks", "retry").stdout == "chat: told of 'registered'\n"
        assert project.json("hooks", "list")[0]["kept"] == 0
        assert len(server.got) == 4
        assert len({headers["X-Roost-Delivery"] for headers, _ in server.got}) == 1


def test_a_command_that_is_killed_over_a_hook_leaves_it_to_the_next(project):
    add_hook(project, name="slow", on=["registered"],
             run=["sh", "-c", "if test -e go; then cat > told; else : > began; sleep 600; fi"], timeout_seconds=600)
    process = project.start("train")
    end = time.monotonic() + 60
    while not (project.folder / "began").exists():
        assert time.monotonic() < end and process.poll() is None, "the hook did not begin"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(project.models()) == 1
    (project.folder / "go").touch()
    project.run("train")  # makes nothing new, and tells what was left
    assert json.loads((project.folder / "told").read_text())["model"] == "model"


def test_what_is_in_the_environment_is_not_handed_to_programs(project):
    project.variables["AWS_SECRET_ACCESS_KEY"] = "hush"
    add_hook(project, on=["registered"], run=["sh", "-c", "env > told"])
    project.train()
    told = (project.folder / "told").read_text()
    assert "hush" not in told and "ROOST_EVENT=registered" in told
