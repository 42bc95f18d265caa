#!/usr/bin/env python3
"""Prepares the data of all parts under .deps/benchmarks-train/data/SCALE: the dumps of dumps.py with their optimum, the
caches of Vowpal Wabbit, and Parquet files for the transforms. What is there already is left.

usage: data.py [--scale SHARE] [--place FOLDER] [--only NAME,NAME]
"""
import argparse
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import scipy.sparse as sparse
from sklearn.feature_extraction.text import TfidfVectorizer

import dumps
import objective

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLACE = ROOT / ".deps/benchmarks-train"
FLIGHTS = ROOT / ".deps/data/flights"
LATE_MINUTES = 15
SEED = 1
BUCKETS = 10
VW_BITS = 18  # of Vowpal Wabbit's table of weights: more than any of these data sets needs


def share(rows, scale, least=1000):
    return min(rows, max(least, round(rows * scale)))


def flight_files():
    return [FLIGHTS / f"flights-2001-0{month}.parquet" for month in range(1, 7)]


def flights(scale):
    """Of the flights of six months every 1 / scale-th, in their order."""
    table = pl.concat([pl.read_parquet(path) for path in flight_files()])
    return table.gather_every(max(1, round(1 / scale))).with_columns(
        hour=pl.col("date").dt.hour(), weekday=pl.col("date").dt.weekday() - 1, month=pl.col("date").dt.month() - 1)


def codes(column):
    """Each word's place in the alphabetical list of all, and how many there are."""
    words = column.unique().sort()
    return column.cast(pl.Enum(words)).to_physical().to_numpy(), len(words)


def one_hot_flights(_place, scale):
    table = flights(scale)
    distance = table["distance"].to_numpy().astype(np.float64)
    borders = np.unique(np.quantile(distance, np.arange(1, BUCKETS) / BUCKETS))
    fields = [(table[name].to_numpy(), int(table[name].max()) + 1) for name in ("hour", "weekday", "month")]
    fields += [(np.searchsorted(borders, distance, side="right"), len(borders) + 1), (np.zeros(len(distance), int), 1),
               codes(table["origin"]), codes(table["destination"])]
    firsts = np.cumsum([0] + [size for _, size in fields])
    indices = np.column_stack([first + code for first, (code, _) in zip(firsts, fields)])
    values = np.ones(indices.shape)
    values[:, 4] = (distance - distance.mean()) / distance.std()
    starts = np.arange(len(distance) + 1) * len(fields)
    features = sparse.csr_matrix((values.ravel(), indices.ravel(), starts), shape=(len(distance), firsts[-1]))
    return features, (table["delay"] > LATE_MINUTES).to_numpy().astype(np.float64), 2, 1.0


def spam(place, scale):
    """Words of the letters without their headers, which name the list that a letter came from."""
    bodies, labels = [], []
    for path in sorted((place / "fetched/spam").glob("*/*.txt")):
        bodies.append(path.read_text(encoding="utf-8", errors="replace").partition("\n\n")[2])
        labels.append(float(path.parent.name.startswith("spam")))
    step = len(labels) // share(len(labels), scale, least=300)
    features = TfidfVectorizer(min_df=2).fit_transform(bodies[::step])
    return features, np.array(labels[::step]), 2, 1.0


def fashion(place, scale):
    """The 60,000 training pictures of 28 x 28 points, as dense rows from 0 to 1."""
    def idx(name, header):
        return np.frombuffer(gzip.decompress((place / "fetched/fashion" / name).read_bytes()), np.uint8, offset=header)

    labels = idx("train-labels-idx1-ubyte.gz", 8)
    rows = share(len(labels), scale)
    pictures = idx("train-images-idx3-ubyte.gz", 16).reshape(len(labels), -1)[:rows] / 255
    return pictures, labels[:rows].astype(np.float64), 10, 1.0


def dense(_place, scale):
    """Correlated normal numbers, and labels by the chance that a plane through them says."""
    random, rows, columns = np.random.default_rng(SEED), share(1_000_000, scale), 200
    mixed = np.eye(columns) + random.normal(size=(columns, columns)) / np.sqrt(columns)
    plane = random.normal(size=columns) / np.sqrt(columns)
    features = random.normal(size=(rows, columns)) @ mixed
    chance = 1 / (1 + np.exp(-(features @ plane - 0.5)))
    return features, (random.random(rows) < chance).astype(np.float64), 2, 1.0


def tree_flights(_place, scale):
    """Six numbers a flight; a word is its place in the alphabet, for all programs alike."""
    table = flights(scale)
    columns = [table[name].to_numpy() for name in ("hour", "weekday", "month", "distance")]
    columns += [codes(table[name])[0] for name in ("origin", "destination")]
    return np.column_stack(columns).astype(np.float64), (table["delay"] > LATE_MINUTES).to_numpy().astype(float), 2, 1.0


LINEAR = {"flights": one_hot_flights, "spam": spam, "fashion": fashion, "dense": dense}
DUMPS = LINEAR | {"trees": tree_flights}


def write_vw(dump, path):
    """Rows in Vowpal Wabbit's text form: whole numbers as names are places in its table of weights."""
    with open(path, "wb") as file:
        for first in range(0, dump.meta["rows"], 20_000):
            rows = sparse.csr_matrix(dump.features[first:first + 20_000])
            entries = pl.DataFrame({"row": np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr)),
                                    "index": rows.indices, "value": rows.data.astype(np.float32)})
            texts = entries.group_by("row", maintain_order=True).agg(
                pl.format("{}:{}", "index", "value").str.join(" ").alias("text"))
            text_of = dict(zip(texts["row"], texts["text"]))  # a row without entries has none
            for row in range(rows.shape[0]):
                sign = "1" if dump.targets[first + row] > 0 else "-1"
                file.write(f"{sign} | {text_of.get(row, '')}\n".encode())


def cache_vw(folder):
    """Its binary cache, which it reads anew in each pass over the rows; made in a process of its own."""
    text, made = folder / "rows.vw", folder / "cache.new"
    write_vw(dumps.read(folder), text)
    script = ("import sys; from vowpalwabbit import pyvw; "
              f"pyvw.Workspace(f'-d {{sys.argv[1]}} --cache_file {{sys.argv[2]}} -k --noop --quiet -b {VW_BITS}').finish()")
    subprocess.run([sys.executable, "-c", script, text, made], check=True)
    text.unlink()
    os.replace(made, folder / "rows.cache")


def prepare(name, place, scale):
    folder = place / f"data/{scale:g}" / name
    if not (folder / "meta.json").exists():
        work = folder.with_name(name + ".new")
        shutil.rmtree(work, ignore_errors=True)
        dumps.write(work, *DUMPS[name](place, scale))
        work.rename(folder)
    if name in LINEAR:
        objective.optimum(dumps.read(folder))
        if name != "fashion" and not (folder / "rows.cache").exists():  # Vowpal Wabbit has no softmax
            cache_vw(folder)
    return folder


def prepare_tables(place, scale):
    """flights.parquet for the transform of batches, row.parquet with 20 columns for that of single rows."""
    folder = place / f"data/{scale:g}/tables"
    folder.mkdir(parents=True, exist_ok=True)
    flights(scale).select("date", "distance", "origin", "destination").write_parquet(folder / "flights.parquet")
    random, rows = np.random.default_rng(SEED), 10_000
    columns = {f"number{i}": random.normal(i, 1 + i, rows) for i in range(12)}
    columns |= {f"word{i}": [f"w{code}" for code in random.integers(0, 50, rows)] for i in range(8)}
    pl.DataFrame(columns).write_parquet(folder / "row.parquet")
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--place", type=pathlib.Path, default=PLACE)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[*DUMPS, "tables"])
    options = parser.parse_args()
    for name in options.only:
        print(f"data: {name} ...", file=sys.stderr, flush=True)
        if name == "tables":
            prepare_tables(options.place, options.scale)
        else:
            meta = json.loads((prepare(name, options.place, options.scale) / "meta.json").read_text())
            print(f"data: {name}: {meta['rows']:,} x {meta['features']:,}, {meta['entries']:,} entries", file=sys.stderr)


if __name__ == "__main__":
    main()
