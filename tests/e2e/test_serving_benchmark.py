"""The benchmark of serving: it asks every server rightly, judges their answers, and its page says what was measured."""
import argparse
import json
import random
import subprocess
import sys

import pytest

from program import ROOT, program_path

BENCHMARK = ROOT / "benchmarks/serving"


@pytest.fixture(name="modules", scope="module", autouse=True)
def imported():
    sys.path.insert(0, str(BENCHMARK))
    import lifetime  # pylint: disable=import-outside-toplevel
    import peers  # pylint: disable=import-outside-toplevel
    import run  # pylint: disable=import-outside-toplevel
    yield argparse.Namespace(lifetime=lifetime, peers=peers, run=run)
    sys.path.remove(str(BENCHMARK))
    for name in ("figures", "lifetime", "measure", "model", "peers", "protobuf", "report", "run"):
        sys.modules.pop(name)


@pytest.fixture(name="place", scope="module")
def made(modules, tmp_path_factory):
    work = tmp_path_factory.mktemp("benchmark")
    options = argparse.Namespace(programs=program_path().parent, peers=work / "peers", results=work / "results.json", only=[],
                                 swaps=1, rounds=1, seconds=1)
    return modules.run.Place(options, work)


def test_every_form_of_request_is_answered_with_the_models_probability(modules, place):
    requests = [place.rows, [[0.5 * i for i in range(20)], [1.0] * 20, [-2.25] * 20]]
    table = modules.peers.http_peers(1)
    for name in ("roost", "roost bare", "roost v1", "roost v2"):
        peer = table[name]
        started = peer.start(place)
        with started.server:
            modules.peers.check(name, peer, started, place, requests)
            assert started.server.cpu() >= 0 and 1 < started.server.megabytes() < 1000
            assert 0 < started.server.start_seconds < 60
            modules.peers.check_grpc(name, peer, started, place, place.rows)
            place.model.intercept += 1  # another model than the one that answers
            with pytest.raises(modules.peers.Failed):
                modules.peers.check(name, peer, started, place, requests)
            with pytest.raises(modules.peers.Failed):
                modules.peers.check_grpc(name, peer, started, place, place.rows)
            place.model.intercept -= 1
        assert started.server.process.poll() is not None


def test_versions_are_swapped(modules, place):
    with modules.lifetime.folder_of(place, "small", modules.lifetime.small_files(place)) as peer:
        started = peer.start(place)
        with started.server:
            assert modules.lifetime.swap_many(peer, started, 3)["swaps"] == 3
            status, answer = modules.peers.call(started.port, peer.form.path, peer.form.body(place.rows))
            assert (status, json.loads(answer)["version"]) == (200, 4)
    assert not peer.folder.path.exists()


def test_a_server_that_does_not_start_is_a_failure(modules, place):
    server = modules.lifetime.Server(["sh", "-c", "echo no luck; exit 3"], log=place.log("none"))
    with pytest.raises(modules.peers.Failed, match="no luck"):
        server.wait(lambda: False)


def test_messages_are_read_as_they_were_written(modules):
    protobuf = sys.modules["protobuf"]
    assert modules.peers.protobuf is protobuf
    draw = random.Random(1)
    values = [draw.gauss(0, 1) for _ in range(300)]
    sent = list(protobuf.fields(protobuf.infer_request("m" * 200, [("x", "FP64", [300], values)])))
    assert [number for number, _ in sent] == [1, 5, 7]
    assert dict(protobuf.fields(sent[1][1])) == {1: b"x", 2: b"FP64", 3: b"\xac\x02"}  # 300
    output = protobuf.field(5, protobuf.field(1, "p") + protobuf.field(2, "FP64"))
    assert protobuf.infer_response(output + protobuf.field(6, sent[2][1])) == values


def test_the_page_has_every_bound_that_was_measured(tmp_path):
    stamp = {"measured": "2026-01-01", "machine": "a machine", "roost": "0.1.0", "switched_on": ["tokens"]}
    run = {"cpu_us": 12.0, "per_second": 70_000.0, "p50_us": 200, "p99_us": 300, "mb": 20.0, "start_s": 0.1}
    results = {"small": {"roost": run | stamp, "empty server": run | {"cpu_us": 11.0, "times_roost": 0.8} | stamp,
                         "granian": run | {"cpu_us": 84.0, "times_roost": 7.0} | stamp,
                         "BentoML": {"error": "it did not start"} | stamp}}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    done = subprocess.run([sys.executable, BENCHMARK / "run.py", "--part", "", "--results", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| BentoML | failed: it did not start |" in done.stdout
    assert "| one row, CPU: of the empty server on the same reactor | ≤ 1.2 × | 1.25 × | **missed** |" in done.stdout
    assert "| one row, CPU: granian beside Roost | ≥ 6 × | 7 × | met |" in done.stdout
    assert "FastAPI" not in done.stdout
