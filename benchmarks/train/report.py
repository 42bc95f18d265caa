"""The page of the results, with every bound and whether it is met."""
import peers

ROOST = peers.ROOST
LINEAR = {"flights": "Late flights, one-hot", "spam": "Spam, words by tf-idf", "fashion": "Fashion-MNIST, softmax of ten "
          "classes", "dense": "Generated numbers, dense"}


def table(head, rows, align=None):
    align = align or ["---"] + ["--:"] * (len(head) - 1)
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def stamp(part):
    """When and on what the results of a part were measured."""
    said = sorted({f"Measured {entry['measured']}"
                   f"{'' if entry['scale'] == 1 else ', at ' + format(entry['scale'], 'g') + ' of the size'}, "
                   f"{entry['machine']}" for entry in part.values()})
    return "; ".join(said) + ".\n"


def seconds(value):
    return "" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def figure(part, name, *path):
    """A figure deep in a part, or None where something on the way to it is not there."""
    found = part.get(name)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def ratio(part, peer, *path):
    """How many times Roost's figure the peer's is; None where one of them is not there."""
    ours, theirs = (figure(part, name, *path) for name in (ROOST, peer))
    return theirs / ours if ours and theirs else None


def unreached(entry):
    if "left_out" in entry:
        return entry["left_out"]
    if "stopped" in entry:
        return f"not in {entry['stopped']} CPU s"
    return f"not below a gap of {entry['missed']:.1e}" if "missed" in entry else "failed"


def linear(part):
    rows = []
    for name, entry in part.items():
        if "1" not in entry:
            rows.append([name, unreached(entry), "", "", "", "", ""])
            continue
        one, two, times = entry["1"], entry.get("2", {}), ratio(part, name, "1", "cpu")
        rows.append([name, seconds(one["cpu"]), seconds(one["wall"]), seconds(two.get("cpu")), seconds(two.get("wall")),
                     f"{one['gap']:.1e} at {one['tolerance']:g}", f"{times:.1f}" if times else ""])
    return table(["", "1 thread: CPU s", "s", "2 threads: CPU s", "s", "gap at tolerance", "times Roost's CPU"], rows)


def best_peer(part):
    """The peer that took the least CPU on one thread."""
    reached = {name: entry["1"]["cpu"] for name, entry in part.items() if name != ROOST and "1" in entry}
    return min(reached, key=reached.get) if reached else None


def warm_table(months):
    rows = []
    for number, month in enumerate(months, 1):
        cold, warm = month["cold"], month.get("warm")
        rows.append([number, f"{month['rows']:,}", month["features"], cold["passes"], seconds(cold["cpu"]),
                     *([warm["passes"], seconds(warm["cpu"]), f"{warm['objective'] / cold['objective'] - 1:+.1e}"]
                       if warm else ["", "", ""])])
    return table(["months", "rows", "features", "cold: passes", "CPU s", "warm: passes", "CPU s", "objective, warm to cold"],
                 rows, ["--:"] * 8)


def linear_bounds(results, at_least):
    for name in LINEAR:
        part = results.get(name, {})
        best, ours = best_peer(part), figure(part, ROOST, "1", "cpu")
        stopped = [entry["stopped"] for entry in part.values() if "stopped" in entry]
        if ours and not best and stopped:
            at_least(f"{name}: no peer was near enough; the CPU they were given beside Roost's", min(stopped) / ours, 1, " ×")
        if best and "1" in part.get(ROOST, {}):
            at_least(f"{name}: CPU of the best peer ({best}) beside Roost's", ratio(part, best, "1", "cpu"),
                     9 if name == "flights" else 1, " ×")


def tree_bounds(part, at_most, at_least):
    for threads in ("1", "2"):
        ours, alone = (figure(part, name, threads, "cpu") for name in (ROOST, "XGBoost"))
        if ours and alone:
            at_most(f"trees, {threads} threads: CPU over XGBoost alone", 100 * (ours / alone - 1), 5, " %")
    at_most("trees: greatest difference of predictions from XGBoost's", figure(part, ROOST, "differs_from_xgboost"), 1e-6)
    ours = figure(part, ROOST, "1", "nanoseconds")
    at_most("a single row, 100 trees of depth 6", ours, 1000, " ns")
    for name, called in (("LightGBM", "LightGBM"), ("XGBoost", "ONNX Runtime")):
        theirs = figure(part, name, "single_row", "nanoseconds")
        at_least(f"a single row: {called} beside Roost", theirs / ours if ours and theirs else None, 3, " ×")


def bounds(results):
    """(what, bound, measured, whether it is met) for all that was measured."""
    found = []

    def at_most(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≤ {bound:g}{unit}", f"{value:.3g}{unit}", value <= bound))

    def at_least(what, value, bound, unit=""):
        if value is not None:
            found.append((what, f"≥ {bound:g}{unit}", f"{value:.3g}{unit}", value >= bound))

    linear_bounds(results, at_least)
    tree_bounds(results.get("trees", {}), at_most, at_least)
    transform = results.get("transform", {})
    at_least("transform, CPU: scikit-learn beside Roost", ratio(transform, "scikit-learn", "1", "cpu"), 8, " ×")
    at_least("transform, CPU: polars beside Roost", ratio(transform, "polars", "1", "cpu"), 1, " ×")
    at_most("transform of a single row of 20 columns", figure(transform, ROOST, "row", "nanoseconds"), 700, " ns")
    for number, month in enumerate(figure(results.get("warm", {}), ROOST, "months") or [], 1):
        if "warm" in month:
            warm, cold = month["warm"], month["cold"]
            at_most(f"warm start, {number} months: its passes, of the cold start's", 100 * warm["passes"] / cold["passes"],
                    99, " %")
            at_most(f"warm start, {number} months: its objective beside the cold start's",
                    abs(warm["objective"] / cold["objective"] - 1), 1e-6)
    return found


def linear_chapter(part, title):
    any_entry = next(iter(part.values()))
    shape = (f"{any_entry['rows']:,} rows of {any_entry['features']:,} features, {any_entry['entries']:,} entries, l2 = "
             f"{any_entry['l2']:g}. ")
    return [f"\n## {title}\n", shape, stamp(part), "\n", linear(part)]


def trees_chapter(part):
    rows = [[name, *(seconds(figure(part, name, threads, key)) for threads in ("1", "2") for key in ("cpu", "wall"))]
            for name in part]
    single = [["Roost", figure(part, ROOST, "1", "nanoseconds")],
              ["ONNX Runtime, of XGBoost's model", figure(part, "XGBoost", "single_row", "nanoseconds")],
              ["LightGBM, of its own model", figure(part, "LightGBM", "single_row", "nanoseconds")]]
    return ["\n## Trees\n", "Flights, six numbers a row: 100 trees of depth 6, at most 256 bins, with the making of the "
            "library's matrix.\n", stamp(part), "\n",
            table(["", "1 thread: CPU s", "s", "2 threads: CPU s", "s"], rows),
            "\nOne row at a time, one thread, called from C++:\n\n",
            table(["", "ns a row"], [[name, f"{value:.0f}"] for name, value in single if value])]


def transform_chapter(part):
    rows = [[name, *(seconds(figure(part, name, threads, key)) for threads in ("1", "2") for key in ("cpu", "wall")),
             *(f"{figure(part, name, '1', key):,.0f}" for key in ("features", "entries", "sum"))] for name in part]
    single = [[name, f"{figure(part, name, 'row', 'nanoseconds'):,.0f}"] for name in part if "row" in part[name]]
    return ["\n## Transforms\n", "All flights in memory to sparse features; one row of 12 numbers and 8 words.\n",
            stamp(part), "\n",
            table(["", "1 thread: CPU s", "s", "2 threads: CPU s", "s", "features", "entries", "their sum"], rows),
            "\n", table(["one row", "ns"], single)]


def page(results):
    parts = ["# What training costs\n", "Made by `benchmarks/train/run.py --write`; benchmarks/train/README.md says how, and "
             f"what is unequal.\n\n{', '.join(results.get('versions', []))}.\n"]
    if any(name in results for name in LINEAR):
        parts += ["\nLinear models: the cheapest run whose objective is at most a share of 1e-6 above the optimum; the fit "
                  "alone, without reading the data.\n"]
    for name, title in LINEAR.items():
        if name in results:
            parts += linear_chapter(results[name], title)
    for name, chapter in (("trees", trees_chapter), ("transform", transform_chapter)):
        if name in results:
            parts += chapter(results[name])
    if "warm" in results:
        parts += ["\n## Warm starts\n", "Flights month over month, one thread: the model of the months so far, from nothing "
                  "and from the model of one month less, whose weights are carried over by the features' names.\n",
                  stamp(results["warm"]), "\n", warm_table(results["warm"][ROOST]["months"])]
    rows = [[what, bound, measured, "met" if met else "**missed**"] for what, bound, measured, met in bounds(results)]
    if rows:
        parts += ["\n## Bounds\n\n", table(["what", "bound", "measured", ""], rows, ["---", "--:", "--:", "---"])]
    return "".join(parts)
