"""What deploy/image/assemble makes, run as a container would run it: in Debian's smallest system, which is read-only, as
another user, with an empty environment. There is no container engine in these tests."""
import contextlib
import http.client
import json
import pathlib
import re
import subprocess
import threading
import time
import urllib.request

import grpc
import numpy
import pytest
import tritonclient.http as triton
from grpc_health.v1 import health_pb2, health_pb2_grpc

from image import PATIENCE_SECONDS, run_in, serving_in
from program import ROOT, program_path

ASSEMBLE = ROOT / "deploy/image/assemble"
ROW = {"a": 1.0, "b": 2.0, "word": "red"}
LINKER = "/lib64/ld-linux-x86-64.so.2"


def in_root(root, models, *command):
    return run_in(root, {"/mnt/models": models}, *command)


class Server:
    def __init__(self, process, url):
        self.process, self.url = process, url

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)


@contextlib.contextmanager
def serving(root, models):
    """The server in the root; ends as Kubernetes ends it."""
    with serving_in(root, {"/mnt/models": models}, "--model-dir", "/mnt/models", "--port", "0") as (process, url):
        yield Server(process, url)


@pytest.fixture(scope="module")
def server(root, models):
    with serving(root, models) as server:
        yield server


def test_models_of_both_kinds_are_served(server, project):
    assert server.call("/v2/models") == {"models": ["delays", "double"]}
    served = server.call("/v1/models/delays:predict", {"instances": [ROW]})["predictions"]
    with project.serve() as url:
        here = Server(None, url).call("/v1/models/model:predict", {"instances": [ROW]})["predictions"]
    assert served == here, "the same answer as outside of the image"
    assert server.call("/v1/models/delays:score", ROW)["probability"] == served[0]
    infer = {"inputs": [{"name": "a", "datatype": "FP64", "shape": [1], "data": [21.0]}]}
    assert server.call("/v2/models/double/infer", infer)["outputs"][0]["data"] == [42]


def test_clients_of_both_protocols_are_answered(server):
    address = server.url.removeprefix("http://")
    with triton.InferenceServerClient(address) as client:
        value = triton.InferInput("a", [1], "FP64")
        value.set_data_from_numpy(numpy.float64([4]))
        assert client.infer("double", [value]).as_numpy("value").tolist() == [8]
    with grpc.insecure_channel(address) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_server_is_what_a_container_has(server):
    folder = pathlib.Path(f"/proc/{server.process.pid}")
    assert (folder / "exe").readlink() == pathlib.Path("/opt/roost/bin/roost") or \
        str((folder / "exe").readlink()).endswith("/opt/roost/bin/roost")
    status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["65532"] * 4 and status["Gid"].split() == ["65532"] * 4
    assert status["Groups"].strip() == "" and status["NoNewPrivs"].strip() == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert (folder / "environ").read_bytes() == b""
    mounts = [line.split() for line in (folder / "mountinfo").read_text().splitlines()]
    options = {fields[4]: fields[5].split(",") for fields in mounts}
    assert "ro" in options["/"] and "ro" in options["/mnt/models"]


def test_nothing_of_the_root_can_be_written(root, models):
    result = in_root(root, models, "/bin/sh", "-c", "for folder in / /tmp /opt/roost /var/lib/roost; do touch $folder/file; done")
    assert result.returncode != 0
    assert result.stderr.count("Read-only file system") == 4, result.stderr


def test_the_user_has_a_name_and_the_program_stands_in_the_path(root, models):
    result = in_root(root, models, "/bin/sh", "-c", "id -un; id -u; /usr/local/bin/roost --version")
    assert result.stdout.split("\n")[:2] == ["roost", "65532"], result
    assert result.stdout.splitlines()[2].startswith("roost ")


def test_every_library_is_found_in_the_root(root, models):
    """Also those that the program opens by name, wherever its sources name one."""
    named = {name for path in (ROOT / "src").rglob("*.cc") if "_test" not in path.name
             for name in re.findall(r'constexpr [^=;]*= ?"(lib[\w-]+\.so[\d.]*)"|kSociLibrary\[\] = "([^"]+)"|k\w*Library\[\] = "([^"]+)"',
                                    path.read_text()) for name in name if name}
    assert {"libonnxruntime.so.1", "libxgboost.so", "libpq.so.5"} <= named
    libraries = {path.name for path in (root / "opt/roost/lib").iterdir()}
    assert named <= libraries
    for name in ["", *sorted(named)]:
        preload = ["--preload", f"/opt/roost/lib/{name}"] if name else []
        listed = in_root(root, models, LINKER, *preload, "--list", "/opt/roost/bin/roost")
        assert listed.returncode == 0 and "not found" not in listed.stdout, listed
        outside = [line for line in listed.stdout.splitlines() if "=>" in line and "/opt/roost/" not in line]
        of_glibc = r"\s+(lib(c|m|dl|rt|pthread|resolv|util)\.so|ld-linux)"
        assert all(re.match(of_glibc, line) for line in outside), outside


def test_no_path_of_the_machine_that_built_it_is_searched(root):
    dynamic = subprocess.run(["readelf", "-d", root / "opt/roost/bin/roost"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"\((RPATH|RUNPATH)\).*\[(.*)\]", dynamic) == [("RPATH", "$ORIGIN/../lib")]


def test_licences_come_along(root):
    licences = {path.name for path in (root / "opt/roost/share/licences").iterdir()}
    assert {"roost", "libssl3", "libpq5", "libnghttp2-14"} <= licences


def test_the_image_is_no_larger_than_it_must_be(root):
    size = int(subprocess.run(["du", "-sm", root / "opt/roost"], capture_output=True, text=True, check=True).stdout.split()[0])
    assert size < 260, f"{size} MB"


def test_assembling_again_gives_the_same(root, models):
    def state():
        files = [path for path in (root / "opt/roost").rglob("*")]
        return {path: path.stat().st_size for path in files}, (root / "etc/passwd").read_text()
    before = state()
    subprocess.run([ASSEMBLE, "--build", program_path().parent.parent, root], check=True)
    assert state() == before


def test_a_wrong_call_says_what_is_wanted(tmp_path):
    for arguments, says in (((), "usage"), ((tmp_path / "none",), "a folder that is there"),
                            (("--build", tmp_path, tmp_path), "there is no program in")):
        result = subprocess.run([ASSEMBLE, *arguments], capture_output=True, text=True)
        assert result.returncode != 0 and says in result.stderr, result


def test_the_health_check_of_the_dockerfile_tells_a_server_that_answers(root, models):
    text = (ROOT / "deploy/Dockerfile").read_text()
    command = json.loads(re.search(r"^  CMD (\[.*\])$", text, re.MULTILINE)[1])
    with serving(root, models) as server:
        port = server.url.rsplit(":", 1)[1]
        asked = [part.replace("/8080", f"/{port}") for part in command]
        assert asked != command
        assert in_root(root, models, "/usr/bin/bash", *asked[1:]).returncode == 0
    assert in_root(root, models, "/usr/bin/bash", *asked[1:]).returncode != 0


def test_a_server_that_is_ended_finishes_what_is_under_way(root, models):
    """Callers with connections of their own go on until the server says that it closes them: every answer is whole."""
    answers, broken = [], []
    body = json.dumps({"instances": [ROW] * 50})

    def call(address):
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_SECONDS)
        try:
            while True:
                connection.request("POST", "/v1/models/delays:predict", body)
                answer = connection.getresponse()
                answers.append(json.load(answer)["predictions"])
                if answer.getheader("Connection") == "close":
                    return
        except (OSError, ValueError, http.client.HTTPException) as error:
            broken.append(error)

    with serving(root, models) as server:
        threads = [threading.Thread(target=call, args=(server.url.removeprefix("http://"),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(answers) < 50:
            assert not broken
            time.sleep(0.01)
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    assert all(len(answer) == 50 for answer in answers)
    assert not broken, broken
