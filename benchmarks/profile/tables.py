"""The tables of the benchmark, the same for the same seed, as Parquet (zstd, dictionaries for texts) and CSV.

`flights`: January to June 2001 as the quickstart has them, 2,999,994 rows of date, delay, distance, origin and
destination. `wide`: floats, 20,000 rows of 5,000 columns, each with a mean and a spread of its own. `text`: notes of
5 to 12 words, addresses, free codes and a category, 1,000,000 rows.
"""
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as parquet

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLIGHTS = ROOT / ".deps/data/flights"


def flights(_random, rows, _columns):
    months = [parquet.read_table(path) for path in sorted(FLIGHTS.glob("flights-2001-0[1-6].parquet"))]
    if not months:
        raise SystemExit(f"no flights in {FLIGHTS}: run `make setup`")
    return pa.concat_tables(months).slice(0, rows).combine_chunks()


def wide(random, rows, columns):
    spreads = random.lognormal(0, 2, columns)
    return pa.table({f"f{number:04d}": random.standard_normal(rows) * spread + 3 * number
                     for number, spread in enumerate(spreads)})


def text(random, rows, _columns):
    words = np.array([f"w{number:04d}" for number in range(5_000)], dtype=object)
    notes = [" ".join(words[random.integers(0, len(words), length)]) for length in random.integers(5, 13, rows)]
    numbers = random.integers(0, 200_000, rows)
    return pa.table({"note": notes, "mail": [f"user{number}@example.org" for number in numbers],
                     "code": [f"{letter}-{number:06d}" for letter, number in
                              zip(random.choice(list("ABCDEF"), rows), random.integers(0, 1_000_000, rows))],
                     "category": [f"category-{number}" for number in random.zipf(1.5, rows) % 400]})


SHAPES = {"flights": (flights, 2_999_994, 5), "wide": (wide, 20_000, 5_000), "text": (text, 1_000_000, 4)}


class Files:
    """One table as files in `folder`."""

    def __init__(self, folder, name, seed, scale):
        make, rows, columns = SHAPES[name]
        rows = max(1_000, int(rows * scale))
        columns = max(5, int(columns * scale)) if name == "wide" else columns
        self.name, self.table = name, make(np.random.default_rng(seed), rows, columns)
        self.values = self.table.num_rows * self.table.num_columns
        self.parquet = pathlib.Path(folder) / f"{name}.parquet"
        self.csv = pathlib.Path(folder) / f"{name}.csv"
        parquet.write_table(self.table, self.parquet, compression="zstd", row_group_size=128 * 1024)
        if name != "wide":
            pyarrow.csv.write_csv(self.table, self.csv)
