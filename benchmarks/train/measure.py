"""What a step within a process costs, and how a process that measures itself is run."""
import json
import os
import pathlib
import platform
import resource
import signal
import subprocess
import time


class Stopped(Exception):
    """The step took longer than it was given."""


class Failed(Exception):
    """The process failed; the text is the end of what it said."""


class Step:
    """Wall and CPU (user and system, all threads) seconds of the `with` block. `limit` CPU seconds end the process by
    SIGPROF's own action, as a solver in C answers to nothing else; 0: no limit."""

    def __init__(self, limit=0):
        self.limit = limit

    def __enter__(self):
        signal.setitimer(signal.ITIMER_PROF, self.limit)
        self.wall, self.cpu = time.perf_counter(), cpu()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.perf_counter() - self.wall, cpu() - self.cpu
        signal.setitimer(signal.ITIMER_PROF, 0)


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def run(command, threads):
    """The JSON that the last line of the command's output is. The libraries of peers may use `threads` threads."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    environment |= {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
                                                    "POLARS_MAX_THREADS")}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode == -signal.SIGPROF:
        raise Stopped
    if done.returncode != 0:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    cpus = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    return f"{len(cpus)} cores {cpus[0] if cpus else 'unknown'}, {memory} GiB, {platform.system()} {platform.release()}"
