"""Garbage collection, backup and recovery of the real program, beside writers and kills."""
import random
import shutil
import subprocess
import threading

import pyarrow
import pyarrow.parquet as parquet

from program import Project

LOST_A_RACE = 11
WRITERS = 2
ADDS = 6
KILLS = 20


def write_rows(project, name, seed, rows=300):
    values = random.Random(seed)
    table = pyarrow.table({"row": list(range(rows)), "value": [values.random() for _ in range(rows)]})
    parquet.write_table(table, project.folder / name)
    return table


def rows_of(project, reference):
    project.run("data", "export", reference, "--output", "read.parquet", "--force")
    return parquet.read_table(project.folder / "read.parquet")


def check(project, expected):
    for reference, table in expected.items():
        assert rows_of(project, reference).to_pydict() == table.to_pydict(), reference
    assert project.json("data", "verify", "--level", "3")["damages"] == []


def collect(project):
    result = project.run("data", "gc", "--run", "--grace", "0s", code=None)
    assert result.code in (0, LOST_A_RACE), result


def test_collections_without_grace_beside_writers_lose_no_acknowledged_version(project):
    expected, errors = {}, []

    def write(writer):
        for number in range(ADDS):
            name = f"{writer}-{number}.parquet"
            # Both write the same tables: what one stores the other shares.
            table = write_rows(project, name, seed=number)
            result = project.run("data", "add", f"d{writer}", name, "--json", code=None)
            if result.code == 0:
                expected[f"d{writer}@{result.json()['version']}"] = table
            elif result.code != LOST_A_RACE:
                errors.append(result)

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        collect(project)
    for writer in writers:
        writer.join()
    assert not errors
    assert len(expected) > ADDS
    check(project, expected)


def test_what_killed_writers_and_collections_leave_is_collected(project):
    delays = random.Random(1)
    first = write_rows(project, "first.parquet", seed=0)
    expected = {f"d@{project.json('data', 'add', 'd', 'first.parquet')['version']}": first}
    for kill in range(KILLS):
        table = write_rows(project, "next.parquet", seed=kill + 1)
        process = project.start("data", "add", "d", "next.parquet", "--json")
        collection = project.start("data", "gc", "--run", "--grace", "0s") if kill % 4 == 0 else None
        try:
            process.wait(timeout=delays.uniform(0.0, 0.12))
        except subprocess.TimeoutExpired:  # it is killed wherever it is
            process.kill()
        process.communicate()
        if process.returncode == 0:
            expected[f"d@{project.versions('d')[0]['version']}"] = table
        if collection is not None:
            collection.kill()
            collection.communicate()
    for _ in range(2):
        collect(project)
    # What a killed writer had half written (".put-…") is not listed, and stays for an hour: it may be written to.
    packs = [name for name in (project.folder / ".roost/objects/packs").iterdir() if not name.name.startswith(".")]
    assert len(packs) == project.json("data", "gc")["packs"]["objects"], "no pack is left that nothing names"
    check(project, expected)
    assert project.json("data", "add", "d", "first.parquet")["rows"] == first.num_rows


def test_a_lost_database_is_recovered_and_a_backup_is_a_project(project):
    expected = {}
    for number in range(3):
        table = write_rows(project, "rows.parquet", seed=number)
        expected[f"d@{project.json('data', 'add', 'd', 'rows.parquet')['version']}"] = table
    project.refused(10, "workspace", "recover", says="there")
    log = project.versions("d")
    token = project.run("token", "create", "web").stdout.strip()
    project.run("workspace", "backup", "../backup")
    project.run("token", "revoke", "web")
    project.run("workspace", "backup", "../backup")  # what was revoked since is so there, too
    (project.folder / ".roost/metadata.sqlite").unlink()
    assert project.run("data", "list", code=None).code != 0
    assert project.json("workspace", "recover")["versions"] == 3
    assert project.versions("d") == log
    check(project, expected)

    restored = Project(project.home / "restored")
    restored.run("init", "--template", "flights")
    shutil.rmtree(restored.folder / ".roost")
    shutil.copytree(project.home / "backup", restored.folder / ".roost")
    assert restored.versions("d") == log
    check(restored, expected)
    (kept,) = restored.json("token", "list")
    assert (kept["consumer"], kept["state"]) == ("web", "revoked")
    assert token not in restored.run("token", "export").stdout
