#!/usr/bin/env python3
"""Cuts the flights of 2001 into the files that the example, the tests and the benchmark read.

  flights-2001-01.parquet ... -06   one file a month, rows in their order of time
  flights-sample.parquet            20,000 rows, 4,000 of each month from January to May
  flights-2001-05-broken.csv        20,000 rows of May, broken on purpose

The source has 3,000,000 rows, January to June. Its last six rows are of 1 July at 00:00, no month of their own:
they go to no file. The same source and the same pyarrow give the same bytes.
"""
import pathlib
import sys

import numpy
import pyarrow
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

SEED = 2001
SAMPLE_MONTHS = range(1, 6)
SAMPLE_ROWS_A_MONTH = 4_000
BROKEN_ROWS = 20_000
COLUMNS = pyarrow.schema([("date", pyarrow.timestamp("us")), ("delay", pyarrow.int64()), ("distance", pyarrow.int64()),
                          ("origin", pyarrow.string()), ("destination", pyarrow.string())])


def sample(table, rows, generator):
    """`rows` of `table`, drawn without replacement, in the table's order."""
    return table.take(numpy.sort(generator.choice(table.num_rows, rows, replace=False)))


def replace_some(column, share, value, generator):
    """`column` as text, with `share` of its values, drawn at random, replaced by `value`."""
    mask = pyarrow.array(generator.random(len(column)) < share)
    return pc.if_else(mask, value, column.cast(pyarrow.string()))


def broken(may, generator):
    """May as a careless producer could send it: a renamed column, text among numbers, an unknown kind of value."""
    rows = sample(may, BROKEN_ROWS, generator)
    delay = replace_some(replace_some(rows["delay"], 0.02, "late", generator), 0.01, "n/a", generator)
    origin = replace_some(rows["origin"], 0.01, "???", generator)
    date = pc.strftime(rows["date"].cast(pyarrow.timestamp("s")), format="%Y-%m-%d %H:%M:%S")
    return pyarrow.table({"date": date, "delay": delay, "distance_miles": rows["distance"], "origin": origin,
                          "destination": rows["destination"]})


def write(table, path):
    pyarrow.parquet.write_table(table, path, compression="zstd", row_group_size=128 * 1024)
    print(f"{path.name}: {table.num_rows:,} rows")


def main(source, folder):
    flights = pyarrow.parquet.read_table(source, columns=COLUMNS.names).cast(COLUMNS)
    month = pc.month(flights["date"])
    months = {number: flights.filter(pc.equal(month, number)) for number in range(1, 7)}
    for number, table in months.items():
        write(table, folder / f"flights-2001-{number:02}.parquet")
    generator = numpy.random.default_rng(SEED)
    parts = [sample(months[number], SAMPLE_ROWS_A_MONTH, generator) for number in SAMPLE_MONTHS]
    write(pyarrow.concat_tables(parts).combine_chunks(), folder / "flights-sample.parquet")
    path = folder / "flights-2001-05-broken.csv"
    options = pyarrow.csv.WriteOptions(quoting_style="needed")
    pyarrow.csv.write_csv(broken(months[5], generator), path, options)
    print(f"{path.name}: {BROKEN_ROWS:,} rows")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
