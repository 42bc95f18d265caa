"""The real program on a workspace in S3: what it does, and what it says when the server fails."""
import pathlib
import random
import re
import shutil
import time

import pyarrow
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, Project
from s3_servers import Proxy, allow_reading_only, s3_environment, versitygw

SECONDS_TO_A_REFUSAL = 40


class Server:
    """A versitygw that can be stopped and started again where it was."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = versitygw(self.folder)
        self.port, _ = self.running.__enter__()

    def stop(self):
        self.running.__exit__(None, None, None)

    def start_again(self):
        self.running = versitygw(self.folder, self.port)
        self.running.__enter__()

    def objects(self, prefix):
        """The objects below `prefix`, as they lie on the server's disk, with their sizes."""
        root = self.folder / "data/roost" / prefix
        return {str(path.relative_to(root)): path.stat().st_size for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("s3"))
    yield made
    made.stop()


def configure(project, objects):
    config = project.folder / "roost.yaml"
    text = config.read_text().split("\nworkspace:")[0]
    config.write_text(f"{text}\nworkspace:\n  objects: {objects}\n")


@pytest.fixture
def project(server, tmp_path, request):
    """A fresh project with its objects in the bucket, under a prefix of its own."""
    made = Project(tmp_path / "work")
    made.variables = s3_environment(server.port)
    made.run("init", "--template", "flights")
    shutil.rmtree(made.folder / ".roost")
    made.prefix = re.sub(r"\W", "-", request.node.name)
    configure(made, f"s3://roost/{made.prefix}")
    made.run("init", "--template", "flights")
    assert not (made.folder / ".roost/objects").exists()
    return made


def numbers(path, rows):
    """A file of numbers that do not compress, 8 bytes a row."""
    values = pyarrow.py_buffer(random.Random(1).randbytes(8 * rows))
    parquet.write_table(pyarrow.table({"value": pyarrow.Array.from_buffers(pyarrow.int64(), rows, [None, values])}), path)
    return path


def refused_in_time(project, code, *arguments, says):
    start = time.monotonic()
    result = project.refused(code, *arguments, says=says)
    assert time.monotonic() - start < SECONDS_TO_A_REFUSAL, result
    return result


def test_the_whole_way_from_data_to_a_model_goes_over_s3(project, server, journey, tmp_path):
    for month in (1, 2, 3, 4):
        project.run("data", "add", "flights", journey.file(month), "--append")
    assert [version["rows"] for version in project.versions()] == [version["rows"] for version in journey.versions()]
    assert project.run("data", "cat", "flights@3").stdout == journey.run("data", "cat", "flights@3").stdout
    assert project.run("data", "list").stdout
    project.run("data", "export", "flights@2", "-o", tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").num_rows == journey.versions()[-2]["rows"]
    assert project.json("train")["evaluation"]["model"] == journey.trained["evaluation"]["model"]
    assert project.run("model", "list").stdout
    assert {key.split("/")[0] for key in server.objects(project.prefix)} >= {"format.json", "packs", "commits"}


def test_another_folder_with_the_endpoint_in_roost_yaml_sees_no_workspace_elsewhere(project, server):
    variables = dict(project.variables)
    del variables["AWS_ENDPOINT_URL"]
    project.variables = variables
    config = project.folder / "roost.yaml"
    config.write_text(config.read_text() + f"  s3:\n    endpoint: http://127.0.0.1:{server.port}\n"
                                           "    region: us-east-1\n    addressing: path\n")
    project.run("data", "add", "flights", FLIGHTS / "flights-sample.parquet")
    assert len(project.versions()) == 1
    config.write_text(config.read_text().replace(f"/{project.prefix}", "/elsewhere"))
    project.refused(10, "data", "log", "flights", says=["there is no workspace in s3://roost/elsewhere", "roost init"])


def test_a_second_machine_with_a_sqlite_database_is_refused(project):
    shutil.rmtree(project.folder / ".roost")
    project.refused(70, "data", "list", says=["lost its database", "PostgreSQL"])
    project.refused(70, "init", says=["lost its database", "PostgreSQL"])


@pytest.mark.parametrize("variables, objects, code, says", [
    ({}, "s3://no-such-bucket/x", 2, ["no such bucket", "AWS_ENDPOINT_URL"]),
    ({"AWS_ACCESS_KEY_ID": "nobody"}, None, 12, ["does not know the access key", "AWS_ACCESS_KEY_ID"]),
    ({"AWS_SECRET_ACCESS_KEY": "wrong"}, None, 12, ["secret", "AWS_SECRET_ACCESS_KEY"]),
    ({"AWS_REGION": "eu-north-1"}, None, 10, ["another region", "AWS_REGION"]),
    ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, None, 13, ["does not answer", "AWS_ENDPOINT_URL"]),
])
def test_a_wrong_setting_is_told_with_a_hint(project, server, variables, objects, code, says):
    before = server.objects(project.prefix)
    project.variables = project.variables | variables
    if objects:
        configure(project, objects)
    refused_in_time(project, code, "data", "add", "flights", FLIGHTS / "flights-sample.parquet", says=says)
    assert server.objects(project.prefix) == before


def test_credentials_that_may_only_read_do_read_and_change_nothing(project, server):
    project.run("data", "add", "flights", FLIGHTS / "flights-sample.parquet")
    before = server.objects(project.prefix)
    project.variables = project.variables | allow_reading_only(server.port)
    assert len(project.versions()) == 1
    assert project.run("data", "cat", "flights", "--limit", "3").stdout
    refused_in_time(project, 14, "data", "add", "numbers", numbers(project.folder / "n.parquet", 1000),
                    says=["denies access", "s3:PutObject"])
    assert server.objects(project.prefix) == before
    assert project.versions("numbers") == []


@pytest.mark.parametrize("after", [20_000, 11_000_000])
def test_a_server_that_dies_in_an_upload_leaves_nothing_half_visible(project, server, after):
    project.run("data", "add", "flights", FLIGHTS / "flights-sample.parquet")
    before = server.objects(project.prefix)
    path = numbers(project.folder / "n.parquet", 2_000_000)  # a pack of 16 MB, an upload of several parts
    proxy = Proxy(server.port, "dies", break_next=0, after_bytes=after)
    try:
        direct, project.variables = project.variables, s3_environment(proxy.port)
        refused_in_time(project, 13, "data", "add", "numbers", path, says=["does not answer", "run the command again"])
    finally:
        proxy.close()
    project.variables = direct
    assert project.versions("numbers") == []
    assert server.objects(project.prefix) == before
    project.run("data", "add", "numbers", path)
    assert [version["rows"] for version in project.versions("numbers")] == [2_000_000]


def test_a_server_that_is_down_is_told_and_works_again_when_it_is_up(project, server):
    project.run("data", "add", "flights", FLIGHTS / "flights-sample.parquet")
    server.stop()
    try:
        refused_in_time(project, 13, "data", "log", "flights", says=["does not answer", "AWS_ENDPOINT_URL"])
    finally:
        server.start_again()
    assert len(project.versions()) == 1
