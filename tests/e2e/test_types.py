"""Columns of every type that Parquet files carry, with Arrow's own reader as the oracle."""
import datetime
import decimal
import json
import random
import uuid

import numpy
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from program import Project

ROWS = 3000


def value(dice, kind):
    """A random value of a type, or None."""
    if pa.types.is_null(kind) or dice.random() < 0.2:
        return None
    if pa.types.is_boolean(kind):
        return dice.random() < 0.5
    if pa.types.is_integer(kind):
        return dice.randrange(0, 100)
    if pa.types.is_float16(kind):
        return numpy.float16(dice.choice([0.5, -0.0, float("inf")]))
    if pa.types.is_floating(kind):
        return dice.choice([0.5, -0.0, 5e-324, float("-inf"), 12.25])
    if pa.types.is_decimal(kind):
        return decimal.Decimal(dice.randrange(-10**4, 10**4)).scaleb(-kind.scale)
    if pa.types.is_fixed_size_binary(kind):
        return dice.randbytes(kind.byte_width)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return dice.randbytes(dice.randrange(5))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return dice.choice(["", "a", "é", 'q"', "x" * 500])
    if pa.types.is_date(kind):
        return datetime.date(2001, 5, 1 + dice.randrange(20))
    if pa.types.is_time(kind):
        return datetime.time(dice.randrange(24), 5, 6)
    if pa.types.is_timestamp(kind):
        return datetime.datetime(2001, 5, 1, dice.randrange(24), tzinfo=datetime.timezone.utc if kind.tz else None)
    if pa.types.is_duration(kind):
        return datetime.timedelta(seconds=dice.randrange(1000))
    if pa.types.is_map(kind):
        return [(f"k{number}", value(dice, kind.item_type)) for number in range(dice.randrange(3))]
    if pa.types.is_fixed_size_list(kind):
        return [value(dice, kind.value_type) for _ in range(kind.list_size)]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return [value(dice, kind.value_type) for _ in range(dice.randrange(4))]
    assert pa.types.is_struct(kind), kind
    return {field.name: value(dice, field.type) for field in kind}


FLAT = [pa.null(), pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(),
        pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.string(), pa.large_string(), pa.binary(),
        pa.large_binary(), pa.binary(16), pa.binary(40), pa.date32(), pa.time32("ms"), pa.time64("us"),
        pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.duration("ms"), pa.decimal128(20, 2), pa.decimal256(50, 3)]
TAG = pa.struct([("name", pa.string()), ("weights", pa.list_(pa.float64())), ("when", pa.timestamp("us"))])
NESTED = [pa.list_(pa.int64()), pa.large_list(pa.string()), pa.list_(pa.float32(), 3), TAG, pa.list_(TAG),
          pa.map_(pa.string(), pa.int32()), pa.map_(pa.string(), pa.list_(TAG)), pa.list_(pa.list_(pa.list_(pa.int8()))),
          pa.struct([("inner", TAG), ("flag", pa.bool_())]), pa.list_(pa.decimal128(9, 2)), pa.list_(pa.binary(4))]


def table(kinds, rows, seed, first=0):
    dice = random.Random(seed)
    columns = {"id": pa.array(range(first, first + rows), pa.int64())}
    for number, kind in enumerate(kinds):
        columns[f"c{number}"] = pa.array([value(dice, kind) for _ in range(rows)], kind)
    return pa.table(columns)


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path / "project")
    made.run("init")
    return made


def add(project, rows, *arguments, name="t"):
    """Adds rows as a Parquet file; what Arrow reads from that."""
    path = project.folder / "in.parquet"
    parquet.write_table(rows, path)
    project.run("data", "add", name, "in.parquet", *arguments)
    return parquet.read_table(path)


def exported(project, version, name="t"):
    project.run("data", "export", f"{name}@{version}", "-o", "out.parquet", "--force")
    project.run("data", "export", f"{name}@{version}", "-o", "out.arrow", "--force")
    rows = parquet.read_table(project.folder / "out.parquet")
    with pa.ipc.open_file(project.folder / "out.arrow") as file:
        assert file.read_all().equals(rows)
    return rows


def bits(column):
    """What a column holds, so that -0.0 is not 0.0."""
    return repr(column.to_pylist())


def assert_same(read, expected):
    assert list(zip(read.schema.names, read.schema.types)) == list(zip(expected.schema.names, expected.schema.types))
    assert read.num_rows == expected.num_rows
    for name in expected.column_names:
        assert bits(read[name]) == bits(expected[name]), name


@pytest.mark.parametrize("kinds", [FLAT, NESTED], ids=["flat", "nested"])
def test_every_type_comes_back(project, kinds):
    first = add(project, table(kinds, ROWS, seed=1))
    assert_same(exported(project, 1), first)
    second = add(project, pa.concat_tables([first.slice(0, 1000), table(kinds, 7, 2, 1000), first.slice(1007)]))
    assert_same(exported(project, 2), second)
    third = add(project, table(kinds, 50, 3, ROWS), "--append")
    assert_same(exported(project, 3), pa.concat_tables([second, third]))
    fourth = add(project, second.drop(["c1"]).rename_columns({"c0": "other"}))
    assert_same(exported(project, 4), fourth)
    assert_same(exported(project, 1), first)
    project.run("data", "verify", "--level", "3")
    project.run("data", "delete", "t@2", "--why", "test")
    for _ in range(2):
        project.run("data", "gc", "--run", "--grace", "0s")
    project.run("data", "verify", "--level", "3")
    assert_same(exported(project, 3), pa.concat_tables([second, third]))
    project.run("profile", "t")
    project.run("data", "show", "t")
    project.run("data", "diff", "t@3", "t@4")


def test_rows_are_changed_by_key(project):
    rows = add(project, table(NESTED, ROWS, 1), "--key", "id")
    changed = add(project, table(NESTED, 20, 2, 500), "--upsert")
    expected = pa.concat_tables([rows.slice(0, 500), changed, rows.slice(520)])
    assert_same(exported(project, 2), expected)
    differences = project.json("data", "diff", "t@1", "t@2")
    assert "20" in json.dumps(differences)
    project.refused(2, "data", "add", "other", "in.parquet", "--key", "c0", says=("c0", "cannot be in a key"))


def test_extension_types_keep_their_storage(project):
    ids = pa.array([uuid.UUID(int=number).bytes for number in range(10)] + [None], pa.binary(16))
    rows = pa.table({"id": pa.ExtensionArray.from_storage(pa.uuid(), ids)})
    first = add(project, rows)
    read = exported(project, 1)
    assert bits(read["id"]) == bits(first["id"])


def test_views_are_the_texts_that_they_view(project):
    texts = [f"word {number % 7}" if number % 5 else None for number in range(2000)]
    kinds = {"few": pa.string_view(), "bytes": pa.binary_view(), "lists": pa.list_(pa.string_view()),
             "points": pa.struct([("name", pa.string_view())])}
    rows = pa.table({"few": pa.array(texts, kinds["few"]), "bytes": pa.array([b"x" * 20] * 2000, kinds["bytes"]),
                     "lists": pa.array([[text] for text in texts], kinds["lists"]),
                     "points": pa.array([{"name": text} for text in texts], kinds["points"])})
    flat = rows.select(["few", "bytes"])  # Arrow writes no others to Parquet
    parquet.write_table(flat, project.folder / "in.parquet")
    with pa.OSFile(str(project.folder / "in.arrow"), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)
    for name, given in (("in.parquet", flat), ("in.arrow", rows)):
        project.run("data", "add", name.split(".")[1], name)
        read = exported(project, 1, name.split(".")[1])
        assert read.schema.types == [pa.string(), pa.binary(), pa.list_(pa.string()),
                                     pa.struct([("name", pa.string())])][:given.num_columns]
        assert [read[name].to_pylist() for name in given.column_names] == \
            [given[name].to_pylist() for name in given.column_names]


def test_nested_values_are_json_in_text(project):
    rows = pa.table({"a": pa.array([[1, None], [], None], pa.list_(pa.int64())),
                     "b": pa.array([{"x": 0.5, "y": 'q"'}, None, {"x": None, "y": ""}],
                                   pa.struct([("x", pa.float64()), ("y", pa.string())])),
                     "c": pa.array([[("k", [True])], [], None], pa.map_(pa.string(), pa.list_(pa.bool_())))})
    add(project, rows)
    lines = project.run("data", "cat", "t", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"a": [1, None], "b": {"x": 0.5, "y": 'q"'}, "c": [{"key": "k", "value": [True]}]},
        {"a": [], "b": None, "c": []},
        {"a": None, "b": {"x": None, "y": ""}, "c": None}]
    assert project.run("data", "cat", "t", "--format", "csv").stdout.splitlines()[1] == \
        '"[1,null]","{""x"":0.5,""y"":""q\\""""}","[{""key"":""k"",""value"":[true]}]"'
    assert "[1,null]" in project.run("data", "show", "t").stdout


def test_two_thousand_columns(project):
    kinds = [FLAT[number % 20] if number % 3 else NESTED[number % len(NESTED)] for number in range(2000)]
    rows = add(project, table(kinds, 20, 1))
    assert_same(exported(project, 1), rows)


def test_branches_are_merged_and_rows_erased(project):
    rows = add(project, table(NESTED, 400, 1), "--key", "id")
    project.run("data", "branch", "create", "t", "side")
    theirs = pa.concat_tables([rows.slice(0, 100), table(NESTED, 5, 2, 100), rows.slice(105)])
    ours = pa.concat_tables([rows.slice(0, 300), table(NESTED, 5, 3, 300), rows.slice(305)])
    add(project, theirs, "--branch", "side")
    add(project, ours)
    project.run("data", "merge", "t", "side")
    expected = pa.concat_tables([theirs.slice(0, 300), ours.slice(300)])
    assert_same(exported(project, 4), expected)
    (project.folder / "gone.csv").write_text("id\n102\n302\n399\n")
    project.run("data", "erase", "t", "--keys", "gone.csv", "--reason", "asked", "--yes")
    kept = expected.filter(pa.array([number not in (102, 302, 399) for number in range(400)]))
    assert_same(exported(project, 4), kept)
    project.run("data", "verify", "--level", "3")


def test_a_conflict_in_nested_values_is_told_as_json(project):
    kind = pa.list_(pa.int64())
    for branch, items in (("main", [[1], [2]]), ("side", [[1], [2, 3]]), ("main", [[1], [None]])):
        if branch == "side":
            project.run("data", "branch", "create", "t", "side")
        add(project, pa.table({"id": [1, 2], "items": pa.array(items, kind)}), "--key", "id", "--branch", branch)
    conflict, = project.run("data", "merge", "t", "side", "--json", code=1).json()["conflicts"]
    assert (conflict["base"], conflict["ours"], conflict["theirs"]) == ("[2]", "[null]", "[2,3]")


def test_values_within_others_cost_no_more_than_in_parquet(project):
    dice = random.Random(1)
    rows = pa.table({
        "items": pa.array([[dice.randrange(1000) for _ in range(dice.randrange(6))] for _ in range(50_000)],
                          pa.list_(pa.int64())),
        "point": pa.array([{"x": dice.random(), "name": dice.choice(["a", "b", "c"])} for _ in range(50_000)],
                          pa.struct([("x", pa.float64()), ("name", pa.string())])),
        "vector": pa.array([[dice.random() for _ in range(8)] for _ in range(50_000)], pa.list_(pa.float32(), 8))})
    path = project.folder / "in.parquet"
    parquet.write_table(rows, path, compression="zstd")
    project.run("data", "add", "t", "in.parquet")
    stored = sum(file.stat().st_size for file in (project.folder / ".roost/objects/packs").iterdir())
    assert stored < path.stat().st_size
