"""The document of the store's format is complete: a reader made from it alone reads what the program wrote."""
import datetime
import decimal
import functools
import hashlib
import random
import tarfile

import numpy
import pyarrow
import pyarrow.compute
import pyarrow.parquet as parquet
import pytest

import format_records
from format_reader import INDEX_ENTRY, Store, arrow_rows, pack_index
from program import ROOT, Project

ROWS = 30_000
OLD = ROOT / "tests/compat/store-1.tar.xz"
COLOURS = ["red", "green", "blue", "dark slate grey", ""]


def same_bits(read, expected):
    """Floats by their bits, so that -0.0 is not 0.0; nested values by what Python prints of them."""
    expected = expected.combine_chunks()
    if isinstance(expected, pyarrow.ChunkedArray):  # of no rows
        expected = pyarrow.concat_arrays(expected.chunks) if expected.num_chunks else pyarrow.array([], expected.type)
    assert read.type == expected.type
    read.validate(full=True)
    if pyarrow.types.is_floating(read.type):
        bits = {16: pyarrow.int16(), 32: pyarrow.int32(), 64: pyarrow.int64()}[read.type.bit_width]
        return read.view(bits).equals(expected.view(bits))
    if pyarrow.types.is_nested(read.type):
        return repr(read.to_pylist()) == repr(expected.to_pylist())
    return read.equals(expected)


class History:
    """Versions of datasets, and what each must hold."""

    def __init__(self, folder):
        self.project, self.expected = Project(folder), {}
        self.project.run("init")

    def add(self, name, rows, *arguments, file=None):
        """Makes a version that holds `rows`; of other rows in the file where `file` has them."""
        parquet.write_table(rows if file is None else file, self.project.folder / "in.parquet")
        self.project.run("data", "add", name, "in.parquet", *arguments)
        self.expected.setdefault(name, []).append(rows)
        return rows

    def check(self, *met):
        """Compares all versions, and looks that the reader met these codecs and forms on its way."""
        format_records.MET.clear()
        store = Store(self.project.folder / ".roost")
        for name, versions in self.expected.items():
            numbers = [number for number, rows in enumerate(versions, 1) if rows is not None]
            assert list(store.versions(name)) == numbers
            for number in numbers:
                rows = versions[number - 1]
                read = arrow_rows(store.rows(name, number))
                assert list(read) == rows.column_names, f"{name}@{number}"
                for column, values in read.items():
                    assert same_bits(values, rows[column]), f"{name}@{number}: {column}"
        assert set(met) <= {what for what, times in format_records.MET.items() if times}


@pytest.fixture
def history(tmp_path):
    return History(tmp_path / "project")


def with_nulls(dice, values, share=0.1):
    return [None if dice.random() < share else value for value in values]


@functools.cache
def plain(rows=ROWS, seed=1, first=0):
    dice = random.Random(seed)
    start = datetime.datetime(2020, 1, 1)
    return pyarrow.table({
        "id": pyarrow.array(range(first, first + rows), pyarrow.int64()),
        "small": pyarrow.array([dice.randrange(-500, 500) for _ in range(rows)], pyarrow.int32()),
        "far": pyarrow.array(with_nulls(dice, [dice.randrange(-2**63, 2**63) for _ in range(rows)])),
        "price": pyarrow.array(with_nulls(dice, [dice.randrange(10**6) / 100 for _ in range(rows)])),
        "noise": pyarrow.array([dice.gauss(0, 1) for _ in range(rows)]),
        "odd": pyarrow.array([dice.choice([0.0, -0.0, float("inf"), 5e-324, float("nan")]) for _ in range(rows)]),
        "ratio": pyarrow.array([dice.random() for _ in range(rows)], pyarrow.float32()),
        "colour": pyarrow.array(with_nulls(dice, [dice.choice(COLOURS) for _ in range(rows)])),
        "mail": pyarrow.array([f"{dice.randrange(10**9)}@é{first + row}" for row in range(rows)]),
        "paid": pyarrow.array(with_nulls(dice, [dice.random() < 0.7 for _ in range(rows)])),
        "when": pyarrow.array([start + datetime.timedelta(seconds=60 * row + dice.randrange(50))
                               for row in range(rows)], pyarrow.timestamp("us")),
    })


def updated(table, dice, share):
    """Other values in some rows of most columns, each column in rows of its own."""
    other = table.take(dice.sample(range(len(table)), len(table)))
    columns = {}
    for name in table.column_names:
        mask = [name != "id" and dice.random() < share for _ in range(len(table))]
        columns[name] = pyarrow.compute.if_else(pyarrow.array(mask), other[name], table[name])
    return pyarrow.table(columns)


def without(table, gone):
    return table.filter(pyarrow.array([row not in gone for row in range(len(table))]))


def replaced(table, name, values):
    return table.set_column(table.column_names.index(name), name, values)


def test_edits_of_rows(history):
    dice = random.Random(7)
    table = history.add("t", plain())
    table = history.add("t", updated(table, dice, 0.01))
    table = history.add("t", without(table, set(dice.sample(range(ROWS), 400))))
    table = history.add("t", without(table, range(1000, 3000)))
    new = plain(500, 3, 10**6)
    pieces = [piece for row in range(500) for piece in (table.slice(row * 40, 40), new.slice(row, 1))]
    table = history.add("t", pyarrow.concat_tables(pieces + [table.slice(500 * 40)]))
    more = plain(1000, 4, 2 * 10**6)
    table = history.add("t", pyarrow.concat_tables([table, more]), "--append", file=more)
    table = history.add("t", updated(table, dice, 0.002))
    few = set(dice.sample(range(300), 60)) | {29_000}
    table = history.add("t", replaced(table, "far", pyarrow.array(
        [row if row in few else one for row, one in enumerate(table["far"].to_pylist())])))
    every = [row % 50 == 7 for row in range(len(table))]
    sevens = pyarrow.compute.if_else(every, pyarrow.scalar(7, pyarrow.int32()), table["small"])
    history.add("t", replaced(table, "small", sevens))
    history.check(*(f"codec {codec}" for codec in range(6)), "form 0", "form 2", "mask 1", "mask 2", "numbers equal",
                  "numbers runs", "numbers golomb-rice", "escaped number")


def test_edits_of_columns(history):
    table = history.add("t", plain())
    renamed = pyarrow.array([{"red": "crimson", None: "unknown"}.get(one, one) for one in table["colour"].to_pylist()])
    table = history.add("t", replaced(table, "colour", renamed))
    table = history.add("t", table.drop(["odd"]))
    table = history.add("t", table.rename_columns({"price": "cost"}))
    table = history.add("t", replaced(table, "small", table["small"].cast(pyarrow.int64())))
    table = history.add("t", replaced(table, "ratio", table["ratio"].cast(pyarrow.float64())))
    wide = [value + 2**40 if row % 200 == 3 else value for row, value in enumerate(table["small"].to_pylist())]
    table = history.add("t", replaced(table, "small", pyarrow.array(wide)))
    table = history.add("t", table.select(table.column_names[::-1]))
    noise = pyarrow.compute.add(table["noise"], 1.0)
    table = history.add("t", replaced(table.slice(5), "noise", noise.slice(5)))
    history.add("t", table.append_column("new", pyarrow.array(range(len(table)), pyarrow.int16())))
    history.check("form 0", "form 1", "form 3", "mask 0", "widened by its id")


def test_orders(history):
    """Rows that are the same ones in another order."""
    dice, rows = random.Random(5), 6000
    table = history.add("t", plain(rows))
    shuffled = table.take(dice.sample(range(rows), rows))
    for keys in ([("colour", "ascending"), ("price", "descending")], [("odd", "descending")], [("mail", "descending")],
                 [("paid", "ascending"), ("when", "descending"), ("far", "descending")], [("ratio", "ascending")]):
        history.add("t", table.sort_by(keys))
    in_front = pyarrow.compute.sort_indices(table, [("price", "ascending", "at_start")])
    history.add("t", table.take(in_front))
    history.add("t", shuffled)
    table = history.add("t", pyarrow.concat_tables([table.slice(2000, 1500), table.slice(0, 2000), table.slice(3500)]))
    more = plain(100, 4, 10**6)
    history.add("t", pyarrow.concat_tables([table, more]), "--append", file=more)
    sort = history.add("t", plain(rows).sort_by("price"))
    history.add("t", sort.drop(["price"]))
    history.check("order 1", "order 2", "order 3")


def test_many_tiles(history):
    """Long texts make small tiles; so tiles are split, joined and made of several."""
    dice = random.Random(2)
    texts = [f"{row} {dice.randrange(10**9)} " + "x" * 4000 for row in range(5000)]
    numbers = pyarrow.array([row % 13 for row in range(5000)], pyarrow.int16())
    table = history.add("t", pyarrow.table({"id": range(5000), "text": texts, "n": numbers}))
    table = history.add("t", without(table, set(dice.sample(range(5000), 300))))
    table = history.add("t", without(table, range(800, 2500)))
    wide = [number + 10**6 if row == 30 else number for row, number in enumerate(table["n"].to_pylist())]
    table = history.add("t", replaced(table, "n", pyarrow.array(wide, pyarrow.int32())))
    table = history.add("t", pyarrow.concat_tables([table.slice(0, 500), table.slice(1200)]))
    table = history.add("t", table.take(list(range(0, len(table), 2)) + list(range(1, len(table), 2))))
    history.add("t", pyarrow.concat_tables([table.slice(0, 50), table.slice(60)]))
    history.check("bases", "widened by its id")


def test_an_order_of_many_rows(history):
    """A shuffle is written in parts of 65,536 rows."""
    ids = list(range(70_000))
    history.add("t", pyarrow.table({"id": ids}))
    random.Random(1).shuffle(ids)
    history.add("t", pyarrow.table({"id": ids}))
    history.check()


def test_a_key(history):
    table = history.add("t", plain(5000), "--key", "id")
    more = pyarrow.concat_tables([updated(table, random.Random(1), 0.5).slice(100, 50), plain(70, 9, 5000)])
    merged = pyarrow.concat_tables([table.slice(0, 100), more.slice(0, 50), table.slice(150), more.slice(50)])
    merged = history.add("t", merged, "--upsert", file=more)
    gone = set(random.Random(3).sample(range(5000), 60))
    parquet.write_table(merged.filter(pyarrow.compute.is_in(merged["id"], pyarrow.array(gone))).select(["id"]),
                        history.project.folder / "keys.parquet")
    history.project.run("data", "delete-rows", "t", "--keys", "keys.parquet")
    history.expected["t"].append(without(merged, gone))
    history.check()


def test_a_deleted_version_is_gone(history):
    table = history.add("t", plain(3000))
    table = history.add("t", updated(table, random.Random(1), 0.02))
    history.add("t", table.slice(10))
    history.project.run("data", "delete", "t@1", "--why", "old")
    for _ in range(2):
        history.project.run("data", "gc", "--run", "--grace", "0s")
    history.expected["t"][0] = None
    history.check("form 0")


TAG = pyarrow.struct([("name", pyarrow.string()), ("weights", pyarrow.list_(pyarrow.float64())),
                      ("ok", pyarrow.bool_()), ("id", pyarrow.binary(40)), ("nothing", pyarrow.null())])
KINDS = {"list": pyarrow.list_(pyarrow.int64()), "texts": pyarrow.large_list(pyarrow.string()),
         "fixed": pyarrow.list_(pyarrow.float32(), 3), "tag": TAG, "tags": pyarrow.list_(TAG),
         "map": pyarrow.map_(pyarrow.string(), pyarrow.int32()), "deep": pyarrow.list_(pyarrow.list_(pyarrow.int8())),
         "cents": pyarrow.list_(pyarrow.decimal128(9, 2)), "f16": pyarrow.float16(), "f32": pyarrow.float32(),
         "dec": pyarrow.decimal128(20, 2), "dec256": pyarrow.decimal256(50, 3), "date": pyarrow.date32(),
         "time": pyarrow.time32("ms"), "time64": pyarrow.time64("us"), "zone": pyarrow.timestamp("ns", "Europe/Berlin"),
         "duration": pyarrow.duration("ms"), "b16": pyarrow.binary(16), "b40": pyarrow.binary(40),
         "binary": pyarrow.large_binary(), "u8": pyarrow.uint8(), "u64": pyarrow.uint64(), "null": pyarrow.null(),
         "day": pyarrow.dictionary(pyarrow.int8(), pyarrow.string())}


def value(dice, kind):
    """A random value of a type, or None."""
    types = pyarrow.types
    if types.is_null(kind) or dice.random() < 0.2:
        return None
    if types.is_dictionary(kind):
        return dice.choice(["mon", "tue"])
    if types.is_map(kind):
        return [(f"k{number}", value(dice, kind.item_type)) for number in range(dice.randrange(3))]
    if types.is_fixed_size_list(kind):
        return [value(dice, kind.value_type) for _ in range(kind.list_size)]
    if types.is_list(kind) or types.is_large_list(kind):
        return [value(dice, kind.value_type) for _ in range(dice.randrange(4))]
    if types.is_struct(kind):
        return {field.name: value(dice, field.type) for field in kind}
    if types.is_fixed_size_binary(kind):
        return dice.randbytes(kind.byte_width)
    if types.is_large_binary(kind):
        return dice.randbytes(dice.randrange(5))
    if types.is_string(kind):
        return dice.choice(["", "a", "é", "x" * 300])
    if types.is_floating(kind):
        return numpy.float16(dice.choice([0.5, -0.0, float("inf"), dice.randrange(9)]))
    return {"bool": lambda: dice.random() < 0.5, "date32[day]": lambda: datetime.date(2001, 5, 1 + dice.randrange(20)),
            "time32[ms]": lambda: datetime.time(dice.randrange(24), 5, 6),
            "time64[us]": lambda: datetime.time(dice.randrange(24), 5, 6, dice.randrange(10**6)),
            "duration[ms]": lambda: datetime.timedelta(seconds=dice.randrange(-99, 1000)),
            "timestamp[ns, tz=Europe/Berlin]": lambda: datetime.datetime(2001, 5, 1, dice.randrange(24)),
            }.get(str(kind), lambda: decimal.Decimal(dice.randrange(-99 * types.is_decimal(kind), 100)))()


def typed(rows, seed, first=0):
    dice = random.Random(seed)
    columns = {"id": pyarrow.array(range(first, first + rows))}
    for name, kind in KINDS.items():
        made = [value(dice, kind) for _ in range(rows)]
        if pyarrow.types.is_integer(kind):
            made = [None if one is None else int(one) for one in made]
        columns[name] = pyarrow.array(as_numbers(made, kind), kind)
    return pyarrow.table(columns)


def as_numbers(made, kind):
    """Whole numbers are made as decimals; those of integers, at any depth, are ints."""
    def inner(one, kind):
        if isinstance(one, decimal.Decimal):
            return one if pyarrow.types.is_decimal(kind) else int(one)
        if isinstance(one, list) and pyarrow.types.is_map(kind):
            return [(key, inner(item, kind.item_type)) for key, item in one]
        return [inner(item, kind.value_type) for item in one] if isinstance(one, list) else one
    return [inner(one, kind) for one in made]


def plain_dictionaries(table):
    return replaced(table, "day", table["day"].cast(pyarrow.string()))


def test_every_type_and_nested_values(history):
    table = plain_dictionaries(typed(2000, 1))
    history.add("t", table, file=typed(2000, 1))
    other = plain_dictionaries(typed(9, 2, 700))
    table = history.add("t", pyarrow.concat_tables([table.slice(0, 700), other, table.slice(709)]))
    table = history.add("t", without(table, {3, 5, *range(100, 150)}))
    history.add("t", updated(table, random.Random(8), 0.02))
    more = plain_dictionaries(typed(50, 3, 5000))
    history.add("t", pyarrow.concat_tables([history.expected["t"][-1], more]), "--append", file=more)
    history.check("codec 6", "form 0", "form 2")


def test_extensions_are_read_as_their_storage(history):
    """At any depth. And types that Parquet has not."""
    dice, rows = random.Random(1), 500
    keys = pyarrow.array([dice.randbytes(16) for _ in range(rows)], pyarrow.binary(16))
    extension = pyarrow.ExtensionArray.from_storage(pyarrow.uuid(), keys)
    cents = pyarrow.array([decimal.Decimal(dice.randrange(-999, 999)) for _ in range(rows)])
    columns = {"key": keys, "keys": pyarrow.ListArray.from_arrays(range(rows + 1), keys),
               "d32": cents.cast(pyarrow.decimal32(7, 2)), "d64": cents.cast(pyarrow.decimal64(9, 2)),
               "every": pyarrow.array([(1, row, dice.randrange(10**9)) for row in range(rows)],
                                      pyarrow.month_day_nano_interval()),
               "nan": pyarrow.array(numpy.array([0x7FF8_0000_0000_0000 + row for row in range(rows)]).view("f8"))}
    stored = columns | {"key": extension, "keys": pyarrow.ListArray.from_arrays(range(rows + 1), extension)}
    with pyarrow.ipc.new_file(history.project.folder / "in.arrow", pyarrow.table(stored).schema) as file:
        file.write_table(pyarrow.table(stored))
    history.project.run("data", "add", "t", "in.arrow")
    history.expected["t"] = [pyarrow.table(columns)]
    history.check()


def test_erased_rows(history):
    dice = random.Random(6)
    table = history.add("t", plain(4000))
    table = history.add("t", updated(table, dice, 0.01))
    history.add("t", table.sort_by("mail"))
    ids = dice.sample(range(4000), 5)
    parquet.write_table(pyarrow.table({"id": ids}), history.project.folder / "ids.parquet")
    history.project.run("data", "erase", "t", "--keys", "ids.parquet", "--reason", "asked", "--yes")
    history.expected["t"] = [one.filter(pyarrow.compute.invert(pyarrow.compute.is_in(one["id"], pyarrow.array(ids))))
                             for one in history.expected["t"]]
    history.check()


def test_lists_of_format_1_are_read(tmp_path):
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    old = Project(tmp_path)
    old.run("data", "export", "orders@3", "-o", "3.parquet")
    moved = parquet.read_table(tmp_path / "3.parquet").select(["paid", "when"])
    for rows in (moved, moved.slice(3)):
        parquet.write_table(rows, tmp_path / "in.parquet")
        old.run("data", "add", "orders", "in.parquet")
    store = Store(tmp_path / ".roost")
    for version in store.versions("orders"):
        old.run("data", "export", f"orders@{version}", "-o", "out.parquet", "--force")
        expected = parquet.read_table(tmp_path / "out.parquet")
        read = arrow_rows(store.rows("orders", version))
        assert list(read) == expected.column_names
        assert all(same_bits(values, expected[name]) for name, values in read.items())


def test_files(history):
    dice, folder = random.Random(4), history.project.folder / "files"
    (folder / "a/b").mkdir(parents=True)
    (folder / "a/empty").mkdir()
    (folder / "zero").write_bytes(b"")
    (folder / "a/small.txt").write_text("small")
    (folder / "a/b/large").write_bytes(dice.randbytes(700_000))
    (folder / "huge").write_bytes(dice.randbytes(3_500_000))
    (folder / "link").symlink_to("a/small.txt")
    history.project.run("data", "add", "f", "files")
    (folder / "a/small.txt").write_text("other")
    history.project.run("data", "add", "f", "files")
    store = Store(history.project.folder / ".roost")
    format_records.MET.clear()
    for version, text in ((1, b"small"), (2, b"other")):
        read = store.files("f", version)
        assert read.pop("link") == ("link", b"a/small.txt")
        assert read.pop("a/empty") is None
        assert read.pop("a/small.txt") == text
        assert read == {name: (folder / name).read_bytes() for name in ("zero", "huge", "a/b/large")}
    assert format_records.MET["lists of chunks"]


def flipped(pack, at):
    data = bytearray(pack)
    data[at] ^= 4
    return bytes(data)


def test_a_flipped_bit_is_found(history):
    table = history.add("t", plain(600))
    history.add("t", updated(table, random.Random(1), 0.02).sort_by("mail"))
    packs = history.project.folder / ".roost/objects/packs"
    dice = random.Random(9)
    for path in sorted(packs.glob("*.pack")):
        pack = path.read_bytes()
        path.unlink()
        end = len(pack) - 16
        index = end - INDEX_ENTRY * int.from_bytes(pack[end:end + 4], "little")
        places = [found.offset + dice.randrange(found.length) for _, found in pack_index(pack)]
        for at in places + [dice.randrange(index, end + 8)]:
            broken = flipped(pack, at)
            named = packs / f"{hashlib.sha256(broken).hexdigest()}.pack"  # the digest is right: the CRC must tell
            named.write_bytes(broken)
            with pytest.raises(format_records.Damaged, match="CRC|longer"):
                read_all(history)
            named.rename(path)
            with pytest.raises(format_records.Damaged, match="digest"):
                read_all(history)
            path.unlink()
        path.write_bytes(pack)
    history.check()


def read_all(history):
    store = Store(history.project.folder / ".roost")
    for version in store.versions("t"):
        store.rows("t", version)


def test_a_wrong_value_is_found(history, monkeypatch):
    """Where the CRC is right, the ids of leaves tell."""
    history.add("t", plain(600))
    def zeros(_, rows, body):
        return numpy.zeros(rows, "u8") * len(body.rest())
    monkeypatch.setattr("format_records.whole_numbers", zeros)
    with pytest.raises(format_records.Damaged, match="another id"):
        read_all(history)
