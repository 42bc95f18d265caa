"""What happens to a server over its life: new versions, memory, the end, the start."""
import contextlib
import json
import pathlib
import shutil
import statistics
import time

import figures
import model as models
import peers
from measure import Failed, Server, call, free_port, wrk

SWAPPING_SECONDS = 420  # no part of the benchmark may take longer than ten minutes
PATIENCE = 60  # for one version
PAUSE = 0.1  # seconds between two swaps under load
DRAINS, STARTS = 10, 10
MANY_SWAPS = 10  # times --swaps, for memory


class FolderRoost(peers.Peer):
    """Roost over a folder of models to which versions are added."""

    def __init__(self, folder):
        super().__init__(peers.Form(f"/v1/models/{folder.name}:score", peers.named_body, None))
        self.folder = folder

    def start(self, place):
        port = free_port()
        words, headers = place.features(folder=True)
        server = Server([place.roost, "serve", "--model-dir", self.folder.path, "--port", port, "--threads", "1", *words],
                        log=place.log("folder"))
        return self.started(server, port, place, headers=headers)

    def swap(self, started):
        """Adds a version, and waits until it alone answers."""
        version = str(self.folder.add())
        call(started.port, f"/v2/repository/models/{self.folder.name}/load", "{}", started.headers, timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            _, answer = call(started.port, f"/v2/models/{self.folder.name}", None, started.headers, "GET")
            if json.loads(answer).get("versions") == [version]:
                return
            time.sleep(0.02)
        raise Failed(f"{self.folder.name}@{version} was not served within {PATIENCE} s: {answer}")


@contextlib.contextmanager
def folder_of(place, kind, files):
    path = pathlib.Path(place.work) / f"models-{kind}"
    folder = models.Folder(path, kind, files)
    folder.add()
    try:
        yield FolderRoost(folder)
    finally:
        shutil.rmtree(path)


def small_files(place):
    return {name: place.parts[name] for name in ("model.json", "warmup.json")}


def swap_many(peer, started, count, pause=0.0):
    """How many versions were swapped, until there were `count` or the time was over; and how long each took."""
    end = time.monotonic() + SWAPPING_SECONDS
    took = []
    while len(took) < count and time.monotonic() < end:
        began = time.monotonic()
        peer.swap(started)
        took.append(time.monotonic() - began)
        time.sleep(pause)
    return {"swaps": len(took), "seconds_each": statistics.median(took)}


def swapped(bench, kind, files):
    """Latencies at half the capacity while versions are swapped, and before and after that."""
    place, options = bench.place, bench.options
    with folder_of(place, kind, files) as peer, figures.running(peer, place) as started:
        bodies = figures.write_bodies(place, kind, peer.form, models.requests(64, 1))
        most = [wrk(started.server, started.port, peer.form.path, bodies, started.headers, options.seconds)["per_second"]
                for _ in range(2)][-1]

        def load(seconds):
            return figures.open_loop(bench, started, peer.form, bodies, most / 2, seconds)

        quiet = [load(3 * options.seconds).result()]
        under_way = load(2 * SWAPPING_SECONDS)
        try:
            swaps = swap_many(peer, started, options.swaps, PAUSE)
        finally:
            during = under_way.result(stop=True)
        quiet.append(load(3 * options.seconds).result())
        quiet_p99 = statistics.mean(run["p99_us"] for run in quiet)
        return swaps | {"rate": most / 2, "quiet_p99_us": quiet_p99, "quiet_max_us": max(run["max_us"] for run in quiet),
                        "p99_us": during["p99_us"], "max_us": during["max_us"], "requests": during["due"],
                        "failed": during["due"] - during["good"], "times_quiet": during["p99_us"] / quiet_p99,
                        "bytes": sum(path.stat().st_size for path in files.values())}


def swaps(bench):
    if peers.ROOST in bench.wanted([peers.ROOST]):
        bench.keep("swaps", peers.ROOST, swapped(bench, "small", small_files(bench.place)))


def large_swaps(bench):
    if peers.ROOST in bench.wanted([peers.ROOST]):
        files = {"model.onnx": bench.place.made("large", "large.onnx")}
        bench.keep("large_swaps", peers.ROOST, swapped(bench, "large", files))


def memory(bench):
    """Memory after a tenth of the swaps and requests, and after all."""
    place, options = bench.place, bench.options
    if peers.ROOST not in bench.wanted([peers.ROOST]):
        return
    with folder_of(place, "small", small_files(place)) as peer, figures.running(peer, place) as started:
        first = swap_many(peer, started, options.swaps)["swaps"]
        early = started.server.megabytes()
        all_of_them = first + swap_many(peer, started, (MANY_SWAPS - 1) * options.swaps)["swaps"]
        bench.keep("memory", "swaps", {"first": first, "all": all_of_them, "mb_first": early,
                                       "mb": started.server.megabytes()})
    peer = peers.Roost()
    with figures.running(peer, place) as started:
        bodies = figures.write_bodies(place, "memory", peer.form, models.requests(64, 1))
        done, first, early = 0, 0, 0.0
        while done < options.requests:
            done += wrk(started.server, started.port, peer.form.path, bodies, started.headers,
                        3 * options.seconds)["requests"]
            if not first and done >= options.requests / 10:
                first, early = done, started.server.megabytes()
        bench.keep("memory", "requests", {"first": first, "all": done, "mb_first": early,
                                          "mb": started.server.megabytes()})


def drain(bench):
    """SIGTERM under load, several times. Clients take another connection after "Connection: close", and stop when
    nobody listens any more."""
    place, total = bench.place, {"drains": 0, "requests": 0, "failed": 0, "failed_reused": 0, "seconds": 0.0}
    if peers.ROOST not in bench.wanted([peers.ROOST]):
        return
    peer = peers.Roost()
    bodies = figures.write_bodies(place, "drain", peer.form, models.requests(64, 1))
    for _ in range(DRAINS):
        with figures.running(peer, place) as started:
            load = figures.open_loop(bench, started, peer.form, bodies, 10_000, 20, stop_when_refused=1)
            time.sleep(0.5)
            began = time.monotonic()
            started.server.process.terminate()
            started.server.process.wait(30)
            total["seconds"] = max(total["seconds"], time.monotonic() - began)
            found = load.result()
            total["drains"] += 1
            total["requests"] += found["answered"]
            total["failed"] += found["answered"] - found["good"] + found["unanswered"]
            total["failed_reused"] += found["unanswered_reused"]
    bench.keep("drain", peers.ROOST, total)


def start(bench):
    """From the start of the program to its first answer. The peers' are in `small`."""
    if peers.ROOST not in bench.wanted([peers.ROOST]):
        return
    found = []
    for _ in range(STARTS):
        with figures.running(peers.Roost(), bench.place) as started:
            found.append(started.server.start_seconds)
    bench.keep("start", peers.ROOST, {"median_s": statistics.median(found), "max_s": max(found), "starts": len(found)})
