"""A person's rows go from every version: the real program, with models, kills and committers beside it."""
import random
import signal
import threading
import time

import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from program import FLIGHTS, Project

LOST_A_RACE = 11
KILLS = 12
COLUMNS = ["date", "origin", "destination"]


def rows_of(project, reference):
    project.run("data", "export", reference, "--output", "read.parquet", "--force")
    return parquet.read_table(project.folder / "read.parquet")


def facts_of(project, name):
    """What the log says of each version, but for commits, counts of rows and sizes."""
    return [{key: version[key] for key in ("version", "time", "author", "message", "names", "branch")}
            for version in project.json("data", "log", name)]


def people(seed, rows):
    values = random.Random(seed)
    return pyarrow.table({"id": list(range(rows)), "mail": [f"<mark-{row}>" for row in range(rows)],
                          "value": [values.randrange(9) for _ in range(rows)]})


def without(table, ids):
    return table.filter(pc.invert(pc.is_in(table["id"], value_set=pyarrow.array(ids, pyarrow.int64()))))


def history(project, versions=5, rows=2000):
    """Versions of people, each with other values and some new rows, and a branch and a tag."""
    project.run("init", "--template", "flights")
    tables = {}
    for version in range(1, versions + 1):
        tables[version] = people(version // 2, rows + 10 * version)
        parquet.write_table(tables[version], project.folder / "people.parquet")
        project.run("data", "add", "people", "people.parquet", "-m", f"day {version}")
    project.run("data", "tag", "create", "people", "first", "--from", "1")
    return tables


def keys(project, name, ids):
    (project.folder / name).write_text("mail\n" + "".join(f"<mark-{number}>\n" for number in ids))
    return name


def test_flights_with_a_model(tmp_path):
    project = Project(tmp_path / "project")
    project.run("init", "--template", "flights")
    sample = parquet.read_table(FLIGHTS / "flights-sample.parquet")
    months = {}
    for month in (1, 2, 3):
        months[month] = sample.filter(pc.equal(pc.month(sample["date"]), month))
        parquet.write_table(months[month], project.folder / "month.parquet")
        project.run("data", "add", "flights", "month.parquet", "--append", "-m", f"month {month}")
        if month == 2:
            project.run("train")
    before = {version: rows_of(project, f"flights@{version}") for version in (1, 2, 3)}
    facts = facts_of(project, "flights")
    gone = months[1].select(COLUMNS).slice(100, 2)
    parquet.write_table(gone, project.folder / "gone.parquet")
    marks = {tuple(row.values()) for row in gone.to_pylist()}

    tried = project.json("data", "erase", "flights", "--keys", "gone.parquet")
    assert not tried["done"] and len(tried["models"]) == 1
    done = project.json("data", "erase", "flights", "--keys", "gone.parquet", "--reason", "asked", "--yes")
    assert done["models"] == tried["models"] and done["versions"] == tried["versions"]
    for version, table in before.items():
        kept = [row for row in table.to_pylist() if tuple(row[name] for name in COLUMNS) not in marks]
        assert len(kept) < table.num_rows
        assert rows_of(project, f"flights@{version}").to_pylist() == kept, version
    assert facts_of(project, "flights") == facts
    assert project.json("data", "verify", "--level", "3")["damages"] == []
    # The model knows the version by the commit of before, and still keeps it.
    assert project.json("data", "delete", "flights@2", "--why", "old", "--dry-run")["models"] == done["models"]
    assert project.json("profile", "flights@1")["rows"] == rows_of(project, "flights@1").num_rows


def test_killed_at_any_moment(tmp_path):
    project = Project(tmp_path / "project")
    tables = history(project)
    moments = random.Random(5)
    gone = []
    for kill in range(KILLS):
        ids = [7 * kill + 1, 1000 + kill]
        name = keys(project, "keys.csv", ids)
        process = project.start("data", "erase", "people", "--keys", name, "--reason", "asked", "--yes")
        time.sleep(moments.random() * 0.25)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = {version: rows_of(project, f"people@{version}") for version in tables}
        old = {version: without(table, gone) for version, table in tables.items()}
        new = {version: without(table, gone + ids) for version, table in tables.items()}
        assert all(found[version].equals(old[version]) for version in tables) or \
            all(found[version].equals(new[version]) for version in tables), kill
        project.run("data", "erase", "people", "--keys", name, "--reason", "asked", "--yes")
        gone += ids
        assert all(rows_of(project, f"people@{version}").equals(without(table, gone))
                   for version, table in tables.items()), kill
        for path in (project.folder / ".roost").rglob("*"):
            assert not path.is_file() or b"<mark-1000>" not in path.read_bytes(), path
    assert project.json("data", "verify", "--level", "3")["damages"] == []
    (project.folder / ".roost/metadata.sqlite").rename(project.folder / "lost.sqlite")
    assert project.json("workspace", "recover")["damages"] == []
    assert all(rows_of(project, f"people@{version}").equals(without(table, gone)) for version, table in tables.items())
    assert len(project.json("data", "erase", "people", "--log")) == KILLS


def test_beside_committers(tmp_path):
    project = Project(tmp_path / "project")
    history(project, versions=3)
    added = []

    def commit():
        for number in range(6):
            row = pyarrow.table({"id": [90_000 + number], "mail": [f"<new-{number}>"], "value": [1]})
            parquet.write_table(row, project.folder / "more.parquet")
            result = project.run("data", "add", "people", "more.parquet", "--append", code=None)
            assert result.code in (0, LOST_A_RACE), result
            if result.code == 0:
                added.append(90_000 + number)

    committer = threading.Thread(target=commit)
    committer.start()
    for number in range(5):
        result = project.run("data", "erase", "people", "--keys", keys(project, f"keys{number}.csv", [number]),
                             "--reason", "asked", "--yes", code=None)
        assert result.code in (0, LOST_A_RACE), result
    committer.join()
    project.run("data", "erase", "people", "--keys", keys(project, "all.csv", range(5)), "--reason", "asked", "--yes")
    for version in project.json("data", "log", "people"):
        ids = set(rows_of(project, f"people@{version['version']}")["id"].to_pylist())
        assert not ids & set(range(5)), version
    assert set(added) <= ids | set(rows_of(project, "people")["id"].to_pylist())
    assert project.json("data", "verify", "--level", "3")["damages"] == []
