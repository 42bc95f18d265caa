"""Servers on one core and the load on another: processor time of a whole process tree, requests, latencies, memory."""
import contextlib
import http.client
import json
import os
import pathlib
import platform
import signal
import socket
import subprocess
import time

SERVER_CORE, LOAD_CORE = "0", "1"
TICK = os.sysconf("SC_CLK_TCK")
START_PATIENCE = 60  # seconds
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Failed(Exception):
    """A server or the load did not do what it should; the text says what."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(port, path, body, headers=(), method="POST", timeout=30):
    """Status and bytes of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **dict(headers)})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Server:
    """A program on the server's core, with all that it starts; ends with its `with` block."""

    def __init__(self, command, environment=None, folder=None, log=None):
        self.log = log
        self.began = time.monotonic()
        with open(log, "wb") if log else contextlib.nullcontext(subprocess.DEVNULL) as output:
            self.process = subprocess.Popen(
                ["taskset", "-c", SERVER_CORE, *map(str, command)], cwd=folder, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True, env={**os.environ, **ONE_THREAD, **(environment or {})})
        self.start_seconds = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self, ready):
        """Until `ready()` is true; notes how long it took from the start. `ready` may raise OSError."""
        while time.monotonic() < self.began + START_PATIENCE:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if ready():
                    self.start_seconds = time.monotonic() - self.began
                    return self
            if self.process.poll() is not None:
                break
            time.sleep(0.002 if time.monotonic() < self.began + 1 else 0.02)
        said = pathlib.Path(self.log).read_text(errors="replace")[-2000:] if self.log else ""
        self.stop()
        raise Failed(f"{self.process.args[3]} did not answer: {said}")

    def stop(self, patience=15):
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        with contextlib.suppress(ProcessLookupError):  # what it left behind, in the session of its own
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def tree(self):
        """The process and all its descendants."""
        parents = {}
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                parents[int(path.parent.name)] = int(stat_fields(path)[1])
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu(self):
        """Seconds of user and system time of the tree so far, with its children that have ended."""
        ticks = 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                ticks += sum(int(field) for field in stat_fields(f"/proc/{pid}/stat")[11:15])
        return ticks / TICK

    def megabytes(self):
        """The memory of the tree: what is resident; pages that its processes share count once."""
        resident, proportional = [], 0
        for pid in self.tree():
            with contextlib.suppress(OSError):
                lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines[1:]}
                resident.append(kilobytes["Rss"])
                proportional += kilobytes["Pss"]
        return max(proportional, *resident) / 1000


def stat_fields(path):
    """The fields of /proc/PID/stat from the third, the state, on: the second may hold spaces."""
    return pathlib.Path(path).read_text().rsplit(")", 1)[1].split()


def on_load_core(command, timeout):
    done = subprocess.run(["taskset", "-c", LOAD_CORE, *map(str, command)], capture_output=True, text=True, check=False,
                          timeout=timeout)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr[-1000:]}{done.stdout[-1000:]}")
    return done.stdout


def busy():
    """Seconds in which the server's core did something for a process, and not for an interrupt."""
    fields = pathlib.Path("/proc/stat").read_text().splitlines()[1 + int(SERVER_CORE)].split()
    return sum(map(int, fields[1:4])) / TICK


def loaded(server, count):
    """What `count()`, which gives requests, seconds and more, costs the server; and which share of its core's work was
    for other programs, as it should not be."""
    before, busy_before = server.cpu(), busy()
    found = count()
    used, all_of_it = server.cpu() - before, busy() - busy_before
    found["others"] = max(0.0, 1 - used / all_of_it) if all_of_it else 0.0
    if found["failed"] or not found["requests"]:
        raise Failed(f"{found['failed']} of {found['requests']} requests failed")
    return found | {"cpu_us": 1e6 * used / found["requests"], "per_second": found["requests"] / found["seconds"]}


def wrk(server, port, path, bodies, headers=(), seconds=3, connections=16):
    """Closed loop over HTTP/1.1."""
    words = [word for header in dict(headers).items() for word in header]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "-s",
               pathlib.Path(__file__).with_name("load.lua"), f"http://127.0.0.1:{port}{path}", "--", bodies, *words]

    def count():
        said = on_load_core(command, seconds + 60)
        return json.loads(next(line for line in said.splitlines() if line.startswith("RESULT"))[7:])

    return loaded(server, count)


def h2load(server, port, path, body, headers=(), seconds=3, connections=8, streams=8):
    """Closed loop over HTTP/2: gRPC."""
    fields = {"content-type": "application/grpc", "te": "trailers", **dict(headers)}
    command = ["h2load", f"-c{connections}", f"-m{streams}", "-D", seconds, "-d", body,
               *(word for name, value in fields.items() for word in ("-H", f"{name}: {value}")),
               f"http://127.0.0.1:{port}{path}"]

    def count():
        said = on_load_core(command, seconds + 60)
        totals = next(line for line in said.splitlines() if line.startswith("requests:")).split()
        of = {totals[i + 1].rstrip(","): int(totals[i]) for i in range(1, len(totals) - 1, 2)}
        return {"requests": of["succeeded"], "seconds": float(seconds), "failed": of["failed"] + of["errored"]}

    return loaded(server, count)


class OpenLoop:
    """Load at a constant rate (open_loop.cc), beside which this process can do other things."""

    def __init__(self, program, port, path, bodies, rate, seconds, headers=(), **options):
        words = [f"{name}={value}" for name, value in options.items()]
        fields = {"Content-Type": "application/json", **dict(headers)}
        words += [f"header={name}: {value}" for name, value in fields.items()]
        first = ["nice", "-n", "-15"] if os.geteuid() == 0 else []  # what else is on that core must not delay the load
        self.process = subprocess.Popen(
            [*first, "taskset", "-c", LOAD_CORE, str(program), f"port={port}", f"path={path}", f"bodies={bodies}",
             f"rate={rate}", f"seconds={seconds}", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self, stop=False):
        """Its counts, when it has ended; `stop` ends it now."""
        if stop:
            self.process.terminate()
        said, complaint = self.process.communicate()
        if self.process.returncode != 0:
            raise Failed(f"the load: {complaint}")
        return json.loads(said)


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    cpus = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    memory = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    congestion = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    return (f"{len(cpus)} cores {cpus[0] if cpus else 'unknown'}, {memory} GiB, {platform.system()} {platform.release()}, "
            f"TCP {congestion}")
