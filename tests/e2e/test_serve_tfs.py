"""TensorFlow Serving's REST interface of the real program, with Python's own HTTP client."""
import base64
import json
import urllib.error
import urllib.request

import pytest

MODEL = "late-flights"
ROW = {"date": "2001-05-01T17:30:00Z", "distance": 2586, "origin": "SFO", "destination": "JFK"}


def call(url, path, body=None):
    """Status and document; a `body` is posted."""
    data = body.encode() if isinstance(body, str) else body if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{url}/v1/models{path}", data), timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def post(url, verb, body):
    status, document = call(url, f"/{MODEL}:{verb}", body)
    assert status == 200, document
    return document


@pytest.fixture(scope="module")
def probability(url):
    return post(url, "score", ROW)["probability"]


def test_rows_and_columns_are_predicted(url, probability):
    assert post(url, "predict", {"instances": [ROW, ROW]}) == {"predictions": [probability] * 2}
    columns = {name: [value] * 2 for name, value in ROW.items()}
    assert post(url, "predict", {"signature_name": "serving_default", "inputs": columns}) == {"outputs": [probability] * 2}
    nested = {name: [[value]] for name, value in ROW.items()}
    assert post(url, "predict", {"inputs": nested}) == {"outputs": [probability]}


def test_texts_may_be_base64(url, probability):
    wrapped = {"b64": base64.b64encode(b"SFO").decode()}
    assert post(url, "predict", {"instances": [ROW | {"origin": wrapped}]}) == {"predictions": [probability]}


def test_python_s_nan_is_a_missing_number(url):
    missing = post(url, "score", ROW | {"distance": None})["probability"]
    body = json.dumps({"instances": [ROW | {"distance": float(text)} for text in ("nan", "inf", "-inf")]})
    assert "NaN" in body and "-Infinity" in body
    assert post(url, "predict", body) == {"predictions": [missing] * 3}


def test_examples_are_classified_and_regressed(url, probability):
    body = {"context": {"date": ROW["date"]}, "examples": [{key: ROW[key] for key in ROW if key != "date"}]}
    assert post(url, "classify", body) == {"results": [[["false", 1 - probability], ["true", probability]]]}
    assert post(url, "regress", body) == {"results": [probability]}


def test_status_and_metadata(url):
    status = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in (f"/{MODEL}", f"/{MODEL}/versions/1"):
        assert call(url, path) == (200, {"model_version_status": [status], "name": MODEL, "ready": True})
    code, metadata = call(url, f"/{MODEL}/metadata")
    assert code == 200 and metadata["model_spec"] == {"name": MODEL, "signature_name": "", "version": "1"}
    signature = metadata["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert set(signature["inputs"]) == set(ROW) and set(signature["outputs"]) == {"probability"}
    assert call(url, "") == (200, {"models": [MODEL]})


@pytest.mark.parametrize("path", ["/none", "/late-flights/versions/9", "/late-flights/labels/none", "/none/metadata"])
def test_what_is_not_there_is_not_found(url, path):
    code, document = call(url, path)
    assert code == 404 and document["error"]


@pytest.mark.parametrize("body, says", [
    ("", "not JSON"), ("[" * 100_000, "not JSON"), ("{}", "either"), ({"instances": [7]}, "a row is an object"),
    ({"inputs": {"distance": [1]}}, "is missing"), ({"instances": [{"orgin": "SFO"}]}, "did you mean 'origin'?"),
    ({"instances": [], "signature_name": "other"}, "no signature 'other'")])
def test_bad_bodies_are_refused_by_their_reason(url, body, says):
    code, document = call(url, f"/{MODEL}:predict", body)
    assert code == 400 and says in document["error"] and document["example"].startswith("curl")
