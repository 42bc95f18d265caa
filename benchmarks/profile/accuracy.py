"""How far Roost's figures are from the exact ones, column by column."""
import math

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

TOP = 20


def exact_numbers(column):
    """Finite values, sorted, as float64; times in seconds."""
    values = column.drop_null().combine_chunks()
    if pa.types.is_timestamp(values.type):
        return np.sort(values.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy() / 1e6)
    values = values.to_numpy(zero_copy_only=False).astype(np.float64)
    return np.sort(values[np.isfinite(values)])


def relative(got, exact):
    if got == exact:
        return 0.0
    return abs(got - exact) / abs(exact) if exact != 0 else math.inf


def numbers(summary, column):
    values = exact_numbers(column)
    figures = summary["number"]
    rows = len(values)
    mean = math.fsum(values) / rows
    deviation = math.sqrt(math.fsum((values - mean) ** 2) / rows)
    found = {"mean": relative(figures["mean"], mean),
             "deviation": relative(figures["standard_deviation"], deviation),
             "ends": float(figures["min"] != values[0] or figures["max"] != values[-1])}
    is_time = pa.types.is_timestamp(column.type)
    span = values[-1] - values[0]
    errors, ranks = [], []
    for percent, got in enumerate(figures["percentiles"]):
        place = max(1, math.ceil(rows * percent / 100))
        exact = values[place - 1]
        errors.append(abs(got - exact) / span if is_time else relative(got, exact))
        # How many of the rows lie between the place where the figure stands and the one where it should.
        low, high = np.searchsorted(values, got, "left"), np.searchsorted(values, got, "right")
        ranks.append(max(0, low - place, place - high) / rows)
    found["percentiles, of the span" if is_time else "percentiles, of the value"] = max(errors)
    found["percentiles, of the rows"] = max(ranks)
    if deviation > 0 and figures.get("skewness") is not None:
        scaled = (values - mean) / deviation
        found["skewness"] = abs(figures["skewness"] - float(np.mean(scaled ** 3)))
        found["kurtosis"] = abs(figures["kurtosis"] - float(np.mean(scaled ** 4) - 3))
    return found


def texts(summary, column):
    counts = pc.value_counts(column.drop_null())
    pairs = sorted(zip(counts.field("counts").to_pylist(), counts.field("values").to_pylist()),
                   key=lambda pair: (-pair[0], pair[1]))
    exact = {value: count for count, value in pairs}
    rows = len(column)
    top = summary["text"]["top"]
    found = {"top values, counts, of the rows": max((abs(entry["count"] - exact.get(entry["value"], 0)) / rows
                                                     for entry in top), default=0.0)}
    frequent = [value for count, value in pairs[:TOP] if count >= rows / 100]
    if frequent:
        names = {entry["value"] for entry in top}
        found["top values, missed of those with 1 %"] = sum(value not in names for value in frequent) / len(frequent)
    return found


def compare(profile, table, max_columns=50):
    """For each statistic the greatest error over the columns (of a wide table: over the first ones)."""
    worst = {}
    for summary in profile["columns"][:max_columns]:
        column = table[summary["name"]]
        found = {"distinct" + (" (said to be exact)" if summary["distinct_is_exact"] else ""):
                 relative(summary["distinct"], pc.count_distinct(column, mode="only_valid").as_py())}
        found |= numbers(summary, column) if summary.get("number") else texts(summary, column)
        for statistic, error in found.items():
            worst[statistic] = max(worst.get(statistic, 0.0), float(error))
    return worst
