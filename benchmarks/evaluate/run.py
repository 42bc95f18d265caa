#!/usr/bin/env python3
"""Measures what errors of metrics on slices cost, in Roost, NumPy, scikit-learn and TensorFlow Model Analysis, and
writes docs/benchmarks/evaluate.md.

usage: run.py [--programs FOLDER] [--peers FOLDER] [--rows N] [--tfma-rows N] [--resamples N] [--repeat N]
              [--limit SECONDS] [--results FILE] [--only NAME,NAME] [--write]

All measure the same rows in one run, one after the other, on a quiet machine. Peers begin no further resample after
--limit CPU seconds: what all would have cost follows from those that there were. --only '' measures nothing, and makes
the page of what the file of results has. TensorFlow Model Analysis needs what setup made below --peers, and measures
--tfma-rows rows, beside Roost on the same rows and as many resamples.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.append(str(HERE.parent / "train"))
from measure import machine, run

THREADS = (1, 2)


def make_rows(rows, folder):
    subprocess.run([sys.executable, HERE / "data.py", str(rows), folder], check=True)


def tfma_measured(options):
    """What TensorFlow Model Analysis cost on few rows, and what Roost on the same."""
    said = run([options.peers / "tfma/bin/python", HERE / "tfma_peer.py", options.tfma_rows], 1)
    with tempfile.TemporaryDirectory(prefix="evaluate-benchmark-") as folder:
        make_rows(options.tfma_rows, folder)
        ours = run([options.programs / "evaluate_driver", folder, said["resamples"], 1], 1)
    return said | {"roost_cpu": ours["cpu"]}


def measured(name, folder, options):
    """What a program cost: of Roost, with each number of threads, the median of the repetitions."""
    if name == report.TFMA:
        return tfma_measured(options)
    if name != report.ROOST:
        said = run([sys.executable, HERE / "peer.py", name, options.rows, options.resamples, options.limit], 1)
        a_resample = (said["cpu"] - said["prepared"]) / said["resamples"]
        return said | {"cpu": said["prepared"] + a_resample * options.resamples, "measured_cpu": said["cpu"]}
    found = {}
    for threads in THREADS:
        runs = sorted((run([options.programs / "evaluate_driver", folder, options.resamples, threads], threads)
                       for _ in range(options.repeat)), key=lambda said: said["cpu"])
        found[str(threads)] = runs[len(runs) // 2]
    if found["1"]["slices"] != found["2"]["slices"]:
        sys.exit("Roost's figures depend on the number of threads")
    return found["1"] | {"two_threads": {key: found["2"][key] for key in ("cpu", "wall")}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / ".deps/benchmarks-evaluate")
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--tfma-rows", type=int, default=1_000)
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--only", type=lambda text: text.split(",") if text else [], default=list(report.PROGRAMS))
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results.json")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    with tempfile.TemporaryDirectory(prefix="evaluate-benchmark-") as folder:
        if report.ROOST in options.only:
            make_rows(options.rows, folder)
        for name in options.only:
            results[name] = measured(name, folder, options) | {
                "measured": time.strftime("%Y-%m-%d"), "machine": machine(), "resamples_asked": options.resamples}
            print(f"{name}: {results[name]['cpu']:.3g} CPU s", file=sys.stderr, flush=True)
            options.results.write_text(json.dumps(results) + "\n")
    if options.only:
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                                check=False).stdout.strip()
        import numpy
        import sklearn
        results["versions"] = [f"roost {commit}", f"numpy {numpy.__version__}", f"scikit-learn {sklearn.__version__}"]
        options.results.write_text(json.dumps(results) + "\n")
    page = report.page(results)
    if options.write:
        (ROOT / "docs/benchmarks/evaluate.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
