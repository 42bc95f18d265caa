"""The image as a pod of the chart that serves a team's workspace: S3 and PostgreSQL, both under TLS and only read."""
import json
import subprocess

import pytest
import yaml

from certificates import make_authority, make_certificate
from image import PATIENCE_SECONDS, PROGRAM, arguments_of_the_chart, call, eventually, run_in, serving_in
from model_project import HASH_SPLIT, LINEAR_FEATURES, ModelProject, make_rows
from program import ROOT
from s3_servers import allow_reading_only, s3_environment, versitygw

ROW = {"a": 1.0, "b": 2.0, "word": "red"}
BUNDLE = "etc/ssl/certs/ca-certificates.crt"
READER = "reader"


class Team:
    """The servers of a team, and a workspace on them that the machine of a colleague has made."""

    def __init__(self, folder, s3_port, reader, make_database):
        self.authority = folder / "ca.pem"
        self.owner_url = make_database("team")
        self.workspace = {"objects": "s3://roost/team", "database": self.owner_url,
                          "s3": {"endpoint": f"https://localhost:{s3_port}", "region": "us-east-1"}}
        self.project = ModelProject.__new__(ModelProject)
        self.project.__dict__.update(folder=folder / "colleague", home=folder, instead={},
                                     variables=s3_environment(s3_port, AWS_CA_BUNDLE=str(self.authority)))
        del self.project.variables["AWS_ENDPOINT_URL"]
        self.project.folder.mkdir()
        self.configure(l2=1)
        self.project.run("init")
        self.project.add(make_rows())
        self.train = self.project.train
        self.reader = [f"{name}={value}" for name, value in {**self.project.variables, **reader}.items()
                       if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]
        self.train()

    def configure(self, l2):
        model = {"name": "model", "label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES,
                 "trainer": {"kind": "linear", "l2": l2}}
        (self.project.folder / "roost.yaml").write_text(
            yaml.safe_dump({"project": "test", "dataset": "rows", "workspace": self.workspace, "model": model}))

    def sql(self, statement):
        """What it returns, as text."""
        return subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.owner_url, "-c", statement], check=True,
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE_SECONDS).stdout.strip()

    def move_alias(self, number, version):
        """As the registry records it."""
        self.sql(f"INSERT INTO model_alias_moves VALUES ('model', 'champion', {number}, NULL, {version}, 'tester', 'for a test', 0)")


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    make_authority(folder)
    make_certificate(folder, "server", "servers")
    with versitygw(folder / "s3") as (port, _):
        reader = allow_reading_only(port)
    command = [ROOT / "tests/servers/postgres", folder / "server.pem", folder / "server.key"]
    database = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make(name):
        print(name, file=database.stdin, flush=True)
        return database.stdout.readline().strip()

    try:
        with versitygw(folder / "s3", certificate=folder / "server") as (port, _):
            yield Team(folder, port, reader, make)
    finally:
        database.stdin.close()
        database.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture(scope="module")
def authorities(team, root, tmp_path_factory):
    """The image's own certificates and the team's, as a ConfigMap would be mounted."""
    folder = tmp_path_factory.mktemp("authorities")
    (folder / "ca-certificates.crt").write_text((root / BUNDLE).read_text() + team.authority.read_text())
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def reader(team):
    """The variables of a process that may only read, both in S3 and in the database."""
    team.sql(f"CREATE ROLE {READER} LOGIN PASSWORD 'secret'")
    team.sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}")
    return [*team.reader, "PGPASSWORD=secret"]


def chart(team, tmp_path):
    """The folder for /etc/roost and the arguments of a pod that follows the alias `champion`."""
    place = team.owner_url.split("@")[1]
    config = {"project": "test", "dataset": "rows",
              "workspace": team.workspace | {"database": f"postgresql://{READER}@{place}?sslmode=verify-full&sslrootcert=/{BUNDLE}"}}
    values = tmp_path / "values.yaml"
    values.write_text(json.dumps({"config": config, "models": ["model@champion"],
                                  "access": {"tokensSecret": "", "anonymous": True}}))
    project = tmp_path / "etc/project"
    project.mkdir(parents=True)
    (project / "roost.yaml").write_text(json.dumps(config))
    return tmp_path / "etc", arguments_of_the_chart("-f", values)


def test_a_workspace_that_is_only_read_is_served_and_its_alias_followed(team, reader, root, authorities, tmp_path):
    team.move_alias(1, 1)
    etc, arguments = chart(team, tmp_path)
    assert "--project=/etc/roost/project" in arguments and "model@champion" in arguments
    volumes = {"/etc/roost": etc, "/etc/ssl/certs": authorities}
    with serving_in(root, volumes, *arguments, variables=reader) as (_, url):
        encrypted = f"SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '{READER}'"
        assert team.sql(encrypted) == "t"
        status, first = call(url, "/v1/models/model:score", ROW)
        assert status == 200 and first["version"] == 1, first

        team.configure(l2=50)
        assert team.train()["version"] == 2
        team.move_alias(2, 2)
        eventually(lambda: call(url, "/v1/models/model:score", ROW)[1]["version"] == 2, "the alias is followed")
        second = call(url, "/v1/models/model:score", ROW)[1]
        assert second["probability"] != first["probability"]
        assert call(url, "/v1/models/model/labels/champion:score", ROW)[0] == 200


def test_whoever_may_only_read_can_look_and_change_nothing(team, reader, root, authorities, tmp_path):
    etc, _ = chart(team, tmp_path)

    def roost(*arguments):
        return run_in(root, {"/etc/roost": etc, "/etc/ssl/certs": authorities}, "/usr/bin/env", *reader, PROGRAM, *arguments,
                      "--project", "/etc/roost/project")

    for looking in (("data", "log", "rows"), ("data", "cat", "rows@1", "--limit", "3"), ("model", "list"), ("token", "list")):
        assert roost(*looking).returncode == 0, roost(*looking)
    refused = roost("token", "create", "web")
    assert refused.returncode != 0 and "permission denied" in refused.stderr, refused


def test_servers_of_an_authority_that_the_image_does_not_know_are_refused(team, reader, root, tmp_path):
    etc, _ = chart(team, tmp_path)
    listed = run_in(root, {"/etc/roost": etc}, "/usr/bin/env", *reader, PROGRAM, "model", "list", "--project", "/etc/roost/project")
    assert listed.returncode != 0 and "no secure connection" in listed.stderr, listed
