"""Workspaces that older programs wrote are read forever, and go on."""
import hashlib
import tarfile
from pathlib import Path

import pyarrow
import pyarrow.parquet as parquet
import pytest

from program import Project

HERE = Path(__file__).parent

# SHA-256 of `roost data cat orders@VERSION --format csv`, as the program that wrote the workspace printed it.
FORMAT_1 = {
    1: "4228ace9d925f75d5e7621157b04fbd1ee2290838f7d7b7c51066749214060c2",
    2: "f2dab1c420449548bf9d84f23adec1fd37198bc8b2a8a27ab1910ae698298e8e",
    3: "3a32f19d8be4c0b7e2af3d85c612eaa8f3df35e36f0cca1156f570065e4e89f3",
}


@pytest.fixture
def old(tmp_path):
    """A workspace of format 1: a snapshot, an append, and a snapshot with fewer rows."""
    with tarfile.open(HERE / "store-1.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    return Project(tmp_path)


def digest(project, version):
    text = project.run("data", "cat", f"orders@{version}", "--format", "csv").stdout
    return hashlib.sha256(text.encode()).hexdigest()


def rows(project, version):
    path = project.folder / f"rows-{version}.parquet"
    project.run("data", "export", f"orders@{version}", "-o", path)
    return parquet.read_table(path)


def test_every_version_is_read(old):
    assert {version: digest(old, version) for version in FORMAT_1} == FORMAT_1


def test_it_goes_on(old):
    third = rows(old, 3)
    changed = pyarrow.concat_tables([third.slice(0, 2000), third.slice(2001)])
    parquet.write_table(changed, old.folder / "next.parquet")
    assert old.json("data", "add", "orders", "next.parquet")["version"] == 4
    assert old.json("data", "add", "orders", "next.parquet", "--append")["version"] == 5
    assert rows(old, 4).equals(changed)
    assert rows(old, 5).equals(pyarrow.concat_tables([changed, changed]))
    assert {version: digest(old, version) for version in FORMAT_1} == FORMAT_1


@pytest.mark.parametrize("names", [["when", "id", "price", "city", "paid"], ["id", "city", "paid"], ["paid", "when"]])
def test_its_columns_can_be_moved_and_dropped(old, names):
    """Lists of tiles of format 1 do not say which columns they hold."""
    third = rows(old, 3).select(names)
    parquet.write_table(third, old.folder / "moved.parquet")
    old.json("data", "add", "orders", "moved.parquet")
    changed = pyarrow.concat_tables([third.slice(0, 700), third.slice(705)])
    parquet.write_table(changed, old.folder / "changed.parquet")
    old.json("data", "add", "orders", "changed.parquet")
    assert rows(old, 4).equals(third)
    assert rows(old, 5).equals(changed)
    assert {version: digest(old, version) for version in FORMAT_1} == FORMAT_1
