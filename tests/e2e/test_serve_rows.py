"""The rows form of the real program, with nothing but Python's own HTTP client."""
import gzip
import http.client
import json
import re
import subprocess
import zlib

import pyarrow.parquet as parquet
import pytest

MODEL = "late-flights"
ROW = {"date": "2001-05-01T17:30:00Z", "distance": 2586, "origin": "SFO", "destination": "JFK"}


@pytest.fixture
def connection(url):
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=20)
    yield connection
    connection.close()


def call(connection, body, headers=None, model=MODEL, method="POST"):
    """Status, header fields and document of a call of :score."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, f"/v1/models/{model}:score", data, headers or {})
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def score(connection, body, **options):
    status, _, answer = call(connection, body, **options)
    assert status == 200, answer
    return json.loads(answer)


@pytest.fixture(scope="module")
def may(journey):
    """More rows than are scored at once, which are 1,024."""
    return parquet.read_table(journey.file(5)).slice(0, 3000)


@pytest.fixture(scope="module")
def batch(journey, may):
    path = journey.folder.parent / "may-rows-scored.parquet"
    journey.run("predict", journey.file(5), "--limit", str(len(may)), "--output", path)
    return parquet.read_table(path)["probability"].to_pylist()


def rows_of(table):
    names = ("date", "distance", "origin", "destination")
    return [{name: row[name].strftime("%Y-%m-%dT%H:%M:%S+00:00") if name == "date" else row[name] for name in names}
            for row in table.select(names).to_pylist()]


def test_one_row_is_answered_in_one_object(connection):
    answer = score(connection, ROW)
    assert 0 < answer["probability"] < 1
    assert answer["decision"] == (answer["probability"] >= 0.5) and answer["threshold"] == 0.5
    assert (answer["model"], answer["version"]) == (MODEL, 1)
    assert re.fullmatch("[0-9a-f]{32}", answer["request_id"])


def test_rows_have_the_probabilities_of_the_batch_to_the_bit(connection, may, batch):
    answer = score(connection, {"rows": rows_of(may)})
    assert [row["probability"] for row in answer["rows"]] == batch
    assert [score(connection, row)["probability"] for row in rows_of(may.slice(0, 20))] == batch[:20]


def test_a_time_may_have_any_zone(connection):
    east = score(connection, ROW | {"date": "2001-05-01T19:30:00+02:00"})
    assert east["probability"] == score(connection, ROW)["probability"]


def test_columns_that_are_left_out_are_missing_values(connection):
    nulls = score(connection, dict.fromkeys(ROW))
    assert score(connection, {})["probability"] == nulls["probability"]


def test_the_explanation_is_that_of_the_program(connection, journey):
    row = score(connection, {"rows": [ROW], "explain": True})["rows"][0]
    told = journey.json("explain", "--row", json.dumps(ROW))
    assert row["explanation"] == {key: told[key] for key in ("features", "intercepts", "contributions", "margins", "outputs")}
    assert row["probability"] == told["outputs"]["probability"]


def test_the_request_id_goes_in_and_out(connection):
    status, headers, answer = call(connection, ROW, {"X-Request-Id": "order-17"})
    assert status == 200 and headers["X-Request-Id"] == "order-17" and json.loads(answer)["request_id"] == "order-17"


def test_a_wrong_row_is_answered_with_a_command_that_works(connection):
    status, _, answer = call(connection, {"rows": [ROW, ROW | {"distance": "far"}]})
    assert status == 400
    document = json.loads(answer)
    assert document["error"] == "row 1: 'distance' is \"far\"; it takes a number"
    done = subprocess.run(["bash", "-c", document["example"]], capture_output=True, text=True, timeout=20, check=True)
    assert "probability" in json.loads(done.stdout)


@pytest.mark.parametrize("body, says", [
    (b"", "not JSON"), (b"{", "not JSON"), (b"\xff", "not JSON"), (b"[" * 100_000, "not JSON"), (b"[]", "must be a row"),
    ({"orgin": "SFO"}, "did you mean 'origin'?"), ({"rows": 1}, "must be an array"), ({"date": "noon"}, "it takes a time")])
def test_bad_bodies_are_refused_by_their_reason(connection, body, says):
    status, _, answer = call(connection, body)
    assert status == 400 and says in json.loads(answer)["error"]


def test_other_models_and_methods_are_refused(connection):
    assert call(connection, ROW, model="no-such-model")[0] == 404
    assert call(connection, ROW, model=f"{MODEL}/versions/7")[0] == 404
    status, headers, _ = call(connection, b"", method="GET")
    assert status == 405 and headers["Allow"] == "POST"


@pytest.mark.parametrize("coding, compress, decompress", [("gzip", gzip.compress, gzip.decompress),
                                                          ("deflate", zlib.compress, zlib.decompress)])
def test_bodies_may_be_compressed_both_ways(connection, may, coding, compress, decompress):
    body = json.dumps({"rows": rows_of(may)}).encode()
    status, headers, answer = call(connection, compress(body), {"Content-Encoding": coding, "Accept-Encoding": coding})
    assert status == 200 and headers["Content-Encoding"] == coding
    assert json.loads(decompress(answer))["rows"] == score(connection, body)["rows"]


def test_a_bomb_is_refused_and_the_server_stays(connection):
    bomb = gzip.compress(b" " * (65 << 20))
    assert call(connection, bomb, {"Content-Encoding": "gzip"})[0] == 413
    assert call(connection, bomb[:1000], {"Content-Encoding": "gzip"})[0] == 400
    assert call(connection, bomb, {"Content-Encoding": "br"})[0] == 415
    score(connection, ROW)


def test_the_examples_of_openapi_work(connection):
    connection.request("GET", "/openapi.json")
    document = json.loads(connection.getresponse().read())
    assert document["openapi"] == "3.1.0"
    for path, operations in document["paths"].items():
        content = operations["post"]["requestBody"]["content"]["application/json"]
        for example in content["examples"].values():
            connection.request("POST", path, json.dumps(example["value"]))
            answer = connection.getresponse()
            assert answer.status == 200, (path, answer.read())
            answer.read()
    row = document["components"]["schemas"][f"{MODEL}.row"]
    assert set(row["properties"]) == set(ROW)
