"""The image as a pod of the chart: open to other machines, with TLS and tokens from Secrets."""
import os
import socket
import ssl
import urllib.parse

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tritonclient import grpc as triton

from certificates import make_authority, make_certificate
from image import PATIENCE_SECONDS, arguments_of_the_chart, call, eventually, serving_in
from program import Project

ROW = {"a": 1.0, "b": 2.0, "word": "red"}
SCORE = "/v1/models/delays:score"


class Secrets:
    """What lies at /etc/roost, and who may read and call."""

    def __init__(self, folder, project):
        self.folder, self.project = folder / "secrets", Project(project.folder)
        self.authority = folder / "ca.pem"
        make_authority(folder)
        make_certificate(folder, "server", "models")
        for name in ("tls", "tokens"):
            (self.folder / name).mkdir(parents=True)
        self._put(folder / "server.pem", "tls/tls.crt")
        self._put(folder / "server.key", "tls/tls.key")
        self.web, self.watch = (self.project.run("token", "create", consumer, "--role", role).stdout.strip()
                                for consumer, role in (("web", "infer"), ("watch", "read")))
        self.export()

    def export(self):
        file = self.folder.parent / "tokens.json"
        file.write_text(self.project.run("token", "export").stdout)
        self._put(file, "tokens/tokens.json")

    def _put(self, file, place):
        """As a volume of a Secret: for the user's group alone, and swapped whole."""
        os.chown(file, 0, 65532)
        file.chmod(0o440)
        file.rename(self.folder / place)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory, project):
    return Secrets(tmp_path_factory.mktemp("access"), project)


@pytest.fixture(scope="module")
def url(root, models, secrets):
    arguments = arguments_of_the_chart("--set", "tls.secret=roost-tls")
    assert {"--host=0.0.0.0", "--tokens=/etc/roost/tokens/tokens.json", "--tls-key=/etc/roost/tls/tls.key"} <= set(arguments)
    with serving_in(root, {"/mnt/models": models, "/etc/roost": secrets.folder}, *arguments) as (_, url):
        yield url


def test_only_a_caller_with_a_token_is_answered_and_only_under_tls(url, secrets):
    assert url.startswith("https://")
    status, document = call(url, SCORE, ROW, authority=secrets.authority)
    assert status == 401 and "needs a token of the role infer" in document["error"]
    status, document = call(url, SCORE, ROW, "roost_" + "a" * 49, secrets.authority)
    assert status == 401, document
    status, document = call(url, SCORE, ROW, secrets.web, secrets.authority)
    assert status == 200 and 0 < document["probability"] < 1, document
    status, document = call(url, "/v2/models/stats", token=secrets.web, authority=secrets.authority)
    assert status == 403 and "has the role infer" in document["error"]
    assert call(url, "/v2/models/stats", token=secrets.watch, authority=secrets.authority)[0] == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        call(url, SCORE, ROW, secrets.web)
    with pytest.raises(OSError):
        call(url.replace("https:", "http:"), SCORE, ROW, secrets.web)


def test_probes_need_no_token(url, secrets):
    assert call(url, "/v2/health/ready", authority=secrets.authority)[0] == 200


def test_grpc_is_answered_on_the_same_terms(url, secrets):
    target = f"localhost:{urllib.parse.urlsplit(url).port}"
    credentials = grpc.ssl_channel_credentials(secrets.authority.read_bytes())
    with grpc.secure_channel(target, credentials) as channel:
        answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE_SECONDS)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    with triton.InferenceServerClient(target, ssl=True, root_certificates=str(secrets.authority)) as client:
        with pytest.raises(triton.InferenceServerException, match="UNAUTHENTICATED"):
            client.get_model_metadata("delays")
        named = client.get_model_metadata("delays", headers={"authorization": f"Bearer {secrets.web}"})
        assert [tensor.name for tensor in named.inputs] == ["a", "b", "word"]


def test_http_2_is_agreed_on_under_tls(url, secrets):
    context = ssl.create_default_context(cafile=secrets.authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("localhost", urllib.parse.urlsplit(url).port), PATIENCE_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as under_tls:
            assert under_tls.selected_alpn_protocol() == "h2" and under_tls.version() == "TLSv1.3"


def test_a_secret_that_changes_is_taken_over(url, secrets):
    secrets.project.run("token", "revoke", "watch")
    new = secrets.project.run("token", "create", "new").stdout.strip()
    assert call(url, SCORE, ROW, new, secrets.authority)[0] == 401
    secrets.export()
    eventually(lambda: call(url, SCORE, ROW, new, secrets.authority)[0] == 200, "the new token is good")
    assert call(url, SCORE, ROW, secrets.watch, secrets.authority)[0] == 401, "a token that is revoked"
    assert call(url, SCORE, ROW, secrets.web, secrets.authority)[0] == 200
