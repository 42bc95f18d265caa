#!/usr/bin/env python3
"""Measures what a served prediction costs, in Roost and in its peers, and writes docs/benchmarks/serving.md.

usage: run.py [--programs FOLDER] [--peers FOLDER] [--seconds N] [--rounds N] [--only NAME,NAME] [--part NAME,NAME]
              [--swaps N] [--requests N] [--results FILE] [--write]

Parts: small, rows32, grpc, inline, latency, swaps, large_swaps, overload, memory, drain, start; none: ''.
Needs two quiet cores, and what setup made under --peers for all but Roost, the empty server and nginx. Each result goes
into --results as soon as it is there; --write makes the page of all that the file has.
"""
import argparse
import functools
import itertools
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import figures
import lifetime
import model as models
import peers
import report
from measure import Failed, machine

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = {"small": figures.small, "rows32": figures.rows32, "grpc": figures.grpc, "inline": figures.inline,
         "latency": figures.latency, "swaps": lifetime.swaps, "large_swaps": lifetime.large_swaps,
         "overload": figures.overload, "memory": lifetime.memory, "drain": lifetime.drain, "start": lifetime.start}


class Place:
    """The model and where everything lies."""
    scripts = HERE / "servers"

    def __init__(self, options, work):
        self.options, self.work = options, pathlib.Path(work)
        self.programs, self.peers = options.programs, options.peers
        self.roost = self.programs / "roost"
        self.library = ROOT / ".deps/native/lib/libonnxruntime.so.1"
        self.project = models.make_project(self.roost, self.work / "project")
        self.parts = models.parts(self.project)
        self.model = models.Model(json.loads(self.parts["model.json"].read_text()))
        self.coefficients = self.work / "coefficients.json"
        self.model.write(self.coefficients)
        self.rows = models.requests(1, 1)[0]
        self.numbers = itertools.count(1)  # of access logs
        self.answer = ('{"probability":0.21505805279431925,"decision":false,"threshold":0.5,"model":"small","version":1,'
                       '"request_id":"30b0298f362e665b0cf10451c39f85b1"}')

    def log(self, name):
        return self.work / f"{name}.log"

    def python(self, environment):
        return self.peers / environment / "bin/python"

    def made(self, kind, name):
        """A file that make_models.py writes."""
        if not (self.work / name).exists():
            done = subprocess.run([self.python("python"), HERE / "make_models.py", self.coefficients, self.work, kind],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise Failed(f"make_models.py {kind}: {done.stderr[-1000:]}")
        return self.work / name

    @functools.cached_property
    def onnx(self):
        return self.made("small", "small.onnx")

    @functools.cached_property
    def pickled(self):
        return self.made("small", "small.pickle")

    @functools.cached_property
    def help(self):
        return subprocess.run([self.roost, "serve", "--help"], capture_output=True, text=True, check=True).stdout

    def said(self, *words):
        """What roost says of the project; None where this program does not know the command."""
        done = subprocess.run([self.roost, "--project", self.project, *words], capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None

    @functools.cached_property
    def token(self):
        said = self.said("token", "create", "bench", "--role", "admin", "--json")
        return json.loads(said)["token"] if said else None

    @functools.cached_property
    def exported_tokens(self):
        path = self.work / "tokens"
        path.write_text(self.said("token", "export"))
        return path

    def features(self, folder=False):
        """Words and headers with which `roost serve` runs for all measurements: a token and the access log, where this
        program knows them. Metrics and counts are always on. `folder`: it serves a folder, not the project."""
        words = ["--access-log", self.work / f"access-{next(self.numbers)}.log"] if "--access-log" in self.help else []
        if not self.token:
            return words, {}
        return [*words, *(["--tokens", self.exported_tokens] if folder else [])], {"Authorization": f"Bearer {self.token}"}

    def switched_on(self):
        words, headers = self.features()
        return [*(["tokens"] if headers else []), *(["access log"] if words else [])]


class Bench:
    def __init__(self, options, place):
        self.options, self.place = options, place
        self.results = json.loads(options.results.read_text()) if options.results.exists() else {}

    def keep(self, part, name, value):
        value = value | {"measured": time.strftime("%Y-%m-%d"), "machine": machine(), "roost": version(self.place.roost),
                         "switched_on": self.place.switched_on()}
        self.results.setdefault(part, {})[name] = value
        self.options.results.write_text(json.dumps(self.results, indent=1) + "\n")
        print(f"{part}: {name}: {json.dumps(value)}", file=sys.stderr, flush=True)

    def wanted(self, names):
        return [name for name in names if not self.options.only or name in self.options.only]

    def attempt(self, part, name, measure):
        """Keeps what `measure()` gives; a peer that fails is said to have failed, and the others go on."""
        try:
            self.keep(part, name, measure())
        except (Failed, OSError, subprocess.SubprocessError) as failed:
            if name == peers.ROOST:
                raise
            self.keep(part, name, {"error": str(failed).strip()[-1000:]})


def version(roost):
    said = subprocess.run([roost, "--version"], capture_output=True, text=True, check=True).stdout.split()
    revision = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                              check=False).stdout.strip()
    return f"{said[-1]} {revision}".strip()


def libraries(place):
    """Names and versions of the peers' programs."""
    told = {"python": ("granian", "orjson", "fastapi", "uvicorn", "scikit-learn", "onnxruntime"), "mlserver": ("mlserver",),
            "kserve": ("kserve",), "bentoml": ("bentoml",), "triton": ("nvidia-pytriton",)}
    found = []
    for environment, names in told.items():
        if place.python(environment).exists():
            script = ("import importlib.metadata as m, sys\n"
                      "print(*(f'{name} {m.version(name)}' for name in sys.argv[1:]), sep='\\n')")
            said = subprocess.run([place.python(environment), "-c", script, *names], capture_output=True, text=True,
                                  check=True).stdout
            found += said.split("\n")[:-1]
    return found


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / ".deps/benchmarks-serving")
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--swaps", type=int, default=100)
    parser.add_argument("--requests", type=int, default=10_000_000)
    parser.add_argument("--only", type=lambda text: text.split(","), default=[])
    parser.add_argument("--part", type=lambda text: list(filter(None, text.split(","))), default=list(PARTS))
    parser.add_argument("--results", type=pathlib.Path, default=HERE / "results.json")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.part) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    options.programs, options.peers = options.programs.absolute(), options.peers.absolute()
    return options


def main():
    options = read_options()
    results = json.loads(options.results.read_text()) if options.results.exists() else {}
    if options.part:
        if os.sched_getaffinity(0) < {0, 1}:
            sys.exit("run.py: the server gets core 0 and the load core 1; this process may not use both")
        most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # for the servers as for the load
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="serving-benchmark-") as work:
            bench = Bench(options, Place(options, work))
            for part in options.part:
                PARTS[part](bench)
                print(f"{part}: {(time.monotonic() - began) / 60:.1f} minutes so far", file=sys.stderr)
            bench.results["versions"] = [f"roost {version(bench.place.roost)}", *libraries(bench.place)]
        results = bench.results
        options.results.write_text(json.dumps(results, indent=1) + "\n")
    page = report.page(results)
    if options.write:
        (ROOT / "docs/benchmarks/serving.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
