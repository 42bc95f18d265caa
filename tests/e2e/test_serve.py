"""The server under the client that people use with the Open Inference Protocol: tritonclient over HTTP."""
import json
import struct
import urllib.error
import urllib.request

import numpy
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

MODEL = "late-flights"


@pytest.fixture
def client(url):
    with triton.InferenceServerClient(url.removeprefix("http://").rstrip("/")) as client:
        yield client


def inputs_of(rows, binary, distance=numpy.int64, one_column=False):
    """The rows as tritonclient wants them. `one_column` gives shape [n, 1] in place of [n]."""
    arrays = {"date": rows["date"].to_numpy().astype("datetime64[us]").astype(numpy.int64),
              "distance": rows["distance"].to_numpy().astype(distance),
              "origin": rows["origin"].to_numpy(zero_copy_only=False).astype(object),
              "destination": rows["destination"].to_numpy(zero_copy_only=False).astype(object)}
    types = {"date": "INT64", "distance": np_to_triton_dtype(distance), "origin": "BYTES", "destination": "BYTES"}
    inputs = []
    for name, values in arrays.items():
        values = values[:, None] if one_column else values
        inputs.append(triton.InferInput(name, values.shape, types[name]))
        inputs[-1].set_data_from_numpy(values, binary_data=binary)
    return inputs


def infer(client, rows, binary=False, **options):
    output = triton.InferRequestedOutput("probability", binary_data=binary)
    answer = client.infer(MODEL, inputs_of(rows, binary, **options), outputs=[output])
    return answer.as_numpy("probability").reshape(-1)


def post(url, path, body):
    """Status and document of a bare HTTP request."""
    request = urllib.request.Request(f"{url}{path}", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_server_is_live_and_ready(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(MODEL)
    assert not client.is_model_ready("no-such-model")


def test_the_metadata_names_inputs_and_outputs(client):
    assert client.get_server_metadata()["name"] == "roost"
    metadata = client.get_model_metadata(MODEL)
    assert metadata["name"] == MODEL
    assert "1" in metadata["versions"]
    assert {entry["name"] for entry in metadata["inputs"]} == {"date", "distance", "origin", "destination"}
    assert [entry["name"] for entry in metadata["outputs"]] == ["probability"]


@pytest.mark.parametrize("distance", [numpy.int64, numpy.float64])
@pytest.mark.parametrize("one_column", [False, True])
@pytest.mark.parametrize("binary", [False, True])
def test_served_probabilities_equal_the_batch_ones_to_the_bit(client, may, batch, distance, one_column, binary):
    served = infer(client, may, binary, distance=distance, one_column=one_column)
    assert served.astype("<f8").tobytes() == batch.astype("<f8").tobytes()


@pytest.mark.parametrize("distance", [numpy.int16, numpy.int32, numpy.uint16, numpy.uint32, numpy.uint64, numpy.float32])
@pytest.mark.parametrize("binary", [False, True])
def test_a_number_may_come_as_any_datatype(client, may, batch, distance, binary):
    assert (infer(client, may, binary, distance=distance) == batch).all()


def test_halves_come_as_binary_data(client, may, batch):
    exact = numpy.array([distance < 2048 for distance in may["distance"].to_pylist()])  # FP16 has 11 bits
    assert (infer(client, may, binary=True, distance=numpy.float16) == batch)[exact].all()


@pytest.mark.parametrize("request_coding, response_coding", [("gzip", "gzip"), ("deflate", "deflate"), ("gzip", None)])
@pytest.mark.parametrize("binary", [False, True])
def test_compressed_requests_and_answers(client, may, batch, binary, request_coding, response_coding):
    output = triton.InferRequestedOutput("probability", binary_data=binary)
    answer = client.infer(MODEL, inputs_of(may, binary), outputs=[output], priority=1, timeout=10**6,
                          request_compression_algorithm=request_coding, response_compression_algorithm=response_coding)
    assert (answer.as_numpy("probability") == batch).all()


def test_statistics_count_rows_and_requests(client, may):
    def figures():
        (version,) = client.get_inference_statistics(MODEL, "1")["model_stats"]
        return version["inference_count"], version["inference_stats"]["success"]["count"]

    rows, requests = figures()
    infer(client, may)
    assert figures() == (rows + len(may), requests + 1)
    assert client.get_inference_statistics()["model_stats"][0]["name"] == MODEL


def test_configuration_and_index(client):
    config = client.get_model_config(MODEL)
    assert {entry["name"]: entry["data_type"] for entry in config["input"]} == {
        "date": "TYPE_INT64", "distance": "TYPE_FP64", "origin": "TYPE_STRING", "destination": "TYPE_STRING"}
    assert client.get_model_repository_index() == [{"name": MODEL, "version": "1", "state": "READY", "reason": ""}]


def test_classification_gives_value_and_index(client, may, batch):
    output = triton.InferRequestedOutput("probability", binary_data=True, class_count=1)
    answer = client.infer(MODEL, inputs_of(may, binary=True), outputs=[output]).as_numpy("probability")
    values, indices = zip(*(text.decode().split(":") for text in answer.reshape(-1)))
    assert [float(value) for value in values] == list(batch) and set(indices) == {"0"}


def test_one_row_at_a_time_gives_the_same_bits(client, may, batch):
    served = [infer(client, may.slice(row, 1))[0] for row in range(20)]
    assert [struct.pack("<d", value) for value in served] == [struct.pack("<d", value) for value in batch[:20]]


def test_an_airport_never_seen_is_no_error(client, may):
    row = may.slice(0, 1).set_column(may.column_names.index("origin"), "origin", [["ZZZ"]])
    assert 0 < infer(client, row)[0] < 1


def test_a_missing_input_is_refused_by_name(client, may):
    inputs = [entry for entry in inputs_of(may, binary=False) if entry.name() != "distance"]
    with pytest.raises(InferenceServerException, match="distance"):
        client.infer(MODEL, inputs)


def test_a_model_that_is_not_there_is_refused_by_name(client, may):
    with pytest.raises(InferenceServerException, match="no-such-model"):
        client.infer("no-such-model", inputs_of(may, binary=False))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe\x00", b'{"inputs": 1}', b'{"inputs": []}', b"[" * 100_000,
                                  b'{"inputs": [{"name": "distance", "datatype": "FP64", "shape": [-1], "data": []}]}',
                                  b'{"inputs": [{"name": "distance", "datatype": "FP64", "shape": [2], "data": [1]}]}'])
def test_a_bad_body_is_refused_and_the_server_stays(url, client, body):
    status, document = post(url, f"/v2/models/{MODEL}/infer", body)
    assert 400 <= status < 500 and document["error"]
    assert client.is_server_live()


def test_an_unknown_route_is_not_found(url):
    status, document = post(url, "/v2/nothing", b"{}")
    assert status == 404 and document["error"]
