"""Versions under a running server: new ones, broken ones, folders of models, models that crash their runtime."""
import contextlib
import json
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import numpy
import pytest
from onnx import TensorProto, helper, numpy_helper

from model_project import ModelProject, make_rows
from program import Project

PATIENCE_SECONDS = 30


def call(url, path, body=None):
    """Status and document of a request."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2 * PATIENCE_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def eventually(look, what):
    """What `look` gives once it is true."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {PATIENCE_SECONDS} s: {what}")


def served(url, model):
    """The versions that answer, as numbers."""
    status, document = call(url, f"/v2/models/{model}")
    return [int(version) for version in document["versions"]] if status == 200 else []


def score(url, model, version=None, value=1.0):
    """The first number of the answer for a row of these tests' graphs."""
    path = f"/v2/models/{model}" + (f"/versions/{version}" if version else "") + "/infer"
    status, document = call(url, path, {"inputs": [{"name": "a", "datatype": "FP64", "shape": [1], "data": [value]}]})
    assert status == 200, document
    return document["outputs"][0]["data"][0]


def graph(factor, path, name="value"):
    """An ONNX file that multiplies its column `a`."""
    nodes = [helper.make_node("Mul", ["a", "factor"], [name])]
    made = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("a", TensorProto.DOUBLE, [None, 1])],
                             [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1])],
                             [numpy_helper.from_array(numpy.array([float(factor)]), "factor")])
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(".new")
    beside.write_bytes(model.SerializeToString())
    beside.rename(path)


@pytest.fixture
def project(tmp_path):
    """A project with one model that is quick to train."""
    made = ModelProject(tmp_path / "project", make_rows())
    made.train()
    return made


@pytest.fixture
def models(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@contextlib.contextmanager
def serving(tmp_path, *arguments, **variables):
    """A server in a folder without a project, and what it has written to stderr."""
    folder = Project(tmp_path / "nowhere")
    folder.variables = variables
    log = folder.folder / "served.log"
    with folder.serve("--threads", "1", *arguments) as url:
        yield url, lambda: log.read_text()


def test_a_version_that_is_trained_is_served_without_a_restart(project):
    with project.serve() as url:
        log = project.folder / "served.log"
        assert served(url, "model") == [1]
        project.configure(trainer={"kind": "linear", "l2": 50})
        project.train()
        eventually(lambda: served(url, "model") == [2], "model@2 is served")
        eventually(lambda: "model@1 is dropped: it is no longer wanted" in log.read_text(), "model@1 is dropped")
        assert "model@2 is served" in log.read_text()
        status, document = call(url, "/v2/models/model/versions/1")
        assert status == 404 and "has no version 1" in document["error"]


def test_the_policy_of_roost_yaml_says_which_versions_are_served(project):
    project.configure(trainer={"kind": "linear", "l2": 50})
    project.train()
    config = project.folder / "roost.yaml"
    text = config.read_text()
    for versions, expected in (("all", [1, 2]), ("[1]", [1]), ("{latest: 1}", [2])):
        config.write_text(text + f"serve:\n  models:\n    model: {{versions: {versions}}}\n")
        with project.serve() as url:
            assert served(url, "model") == expected, versions
    with project.serve("model@1") as url:
        assert served(url, "model") == [1]


def test_a_damaged_part_is_told_and_the_version_before_goes_on(project):
    objects = project.folder / ".roost/objects/models"
    before = set(objects.iterdir())
    with project.serve() as url:
        project.configure(trainer={"kind": "linear", "l2": 50}, name="other")
        project.train()
        eventually(lambda: served(url, "other") == [1], "other@1 is served")
    parts = [path for path in set(objects.iterdir()) - before if b'"predictor"' in path.read_bytes()]
    assert len(parts) == 1
    parts[0].write_bytes(parts[0].read_bytes()[:100])
    with project.serve() as url:
        assert served(url, "model") == [1]
        status, document = call(url, "/v2/models/other")
        assert status == 503 and "part 'model.json'" in document["error"] and "damaged" in document["error"]
    project.refused(70, "serve", "other", "--port", "0", says=("other@1", "damaged"))


def test_the_package_has_requests_with_their_answers(project):
    recorded = [json.loads(path.read_bytes()) for path in (project.folder / ".roost/objects/models").iterdir()
                if path.read_bytes().startswith(b'{"version":1,"rows":')]
    assert len(recorded) == 1
    rows = recorded[0]["rows"]
    assert len(rows) == 16
    scores = project.predict()["probability"].to_numpy()
    for row in rows:
        assert row["outputs"][0] in scores


def test_a_folder_is_served_without_a_project(models, tmp_path):
    graph(2, models / "double/1/model.onnx")
    graph(3, models / "triple.onnx")
    with serving(tmp_path, "--model-dir", models) as (url, said):
        assert call(url, "/v2/models") == (200, {"models": ["double", "triple"]})
        assert score(url, "double") == 2 and score(url, "triple", value=4) == 12
        graph(20, models / "double/2/model.onnx")
        eventually(lambda: served(url, "double") == [2], "double@2 is served")
        assert score(url, "double") == 20
        graph(30, models / "triple.onnx")
        eventually(lambda: score(url, "triple") == 30, "the new file is served")
        shutil.rmtree(models / "double")
        eventually(lambda: served(url, "double") == [], "double is gone")
        assert score(url, "triple") == 30


def test_the_folder_of_one_model_is_served_by_the_name_that_is_given(project, models, tmp_path):
    """As KServe mounts it: the files of one model, and its name apart."""
    for path in (project.folder / ".roost/objects/models").iterdir():
        if b'"predictor"' in path.read_bytes():
            shutil.copy(path, models / "model.json")
    with serving(tmp_path, "--model-dir", models, "--model-name", "mounted") as (url, said):
        assert call(url, "/v2/models") == (200, {"models": ["mounted"]})
        status, document = call(url, "/v1/models/mounted:predict", {"instances": [{"a": 1.0, "b": 2.0, "word": "red"}]})
        assert status == 200 and 0 < document["predictions"][0] < 1, document
        graph(5, models / "2/model.onnx")
        eventually(lambda: served(url, "mounted") == [2], "a version beside it is served")
        assert score(url, "mounted", value=3) == 15


def test_what_is_not_the_folder_of_one_model_is_refused(models, tmp_path):
    folder = Project(tmp_path / "nowhere")
    arguments = ("serve", "--port", "0", "--model-dir", models, "--model-name")
    folder.refused(2, *arguments, "mounted", says=("no model to serve", "model.json, model.onnx"))
    graph(2, models / "a.onnx")
    graph(3, models / "b.onnx")
    folder.refused(2, *arguments, "mounted", says=("several ONNX files, a.onnx, b.onnx", "model.onnx"))
    folder.refused(2, *arguments, "two words", says="two words")
    folder.refused(2, "serve", "--model-name", "mounted", says="--model-dir")


def test_files_that_are_no_models_never_serve(models, tmp_path):
    graph(2, models / "good/1/model.onnx")
    with serving(tmp_path, "--model-dir", models) as (url, said):
        whole = (models / "good/1/model.onnx").read_bytes()
        for version, content in ((2, whole[:len(whole) // 2]), (3, b"garbage" * 1000), (4, b"")):
            folder = models / f"good/{version}"
            folder.mkdir()
            (folder / "model.onnx").write_bytes(content)
            eventually(lambda: f"good@{version} is not served" in said(), f"good@{version} is refused")
            assert served(url, "good") == [1] and score(url, "good") == 2
            status, document = call(url, f"/v2/models/good/versions/{version}")
            assert status == 503 and f"good@{version} does not answer" in document["error"]
        for number in range(20):  # files that are gone before they are read
            (models / "brief").mkdir()
            graph(5, models / "brief/1/model.onnx")
            time.sleep(0.02)
            shutil.rmtree(models / "brief")
        graph(7, models / "good/5/model.onnx")
        eventually(lambda: served(url, "good") == [5], "good@5 is served")
        assert score(url, "good") == 7


def test_a_model_that_crashes_its_runtime_leaves_the_server_alone(project, models, tmp_path):
    """A library in the runtime's place that ends the process stands for a model that crashes the real one."""
    source = tmp_path / "crash.c"
    source.write_text("#include <stdlib.h>\nconst void *OrtGetApiBase(void) { abort(); }\n")
    library = tmp_path / "libonnxruntime.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-Wl,-soname,libonnxruntime.so.1", "-o", library, source], check=True)
    package = models / "native/1"
    package.mkdir(parents=True)
    for path in (project.folder / ".roost/objects/models").iterdir():
        if b'"predictor"' in path.read_bytes():
            shutil.copy(path, package / "model.json")
    graph(2, models / "crashing/1/model.onnx")
    with serving(tmp_path, "--model-dir", models, LD_PRELOAD=str(library)) as (url, said):
        assert served(url, "native") == [1]
        assert f"crashing@1 is not served: loading it crashes the process that tries it (signal {int(signal.SIGABRT)}" \
            in said()
        status, document = call(url, "/v2/models/crashing")
        assert status == 503 and "crashes" in document["error"]


def test_an_empty_folder_and_a_missing_one_are_refused(models, tmp_path):
    folder = Project(tmp_path / "nowhere")
    folder.refused(2, "serve", "--model-dir", models, "--port", "0", says=("no model to serve", "NAME.onnx"))
    folder.refused(2, "serve", "--model-dir", models / "none", "--port", "0", says="none")


def test_models_are_taken_out_and_back_by_calls(tmp_path, models):
    graph(2, models / "double" / "1" / "model.onnx")
    graph(3, models / "triple.onnx")
    with serving(tmp_path, "--model-dir", str(models)) as (url, _):
        assert call(url, "/v2/repository/models/double/unload", {"parameters": {"unload_dependents": True}}) == (200, {})
        assert served(url, "double") == [] and served(url, "triple") == [1]
        time.sleep(1.5)  # the folder is looked at again meanwhile
        assert served(url, "double") == [], "it stays out"
        assert call(url, "/v2/repository/models/double/unload", {})[0] == 404
        graph(4, models / "double" / "2" / "model.onnx")
        assert call(url, "/v2/repository/models/double/load", {}) == (200, {})
        assert score(url, "double", value=3.0) == 12
        (models / "double" / "3").mkdir()
        (models / "double" / "3" / "model.onnx").write_bytes(b"no model")
        status, document = call(url, "/v2/repository/models/double/load", {})
        assert status == 400 and "double@3" in document["error"], document
        assert score(url, "double", value=3.0) == 12, "the one before goes on"


def test_what_may_not_change_models_is_refused(tmp_path, models):
    graph(2, models / "double.onnx")
    with serving(tmp_path, "--model-dir", str(models)) as (url, _):
        unload = "/v2/repository/models/double/unload"
        for origin, expected in (("https://example.com", 403), ("null", 403), ("http://localhost:3000", 200)):
            request = urllib.request.Request(url + unload, b"", {"Origin": origin})
            try:
                status = urllib.request.urlopen(request, timeout=2 * PATIENCE_SECONDS).status
            except urllib.error.HTTPError as error:
                status = error.code
            assert status == expected, origin
        assert call(url, "/v2/repository/models/nothing/load", {})[0] == 404
        status, document = call(url, "/v2/repository/models/double/load", {"parameters": {"config": "{}"}})
        assert status == 501 and "config" in document["error"]
        assert call(url, "/v2/repository/models/double/load", [])[0] == 400
