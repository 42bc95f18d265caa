"""Who may call a running server: tokens, certificates, roles, rates, hosts; and what it takes over while it runs."""
import contextlib
import http.client
import json
import os
import queue
import shutil
import signal
import ssl
import subprocess
import time
import urllib.parse

import grpc
import numpy
import pytest
import tritonclient.grpc
import tritonclient.http
from tritonclient.utils import InferenceServerException

from certificates import make_authority, make_certificate
from model_project import ModelProject, make_rows
from program import Project

PATIENCE_SECONDS = 20
SOON_SECONDS = 3  # a revocation is known within a second or so
ROW = json.dumps({"a": 0.5, "b": 1.0, "word": "red"}).encode()
SCORE = "/v1/models/model:score"
STATS = "/v2/models/stats"
UNLOAD = "/v2/repository/models/model/unload"
LOAD = "/v2/repository/models/model/load"


class Answer:
    def __init__(self, status, headers, text):
        self.status, self.headers, self.text = status, headers, text

    def __repr__(self):
        return f"{self.status} {self.text}"


class Server:
    """A running server, and who calls it."""

    def __init__(self, url, log, process, context=None):
        self.url, self.log, self.process, self.context = urllib.parse.urlsplit(url), log, process, context

    @property
    def target(self):
        return self.url.netloc

    def call(self, path, token=None, body=None, context=None, **headers):
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if self.url.scheme == "https":
            connection = http.client.HTTPSConnection(self.target, timeout=10, context=context or self.context)
        else:
            connection = http.client.HTTPConnection(self.target, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET" if body is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())

    def status(self, *arguments, **options):
        return self.call(*arguments, **options).status

    def said(self):
        return self.log.read_text()

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


@contextlib.contextmanager
def serving(project, *arguments, context=None):
    """`roost serve` in `project`, which must end in order."""
    log = project.folder / "served.log"
    with open(log, "w") as file:
        process = project.start("serve", "--port", "0", "--json", *arguments, stderr=file)
    try:
        line = process.stdout.readline()
        assert line, f"the server did not start:\n{log.read_text()}"
        yield Server(json.loads(line)["url"].replace("0.0.0.0", "127.0.0.1"), log, process, context)
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_SECONDS) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def eventually(look, what, seconds=PATIENCE_SECONDS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def token_of(project, consumer, *arguments):
    return project.run("token", "create", consumer, *arguments).stdout.strip()


def configure(project, **keys):
    """Writes the section `serve` of roost.yaml, which this project has as its last one."""
    path = project.folder / "roost.yaml"
    beside = path.with_name("roost.yaml.new")
    beside.write_text(path.read_text().split("serve:")[0] + f"serve: {json.dumps(keys)}\n")
    beside.rename(path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = ModelProject(tmp_path_factory.mktemp("access") / "project", make_rows())
    made.train()
    return made


@pytest.fixture
def project(trained, tmp_path):
    """A copy of a project with one model, named `model`."""
    shutil.copytree(trained.folder, tmp_path / "project")
    return Project(tmp_path / "project")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A folder with ca.pem, and server, fleet and stranger with their keys; `stranger` is of another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    make_authority(folder)
    make_authority(folder, "others")
    make_certificate(folder, "server", "models")
    make_certificate(folder, "fleet", "fleet")
    make_certificate(folder, "unlisted", "unlisted")
    make_certificate(folder, "stranger", "fleet", authority="others")
    return folder


@pytest.fixture
def tls(certificates):
    """The flags of a server under TLS, and a context that trusts it."""
    flags = ["--tls-certificate", certificates / "server.pem", "--tls-key", certificates / "server.key"]
    return flags, ssl.create_default_context(cafile=certificates / "ca.pem")


def triton_inputs(kind):
    inputs = []
    for name, values, datatype in (("a", [0.5], "FP64"), ("b", [1.0], "FP64"), ("word", [b"red"], "BYTES")):
        array = numpy.array(values, dtype=object if datatype == "BYTES" else numpy.float64)
        inputs.append(kind.InferInput(name, array.shape, datatype))
        inputs[-1].set_data_from_numpy(array)
    return inputs


def test_clients_call_with_tokens_over_tls(project, tls, certificates):
    flags, context = tls
    token, admin = token_of(project, "web"), token_of(project, "ops", "--role", "admin")
    with serving(project, "--host", "0.0.0.0", *flags, context=context) as server:
        assert server.url.scheme == "https"
        with tritonclient.http.InferenceServerClient(
                server.target, ssl=True, ssl_context_factory=lambda: context) as client:
            header = {"Authorization": f"Bearer {token}"}
            assert client.is_server_live() and client.is_server_ready(), "health is open"
            assert client.get_model_metadata("model", headers=header)["name"] == "model"
            answer = client.infer("model", triton_inputs(tritonclient.http), headers=header)
            by_http = answer.as_numpy("probability")[0]
            for headers, expected in (({}, "token"), ({"Authorization": "Bearer nonsense"}, "no token")):
                with pytest.raises(InferenceServerException, match=expected):
                    client.infer("model", triton_inputs(tritonclient.http), headers=headers)
            with pytest.raises(InferenceServerException, match="needs read"):
                client.get_inference_statistics(headers=header)
            with pytest.raises(InferenceServerException, match="needs admin"):
                client.unload_model("model", headers=header)
            client.unload_model("model", headers={"Authorization": f"Bearer {admin}"})
            client.load_model("model", headers={"Authorization": f"Bearer {admin}"})
        with tritonclient.grpc.InferenceServerClient(
                server.target, ssl=True, root_certificates=str(certificates / "ca.pem")) as client:
            header = {"authorization": f"Bearer {token}"}
            assert client.is_server_live() and client.is_server_ready()
            assert client.get_model_metadata("model", headers=header).name == "model"
            answer = client.infer("model", triton_inputs(tritonclient.grpc), headers=header)
            assert answer.as_numpy("probability")[0] == by_http
            with pytest.raises(InferenceServerException, match="UNAUTHENTICATED"):
                client.infer("model", triton_inputs(tritonclient.grpc))
            with pytest.raises(InferenceServerException, match="PERMISSION_DENIED"):
                client.get_inference_statistics(headers=header)


def test_a_certificate_names_its_consumer(project, tls, certificates):
    flags, context = tls
    configure(project, consumers={"fleet": {"certificate": "read"}})

    def context_of(name):
        made = ssl.create_default_context(cafile=certificates / "ca.pem")
        made.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
        return made

    with serving(project, "--host", "0.0.0.0", *flags, "--tls-client-ca", certificates / "ca.pem") as server:
        fleet = context_of("fleet")
        assert server.status(SCORE, body=ROW, context=fleet) == 200
        assert server.status(STATS, context=fleet) == 200
        assert "consumer 'fleet' has the role read" in server.call(UNLOAD, body=b"", context=fleet).text
        assert server.status(SCORE, body=ROW, context=context_of("unlisted")) == 401
        for bad in (context_of("stranger"), context):
            with pytest.raises((ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)):
                server.status(SCORE, body=ROW, context=bad)
        curl = subprocess.run(["curl", "-s", "--cacert", certificates / "ca.pem", "--cert", certificates / "fleet.pem",
                               "--key", certificates / "fleet.key", f"https://{server.target}{SCORE}", "-d", ROW],
                              capture_output=True, text=True, check=True)
        assert "probability" in json.loads(curl.stdout)


def test_tokens_come_and_go_while_the_server_runs(project):
    configure(project, anonymous="refuse")
    with serving(project) as server:
        answer = server.call(SCORE, body=ROW)
        assert answer.status == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), answer
        token, other = token_of(project, "web"), token_of(project, "web")
        eventually(lambda: server.status(SCORE, token, ROW) == 200, "a new token is known", SOON_SECONDS)
        identifier = project.json("token", "list")[0]["id"]
        project.run("token", "revoke", identifier)
        eventually(lambda: server.status(SCORE, token, ROW) == 401, "a revoked token is refused", SOON_SECONDS)
        assert "was revoked at" in server.call(SCORE, token, ROW).text
        assert server.status(SCORE, other, ROW) == 200, "the other one of the consumer stays"
        short = token_of(project, "brief", "--expires", "3s")
        made = time.monotonic()
        eventually(lambda: server.status(SCORE, short, ROW) == 200, "the short one is known", SOON_SECONDS)
        eventually(lambda: server.status(SCORE, short, ROW) == 401, "it expires", 2 * SOON_SECONDS)
        assert 2 < time.monotonic() - made < 5
        assert "expired at" in server.call(SCORE, short, ROW).text


def test_the_example_in_an_error_works_with_a_token(project):
    configure(project, anonymous="refuse")
    token = token_of(project, "web")
    with serving(project) as server:
        example = json.loads(server.call(SCORE, token, b"7").text)["example"]
        assert token not in example

        def run(variables):
            return subprocess.run(["bash", "-c", example], env={**os.environ, **variables}, capture_output=True,
                                  text=True, check=True).stdout
        assert "probability" in json.loads(run({"ROOST_TOKEN": token}))
        assert "is no token" in json.loads(run({"ROOST_TOKEN": "roost_mistyped"}))["error"]


def test_reflection_needs_the_role_infer_for_each_of_its_messages(project):
    configure(project, anonymous="refuse")
    token = token_of(project, "web")
    with serving(project) as server, grpc.insecure_channel(server.target) as channel:
        reflect = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
        with pytest.raises(grpc.RpcError) as error:
            list(reflect(iter([b"", b""]), timeout=10))
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
        assert "needs a token of the role infer" in error.value.details()
        requests = queue.Queue()
        answers = reflect(iter(requests.get, None), metadata=[("authorization", f"Bearer {token}")], timeout=60)
        requests.put(b"")
        assert next(answers)
        project.run("token", "revoke", "web")
        eventually(lambda: server.status(SCORE, token, ROW) == 401, "the token is refused", SOON_SECONDS)
        requests.put(b"")
        with pytest.raises(grpc.RpcError) as error:
            next(answers)
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED, "a stream that is open outlives no token"
        requests.put(None)


def test_who_calls_too_often_is_refused(project):
    configure(project, consumers={"slow": {"per_second": 2, "burst": 5}, "anonymous": {"per_second": 0.5}})
    slow, fast = token_of(project, "slow"), token_of(project, "fast")
    with serving(project) as server:
        begin = time.monotonic()
        answers = [server.call(SCORE, slow, ROW) for _ in range(20)]
        taken = [answer.status for answer in answers].count(200)
        assert 5 <= taken <= 6 + 2 * (time.monotonic() - begin), answers
        refused = answers[-1]
        assert refused.status == 429 and refused.headers["Retry-After"] == "1", refused
        assert [server.status(SCORE, fast, ROW) for _ in range(20)] == [200] * 20
        assert [server.status(SCORE, body=ROW) for _ in range(2)] == [200, 429]
        assert server.status("/v2/health/live") == 200
        with grpc.insecure_channel(server.target) as channel:
            call = channel.unary_unary("/inference.GRPCInferenceService/ServerMetadata")
            with pytest.raises(grpc.RpcError) as error:
                call(b"", metadata=[("authorization", f"Bearer {slow}")], timeout=10)
            assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert "grpc-retry-pushback-ms" in dict(error.value.trailing_metadata())
        time.sleep(1.1)
        assert server.status(SCORE, slow, ROW) == 200


def test_other_machines_need_tokens_and_tls_or_a_word(project, tls):
    flags, _ = tls
    project.refused(2, "serve", "--host", "0.0.0.0", "--port", "0", *flags, says="no token is known")
    expired = token_of(project, "web", "--expires", "1s")
    time.sleep(1.1)
    project.refused(2, "serve", "--host", "0.0.0.0", "--port", "0", *flags, says="no token is known")
    token = token_of(project, "web")
    project.refused(2, "serve", "--host", "::", "--port", "0", says="without TLS")
    with serving(project, "--host", "0.0.0.0", "--allow-plaintext") as server:
        assert server.status(SCORE, token, ROW) == 200
        assert server.status(SCORE, expired, ROW) == 401
        assert server.status(SCORE, body=ROW) == 401
        assert server.status(SCORE, token, ROW, Host="any.example.com") == 200
    with serving(project, "--host", "0.0.0.0", "--allow-plaintext", "--allow-anonymous") as server:
        assert server.status(SCORE, body=ROW) == 200
        assert server.status(STATS) == 401, "callers from elsewhere may infer, no more"
        assert server.status(UNLOAD, body=b"") == 401


def test_hosts_and_origins(project):
    admin = token_of(project, "ops", "--role", "admin")
    with serving(project) as server:
        assert server.status("/v2", Host="evil.example") == 403
        assert server.status("/v2/health/live", Host="10.0.0.1:8080") == 200
        assert server.status(UNLOAD, body=b"", Origin="https://evil.example") == 403
    configure(project, hosts=["models.example.com"])
    with serving(project, "--host", "0.0.0.0", "--allow-plaintext") as server:
        assert server.status("/v2", admin, Host="models.example.com") == 200
        assert server.status("/v2", admin, Host="other.example.com") == 403
        for origin, expected in (("https://evil.example", 403), ("null", 403), ("https://models.example.com", 200)):
            assert server.status(LOAD, admin, b"", Host="models.example.com", Origin=origin) == expected, origin


def test_a_folder_of_models_takes_exported_tokens(project, tmp_path):
    token = token_of(project, "web")
    tokens = tmp_path / "tokens.json"
    tokens.write_text(project.run("token", "export").stdout)
    assert token not in tokens.read_text()
    folder = tmp_path / "models" / "model" / "1"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(project.json("model", "show", "model")["definition"]))
    elsewhere = Project(tmp_path / "elsewhere")
    arguments = ["--model-dir", tmp_path / "models", "--host", "0.0.0.0", "--allow-plaintext"]
    elsewhere.refused(2, "serve", "--port", "0", *arguments, says="no token is known")
    with serving(elsewhere, *arguments, "--tokens", tokens) as server:
        assert server.status(SCORE, token, ROW) == 200
        tokens.write_text("{")
        eventually(lambda: "tokens cannot be read" in server.said(), "a broken file is told", SOON_SECONDS)
        assert server.status(SCORE, token, ROW) == 200, "what was known stays"
        project.run("token", "revoke", "web")
        tokens.write_text(project.run("token", "export").stdout)
        eventually(lambda: server.status(SCORE, token, ROW) == 401, "the new file is taken", SOON_SECONDS)
        assert server.said().count("cannot be read") == 1


def test_a_changed_configuration_is_taken_over(project):
    configure(project, port=8080)
    with serving(project) as server:
        assert server.status(SCORE, body=ROW) == 200
        configure(project, port=8080, anonymous="refuse")
        eventually(lambda: server.status(SCORE, body=ROW) == 401, "anonymous callers are refused", SOON_SECONDS)
        token = token_of(project, "web")
        eventually(lambda: server.status(SCORE, token, ROW) == 200, "the token is known", SOON_SECONDS)
        configure(project, port=8080, anonymous="refuse", rate={"per_second": 0.01})
        eventually(lambda: server.status(SCORE, token, ROW) == 429, "the rate holds", SOON_SECONDS)
        before = (project.folder / "roost.yaml").read_text()
        (project.folder / "roost.yaml").write_text(before + "nonsense: 1\n")
        eventually(lambda: "roost.yaml cannot be taken over" in server.said(), "the mistake is told", SOON_SECONDS)
        assert "nonsense" in server.said()
        assert server.status(SCORE, token, ROW) == 429, "what was before stays"
        configure(project, threads=7)
        eventually(lambda: "serve.threads changes with a restart only" in server.said(), "it is told", SOON_SECONDS)
        eventually(lambda: server.status(SCORE, body=ROW) == 200, "the rest is taken over", SOON_SECONDS)


def test_versions_follow_the_configuration(project):
    with serving(project) as server:
        assert server.status("/v2/models/model/versions/1/ready") == 200
        configure(project, models={"model": {"versions": [7]}})
        eventually(lambda: server.status("/v2/models/model/versions/1/ready") != 200, "version 1 goes")
        configure(project, models={"model": {"versions": [1]}})
        eventually(lambda: server.status("/v2/models/model/versions/1/ready") == 200, "version 1 comes back")


def test_certificates_are_renewed_while_the_server_runs(project, certificates, tmp_path):
    files = tmp_path / "live"
    shutil.copytree(certificates, files)
    trusted, others = (ssl.create_default_context(cafile=certificates / f"{name}.pem") for name in ("ca", "others"))
    with serving(project, "--tls-certificate", files / "server.pem", "--tls-key", files / "server.key") as server:
        assert server.status(SCORE, body=ROW, context=trusted) == 200
        (files / "server.pem").write_text("no certificate")
        eventually(lambda: "certificates cannot be taken over" in server.said(), "it is told", SOON_SECONDS)
        assert server.status(SCORE, body=ROW, context=trusted) == 200
        make_certificate(files, "server", "models", authority="others")
        eventually(lambda: "certificates are taken over" in server.said(), "it is told", SOON_SECONDS)
        assert server.status(SCORE, body=ROW, context=others) == 200
        with pytest.raises(ssl.SSLError):
            server.status(SCORE, body=ROW, context=trusted)


def test_sighup_reads_everything_again(project):
    with serving(project) as server:
        server.reload()
        eventually(lambda: "roost.yaml is taken over" in server.said(), "the signal is heard", SOON_SECONDS)
        assert server.status(SCORE, body=ROW) == 200
