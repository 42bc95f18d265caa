"""Sixteen processes of the real program that commit to one dataset at the same time."""
import subprocess
from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet
import pytest

from program import TIMEOUT_SECONDS, Project

SERVER = Path(__file__).parents[1] / "servers" / "postgres"

COMMITTERS = 16
ROWS = 50
LOST_A_RACE = 11


@pytest.fixture(scope="module")
def postgres():
    """Makes databases of a server of its own and gives their URLs."""
    server = subprocess.Popen([SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def make(name):
        print(name, file=server.stdin, flush=True)
        return server.stdout.readline().strip()

    yield make
    server.stdin.close()
    server.wait(timeout=TIMEOUT_SECONDS)


@pytest.fixture(params=["sqlite", "postgres"])
def project(request, tmp_path):
    """A project whose metadata lies in SQLite, and one whose metadata lies in PostgreSQL."""
    made = Project(tmp_path / "work")
    made.run("init", "--template", "flights")
    if request.param == "sqlite":
        return made
    url = request.getfixturevalue("postgres")(request.node.originalname)
    config = made.folder / "roost.yaml"
    config.write_text(config.read_text() + f"\nworkspace:\n  database: {url}\n  objects: shared-objects\n")
    made.run("init", "--template", "flights")
    return made


def commit_all_at_once(project, *options):
    """Each process adds ROWS rows with its own number; returns their exit codes and messages."""
    processes = []
    for number in range(COMMITTERS):
        path = project.folder / f"rows-{number}.parquet"
        parquet.write_table(pyarrow.table({"writer": [number] * ROWS, "row": list(range(ROWS))}), path)
        processes.append(project.start("data", "add", "shared", path, *options))
    ended = []
    for process in processes:
        _, stderr = process.communicate(timeout=TIMEOUT_SECONDS)
        ended.append((process.returncode, stderr))
    return ended


def rows_of(project, version):
    project.run("data", "export", f"shared@{version}", "--output", f"out-{version}.parquet")
    return parquet.read_table(project.folder / f"out-{version}.parquet")


def test_appenders_all_succeed_and_no_row_is_lost_or_doubled(project):
    ended = commit_all_at_once(project, "--append")
    assert [code for code, _ in ended] == [0] * COMMITTERS, ended
    versions = project.versions("shared")
    assert [version["rows"] for version in versions] == [ROWS * n for n in range(COMMITTERS, 0, -1)]
    rows = rows_of(project, COMMITTERS).to_pydict()
    assert sorted(zip(rows["writer"], rows["row"])) == [(w, r) for w in range(COMMITTERS) for r in range(ROWS)]


def test_of_whole_snapshots_the_losers_are_told_and_the_winners_are_whole(project):
    ended = commit_all_at_once(project)
    winners = [code for code, _ in ended if code == 0]
    assert winners
    for code, message in ended:
        assert code in (0, LOST_A_RACE), message
        if code == LOST_A_RACE:
            assert "another writer made a version of 'shared'" in message
            assert "run the command again" in message
    versions = project.versions("shared")
    assert len(versions) == len(winners)
    for version in versions:
        rows = rows_of(project, version["version"])
        assert rows.num_rows == ROWS and len(set(rows["writer"].to_pylist())) == 1
