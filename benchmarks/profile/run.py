#!/usr/bin/env python3
"""Measures what statistics of a table cost, in Roost and in its peers, and writes docs/benchmarks/profile.md.

usage: run.py [--roost PROGRAM] [--states PROGRAM] [--environments FOLDER] [--scale SHARE] [--seed N] [--repeat N]
              [--limit SECONDS] [--only NAME,NAME] [--part flights,wide,text,accuracy,states,columns,small]
              [--results FILE] [--write]

Needs numpy and pyarrow, which the environment `frames` of setup has: it starts itself anew there. Each result goes
into --results as soon as it is there, so that parts and peers can be measured one after another, on a quiet machine;
--write makes the page of all that the file has.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time

import peers
import report
from measure import Failed, Stopped, median, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("flights", "wide", "text", "accuracy", "states", "columns", "small")
REPEATED = ("roost", "DuckDB SUMMARIZE", "polars describe", "pandas describe")  # the others take too long


class Bench:
    def __init__(self, options):
        self.options = options
        self.results = json.loads(options.results.read_text()) if options.results.exists() else {}
        self.starts = {}

    def keep(self, part, name, value):
        value |= {"measured": time.strftime("%Y-%m-%d"), "machine": machine(), "seed": self.options.seed,
                  "scale": self.options.scale}
        self.results.setdefault(part, {})[name] = value
        self.options.results.write_text(json.dumps(self.results, indent=1) + "\n")
        print(f"{part}: {name}: {json.dumps(value)}", file=sys.stderr, flush=True)

    def wanted(self, name):
        return not self.options.only or name in self.options.only

    def roost(self, *arguments, **options):
        return run([self.options.roost, *arguments], **options)

    def files(self, folder, name):
        import tables
        return tables.Files(folder, name, self.options.seed, self.options.scale)

    def costs(self, name, command):
        """The median of a few runs; of peers that are slow, one run."""
        repeat = self.options.repeat if name in REPEATED else 1
        try:
            cost = median([run(command, limit=self.options.limit, cwd=tempfile.gettempdir()) for _ in range(repeat)])
            return {"wall": cost.wall, "cpu": cost.cpu, "peak": cost.peak}
        except Stopped as stopped:
            return {"stopped": str(stopped)}
        except Failed as failed:
            return {"failed": str(failed).strip().splitlines()[-1][:200]}

    def start(self, name):
        """What it costs to start and import, measured once."""
        if name not in self.starts:
            command = ([self.options.roost, "--version"] if name == "roost" else
                       peers.command(name, None, self.options.environments))
            self.starts[name] = median([run(command) for _ in range(2)]).cpu
        return self.starts[name]

    def compare(self, part, folder):
        files = self.files(folder, part)
        for name in filter(self.wanted, ("roost", *peers.PEERS)):
            if name != "roost" and peers.missing(name, self.options.environments):
                print(f"{part}: {name}: no environment; run benchmarks/profile/setup", file=sys.stderr)
                continue
            result = {"values": files.values, "rows": files.table.num_rows, "start_cpu": self.start(name)}
            for kind, path in (("parquet", files.parquet), ("csv", files.csv)):
                if path.exists():
                    command = ([self.options.roost, "profile", path, "--json"] if name == "roost" else
                               peers.command(name, path, self.options.environments))
                    result[kind] = self.costs(name, command)
            self.keep(part, name, result)

    def flights(self, folder):
        self.compare("flights", folder)

    def wide(self, folder):
        self.compare("wide", folder)

    def text(self, folder):
        self.compare("text", folder)

    def accuracy(self, folder):
        import accuracy
        for name in ("flights", "wide", "text"):
            files = self.files(folder, name)
            said = subprocess.check_output([self.options.roost, "profile", files.parquet, "--json"])
            self.keep("accuracy", name, {"worst": accuracy.compare(json.loads(said), files.table)})

    def states(self, _folder):
        """The states in memory, by Google Benchmark: seconds of CPU for each value, of wall for threads."""
        command = [self.options.states, "--benchmark_filter=-BM_ManyColumns", "--benchmark_format=json",
                   "--benchmark_repetitions=3"]
        said = json.loads(subprocess.check_output([*map(str, command)], stderr=subprocess.DEVNULL))
        found = {}
        for entry in said["benchmarks"]:
            if entry.get("run_type") == "iteration":
                found.setdefault(entry["run_name"], []).append(entry)
        # The best of three: what else the machine did only takes away.
        self.keep("states", "roost", {name: {key: max(entry[key] for entry in entries)
                                             for key in ("items_per_second", "bytes") if key in entries[0]}
                                      for name, entries in found.items()})

    def columns(self, _folder):
        """10,000 columns of 1,000,000 rows, generated batch by batch; 5,000 of 20,000 where less is asked for."""
        columns, rows = (10_000, 1_000_000) if self.options.scale == 1 else (5_000, 20_000)
        cost = run([self.options.states, f"--benchmark_filter=BM_ManyColumns/{columns}/{rows}"])
        self.keep("columns", "roost", {"columns": columns, "rows": rows, "wall": cost.wall, "cpu": cost.cpu,
                                       "peak": cost.peak})

    def small(self, folder):
        """A small file, and what validation adds to statistics."""
        folder = pathlib.Path(folder)
        small = folder / "small.csv"
        small.write_text("id,name,price\n" + "".join(f"{row},name {row % 7},{row * 0.25}\n" for row in range(100)))
        files = self.files(folder, "flights")
        project = folder / "project"
        project.mkdir()
        for command in (["init"], ["data", "add", "flights", files.parquet], ["schema", "infer", "flights@1"]):
            self.roost(*command, cwd=project)
        profiles, validations = [], []
        for _ in range(self.options.repeat):  # in turn, so that a slow minute of the machine meets both
            profiles.append(self.roost("profile", files.parquet, cwd=project))
            validations.append(self.roost("validate", files.parquet, "--dataset", "flights", cwd=project,
                                          codes=(0, 1)))
        self.keep("small", "roost", {
            "small_wall": median([self.roost("profile", small) for _ in range(5)]).wall,
            "profile_cpu": median(profiles).cpu, "validate_cpu": median(validations).cpu})


def machine():
    cpus = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")]
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    return f"{len(cpus)} cores {cpus[0] if cpus else 'unknown'}, {memory} GiB, {platform.system()} {platform.release()}"


def versions(options):
    said = [subprocess.check_output([options.roost, "--version"], text=True).splitlines()[0].strip()]
    packages = {"frames": ("duckdb", "polars", "pandas"), "tfdv": ("tensorflow-data-validation",), "whylogs": ("whylogs",),
                "great": ("great_expectations",), "ydata": ("ydata-profiling",)}
    for environment, names in packages.items():
        for line in pathlib.Path(__file__).with_name(f"requirements-{environment}.txt").read_text().splitlines():
            if line.split("==")[0] in names:
                said.append(line.replace("==", " "))
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--roost", type=pathlib.Path, default=ROOT / "build/release/bin/roost")
    parser.add_argument("--states", type=pathlib.Path)
    parser.add_argument("--environments", type=pathlib.Path, default=peers.ENVIRONMENTS)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--limit", type=float, default=100)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--part", type=lambda text: text.split(","), default=list(PARTS))
    parser.add_argument("--results", type=pathlib.Path, default=pathlib.Path(__file__).with_name("results.json"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.roost, options.environments = options.roost.absolute(), options.environments.absolute()
    options.states = (options.states or options.roost.with_name("profile_benchmark")).absolute()
    python = options.environments / "frames/bin/python"
    if options.part != [""] and python.exists() and pathlib.Path(sys.prefix) != python.parents[1]:
        os.execv(python, [str(python), *sys.argv])
    bench = Bench(options)
    for part in filter(None, options.part):
        with tempfile.TemporaryDirectory(prefix="profile-benchmark-") as folder:
            getattr(bench, part)(folder)
    if options.part != [""]:
        bench.results["versions"] = versions(options)
        options.results.write_text(json.dumps(bench.results, indent=1) + "\n")
    page = report.page(bench.results)
    if options.write:
        target = ROOT / "docs/benchmarks/profile.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(page)
    else:
        print(page)


if __name__ == "__main__":
    main()
