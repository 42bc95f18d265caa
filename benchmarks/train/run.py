#!/usr/bin/env python3
"""Measures what training and single predictions cost, in Roost and in its peers, and writes docs/benchmarks/train.md.

usage: run.py [--programs FOLDER] [--place FOLDER] [--scale SHARE] [--repeat N] [--limit SECONDS] [--only NAME,NAME]
              [--part flights,spam,fashion,dense,trees,transform,warm] [--results FILE] [--write]

Needs what setup made under --place, and starts itself anew in the Python environment there. Each result goes into
--results as soon as it is there, so that parts and peers can be measured one after another, on a quiet machine;
--write makes the page of all that the file has.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import peers
import report
from measure import Failed, Stopped, machine, run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".deps/benchmarks-train"
LINEAR = ("flights", "spam", "fashion", "dense")
PARTS = (*LINEAR, "trees", "transform", "warm")
GAP = 1e-6  # how far, as a share, an objective may be above the optimum
SLOW = 20  # CPU seconds: what takes longer is measured once
THREADS = (1, 2)
SCORED_ROWS = 20_000


class Bench:
    def __init__(self, options, work):
        self.options, self.work = options, pathlib.Path(work)
        self.results = json.loads(options.results.read_text()) if options.results.exists() else {}

    def keep(self, part, name, value):
        value |= {"measured": time.strftime("%Y-%m-%d"), "machine": machine(), "scale": self.options.scale}
        self.results.setdefault(part, {})[name] = value
        self.options.results.write_text(json.dumps(self.results, indent=1) + "\n")
        print(f"{part}: {name}: {json.dumps(value)}", file=sys.stderr, flush=True)

    def wanted(self, names):
        return [name for name in names if not self.options.only or name in self.options.only]

    def driver(self, step, threads, *words):
        return run([self.options.programs / "train_driver", step, threads, *words], threads)

    def python(self, script, *words, threads=1):
        return run([sys.executable, HERE / script, *words], threads)

    def data(self, name):
        """The folder of prepared data. Where it is not there, setup has not prepared this scale."""
        folder = self.options.place / f"data/{self.options.scale:g}" / name
        if not folder.exists():
            subprocess.run([sys.executable, HERE / "data.py", "--scale", str(self.options.scale), "--place",
                            str(self.options.place), "--only", name], check=True)
        return folder

    def repeated(self, measure, first=None):
        """Medians of a few runs; of what is slow, the first alone."""
        runs = [first or measure()]
        while runs[0]["cpu"] <= SLOW and len(runs) < self.options.repeat:
            runs.append(measure())
        return {key: statistics.median(entry[key] for entry in runs) if key in ("cpu", "wall", "nanoseconds") else value
                for key, value in runs[0].items()} | {"runs": len(runs)}

    # --- linear models ---------------------------------------------------------------------------------------------

    def linear(self, part):
        import dumps
        import objective
        folder = self.data(part)
        dump = dumps.read(folder)
        judge = Judge(dump, objective.Objective(dump), objective.optimum(dump), self.work / "weights")
        for name in self.wanted(peers.SOLVERS):
            if not (peers.SOLVERS[name].binary and dump.meta["classes"] > 2):
                too_many = name == peers.WHOLE_HESSIAN and dump.meta["features"] > peers.MOST_FEATURES
                self.keep(part, name, (peers.LEFT_OUT.copy() if too_many else self.swept(name, folder, judge)) |
                          {key: dump.meta[key] for key in ("rows", "features", "entries", "classes", "l2")})

    def swept(self, name, folder, judge):
        """The loosest tolerance that is near enough on one thread, measured again, and with more threads. Tolerances
        are tried in steps of ten, and at last the one between the last two."""
        found = {"tried": []}

        def is_near(tolerance):
            found["tried"].append(self.solved(name, folder, tolerance, 1, judge))
            return found["tried"][-1]["gap"] <= GAP

        try:
            tolerances = peers.SOLVERS[name].tolerances
            tolerance = next((tolerance for tolerance in tolerances if is_near(tolerance)), None)
            if tolerance is None:
                return found | {"missed": min(entry["gap"] for entry in found["tried"])}
            near = found["tried"][-1]
            if tolerance != tolerances[0] and is_near(3 * tolerance):
                tolerance, near = 3 * tolerance, found["tried"][-1]
            found["1"] = self.repeated(lambda: self.solved(name, folder, tolerance, 1, judge), near)
            if peers.SOLVERS[name].threaded:
                found["2"] = self.repeated(lambda: self.solved(name, folder, tolerance, 2, judge))
        except Stopped:
            found["stopped"] = self.options.limit
        except Failed as failed:
            found["failed"] = str(failed).strip().splitlines()[-1][:200]
        return found

    def solved(self, name, folder, tolerance, threads, judge):
        solver = peers.SOLVERS[name].name
        if name == peers.ROOST:
            said = self.driver("linear", threads, folder, tolerance, self.options.limit, judge.path)
        else:
            said = self.python("linear_peer.py", solver, folder, tolerance, threads, self.options.limit, judge.path,
                               threads=threads)
        return said | {"tolerance": tolerance, "gap": judge.gap()}

    # --- trees ------------------------------------------------------------------------------------------------------

    def trees(self, _part):
        folder = self.data("trees")
        limit, predictions = self.options.limit, {}

        def trained(name, threads):
            path = predictions[name] = self.work / f"{name}.predictions"
            if name == peers.ROOST:
                return self.driver("trees", threads, folder, limit, path)
            return self.python("trees_peer.py", name.lower(), folder, threads, limit, self.work / f"{name}.model", path,
                               threads=threads)

        found = {name: {} for name in self.wanted((peers.ROOST, "XGBoost", "LightGBM"))}
        for threads in THREADS:
            runs = {name: [] for name in found}
            for _ in range(self.options.repeat):  # in turn, so that a slow minute of the machine meets all
                for name in found:
                    runs[name].append(trained(name, threads))
            for name, entries in runs.items():
                found[name][str(threads)] = {key: statistics.median(entry[key] for entry in entries)
                                             for key in entries[0]}
        if {peers.ROOST, "XGBoost"} <= found.keys():
            found[peers.ROOST]["differs_from_xgboost"] = greatest_difference(*(predictions[name]
                                                                              for name in (peers.ROOST, "XGBoost")))
        for name, library in (("XGBoost", "onnxruntime"), ("LightGBM", "lightgbm")):
            if name in found:
                found[name]["single_row"] = self.single_row(library, folder, self.work / f"{name}.model")
        for name, entry in found.items():
            self.keep("trees", name, entry)

    def single_row(self, library, folder, model):
        meta = json.loads((folder / "meta.json").read_text())
        file = {"onnxruntime": ROOT / ".deps/native/lib/libonnxruntime.so.1",
                "lightgbm": next(pathlib.Path(sys.prefix).glob("lib/python3*/site-packages/lightgbm/lib/lib_lightgbm.so"))}
        return run([self.options.programs / "train_single_row", library, file[library], model, folder / "values.f64",
                    meta["features"], min(meta["rows"], SCORED_ROWS), self.work / "single.predictions"], 1)

    # --- transforms -------------------------------------------------------------------------------------------------

    def transform(self, _part):
        folder, repeat = self.data("tables"), self.options.repeat
        for name in self.wanted((peers.ROOST, "polars", "scikit-learn")):
            entry = {}
            for threads in THREADS:
                entry[str(threads)] = (self.driver("transform", threads, folder / "flights.parquet", repeat)
                                       if name == peers.ROOST else
                                       self.python("transform_peer.py", "batch", name, folder / "flights.parquet", repeat,
                                                   threads=threads))
            if name == peers.ROOST:
                entry["row"] = self.driver("transform_row", 1, folder / "row.parquet", 20 * repeat)
            elif name == "scikit-learn":
                entry["row"] = self.python("transform_peer.py", "row", name, folder / "row.parquet", repeat)
            self.keep("transform", name, entry)

    # --- warm starts ------------------------------------------------------------------------------------------------

    def warm(self, _part):
        months = sorted((ROOT / ".deps/data/flights").glob("flights-2001-0?.parquet"))
        if self.options.scale < 1:
            months = months[:2]
        self.keep("warm", peers.ROOST, self.driver("warm", 1, *months))


class Judge:
    """How far what a solver wrote is above the optimum, by one computation for all solvers."""

    def __init__(self, dump, objective, optimum, path):
        self.dump, self.objective, self.optimum, self.path = dump, objective, optimum, path

    def gap(self):
        import dumps
        return self.objective.value(*dumps.read_weights(self.path, self.dump.meta["features"])) / self.optimum - 1


def greatest_difference(left, right):
    import numpy as np
    return float(np.abs(np.fromfile(left) - np.fromfile(right)).max())


def versions():
    told = ("lightgbm", "liblinear-official", "onnxruntime", "polars", "scikit-learn", "vowpalwabbit", "xgboost-cpu")
    lines = (HERE / "requirements.txt").read_text().splitlines()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [f"roost {commit.stdout.strip()}",
            *(line.split()[0].replace("==", " ") for line in lines if line.split("==")[0] in told)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--place", type=pathlib.Path, default=PLACE)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=int, default=120)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--part", type=lambda text: text.split(","), default=list(PARTS))
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results.json")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.programs, options.place = options.programs.absolute(), options.place.absolute()
    python = options.place / "python/bin/python"
    if options.part != [""] and pathlib.Path(sys.prefix) != python.parents[1]:
        if not python.exists():
            sys.exit(f"{python} is missing: run benchmarks/train/setup")
        os.execv(python, [str(python), *sys.argv])
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="train-benchmark-") as work:
        bench = Bench(options, work)
        for part in filter(None, options.part):
            (bench.linear if part in LINEAR else getattr(bench, part))(part)
            print(f"{part}: {(time.monotonic() - began) / 60:.1f} minutes so far", file=sys.stderr)
    if options.part != [""]:
        bench.results["versions"] = versions()
        options.results.write_text(json.dumps(bench.results, indent=1) + "\n")
    page = report.page(bench.results)
    if options.write:
        (ROOT / "docs/benchmarks/train.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
