"""A model that is scored by the thread that reads: what waits there for too long is refused, and the rest answered."""
import contextlib
import gzip
import http.client
import json
import pathlib
import signal
import time

import numpy
import pytest
from tritonclient import grpc as triton

from model_project import ModelProject, make_rows

TIMEOUT_SECONDS = 30
CLIENTS = 6
ROW = {"a": 1.0, "b": 2.0, "word": "red"}
LIMIT_MS = 20
# Some kilobytes, which come with one read, and more than twice the limit to decompress.
SLOW = gzip.compress(json.dumps({"rows": [ROW]}).encode() + b" " * 60_000_000)


class Server:
    """`roost serve` with one thread, which refuses what has waited for longer than the limit."""

    def __init__(self, process):
        self.process = process
        host, port = json.loads(process.stdout.readline())["url"].removeprefix("http://").rsplit(":", 1)
        self.address = host, int(port)

    def connect(self):
        """A connection that the server has answered on already."""
        connection = http.client.HTTPConnection(*self.address, timeout=TIMEOUT_SECONDS)
        assert ask(connection, json.dumps(ROW).encode())[0] == 200
        return connection

    @contextlib.contextmanager
    def stopped(self):
        """Nothing that is sent meanwhile is read before the end."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            end = time.monotonic() + TIMEOUT_SECONDS
            while (state := pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1][0]) != "T":
                assert time.monotonic() < end, state
                time.sleep(0.001)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


def send(connection, body, **headers):
    connection.request("POST", "/v1/models/model:score", body, {"Content-Type": "application/json", **headers})


def receive(connection):
    answer = connection.getresponse()
    return answer.status, json.load(answer), answer.headers


def ask(connection, body, **headers):
    send(connection, body, **headers)
    return receive(connection)


@pytest.fixture
def server(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows())
    project.train()
    with open(project.folder / "roost.yaml", "a") as file:
        file.write("serve: {threads: 1, max_queue_ms: %d}\n" % LIMIT_MS)
    process = project.start("serve", "--port", "0", "--json")
    try:
        yield Server(process)
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=TIMEOUT_SECONDS) == 0, process.stderr.read()
    finally:
        process.kill()
        process.wait()


def test_a_request_does_not_wait_for_itself(server):
    connection = server.connect()
    status, document, _ = ask(connection, SLOW, **{"Content-Encoding": "gzip"})
    assert status == 200, document
    connection.close()


def test_a_call_over_grpc_does_not_wait_for_itself(server):
    inputs = []
    for name, datatype, value in (("a", "FP64", 1.0), ("b", "FP64", 2.0), ("word", "BYTES", b"red")):
        array = numpy.full(1_000_000, value, dtype=object if datatype == "BYTES" else numpy.float64)
        inputs.append(triton.InferInput(name, array.shape, datatype))
        inputs[-1].set_data_from_numpy(array)
    with triton.InferenceServerClient(":".join(map(str, server.address))) as client:
        scores = client.infer("model", inputs, compression_algorithm="gzip").as_numpy("probability")
    assert scores.shape == (1_000_000,) and scores.min() == scores.max() > 0


def test_what_has_waited_for_too_long_is_refused_and_the_server_goes_on(server):
    connections = [server.connect() for _ in range(CLIENTS)]
    with server.stopped():
        for connection in connections:
            send(connection, SLOW, **{"Content-Encoding": "gzip"})
    answers = [receive(connection) for connection in connections]
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 503}, "all were read at once, and the first took longer than the limit"
    for status, document, headers in answers:
        if status == 200:
            assert 0 < document["rows"][0]["probability"] < 1
        else:
            assert "the server is overloaded" in document["error"] and f"the limit is {LIMIT_MS} ms" in document["error"]
            assert 1 <= int(headers["Retry-After"]) <= 60
    for connection in connections:
        assert ask(connection, json.dumps(ROW).encode())[0] == 200, "also who was refused is answered now"
        connection.close()
