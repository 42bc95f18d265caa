"""What the server tells of itself: metrics by the parsers of Prometheus' client, the access log, ids and traces."""
import calendar
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request

import grpc
import numpy
import pytest
import tritonclient.grpc as triton_grpc
import yaml
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser
from tritonclient.utils import InferenceServerException

from program import ROOT

MODEL = "late-flights"
ROW = {"date": "2001-05-01T17:30:00Z", "distance": 2586, "origin": "SFO", "destination": "JFK"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
V2_INPUTS = [{"name": "date", "shape": [1], "datatype": "BYTES", "data": [ROW["date"]]},
             {"name": "distance", "shape": [1], "datatype": "FP64", "data": [ROW["distance"]]},
             {"name": "origin", "shape": [1], "datatype": "BYTES", "data": [ROW["origin"]]},
             {"name": "destination", "shape": [1], "datatype": "BYTES", "data": [ROW["destination"]]}]


def post(url, path, document, headers=None):
    """Status and headers of a call."""
    connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=20)
    body = document if isinstance(document, str) else json.dumps(document)
    connection.request("POST", path, body, {"Content-Type": "application/json"} | (headers or {}))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, answer.headers


def score(url, headers=None, row=ROW):
    return post(url, f"/v1/models/{MODEL}:score", row, headers)


def name_of(sample):
    """The sample's name as it was sent: the Python parser lengthens Triton's names of counters."""
    return sample.name.removesuffix("_total") if sample.name.startswith("nv_") else sample.name


def scrape(url, accept="text/plain"):
    """The metrics as a dictionary from (name, labels) to values, and their families by name."""
    request = urllib.request.Request(f"{url}/metrics", headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=20) as answer:
        kind, text = answer.headers["Content-Type"], answer.read().decode()
    parse = openmetrics_parser if "openmetrics" in kind else parser
    families = {family.name: family for family in parse.text_string_to_metric_families(text)}
    samples = [sample for family in families.values() for sample in family.samples]
    found = {(name_of(sample), frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(found) == len(samples), "a sample comes twice"
    return found, families


def total(metrics, name, **labels):
    """The sum of the samples that have these labels."""
    return sum(value for (sample, has), value in metrics.items() if sample == name and labels.items() <= set(has))


def requests_of(url, **labels):
    return total(scrape(url)[0], "roost_requests_total", **labels)


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@contextlib.contextmanager
def logged(journey, tmp_path, *arguments):
    """A server with an access log: its URL and the path of the log."""
    path = tmp_path / "access.jsonl"
    with journey.serve("--access-log", path, *arguments) as url:
        yield url, path


def triton_inputs():
    inputs = []
    for name, datatype, value in (("date", "BYTES", ROW["date"].encode()), ("distance", "INT64", ROW["distance"]),
                                  ("origin", "BYTES", b"SFO"), ("destination", "BYTES", b"JFK")):
        inputs.append(triton_grpc.InferInput(name, [1], datatype))
        kind = numpy.int64 if datatype == "INT64" else object
        inputs[-1].set_data_from_numpy(numpy.array([value], dtype=kind))
    return inputs


def test_every_request_is_counted_once_under_its_protocol_and_code(journey):
    with journey.serve() as url:
        for _ in range(3):
            assert score(url)[0] == 200
        assert post(url, f"/v1/models/{MODEL}:score", {"rows": [ROW] * 5})[0] == 200
        assert post(url, f"/v1/models/{MODEL}:predict", {"instances": [ROW, ROW]})[0] == 200
        assert post(url, f"/v2/models/{MODEL}/infer", {"inputs": V2_INPUTS})[0] == 200
        assert score(url, row={"orgin": "SFO"})[0] == 400
        assert post(url, "/v1/models/nobody:score", ROW)[0] == 404
        with triton_grpc.InferenceServerClient(url.removeprefix("http://").rstrip("/")) as client:
            for _ in range(4):
                client.infer(MODEL, triton_inputs())
            with pytest.raises(InferenceServerException):
                client.infer(MODEL, triton_inputs()[:1])
        metrics, _ = scrape(url)
        known = {"model": MODEL, "version": "1", "consumer": "anonymous"}
        assert total(metrics, "roost_requests_total", **known, protocol="http/1.1", code="200") == 6
        assert total(metrics, "roost_requests_total", **known, protocol="http/1.1", code="400") == 1
        assert total(metrics, "roost_requests_total", **known, protocol="grpc", code="OK") == 4
        assert total(metrics, "roost_requests_total", **known, protocol="grpc", code="INVALID_ARGUMENT") == 1
        assert total(metrics, "roost_requests_total", model="", code="404") == 1
        assert not [labels for _, labels in metrics if ("model", "nobody") in labels], "a name from the wire is no label"
        assert total(metrics, "roost_request_rows_total", **known) == 3 + 5 + 2 + 1 + 4
        assert total(metrics, "roost_request_duration_seconds_count", model=MODEL, result="success") == 10
        assert total(metrics, "roost_request_duration_seconds_bucket", model=MODEL, le="+Inf") == 12
        assert 0 < total(metrics, "roost_request_seconds_total", **known) < 10
        assert total(metrics, "nv_inference_request_success", model=MODEL, version="1") == 10
        assert total(metrics, "nv_inference_request_failure", model=MODEL, version="1", reason="OTHER") == 2
        assert total(metrics, "nv_inference_count", model=MODEL, version="1") == 15
        assert total(metrics, "nv_inference_exec_count", model=MODEL, version="1") == 10
        assert total(metrics, "roost_requests_in_flight") == 1, "the scrape itself"
        assert requests_of(url, model="", code="200") == 1, "and the first scrape was counted"


def test_both_formats_are_what_prometheus_parsers_take(url):
    score(url)
    plain, families = scrape(url)
    opened, open_families = scrape(url, "application/openmetrics-text; version=1.0.0")
    assert {name for name, _ in plain} == {name for name, _ in opened}
    assert families["roost_requests"].type == open_families["roost_requests"].type == "counter"
    assert families["roost_request_duration_seconds"].type == "histogram"
    for family in families.values():
        assert family.documentation.endswith("."), family.name
        if family.type != "histogram":
            continue
        buckets = {}
        for sample in family.samples:
            if sample.name.endswith("_bucket"):
                rest = frozenset(item for item in sample.labels.items() if item[0] != "le")
                buckets.setdefault(rest, []).append(sample.value)
        assert all(values == sorted(values) for values in buckets.values())


def test_the_process_and_the_models_are_told(url):
    metrics, _ = scrape(url)
    assert total(metrics, "roost_model_version_state", model=MODEL, version="1", state="AVAILABLE") == 1
    assert total(metrics, "roost_model_version_state", model=MODEL, version="1") == 1
    assert total(metrics, "roost_model_memory_bytes", model=MODEL, version="1") > 1000
    assert total(metrics, "process_resident_memory_bytes") > 1 << 20
    assert abs(total(metrics, "process_start_time_seconds") - time.time()) < 3600
    assert total(metrics, "roost_connections") >= 1
    assert total(metrics, "roost_build_info") == 1


def test_requests_that_break_http_s_rules_are_counted(url):
    host, port = url.removeprefix("http://").rstrip("/").split(":")
    before = total(scrape(url)[0], "roost_refused_requests_total", code="400")
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(b"no http\r\n\r\n")
        assert b" 400 " in client.recv(4096)
    assert total(scrape(url)[0], "roost_refused_requests_total", code="400") == before + 1


def test_ids_and_traces_over_rest(url):
    _, headers = score(url)
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"]) and headers["traceparent"] is None
    _, headers = score(url, {"X-Request-Id": "order-17", "traceparent": PARENT})
    assert headers["X-Request-Id"] == "order-17"
    assert re.fullmatch("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01", headers["traceparent"])
    assert headers["traceparent"] != PARENT
    for bad in ("00-" + "0" * 32 + "-b7ad6b7169203331-01", PARENT.upper(), "nonsense"):
        _, headers = score(url, {"X-Request-Id": "x" * 129, "traceparent": bad})
        assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", headers["traceparent"])
        assert "0af7651916cd43dd8448eb211c80319c" not in headers["traceparent"]
        assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_ids_and_traces_over_grpc(url):
    with grpc.insecure_channel(url.removeprefix("http://").rstrip("/")) as channel:
        live = channel.unary_unary("/inference.GRPCInferenceService/ServerLive")
        _, call = live.with_call(b"", metadata=[("x-request-id", "order-18"), ("traceparent", PARENT)], timeout=20)
        metadata = dict(call.initial_metadata())
        assert metadata["x-request-id"] == "order-18"
        assert metadata["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
        _, call = live.with_call(b"", timeout=20)
        assert re.fullmatch("[0-9a-f]{32}", dict(call.initial_metadata())["x-request-id"])


def test_the_log_has_a_line_for_each_request(journey, tmp_path):
    with logged(journey, tmp_path) as (url, path):
        score(url, {"X-Request-Id": "first", "traceparent": PARENT, "Authorization": "Basic secret-token"})
        post(url, "/v1/models/nobody:score?key=secret-query", ROW, {"X-Request-Id": "second"})
        with triton_grpc.InferenceServerClient(url.removeprefix("http://").rstrip("/")) as client:
            client.infer(MODEL, triton_inputs(), headers={"x-request-id": "third"})
        wait_for(lambda: len(path.read_text().splitlines()) >= 3, "three lines")
        text = path.read_text()
    assert "secret" not in text and "SFO" not in text, "no token, no query, no body is logged"
    lines = {line["request_id"]: line for line in map(json.loads, text.splitlines())}  # threads write in no order
    first, second, third = lines["first"], lines["second"], lines["third"]
    assert first["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert first["model"] == MODEL and first["version"] == 1 and first["rows"] == 1
    assert first["method"] == "POST" and first["path"] == f"/v1/models/{MODEL}:score"
    assert first["protocol"] == "http/1.1" and first["status"] == 200
    assert first["bytes_in"] == len(json.dumps(ROW)) and first["bytes_out"] > 50
    assert 0 < first["duration_us"] < 10**7
    assert abs(time.time() - calendar.timegm(time.strptime(first["time"][:19], "%Y-%m-%dT%H:%M:%S"))) < 60
    assert second["status"] == 404 and "model" not in second and second["path"] == "/v1/models/nobody:score"
    assert {line["client"] for line in (first, second, third)} == {"127.0.0.1"}
    assert third["protocol"] == "grpc" and third["grpc_status"] == 0 and third["rows"] == 1


def test_a_sample_keeps_all_errors_and_chooses_by_the_id(journey, tmp_path):
    kept = []
    configuration = journey.folder / "roost.yaml"
    before = configuration.read_text()
    try:
        log = "  access_log: sampled.jsonl\n  access_log_sample: 0.2\n"
        configuration.write_text(before.replace("\nserve:\n", "\nserve:\n" + log))
        for _ in range(2):
            with journey.serve() as url:
                for number in range(200):
                    score(url, {"X-Request-Id": f"id-{number}"})
                score(url, {"X-Request-Id": "bad"}, row={"orgin": "SFO"})
            lines = lines_of(journey.folder / "sampled.jsonl")
            (journey.folder / "sampled.jsonl").unlink()
            assert [line["status"] for line in lines if line["request_id"] == "bad"] == [400]
            kept.append(sorted(line["request_id"] for line in lines))
    finally:
        configuration.write_text(before)
    assert kept[0] == kept[1] and 15 < len(kept[0]) < 75


def test_a_log_on_a_full_disk_stops_nothing(journey, tmp_path):
    (tmp_path / "access.jsonl").symlink_to("/dev/full")
    with logged(journey, tmp_path) as (url, path):
        for _ in range(300):
            assert score(url)[0] == 200
        wait_for(lambda: total(scrape(url)[0], "roost_access_log_errors_total") >= 2, "it is tried again")
        said = (journey.folder / "served.log").read_text()
        assert said.count("No space left on device") == 1, said
        path.unlink()
        wait_for(lambda: path.exists() and len(path.read_text().splitlines()) >= 300, "what was kept back is written")
        assert requests_of(url, model=MODEL, code="200") == 300
        wait_for(lambda: "written again" in (journey.folder / "served.log").read_text(), "it is told")


def test_a_reader_of_stderr_that_takes_nothing_stops_nothing(journey):
    read, write = os.pipe()
    process = journey.start("serve", "--port", "0", "--json", "--access-log", "-", stderr=write)
    os.close(write)
    try:
        url = json.loads(process.stdout.readline())["url"]
        connection = http.client.HTTPConnection(url.removeprefix("http://").rstrip("/"), timeout=20)
        for number in range(8000):  # of 300 bytes and more: more than the pipe and the buffer hold
            connection.request("GET", "/v2/health/live", headers={"X-Request-Id": f"{number}-" + "x" * 100})
            assert connection.getresponse().read() == b'{"live":true}'
        metrics, _ = scrape(url)
        dropped = total(metrics, "roost_access_log_dropped_lines_total")
        assert dropped > 0 and total(metrics, "roost_access_log_lines_total") + dropped == 8000
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        os.close(read)


def test_logs_are_rotated_by_renaming_and_by_hangup(journey, tmp_path):
    with journey.serve("--access-log", tmp_path / "access.jsonl") as url:
        path = tmp_path / "access.jsonl"
        score(url, {"X-Request-Id": "first"})
        wait_for(lambda: path.read_text(), "the first line")
        path.rename(tmp_path / "access.jsonl.1")
        score(url, {"X-Request-Id": "second"})
        wait_for(path.exists, "a new file")
        score(url, {"X-Request-Id": "third"})
        wait_for(lambda: path.read_text(), "the third line")
        assert [line["request_id"] for line in lines_of(tmp_path / "access.jsonl.1")] == ["first", "second"]
        assert [line["request_id"] for line in lines_of(path)] == ["third"]
        path.rename(tmp_path / "access.jsonl.2")
        (pid,) = subprocess.run(["pgrep", "-f", str(path)], capture_output=True, text=True, check=True).stdout.split()
        os.kill(int(pid), signal.SIGHUP)
        wait_for(path.exists, "a new file after SIGHUP")
        assert score(url)[0] == 200


def test_a_log_that_cannot_be_opened_is_told_at_once(journey):
    journey.refused(2, "serve", "--port", "0", "--access-log", "no/such/folder/log", says="no/such/folder/log")


def names_in(expression):
    """The metrics that a PromQL expression uses."""
    bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|(by|without|on|ignoring) *\([^)]*\)', " ", expression)
    return set(re.findall(r"\b(?:roost|nv|process|up)(?:_[a-z_]+)?\b", bare)) - {"up"}


def test_boards_and_alerts_use_metrics_that_there_are(journey, tmp_path):
    with logged(journey, tmp_path) as (url, _):
        score(url)
        score(url, row={"orgin": "SFO"})
        metrics, families = scrape(url)
        known = {name for name, _ in metrics} | set(families)  # the project has no alias: that family has no sample
    board = json.loads((ROOT / "deploy/grafana/roost.json").read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    expressions += [variable["definition"] for variable in board["templating"]["list"] if variable["type"] == "query"]
    assert len(panels) >= 10 and all(panel["targets"] and panel["description"] for panel in panels)
    rules = [rule for group in yaml.safe_load((ROOT / "deploy/prometheus/alerts.yaml").read_text())["groups"]
             for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules)
    expressions += [rule["expr"] for rule in rules]
    for expression in expressions:
        used = names_in(expression)
        assert used or "up" in expression, expression
        assert used <= known, f"{expression} uses {used - known}"
