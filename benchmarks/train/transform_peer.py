#!/usr/bin/env python3
"""The transforms of the driver's `transform` and `transform_row` by scikit-learn and polars.

usage: transform_peer.py batch polars|scikit-learn FLIGHTS REPEAT
       transform_peer.py row scikit-learn ROWS REPEAT

The rows are in memory and everything is fitted before the clock starts; the result is compressed sparse rows, as Roost
makes them. Prints one line of JSON.
"""
import json
import statistics
import sys
import time

import numpy as np
import polars as pl
import scipy.sparse as sparse

from measure import Step

BUCKETS = 10
PARTS = (("hour", 24, 0), ("weekday", 7, 1), ("month", 12, 1))  # name, how many, the first


def parts(table):
    date = pl.col("date").dt
    return [date.hour().alias("hour"), date.weekday().alias("weekday"), date.month().alias("month")]


def with_polars(table):
    """One expression makes the position of every entry: what one would write by hand for speed in polars."""
    borders = pl.Series(np.unique(np.quantile(table["distance"], np.arange(1, BUCKETS) / BUCKETS)))
    mean, deviation = table["distance"].mean(), table["distance"].std(ddof=0)
    columns, place = [], 0
    for (name, size, low), expression in zip(PARTS, parts(table)):
        columns.append((expression.cast(pl.Int32) + (place - low)).fill_null(place + size).alias(name))
        place += size + 1
    bucket_place, scaled_place = place, place + len(borders) + 2
    place = scaled_place + 1
    words = []
    for name in ("origin", "destination"):
        known = table[name].drop_nulls().unique().sort()
        codes = pl.Series(np.arange(len(known)) + place, dtype=pl.Int32)
        words.append(pl.col(name).replace_strict(known, codes, default=place + len(known), return_dtype=pl.Int32))
        place += len(known) + 1

    def apply(rows):
        buckets = borders.search_sorted(rows["distance"], side="right").cast(pl.Int32) + bucket_place
        indices = rows.select(*columns, buckets.alias("bucket"), pl.lit(scaled_place, dtype=pl.Int32).alias("scaled"), *words)
        values = np.ones((rows.height, indices.width))
        values[:, 4] = rows.select((pl.col("distance") - mean) / deviation).to_series().to_numpy()
        starts = np.arange(rows.height + 1, dtype=np.int64) * indices.width
        return sparse.csr_matrix((values.ravel(), indices.to_numpy(order="c").ravel(), starts), shape=(rows.height, place))

    return apply


def with_scikit_learn(table):
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler
    features = ColumnTransformer([
        ("parts", OneHotEncoder(handle_unknown="ignore"), ["hour", "weekday", "month"]),
        ("buckets", KBinsDiscretizer(BUCKETS, encode="onehot", quantile_method="averaged_inverted_cdf", subsample=None),
         ["distance"]),
        ("distance", StandardScaler(), ["distance"]),
        ("airports", OneHotEncoder(handle_unknown="ignore"), ["origin", "destination"])], sparse_threshold=1)
    features.fit(table.with_columns(parts(table)))
    return lambda rows: features.transform(rows.with_columns(parts(rows)))


def batch(peer, path, repeat):
    table = pl.read_parquet(path).rechunk()
    apply = {"polars": with_polars, "scikit-learn": with_scikit_learn}[peer](table)
    steps = []
    for _ in range(repeat):
        with Step() as step:
            made = apply(table)
        steps.append(step)
    return {"wall": statistics.median(step.wall for step in steps), "cpu": statistics.median(step.cpu for step in steps),
            "features": made.shape[1], "entries": made.nnz, "sum": float(np.abs(made.data).sum())}


def row(_peer, path, repeat):
    """A row is a numpy array of objects, which scikit-learn takes in less time than a frame."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    table = pl.read_parquet(path)
    numbers = [place for place, kind in enumerate(table.dtypes) if kind != pl.String]
    words = [place for place, kind in enumerate(table.dtypes) if kind == pl.String]
    rows = np.array(table.rows(), dtype=object)
    features = ColumnTransformer([("numbers", StandardScaler(), numbers),
                                  ("words", OneHotEncoder(handle_unknown="ignore"), words)]).fit(rows)
    taken = []
    for place in range(100 * repeat):
        began = time.perf_counter()
        features.transform(rows[place:place + 1])
        taken.append(time.perf_counter() - began)
    return {"nanoseconds": statistics.median(taken) * 1e9, "columns": table.width}


if __name__ == "__main__":
    what, name, file, times = sys.argv[1:]
    print(json.dumps({"batch": batch, "row": row}[what](name, file, int(times))))
