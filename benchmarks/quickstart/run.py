#!/usr/bin/env python3
"""Measures each step of the quickstart's main job, beside pandas and scikit-learn doing the same (peer.py).

usage: run.py [--roost PROGRAM] [--repeat N] [--write]

Prints Markdown: the median of N runs of each step; --write puts it into README.md under "Results".
"""
import argparse
import collections
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FLIGHTS = ROOT / ".deps/data/flights"
STEPS = ("init", "data add", "profile", "schema infer", "validate May", "validate a broken May", "train", "evaluate",
         "model list", "serve, 1,000 rows")
Cost = collections.namedtuple("Cost", "wall cpu peak")  # seconds, seconds, bytes


def add(one, other):
    return Cost(one.wall + other.wall, one.cpu + other.cpu, max(one.peak, other.peak))


class Roost:
    """One run of the job by the program."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.costs = {}

    def start(self, *arguments, stdout=subprocess.DEVNULL):
        return subprocess.Popen([self.program, *map(str, arguments)], cwd=self.folder, stdout=stdout,
                                stderr=subprocess.DEVNULL)

    def finish(self, step, process, began, codes=(0,)):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in codes:
            raise SystemExit(f"{step}: exit {process.returncode}: {process.args}")
        cost = Cost(time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
        self.costs[step] = add(self.costs.get(step, Cost(0, 0, 0)), cost)

    def run(self, step, *arguments, codes=(0,)):
        began = time.perf_counter()
        self.finish(step, self.start(*arguments), began, codes)

    def figures(self):
        evaluation = json.loads(subprocess.check_output([self.program, "evaluate", "--json"], cwd=self.folder))["model"]
        stored = sum(path.stat().st_size for path in (self.folder / ".roost").rglob("*") if path.is_file())
        return {"auc": evaluation["auc"], "log_loss": evaluation["log_loss"], "stored": stored}

    def job(self):
        self.run("init", "init", "--template", "flights")
        for month in ("01", "02", "03", "04"):
            self.run("data add", "data", "add", "flights", FLIGHTS / f"flights-2001-{month}.parquet", "--append")
        self.run("profile", "profile", "flights@4")
        self.run("schema infer", "schema", "infer", "flights@1")
        self.run("validate May", "validate", FLIGHTS / "flights-2001-05.parquet", codes=(0, 1))
        self.run("validate a broken May", "validate", FLIGHTS / "flights-2001-05-broken.csv", codes=(1,))
        self.run("train", "train")
        self.run("evaluate", "evaluate")
        self.run("model list", "model", "list")
        self.serve()
        return self.costs, self.figures()

    def serve(self):
        """From the start of the server to the answer for 1,000 rows; the cost is the server's, to its end."""
        body = request_body()
        began = time.perf_counter()
        process = self.start("serve", "--port", "0", "--json", stdout=subprocess.PIPE)
        url = json.loads(process.stdout.readline())["url"] + "/v2/models/late-flights/infer"
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assert len(json.load(answer)["outputs"][0]["data"]) == 1000
        answered = time.perf_counter() - began
        process.send_signal(signal.SIGTERM)
        self.finish("serve, 1,000 rows", process, began, codes=(0, 130))
        self.costs["serve, 1,000 rows"] = self.costs["serve, 1,000 rows"]._replace(wall=answered)


def request_body():
    rows = next(pyarrow.parquet.ParquetFile(FLIGHTS / "flights-2001-05.parquet").iter_batches(batch_size=1000))
    columns = {"date": ("INT64", rows["date"].cast("int64")), "distance": ("INT64", rows["distance"]),
               "origin": ("BYTES", rows["origin"]), "destination": ("BYTES", rows["destination"])}
    return json.dumps({"inputs": [{"name": name, "datatype": datatype, "shape": [len(values)],
                                   "data": values.to_pylist()}
                                  for name, (datatype, values) in columns.items()]}).encode()


def run_peer(folder):
    command = [sys.executable, str(HERE / "peer.py"), str(FLIGHTS), str(folder)]
    *steps, figures = map(json.loads, subprocess.check_output(command, text=True).splitlines())
    costs = {}
    for step in steps:
        cost = Cost(step["wall"], step["cpu"], step["peak"])
        costs[step["step"]] = add(costs.get(step["step"], Cost(0, 0, 0)), cost)
    return costs, figures


def repeated(runs):
    """The median of each figure of each step, and the figures of the last run."""
    costs = {step: Cost(*(statistics.median(run[step][part] for run, _ in runs) for part in range(3)))
             for step in runs[0][0]}
    return costs, runs[-1][1]


def seconds(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def table(roost, peer):
    lines = ["| step | Roost: wall s | CPU s | peak MB | pandas + scikit-learn: wall s | CPU s | peak MB | wall ratio |",
             "|---|--:|--:|--:|--:|--:|--:|--:|"]
    total = [Cost(0, 0, 0), Cost(0, 0, 0)]
    for step in STEPS:
        cells = []
        for side, costs in enumerate((roost, peer)):
            cost = costs.get(step)
            cells += [seconds(cost.wall), seconds(cost.cpu), f"{cost.peak / 1e6:.0f}"] if cost else ["", "", ""]
            total[side] = add(total[side], cost or Cost(0, 0, 0))
        ratio = f"{peer[step].wall / roost[step].wall:.1f}" if step in peer else ""
        lines.append(f"| {step} | {' | '.join(cells)} | {ratio} |")
    cells = [text for cost in total for text in (seconds(cost.wall), seconds(cost.cpu), f"{cost.peak / 1e6:.0f}")]
    lines.append(f"| all | {' | '.join(cells)} | {total[1].wall / total[0].wall:.1f} |")
    return lines


def machine(program, repeat):
    listing = subprocess.check_output(["lscpu"], text=True)
    model = re.search(r"Model name:\s*(.*)", listing)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pandas", "pyarrow", "scikit-learn"))
    return [f"{model[1] if model else platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB, "
            f"Linux {platform.release()}. {subprocess.check_output([program, '--version'], text=True).strip()}; "
            f"Python {platform.python_version()}, {versions}. Median of {repeat} runs."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roost", type=pathlib.Path, default=ROOT / "build/release/bin/roost")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    program = options.roost.resolve()
    runs = {"roost": [], "peer": []}
    for _ in range(options.repeat):  # in turn, so that a slow minute of the machine meets both
        for name in runs:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                runs[name].append(Roost(program, folder).job() if name == "roost" else run_peer(folder))
    (roost, roost_figures), (peer, peer_figures) = repeated(runs["roost"]), repeated(runs["peer"])
    text = "\n".join([*machine(program, options.repeat), "", *table(roost, peer), "",
                      "| | Roost | pandas + scikit-learn |", "|---|--:|--:|",
                      f"| four versions on disk, MB | {roost_figures['stored'] / 1e6:.1f} "
                      f"| {peer_figures['stored'] / 1e6:.1f} |",
                      f"| area under the ROC curve | {roost_figures['auc']:.5f} | {peer_figures['auc']:.5f} |",
                      f"| log loss | {roost_figures['log_loss']:.5f} | {peer_figures['log_loss']:.5f} |", ""])
    print(text)
    if options.write:
        readme = HERE / "README.md"
        method = readme.read_text().split("## Results\n")[0]
        readme.write_text(f"{method}## Results\n{text}")


main()
