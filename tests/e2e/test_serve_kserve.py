"""The server under the SDK of KServe: v1 and v2 over HTTP, v2 over gRPC. Its client runs in an environment of its own
(tests/support/kserve_client.py), one process for all tests of this file."""
import json
import struct
import subprocess

import numpy
import pytest

from program import ROOT

MODEL = "late-flights"
PYTHON = ROOT / ".deps/kubernetes/bin/python"
NUMBERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP32", "FP64")
PROTOCOLS_OF_TENSORS = ("v2", "grpc-v2")


@pytest.fixture(scope="module")
def client(url):
    """Makes calls, all at once, and gives their answers."""
    with subprocess.Popen([PYTHON, ROOT / "tests/support/kserve_client.py"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        def call(*calls):
            process.stdin.write(json.dumps([{"url": url.rstrip("/"), "model": MODEL} | one for one in calls]) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield call
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def inputs_of(rows, datatype="INT64", one_column=False, date="INT64"):
    shape = [rows.num_rows, 1] if one_column else [rows.num_rows]
    dates = rows["date"].to_numpy().astype("datetime64[us]")
    dates = dates.astype(numpy.int64).tolist() if date == "INT64" else [f"{when}Z" for when in dates]
    return [{"name": "date", "datatype": date, "shape": shape, "values": dates},
            {"name": "distance", "datatype": datatype, "shape": shape, "values": rows["distance"].to_pylist()},
            {"name": "origin", "datatype": "BYTES", "shape": shape, "values": rows["origin"].to_pylist()},
            {"name": "destination", "datatype": "BYTES", "shape": shape, "values": rows["destination"].to_pylist()}]


def probabilities(answer):
    assert "result" in answer, answer
    output = answer["result"]["outputs"]["probability"]
    data = bytes.fromhex(output["hex"])
    return numpy.array(struct.unpack(f"<{len(data) // 8}d", data))


@pytest.mark.parametrize("one_column", [False, True])
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("protocol", PROTOCOLS_OF_TENSORS)
def test_served_probabilities_equal_the_batch_ones_to_the_bit(client, may, batch, protocol, binary, one_column):
    answer, = client({"protocol": protocol, "method": "infer", "binary": binary, "id": "42",
                      "inputs": inputs_of(may, one_column=one_column)})
    assert (probabilities(answer) == batch).all()
    assert (answer["result"]["model"], answer["result"]["id"]) == (MODEL, "42")
    if protocol == "grpc-v2":  # KServe's client over HTTP does not read it
        assert answer["result"]["version"] == "1"


def test_answers_may_be_binary(client, may, batch):
    answer, = client({"protocol": "v2", "method": "infer", "binary": True, "binary_output": True, "inputs": inputs_of(may)})
    assert (probabilities(answer) == batch).all()


@pytest.mark.parametrize("protocol", PROTOCOLS_OF_TENSORS)
@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("datatype", NUMBERS)
def test_a_number_may_come_as_any_datatype(client, may, protocol, binary, datatype):
    near = may.filter(numpy.asarray(may["distance"]) < 128).slice(0, 50)
    assert near.num_rows > 5
    as_number, as_double = client(*({"protocol": protocol, "method": "infer", "binary": binary,
                                     "inputs": inputs_of(near, datatype=kind)} for kind in (datatype, "FP64")))
    assert (probabilities(as_number) == probabilities(as_double)).all()


@pytest.mark.parametrize("protocol, datatype", [("v2", "BOOL"), ("v2", "FP16"), ("grpc-v2", "BOOL")])
def test_truth_values_and_half_floats_are_numbers_too(client, may, protocol, datatype):
    """KServe sends FP16 as bytes only."""
    calls = []
    for kind in (datatype, "FP64"):
        inputs = inputs_of(may.slice(0, 2))
        inputs[1] |= {"datatype": kind, "values": [1, 0]}
        calls.append({"protocol": protocol, "method": "infer", "binary": True, "inputs": inputs})
    as_it, as_double = map(probabilities, client(*calls))
    assert (as_it == as_double).all()


@pytest.mark.parametrize("protocol", PROTOCOLS_OF_TENSORS)
def test_times_may_come_as_texts(client, may, batch, protocol):
    answer, = client({"protocol": protocol, "method": "infer", "binary": True, "inputs": inputs_of(may, date="BYTES")})
    assert (probabilities(answer) == batch).all()


def test_rows_of_v1_are_predicted(client, may, batch):
    rows = [row | {"date": row["date"].isoformat() + "Z"} for row in may.drop(["delay"]).to_pylist()]
    columns = {name: [row[name] for row in rows] for name in ("date", "distance", "origin", "destination")}
    by_rows, by_columns = client({"protocol": "v1", "method": "infer", "data": {"instances": rows}},
                                 {"protocol": "v1", "method": "infer", "data": {"inputs": columns}})
    assert by_rows["result"]["predictions"] == batch.tolist()
    assert by_columns["result"]["outputs"] == batch.tolist()


def test_many_calls_at_once_are_answered_each(client, may, batch):
    calls = [{"protocol": protocol, "method": "infer", "binary": number % 2 == 0, "id": str(number),
              "inputs": inputs_of(may.slice(number, 3))} for number in range(20) for protocol in PROTOCOLS_OF_TENSORS]
    for call, answer in zip(calls, client(*calls)):
        first = int(call["id"])
        assert (probabilities(answer) == batch[first:first + 3]).all()
        assert answer["result"]["id"] == call["id"]


@pytest.mark.parametrize("protocol, method", [
    ("v1", "is_server_live"), ("v1", "is_model_ready"), ("v2", "is_server_live"), ("v2", "is_server_ready"),
    ("v2", "is_model_ready"), ("grpc-v2", "is_server_live"), ("grpc-v2", "is_server_ready"), ("grpc-v2", "is_model_ready")])
def test_the_server_and_its_model_are_live_and_ready(client, protocol, method):
    answer, = client({"protocol": protocol, "method": method})
    assert answer == {"result": True}


def test_a_model_that_is_not_there_is_not_ready(client):
    v1, v2, over_grpc = client(*({"protocol": protocol, "method": "is_model_ready", "model": "nothing"}
                                 for protocol in ("v1", "v2", "grpc-v2")))
    assert v1["status"] == 404 and "nothing" in v1["error"]
    assert v2 == {"result": False}
    assert over_grpc.get("status") == "NOT_FOUND" or over_grpc == {"result": False}


@pytest.mark.parametrize("protocol, status", [("v2", 400), ("grpc-v2", "INVALID_ARGUMENT")])
def test_errors_come_with_their_reason(client, may, protocol, status):
    rows = may.slice(0, 2)
    wrong = inputs_of(rows)[1:]
    renamed = inputs_of(rows)
    renamed[1]["name"] = "miles"
    text = inputs_of(rows)
    text[1] |= {"datatype": "BYTES", "values": ["far", "near"]}
    answers = client(*({"protocol": protocol, "method": "infer", "binary": True, "inputs": inputs}
                       for inputs in (wrong, renamed, text)))
    for answer, says in zip(answers, ("date", "miles", "distance")):
        assert answer.get("status") == status and says in answer["error"], answer


def test_errors_of_v1_come_with_their_reason(client):
    answer, = client({"protocol": "v1", "method": "infer", "data": {"instances": [{"distance": "far"}]}})
    assert answer["status"] == 400 and "distance" in answer["error"]
