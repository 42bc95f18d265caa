"""The page of the results, with every bound and whether it is met."""
import peers

MB = 1e6


def table(head, rows, align=None):
    align = align or ["---"] + ["--:"] * (len(head) - 1)
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def stamp(part):
    """When and on what the results of a part were measured."""
    said = sorted({f"Measured {entry['measured']}, seed {entry['seed']}"
                   f"{'' if entry['scale'] == 1 else ', at ' + format(entry['scale'], 'g') + ' of the size'}, "
                   f"{entry['machine']}" for entry in part.values()})
    return "; ".join(said) + ".\n"


def compared(part):
    kinds = [kind for kind in ("parquet", "csv") if any(kind in entry for entry in part.values())]
    rows = []
    for name, entry in part.items():
        row = [name, f"{entry['start_cpu']:.2f}"]
        for kind in kinds:
            cost = entry.get(kind, {})
            if "cpu" in cost:
                row += [f"{cost['cpu']:.2f}", f"{cost['wall']:.2f}", f"{cost['peak'] / MB:.0f}",
                        f"{entry['values'] / cost['cpu'] / 1e6:.2g}"]
            else:
                row += [f"stopped {cost['stopped']}" if "stopped" in cost else "failed" if cost else "", "", "", ""]
        rows.append(row)
    head = ["", "start, CPU s"]
    for kind in kinds:
        what = {"parquet": "Parquet", "csv": "CSV"}[kind]
        head += [f"{what}: CPU s", "s", "peak MB", "M values a CPU s"]
    return table(head, rows)


def ratio(part, kind, peer, figure="cpu"):
    """How many times Roost's figure the peer's is; None where one of them is not there."""
    ours, theirs = (part.get(name, {}).get(kind, {}).get(figure) for name in ("roost", peer))
    return theirs / ours if ours and theirs else None


def bounds(results):
    """(what, bound, measured, whether it is met) for all that was measured."""
    found = []

    def at_most(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≤ {bound:g}{unit}", f"{value:.3g}{unit}", value <= bound))

    def at_least(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≥ {bound:g}{unit}", f"{value:.3g}{unit}", value >= bound))

    states = results.get("states", {}).get("roost", {})

    def speed(name):
        return states[name]["items_per_second"] / 1e6 if name in states else None

    at_least("states alone: doubles, in memory", speed("BM_Doubles"), 45, " M values/s")
    at_least("states alone: integers, in memory", speed("BM_Integers"), 90, " M values/s")
    at_least("states alone: integers of a great range", speed("BM_WideIntegers"), 90, " M values/s")
    at_least("states alone: strings with a dictionary", speed("BM_DictionaryText"), 90, " M values/s")
    one, two = speed("BM_Threads/1/real_time"), speed("BM_Threads/2/real_time")
    at_least("states on two threads, beside one", two / one if one and two else None, 1.8, " ×")
    for name, what in (("BM_Doubles", "doubles"), ("BM_WildDoubles", "doubles of every exponent"),
                       ("BM_WideIntegers", "integers"), ("BM_ShuffledTimes", "times")):
        if name in states:
            at_most(f"memory of a column of {what}", states[name].get("bytes", 0) / 1024, 64, " KiB")
    flights = results.get("flights", {})
    at_least("flights, Parquet, CPU: DuckDB beside Roost", ratio(flights, "parquet", "DuckDB SUMMARIZE"), 6, " ×")
    at_least("flights, Parquet, CPU: polars beside Roost", ratio(flights, "parquet", "polars describe"), 3, " ×")
    at_least("flights, CSV, CPU: DuckDB beside Roost", ratio(flights, "csv", "DuckDB SUMMARIZE"), 2, " ×")
    at_least("flights, CSV, CPU: polars beside Roost", ratio(flights, "csv", "polars describe"), 2, " ×")
    at_least("flights, CSV, CPU: TFDV beside Roost", ratio(flights, "csv", "TFDV"), 50, " ×")
    wide = results.get("wide", {})
    at_least("wide, CPU: DuckDB beside Roost", ratio(wide, "parquet", "DuckDB SUMMARIZE"), 8, " ×")
    at_least("wide, CPU: pandas beside Roost", ratio(wide, "parquet", "pandas describe"), 3, " ×")
    at_least("wide, peak: DuckDB beside Roost", ratio(wide, "parquet", "DuckDB SUMMARIZE", "peak"), 5, " ×")
    at_least("wide, peak: pandas beside Roost", ratio(wide, "parquet", "pandas describe", "peak"), 5, " ×")
    small = results.get("small", {}).get("roost")
    if small:
        at_most("a small file, whole command", small["small_wall"] * 1000, 100, " ms")
        at_most("validation beside statistics, CPU", 100 * (small["validate_cpu"] / small["profile_cpu"] - 1), 10, " %")
    columns = results.get("columns", {}).get("roost")
    if columns:
        at_most(f"{columns['columns']:,} columns of {columns['rows']:,} rows: peak for each column",
                columns["peak"] / 1024 / columns["columns"], 64 + 16, " KiB")
    limits = {"mean": 1e-15, "deviation": 1e-12, "ends": 0, "percentiles, of the value": 0.002,
              "percentiles, of the span": 1 / 2048, "distinct (said to be exact)": 0, "distinct": 4 * 0.0163,
              "top values, counts, of the rows": 0.00034, "top values, missed of those with 1 %": 0}
    for name, entry in results.get("accuracy", {}).items():
        for statistic, error in entry["worst"].items():
            if statistic in limits:
                at_most(f"{name}, error of {statistic}", error, limits[statistic])
    return found


def page(results):
    parts = ["# What statistics cost\n", "Made by `benchmarks/profile/run.py --write`; benchmarks/profile/README.md says "
             f"how.\n\n{', '.join(results.get('versions', []))}.\n"]
    titles = {"flights": ("Flights", "2,999,994 rows of a time, two integers and two texts."),
              "wide": ("A wide table", "20,000 rows of 5,000 floats, as Parquet."),
              "text": ("A table of texts", "1,000,000 rows: notes of 5 to 12 words, addresses, codes, a category.")}
    for name, (title, says) in titles.items():
        if name in results:
            parts += [f"\n## {title}\n", says + " Whole commands; \"start\" is the part of it that is start and imports.\n",
                      stamp(results[name]), "\n", compared(results[name])]
    if any(name in results for name in titles):
        rows = [["roost", peers.ROOST_COMPUTES], *([name, peer.computes] for name, peer in peers.PEERS.items())]
        parts += ["\n## What each computes\n\n", table(["", "of every column"], rows, ["---", "---"])]
    if "states" in results:
        states = {name: entry for name, entry in results["states"]["roost"].items()
                  if isinstance(entry, dict) and "items_per_second" in entry}  # comparisons have no values to count
        rows = [[name.removeprefix("BM_"), f"{entry['items_per_second'] / 1e6:.0f}",
                 f"{entry['bytes'] / 1024:.1f}" if "bytes" in entry else ""] for name, entry in states.items()]
        parts += ["\n## The states alone\n", "Columns in memory, one thread, the best of three runs "
                  "(`src/profile/profile_benchmark.cc`). The memory is that of one state after 1,048,576 rows.\n",
                  stamp(results["states"]), "\n", table(["column", "M values a s", "KiB"], rows)]
    if "columns" in results:
        entry = results["columns"]["roost"]
        parts += ["\n## Many columns\n", f"{entry['columns']:,} columns of {entry['rows']:,} rows from a generated "
                  f"stream, on one thread: {entry['cpu']:.0f} CPU s with the making of the rows, "
                  f"{entry['columns'] * entry['rows'] / entry['cpu'] / 1e6:.0f} M values a second, peak "
                  f"{entry['peak'] / MB:.0f} MB.\n", stamp(results["columns"])]
    if "accuracy" in results:
        statistics = sorted({name for entry in results["accuracy"].values() for name in entry["worst"]})
        rows = [[name, *(f"{entry['worst'][name]:.2g}" if name in entry["worst"] else ""
                         for entry in results["accuracy"].values())] for name in statistics]
        parts += ["\n## Accuracy\n", "The greatest error of any column against the exact figure: relative, but that of "
                  "skewness and kurtosis is a difference, that of percentiles of times is a share of the span, and a share "
                  "of the rows where it says so. Of the wide table the first 50 columns.\n", stamp(results["accuracy"]),
                  "\n", table(["statistic", *results["accuracy"]], rows)]
    if "small" in results:
        entry = results["small"]["roost"]
        parts += ["\n## A small file, and validation\n", f"`roost profile` of a file of 100 rows: "
                  f"{entry['small_wall'] * 1000:.0f} ms. Flights: statistics {entry['profile_cpu']:.2f} CPU s, validation "
                  f"{entry['validate_cpu']:.2f}.\n", stamp(results["small"])]
    rows = [[what, bound, measured, "met" if met else "**missed**"] for what, bound, measured, met in bounds(results)]
    if rows:
        parts += ["\n## Bounds\n\n", table(["what", "bound", "measured", ""], rows, ["---", "--:", "--:", "---"])]
    return "".join(parts)
