"""The benchmark of versions runs, and its tables are what it says."""
import hashlib
import json
import subprocess
import sys

import numpy as np
import pytest

from program import ROOT, program_path

BENCHMARK = ROOT / "benchmarks/store"
ROWS = 3_000


@pytest.fixture(scope="module")
def tables():
    sys.path.insert(0, str(BENCHMARK))
    import tables as module  # pylint: disable=import-outside-toplevel
    yield module
    sys.path.remove(str(BENCHMARK))


def digest(tables, table):
    return hashlib.sha256(str(tables.to_arrow(table).to_pydict()).encode()).hexdigest()


def test_a_seed_gives_the_same_tables_and_another_one_others(tables):
    made = [digest(tables, tables.orders(np.random.default_rng(seed), ROWS)) for seed in (1, 1, 2)]
    assert made[0] == made[1] != made[2]


def test_edits_change_what_they_say(tables):
    random = np.random.default_rng(1)
    table = tables.orders(random, ROWS)
    made = {name: edit() for name, edit in tables.edits(random, table).items()}
    share = ROWS // 100
    rows = {name: tables.rows_of(edited) - ROWS for name, edited in made.items()}
    assert {name for name, more in rows.items() if more == share} == {"append", "insert rows", "insert a block"}
    assert {name for name, more in rows.items() if more == -share} == {"delete rows", "delete a block"}
    changed = made["one cell"]["price"] != table["price"]
    assert 0 < changed.sum() <= share
    assert all((made["one cell"][name] == table[name]).all() for name in table if name != "price")
    assert sorted(made["shuffle"]["key"]) == sorted(table["key"])
    for edited in made.values():
        assert len(set(edited["key"])) == tables.rows_of(edited)
    after, upserts, deletes = tables.chain_step(random, table)
    told = dict(zip(table["key"], table["text"])) | dict(zip(upserts["key"], upserts["text"]))
    assert {key: text for key, text in told.items() if key not in set(deletes)} == dict(zip(after["key"], after["text"]))


def test_peers_are_told_all_that_an_edit_changed(tables):
    random = np.random.default_rng(1)
    table = tables.orders(random, ROWS)
    told = {name: tables.changes(table, edit()) for name, edit in tables.edits(random, table).items()}
    share = ROWS // 100
    assert {name for name, change in told.items() if change is None} == {
        "add a column", "drop a column", "rename a column", "widen a column", "re-sort", "shuffle", "unchanged"}
    counts = {name: (tables.rows_of(change[0]), len(change[1])) for name, change in told.items() if change}
    assert counts["append"] == counts["insert rows"] == counts["insert a block"] == (share, 0)
    assert counts["update rows"] == counts["update a block"] == (share, 0)
    assert counts["delete rows"] == counts["delete a block"] == (0, share)
    assert set(told["update rows"][0]["key"]) <= set(table["key"])


def test_a_run_makes_a_page_with_every_bound(tmp_path):
    results = tmp_path / "results.json"
    done = subprocess.run([sys.executable, BENCHMARK / "run.py", "--roost", program_path(), "--python", sys.executable,
                           "--rows", str(ROWS), "--only", "roost,Parquet files", "--results", results, "--part",
                           "chain,edits,speed,tables"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(results.read_text())) == {"chain", "edits", "speed", "tables", "csv", "versions"}
    for line in ("| roost |", "| Parquet files |", "| shuffle |", "| long texts |", "full read of v10 |", "best peer", "## Tables", "## Bounds"):
        assert line in done.stdout, done.stdout
