"""The tables of the benchmark and their edits, the same for the same seed.

`orders` is the table of ten columns: 1,000,000 rows are about 145 MB as CSV and 44 MB as zstd Parquet. A table is a dict
of numpy arrays by column; `to_arrow` gives it its types.
"""
import numpy as np
import pyarrow as pa

WORDS = np.array([f"w{number:04d}" for number in range(5000)], dtype=object)
COUNTRIES = np.array([f"c{number:02d}" for number in range(60)], dtype=object)
CATEGORIES = np.array([f"category-{number}" for number in range(400)], dtype=object)
START = 1_400_000_000_000_000  # microseconds since 1970


def sentences(random, rows, shortest=5, longest=13):
    return np.array([" ".join(WORDS[random.integers(0, len(WORDS), length)])
                     for length in random.integers(shortest, longest + 1, rows)], dtype=object)


def values(random, keys):
    """All but the key of an order, drawn anew."""
    rows = len(keys)
    return {"ts": START + keys * 1_000_000 + random.integers(0, 1_000_000, rows),
            "customer": random.integers(0, 50_000, rows),
            "country": COUNTRIES[random.zipf(1.5, rows) % len(COUNTRIES)],
            "category": CATEGORIES[random.integers(0, len(CATEGORIES), rows)],
            "price": np.round(random.lognormal(3, 1, rows), 2), "score": random.random(rows),
            "qty": random.integers(1, 20, rows).astype(np.int32), "flag": random.random(rows) < 0.3,
            "text": sentences(random, rows)}


def orders(random, rows):
    keys = np.arange(rows, dtype=np.int64) * 3
    return {"key": keys} | values(random, keys)


def wide(random, rows):
    table = {"key": np.arange(rows, dtype=np.int64)}
    for number in range(200):
        column = random.random(rows).astype(np.float32)
        table[f"f{number:03d}"] = np.ma.masked_array(column, random.random(rows) < 0.05)
    return table


def long_texts(random, rows):
    return {"key": np.arange(rows, dtype=np.int64), "text": sentences(random, rows, 150, 300)}


def log_lines(random, rows, first=0):
    lines = np.arange(first, first + rows, dtype=np.int64)
    return {"line": lines, "ts": START + lines * 250_000 + random.integers(0, 200_000, rows),
            "host": np.array([f"host-{host}" for host in random.integers(0, 40, rows)], dtype=object),
            "status": random.choice(np.array([200, 200, 200, 200, 301, 404, 500], dtype=np.int32), rows),
            "bytes": random.integers(100, 90_000, rows), "path": sentences(random, rows, 1, 3)}


def to_arrow(table):
    arrays = {}
    for name, column in table.items():
        if isinstance(column, np.ma.MaskedArray):
            arrays[name] = pa.array(column.data, mask=column.mask)
        elif name == "ts":
            arrays[name] = pa.array(column, pa.timestamp("us"))
        else:
            arrays[name] = pa.array(column)
    return pa.table(arrays)


def rows_of(table):
    return len(next(iter(table.values())))


def take(table, rows):
    return {name: column[rows] for name, column in table.items()}


def join(*tables):
    joined = {}
    for name in tables[0]:
        columns = [table[name] for table in tables]
        masked = any(isinstance(column, np.ma.MaskedArray) for column in columns)
        joined[name] = np.ma.concatenate(columns) if masked else np.concatenate(columns)
    return joined


def some(random, table, count):
    return np.sort(random.choice(rows_of(table), count, replace=False))


def redraw(random, table, rows):
    """All values but the key of these rows drawn anew."""
    new = values(random, table["key"][rows])
    changed = {name: column.copy() for name, column in table.items()}
    for name, column in new.items():
        if name in changed:
            changed[name][rows] = column
    return changed


def new_orders(random, table, count):
    """Orders with keys that the table does not have."""
    keys = np.setdiff1d(np.unique(random.integers(0, rows_of(table) * 3, count * 2)) * 3 + 1, table["key"])
    keys = np.sort(random.choice(keys, count, replace=False))
    return {"key": keys} | values(random, keys)


def by_key(table):
    return take(table, np.argsort(table["key"], kind="stable"))


def chain_step(random, table):
    """1 % updated, 0.5 % inserted, 0.5 % deleted; what changed, for peers that are told."""
    count = rows_of(table)
    updated = some(random, table, count // 100)
    changed = redraw(random, table, updated)
    gone = some(random, table, count // 200)
    inserted = new_orders(random, table, count // 200)
    kept = np.ones(count, bool)
    kept[gone] = False
    still = updated[kept[updated]]
    upserts = join(take(changed, still), inserted)
    return by_key(join(take(changed, kept), inserted)), upserts, table["key"][gone]


def changes(before, after):
    """Rows of `after` that are new or not the same, and the keys that went, for peers that are told; None where the
    columns are not the same or no row changed."""
    if [(name, column.dtype) for name, column in before.items()] != [(name, column.dtype)
                                                                      for name, column in after.items()]:
        return None
    before = by_key(before)
    place = np.minimum(np.searchsorted(before["key"], after["key"]), rows_of(before) - 1)
    same = np.logical_and.reduce([before[name][place] == after[name] for name in before])
    gone = np.setdiff1d(before["key"], after["key"])
    return None if same.all() and not len(gone) else (take(after, ~same), gone)


def edits(random, table):
    """Name of each edit of 1 % of the rows, and what it makes of the table."""
    count = rows_of(table)
    share = count // 100
    block = slice(count // 3, count // 3 + share)
    last = int(table["key"].max())

    def append():
        keys = last + 3 * np.arange(1, share + 1, dtype=np.int64)
        return join(table, {"key": keys} | values(random, keys))

    def cell():
        return table | {"price": with_values(table["price"], some(random, table, share),
                                             np.round(random.lognormal(3, 1, share), 2))}

    def without(rows):
        kept = np.ones(count, bool)
        kept[rows] = False
        return take(table, kept)

    def insert_block():
        new = new_orders(random, table, share)
        new["key"] = 3 * last + np.arange(share, dtype=np.int64)
        return join(take(table, slice(0, count // 2)), new, take(table, slice(count // 2, None)))

    def mixed():
        changed = redraw(random, table, some(random, table, 3 * share // 10))
        kept = np.ones(count, bool)
        kept[some(random, table, 2 * share // 10)] = False
        keys = last + 3 * np.arange(1, 4 * share // 10 + 1, dtype=np.int64)
        changed = by_key(join(take(changed, kept), new_orders(random, table, share // 10)))
        return join(changed, {"key": keys} | values(random, keys))

    return {
        "append": append,
        "update rows": lambda: redraw(random, table, some(random, table, share)),
        "one cell": cell,
        "update a block": lambda: redraw(random, table, np.arange(block.start, block.stop)),
        "a column x 1.1": lambda: table | {"price": np.round(table["price"] * 1.1, 2)},
        "rename a value": lambda: table | {"country": np.where(table["country"] == "c01", "renamed", table["country"])},
        "delete rows": lambda: without(some(random, table, share)),
        "delete a block": lambda: without(block),
        "insert rows": lambda: by_key(join(table, new_orders(random, table, share))),
        "insert a block": insert_block,
        "add a column": lambda: table | {"extra": random.integers(0, 1000, count)},
        "drop a column": lambda: {name: column for name, column in table.items() if name != "score"},
        "rename a column": lambda: {("cost" if name == "price" else name): column for name, column in table.items()},
        "widen a column": lambda: table | {"qty": table["qty"].astype(np.int64)},
        "re-sort": lambda: take(table, np.argsort(table["price"], kind="stable")),
        "shuffle": lambda: take(table, random.permutation(count)),
        "mixed": mixed,
        "unchanged": lambda: table,
    }


def write_files(random, folder, count):
    """`count` text files of 200 bytes to some 20 KB, a thousand in a folder."""
    sizes = np.minimum(200 + random.exponential(2_500, count), 20_000).astype(int)
    text = " ".join(sentences(random, 20_000)).encode()
    starts = random.integers(0, len(text) - 20_000, count)
    for number, (start, size) in enumerate(zip(starts, sizes)):
        place = folder / f"{number // 1000:03d}"
        if number % 1000 == 0:
            place.mkdir(parents=True)
        (place / f"{number % 1000:05d}.txt").write_bytes(b"%d " % number + text[start:start + size])


def with_values(column, rows, new):
    changed = column.copy()
    changed[rows] = new
    return changed
