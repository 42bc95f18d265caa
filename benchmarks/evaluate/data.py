#!/usr/bin/env python3
"""Writes the rows that everybody measures: labels, the scores of two models, and the columns that slices are cut by.

usage: data.py ROWS FOLDER
"""
import pathlib
import sys

import numpy as np

REGIONS, WEEKDAYS, BORDERS = 8, 7, (250, 500, 750)


def generate(rows):
    """Scores of 64-bit precision with few ties; the second model sees less of what decides the label."""
    random = np.random.default_rng(1)
    signal = random.normal(size=rows)
    shared = random.normal(size=rows)
    return {"labels": (random.random(rows) < 1 / (1 + np.exp(-signal))).astype(float),
            "first": 1 / (1 + np.exp(-(signal + 0.5 * shared))),
            "second": 1 / (1 + np.exp(-(signal + 0.5 * shared + 0.3 * random.normal(size=rows)))),
            "region": np.minimum(random.geometric(0.3, rows) - 1, REGIONS - 1),
            "weekday": random.integers(0, WEEKDAYS, rows),
            "distance": random.uniform(0, 1000, rows)}


def masks(data):
    """The twenty slices by the names that Roost gives them."""
    slices = {"all rows": np.ones(len(data["labels"]), bool)}
    slices |= {f"region={i}": data["region"] == i for i in range(REGIONS)}
    slices |= {f"weekday={i}": data["weekday"] == i for i in range(WEEKDAYS)}
    distance, (a, b, c) = data["distance"], BORDERS
    return slices | {f"distance < {a}": distance < a, f"distance in [{a}, {b})": (distance >= a) & (distance < b),
                     f"distance in [{b}, {c})": (distance >= b) & (distance < c), f"distance >= {c}": distance >= c}


def main():
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in generate(int(sys.argv[1])).items():
        kind = "<f8" if values.dtype.kind == "f" else "<i8"
        (folder / f"{name}.{'f64' if kind == '<f8' else 'i64'}").write_bytes(values.astype(kind).tobytes())


if __name__ == "__main__":
    main()
