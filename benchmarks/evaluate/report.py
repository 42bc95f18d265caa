"""The page of the results, with every bound and whether it is met."""
import statistics

ROOST, NUMPY, SCIKIT, TFMA = "roost", "numpy", "scikit-learn", "tfma"
PROGRAMS = (ROOST, NUMPY, SCIKIT, TFMA)
WHAT = ("first", "second", "difference")
METRICS = ("auc", "log_loss", "accuracy", "calibration_error")


def table(head, rows, align=None):
    align = align or ["---"] + ["--:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in (head, align, *rows)) + "\n"


def seconds(value):
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


def pairs(results, peer, place):
    """(Roost's figure, the peer's) of all slices, models and metrics: place 0 values, 1 errors."""
    theirs = {entry["name"]: entry for entry in results[peer]["slices"]}
    return [(ours[what][metric][place], theirs[ours["name"]][what][metric][place])
            for ours in results[ROOST]["slices"] for what in WHAT for metric in METRICS]


def costs(results):
    ours = results.get(ROOST, {}).get("cpu")
    rows = []
    for name in filter(results.__contains__, (ROOST, NUMPY, SCIKIT)):
        entry = results[name]
        counted = (f"{entry['resamples']} of {entry['resamples_asked']} resamples in {seconds(entry['measured_cpu'])} CPU s"
                   if name != ROOST else f"all; on two threads {seconds(entry['two_threads']['cpu'])} CPU s, "
                   f"{seconds(entry['two_threads']['wall'])} s")
        rows.append([name, seconds(entry["cpu"]), f"{entry['cpu'] / ours:.1f}" if ours else "", counted])
    return table(["", "CPU s", "times Roost's", "measured"], rows, ["---", "--:", "--:", "---"])


def on_few_rows(entry):
    """TensorFlow Model Analysis, which 3,000,000 rows would keep busy for days."""
    return (f"\nTensorFlow Model Analysis {entry['version']} on {entry['rows']:,} of these rows, the same models, "
            f"{entry['slices']} slices and metrics, with its {entry['resamples']} Poisson resamples: "
            f"{seconds(entry['cpu'])} CPU s; Roost on the same rows, with as many: {entry['roost_cpu']:.2g} CPU s "
            f"({entry['cpu'] / entry['roost_cpu']:,.0f} times). Measured {entry['measured']}, {entry['machine']}.\n")


def bounds(results):
    """(what, bound, measured, whether it is met) for all that was measured."""
    found = []
    ours = results.get(ROOST)
    if not ours:
        return found
    for threads, cpu in (("one thread", ours["cpu"]), ("two threads", ours["two_threads"]["cpu"])):
        found.append((f"CPU of {threads}", "≤ 10 s", f"{cpu:.3g} s", cpu <= 10))
    for peer, least in ((NUMPY, 3), (SCIKIT, 30)):
        if peer in results:
            ratio = results[peer]["cpu"] / ours["cpu"]
            found.append((f"CPU of {peer} beside Roost's", f"≥ {least} ×", f"{ratio:.3g} ×", ratio >= least))
            apart = max(abs(a - b) for a, b in pairs(results, peer, 0))
            found.append((f"greatest difference of a value from {peer}'s", "≤ 1e-9", f"{apart:.1e}", apart <= 1e-9))
    if NUMPY in results:
        ratio = statistics.median(a / b for a, b in pairs(results, NUMPY, 1))
        found.append(("standard errors beside NumPy's, median", "0.9 to 1.1", f"{ratio:.3f}", 0.9 <= ratio <= 1.1))
    return found


def page(results):
    parts = ["# What errors of metrics on slices cost\n", "Made by `benchmarks/evaluate/run.py --write`; "
             "benchmarks/evaluate/README.md says how, and what is unequal.\n\n",
             f"{', '.join(results.get('versions', []))}.\n\n"]
    if ROOST in results:
        ours = results[ROOST]
        parts += [f"AUC, log loss, accuracy and calibration error of two models, and of their difference, on {ours['rows']:,} "
                  f"rows and {len(ours['slices'])} overlapping slices, with the standard errors of "
                  f"{ours['resamples_asked']} paired resamples. Measured {ours['measured']}, {ours['machine']}.\n\n"]
    parts.append(costs(results))
    if TFMA in results:
        parts.append(on_few_rows(results[TFMA]))
    rows = [[what, bound, measured, "met" if met else "**missed**"] for what, bound, measured, met in bounds(results)]
    if rows:
        parts += ["\n## Bounds\n\n", table(["what", "bound", "measured", ""], rows, ["---", "--:", "--:", "---"])]
    return "".join(parts)
