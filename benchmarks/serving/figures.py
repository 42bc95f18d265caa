"""What a request costs: beside the peers in pairs, in process, under a constant rate, and when there is too much of it."""
import contextlib
import json
import statistics
import subprocess

import model as models
import peers
from measure import LOAD_CORE, Failed, OpenLoop, Server, free_port, h2load, wrk

OVERLOAD_CONNECTIONS = 9_000
SCORED_ROWS = 20_000
GRPC_SHAPES = {"8x8": (8, 8), "16x1": (16, 1)}  # connections, streams at once of each


def write_bodies(place, name, form, requests):
    path = place.work / f"{name.replace(' ', '-')}.bodies"
    path.write_text("".join(form.body(rows) + "\n" for rows in requests))
    return path


@contextlib.contextmanager
def running(peer, place):
    started = peer.start(place)
    with started.server:
        yield started


def medians(runs):
    return {key: statistics.median(run[key] for run in runs)
            for key in ("cpu_us", "per_second", "p50_us", "p99_us", "others") if key in runs[0]}


def in_turn(rounds, ours, theirs):
    """A B A B …: so that a slow minute of the machine meets both. `ours` and `theirs` measure once."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], medians([pair[1] for pair in pairs]) | {
        "times_roost": statistics.median(other["cpu_us"] / own["cpu_us"] for own, other in pairs), "rounds": rounds}


def compared(bench, part, table, measured, check):
    """Roost beside each peer of the table; `measured(name, peer, started)` gives what measures it once."""
    place, options = bench.place, bench.options
    all_runs = []
    with running(table[peers.ROOST], place) as ours:
        check(peers.ROOST, table[peers.ROOST], ours)
        own = measured(peers.ROOST, table[peers.ROOST], ours)
        own()  # warms up

        def beside(name, peer):
            with running(peer, place) as started:
                check(name, peer, started)
                measure = measured(name, peer, started)
                measure()
                runs, found = in_turn(options.rounds, own, measure)
                all_runs.extend(runs)
                return found | {"mb": started.server.megabytes(), "start_s": started.server.start_seconds}

        for name in bench.wanted(table):
            if name != peers.ROOST and not (name == peers.BARE and not place.switched_on()):
                bench.attempt(part, name, lambda name=name: beside(name, table[name]))
        if peers.ROOST in bench.wanted(table):
            all_runs = all_runs or [own() for _ in range(options.rounds)]
            bench.keep(part, peers.ROOST, medians(all_runs) | {"mb": ours.server.megabytes(), "rounds": len(all_runs),
                                                               "start_s": ours.server.start_seconds})


def over_http(bench, part, rows, count):
    place = bench.place
    requests = models.requests(count, rows)

    def measured(name, peer, started):
        bodies = write_bodies(place, f"{part}-{name}", peer.form, requests)
        return lambda: wrk(started.server, started.port, peer.form.path, bodies, started.headers, bench.options.seconds)

    compared(bench, part, peers.http_peers(rows), measured,
             lambda name, peer, started: peers.check(name, peer, started, place, requests))


def small(bench):
    over_http(bench, "small", 1, 64)


def rows32(bench):
    over_http(bench, "rows32", 32, 16)


def grpc(bench):
    place = bench.place
    rows = models.requests(1, 1)[0]
    for shape, (connections, streams) in GRPC_SHAPES.items():

        def measured(name, peer, started, connections=connections, streams=streams):
            body = place.work / f"{name}.message"
            body.write_bytes(peer.grpc.body(rows))
            return lambda: h2load(started.server, started.grpc_port, peer.grpc.path, body, started.headers,
                                  bench.options.seconds, connections, streams)

        compared(bench, f"grpc {shape}", peers.grpc_peers(), measured,
                 lambda name, peer, started: peers.check_grpc(name, peer, started, place, rows))


# --- in process ---------------------------------------------------------------------------------------------------------

def inline(bench):
    """Without sockets: Roost's routing, parsing, scoring and formatting of a row of 20 columns; a session's run alone."""
    place, options = bench.place, bench.options

    def roost():
        said = on_load_core([place.programs / "rest_benchmark", "--benchmark_filter=BM_ScoreRowOf20",
                             "--benchmark_format=json", f"--benchmark_repetitions={options.rounds}"])
        return {"nanoseconds": statistics.median(run["cpu_time"] for run in json.loads(said)["benchmarks"]
                                                 if run["run_type"] == "iteration")}

    def onnx_runtime():
        import array
        rows = [row for request in models.requests(SCORED_ROWS // 32, 32) for row in request]
        values = place.work / "values.f64"
        values.write_bytes(array.array("d", [value for row in rows for value in row]).tobytes())
        said = on_load_core([place.programs / "train_single_row", "onnxruntime", place.library, place.onnx, values,
                             models.FEATURES, len(rows), place.work / "predictions.f64"])
        found = array.array("d", (place.work / "predictions.f64").read_bytes())
        if max(abs(place.model.probability(row) - score) for row, score in zip(rows, found)) > peers.CLOSE_FLOAT32:
            raise Failed("ONNX Runtime in process: its predictions are not the model's")
        return {"nanoseconds": json.loads(said)["nanoseconds"]}

    for name, measure in ((peers.ROOST, roost), ("ONNX Runtime, C", onnx_runtime)):
        if name in bench.wanted((peers.ROOST, "ONNX Runtime, C")):
            bench.attempt("inline", name, measure)


def on_load_core(command):
    done = subprocess.run(["taskset", "-c", LOAD_CORE, *map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: exit {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout


# --- a constant rate ----------------------------------------------------------------------------------------------------

def open_loop(bench, started, form, bodies, rate, seconds, **options):
    return OpenLoop(bench.place.programs / "serving_open_loop", started.port, form.path, bodies, round(rate), seconds,
                    started.headers, **options)


def latency(bench):
    """Latencies at 70 % of what the server can do in a closed loop."""
    place, table = bench.place, peers.http_peers(1)

    def at_70_percent(name, peer):
        with running(peer, place) as started:
            bodies = write_bodies(place, f"latency-{name}", peer.form, models.requests(64, 1))
            most = [wrk(started.server, started.port, peer.form.path, bodies, started.headers,
                        bench.options.seconds)["per_second"] for _ in range(2)][-1]
            runs = [open_loop(bench, started, peer.form, bodies, 0.7 * most, 2 * bench.options.seconds).result()
                    for _ in range(bench.options.rounds)]
        if any(run["good"] < run["due"] for run in runs):
            raise Failed(f"{name}: not every request was answered: {runs}")
        return {"capacity": most, "rate": 0.7 * most, "rounds": len(runs)} | {
            key: statistics.median(run[key] for run in runs) for key in ("p50_us", "p99_us", "p999_us", "max_us")}

    for name in bench.wanted((peers.ROOST, peers.EMPTY, "axum", "granian", "FastAPI")):
        bench.attempt("latency", name, lambda name=name: at_70_percent(name, table[name]))


# --- too much -----------------------------------------------------------------------------------------------------------

SLOW_FORM = peers.Form("/v1/models/slow:score", peers.named_body, None)


class SlowRoost(peers.Peer):
    """The model that takes about 200 microseconds a row, from a folder of models."""

    def __init__(self):
        super().__init__(SLOW_FORM)

    def start(self, place):
        folder = place.work / "slow-models"
        if not folder.exists():
            folder.mkdir()
            (folder / "slow.onnx").hardlink_to(place.made("slow", "slow.onnx"))
        port = free_port()
        words, headers = place.features(folder=True)
        server = Server([place.roost, "serve", "--model-dir", folder, "--port", port, "--threads", "1", *words],
                        log=place.log("slow"))
        return self.started(server, port, place, headers=headers)


def overload(bench):
    """At twice the capacity, with clients that give up after a second: the share of the capacity that is still
    answered in time."""
    place = bench.place

    def doubled(name, peer):
        with running(peer, place) as started:
            bodies = write_bodies(place, f"overload-{name}", peer.form, models.requests(64, 1))

            def closed_loop():
                return wrk(started.server, started.port, peer.form.path, bodies, started.headers, bench.options.seconds, 32)

            closed_loop()  # warms up
            before = closed_loop()
            most = before["per_second"]
            # As many clients as ask once a second each, or a little less often.
            connections = min(OVERLOAD_CONNECTIONS, round(2.1 * most))
            found = open_loop(bench, started, peer.form, bodies, 2 * most, 4 * bench.options.seconds, give_up_ms=1000,
                              connections=connections).result()
            after = closed_loop()
        good, most = found["good"] / found["seconds"], (before["per_second"] + after["per_second"]) / 2
        return found | {"capacity": most, "cpu_us": before["cpu_us"], "good_per_second": good, "share": good / most,
                        "others": max(before["others"], after["others"])}

    def make(name):
        if name == peers.ROOST:
            return SlowRoost()
        form = peers.Form(peers.INFER, peers.matrix_body("FP32"), peers.read_v2)
        return peers.MlServer(form, None, place.made("slow", "slow-matrix.onnx"))

    place.made("slow", "slow.onnx")
    for name in bench.wanted((peers.ROOST, "MLServer")):
        bench.attempt("overload", name, lambda name=name: doubled(name, make(name)))
