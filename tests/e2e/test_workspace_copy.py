"""A workspace grows out of the laptop: to S3 and PostgreSQL and back, with the real servers."""
import os
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.compute as compute
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, TIMEOUT_SECONDS, Project
from s3_servers import s3_environment, versitygw

POSTGRES = Path(__file__).parents[1] / "servers" / "postgres"
NO_BUCKET = 2
DIFFERS = 10
ROWS = 6_000


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The variables for an S3 server, and a function that makes databases of a PostgreSQL server."""
    database = subprocess.Popen([POSTGRES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make(name):
        print(name, file=database.stdin, flush=True)
        return database.stdout.readline().strip()

    with versitygw(tmp_path_factory.mktemp("s3")) as (port, _):
        yield s3_environment(port), make
    database.stdin.close()
    database.wait(timeout=TIMEOUT_SECONDS)


def place(project, name, workspace):
    """A folder whose roost.yaml is the project's with another workspace."""
    folder = project.folder / name
    folder.mkdir()
    config = (project.folder / "roost.yaml").read_text().split("\nworkspace:")[0]
    (folder / "roost.yaml").write_text(config + "\nworkspace:\n" + "".join(f"  {line}\n" for line in workspace))
    return folder


@pytest.fixture
def project(servers, tmp_path):
    """A project with three versions, a tag and a model; its `team` is in S3 and PostgreSQL."""
    variables, make = servers
    made = Project(tmp_path / "work")
    made.variables = variables
    made.run("init", "--template", "flights")
    for month in range(1, 5):
        table = parquet.read_table(FLIGHTS / f"flights-2001-{month:02}.parquet").slice(0, ROWS)
        parquet.write_table(table, made.folder / f"month-{month}.parquet")
        if month < 4:
            made.run("data", "add", "flights", f"month-{month}.parquet", "--append")
    made.run("data", "tag", "create", "flights", "winter", "--from", "2")
    made.run("train")
    name = f"copy_{abs(hash(str(tmp_path))) % 10**9}"
    made.team = place(made, "team", [f"objects: s3://roost/{name}", f"database: {make(name)}"])
    return made


def state(project, folder):
    """All that a user sees of a workspace."""
    at = ["--project", folder]
    log = project.run("data", "log", "flights", "--json", *at).json()
    rows = [project.run("data", "cat", f"flights@{entry['version']}", "--format", "csv", *at).stdout for entry in log]
    return log, rows, project.run("model", "list", "--json", *at).json()


def test_to_s3_and_postgresql_and_back(project):
    before = state(project, project.folder)
    project.run("workspace", "copy", project.team)
    assert state(project, project.team) == before
    again = project.run("workspace", "copy", project.team, "--json").json()
    assert (again["copied"], again["models"]) == (0, 0)

    # The team goes on: data, a model, maintenance.
    at = ["--project", project.team]
    project.run("data", "add", "flights", project.folder / "month-4.parquet", "--append", *at)
    project.run("train", *at)
    project.run("data", "gc", *at)
    assert project.run("data", "verify", "--level", "3", "--json", *at).json()["sound"]
    home = place(project, "home", ["objects: objects"])
    project.run("workspace", "copy", home, *at)
    assert state(project, home) == state(project, project.team)
    assert len(state(project, home)[0]) == 4


def test_a_copy_that_is_killed_goes_on_where_it_was(project):
    table = parquet.read_table(project.folder / "month-1.parquet")
    for number in range(8):
        column = compute.add(table["distance"], number)
        path = project.folder / "more.parquet"
        parquet.write_table(table.set_column(table.schema.get_field_index("distance"), "distance", column), path)
        project.run("data", "add", f"more{number}", path)
    total = project.run("data", "list", "--json").json()
    kills = 0
    for delay in (0.05, 0.1, 0.15, 0.2):
        process = project.start("workspace", "copy", project.team)
        time.sleep(delay)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        listed = project.run("data", "list", "--json", "--project", project.team, code=None)
        assert listed.code != 0 or listed.json() in ([], total), "a part of it is visible"
    assert kills > 0
    project.run("workspace", "copy", project.team)
    assert state(project, project.team) == state(project, project.folder)
    assert project.run("data", "verify", "--json", "--project", project.team).json()["sound"]


def test_a_place_that_is_not_there_is_told_and_nothing_is_left(project):
    nowhere = place(project, "nowhere", ["objects: s3://no-such-bucket/x"])
    result = project.run("workspace", "copy", nowhere, code=NO_BUCKET)
    assert "no-such-bucket" in result.stderr
    assert not (nowhere / ".roost/metadata.sqlite").exists()


def test_a_place_with_a_model_or_version_of_its_own_is_left_alone(project):
    project.run("workspace", "copy", project.team)
    at = ["--project", project.team]
    project.run("train", "flights@1", *at)
    before = state(project, project.team)
    refused = project.run("workspace", "copy", project.team, code=DIFFERS)
    assert before[2][-1]["version"] == 2
    assert "is only there" in refused.stderr
    project.run("train", "flights@2")
    refused = project.run("workspace", "copy", project.team, code=DIFFERS)
    assert "is another model there" in refused.stderr
    assert state(project, project.team) == before

    other = place(project, "other", ["objects: objects"])
    project.run("data", "push", "flights", other)
    project.run("data", "add", "flights", project.folder / "month-4.parquet", "--append", "--project", other)
    project.run("data", "add", "flights", project.folder / "month-1.parquet")
    refused = project.run("workspace", "copy", other, code=DIFFERS)
    assert "flights@4 is another version there" in refused.stderr


def test_datasets_are_pushed_and_pulled(project):
    sent = project.run("data", "push", "flights", project.team, "--json").json()
    assert sent["versions"] == 3
    at = ["--project", project.team]
    assert state(project, project.team)[:2] == state(project, project.folder)[:2]
    project.run("data", "add", "flights", project.folder / "month-4.parquet", "--append", *at)
    fetched = project.run("data", "pull", "flights", project.team, "--json").json()
    assert fetched["versions"] == 1
    assert fetched["bytes"] < sent["bytes"] / 2, "only the month that is new"
    assert state(project, project.team)[:2] == state(project, project.folder)[:2]


def test_tokens_come_along_and_a_revocation_follows(project):
    web = project.run("token", "create", "web").stdout.strip()
    project.run("token", "create", "gone")
    project.run("token", "revoke", "gone")
    assert project.run("workspace", "copy", project.team, "--json").json()["tokens"] == 2
    at = ["--project", project.team]

    def states(*place):
        return {token["consumer"]: token["state"] for token in project.run("token", "list", "--json", *place).json()}

    assert states(*at) == states() == {"web": "active", "gone": "revoked"}
    project.run("token", "create", "team", *at)
    project.run("token", "revoke", "web")
    assert project.run("workspace", "copy", project.team, "--json").json()["tokens"] == 1
    assert states(*at) == {"web": "revoked", "gone": "revoked", "team": "active"}
    assert web not in project.run("token", "export", *at).stdout
