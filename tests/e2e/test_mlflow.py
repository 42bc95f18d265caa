"""MLflow's own client reads models from Roost, and its own server takes runs of Roost."""
import json
import urllib.error
import urllib.request

import pandas
import pytest

from mlflow_client import run_client, tracking_server
from model_project import ModelProject, make_rows

FEATURES = [{"column": "a", "use": "standardize"}, {"column": "key", "use": "bucketize", "buckets": 4},
            {"column": "b", "use": "number", "impute": "mean", "indicator": True}, {"column": "word", "use": "one_hot"},
            {"column": "day", "use": "hour"}, {"column": "day", "use": "weekday"}]
TREES = {"kind": "boosted_trees", "rounds": 20, "max_depth": 4}
INPUTS = ["a", "key", "b", "word", "day"]

PREDICT = """
import json, sys
import mlflow, pandas
rows = pandas.read_parquet(sys.argv[2])
model = mlflow.pyfunc.load_model(sys.argv[1])
print(json.dumps(model.predict(rows).to_dict("list")))
"""

REGISTRY = """
import json
from mlflow import MlflowClient
client = MlflowClient()
model = client.get_registered_model("model")
found = client.search_model_versions("name = 'model' AND version_number >= 2")
print(json.dumps({
    "aliases": {alias: str(version) for alias, version in model.aliases.items()},
    "models": [model.name for model in client.search_registered_models()],
    "like": [model.name for model in client.search_registered_models("name LIKE 'mod%'")],
    "unlike": [model.name for model in client.search_registered_models("name LIKE 'x%'")],
    "latest": [int(version.version) for version in client.get_latest_versions("model")],
    "found": [int(version.version) for version in found],
    "pages": [[int(version.version) for version in client.search_model_versions("", max_results=1)],
              client.search_model_versions("", max_results=1).token],
    "by_alias": int(client.get_model_version_by_alias("model", "champion").version),
    "status": client.get_model_version("model", "1").status,
    "dataset": client.get_model_version("model", "1").tags["dataset"],
    "aliases_of_1": list(client.get_model_version("model", "1").aliases),
    "uri": client.get_model_version_download_uri("model", "1"),
}))
"""

MOVE = """
import json, sys
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
client = MlflowClient()
try:
    if sys.argv[2] == "none":
        client.delete_registered_model_alias("model", sys.argv[1])
    else:
        client.set_registered_model_alias("model", sys.argv[1], sys.argv[2])
    print(json.dumps({"aliases": client.get_registered_model("model").aliases}))
except MlflowException as error:
    print(json.dumps({"code": error.error_code, "message": error.message}))
"""


def holed_rows(count=400, seed=1):
    rows = make_rows(count, seed)
    for column, every in (("a", 9), ("b", 10), ("word", 8), ("day", 7)):
        rows[column] = rows[column].mask(rows["key"] % every == 0)
    return rows


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two versions, linear and trees; the first is the champion."""
    made = ModelProject(tmp_path_factory.mktemp("mlflow") / "project", holed_rows(), features=FEATURES)
    made.train()
    made.configure(features=FEATURES, trainer=TREES)
    made.train("--cold")
    made.run("model", "promote", "model@1", "--reason", "the first one")
    return made


@pytest.fixture(scope="module")
def url(project):
    with project.serve("--mlflow") as served:
        yield served


def fresh(project):
    rows = holed_rows(200, seed=5)
    rows.loc[3, "word"] = "never seen"
    return rows, project.write(rows, "fresh.parquet")


@pytest.mark.parametrize("reference, version", [("model@champion", "model@1"), ("model/2", "model@2")])
def test_mlflow_loads_a_model_and_predicts_what_roost_predicts(project, url, tmp_path, reference, version):
    rows, name = fresh(project)
    predicted = run_client(PREDICT, tmp_path, url, f"models:/{reference}", project.folder / name)
    wanted = project.predict(name, version)["probability"].to_numpy()
    assert list(predicted) == ["probability"] and len(wanted) == len(rows)
    assert abs(pandas.Series(predicted["probability"]) - wanted).max() < 1e-6


def test_times_go_in_with_and_without_a_zone_and_as_texts(project, url, tmp_path):
    script = """
import json, sys
import mlflow, pandas
rows = pandas.read_parquet(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/model@champion")
zoned = rows["day"].dt.tz_localize("UTC") if rows["day"].dt.tz is None else rows["day"]
forms = [zoned.dt.tz_localize(None), zoned, zoned.dt.tz_convert("America/New_York"), zoned.astype(str).mask(zoned.isna())]
print(json.dumps([model.predict(rows.assign(day=form))["probability"].tolist() for form in forms]))
"""
    _, name = fresh(project)
    wanted = project.predict(name, "model@1")["probability"].to_numpy()
    for predicted in run_client(script, tmp_path, url, project.folder / name):
        assert abs(pandas.Series(predicted) - wanted).max() < 1e-6


def test_the_outputs_of_several_classes_are_columns(tmp_path):
    project = ModelProject(tmp_path / "project", holed_rows(), label="kind", features=FEATURES)
    project.train()
    _, name = fresh(project)
    wanted = project.predict(name)
    with project.serve("--mlflow") as url:
        predicted = run_client(PREDICT, tmp_path, url, "models:/model/1", project.folder / name)
    assert list(predicted) == list(wanted.columns[-3:])
    for column, values in predicted.items():
        assert abs(pandas.Series(values) - wanted[column].to_numpy()).max() < 1e-6


def test_the_onnx_flavor_loads_too(url, tmp_path):
    script = """
import json
import mlflow.onnx
print(json.dumps([port.name for port in mlflow.onnx.load_model("models:/model@champion").graph.input]))
"""
    assert sorted(run_client(script, tmp_path, url)) == sorted(INPUTS)


def test_a_column_that_is_missing_is_named(project, url, tmp_path):
    script = """
import json, sys
import mlflow, pandas
try:
    mlflow.pyfunc.load_model("models:/model@champion").predict(pandas.read_parquet(sys.argv[1]).drop(columns="word"))
except Exception as error:
    print(json.dumps(str(error)))
"""
    _, name = fresh(project)
    assert "word" in run_client(script, tmp_path, url, project.folder / name)


def test_the_registry_is_read_by_mlflows_client(url, tmp_path):
    assert run_client(REGISTRY, tmp_path, url) == {
        "aliases": {"champion": "1"}, "models": ["model"], "like": ["model"], "unlike": [], "latest": [2], "found": [2],
        "pages": [[2], "1"], "by_alias": 1, "status": "READY", "dataset": "rows@1", "aliases_of_1": ["champion"],
        "uri": "mlflow-artifacts:/models/model/1"}


def refused(url, path, method="GET", body=None, token=None):
    """Status and document of a call that fails."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode(), headers, method=method)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    return caught.value.code, json.load(caught.value)


@pytest.mark.parametrize("path, method, status, code, says", [
    ("registered-models/get?name=nobody", "GET", 404, "RESOURCE_DOES_NOT_EXIST", "nobody"),
    ("registered-models/get", "GET", 400, "INVALID_PARAMETER_VALUE", "'name' is missing"),
    ("model-versions/get?name=model&version=9", "GET", 404, "RESOURCE_DOES_NOT_EXIST", "no version '9'"),
    ("registered-models/alias?name=model&alias=canary", "GET", 404, "RESOURCE_DOES_NOT_EXIST", "canary"),
    ("model-versions/search?filter=name%20%3D", "GET", 400, "INVALID_PARAMETER_VALUE", "at byte 6"),
    ("model-versions/search?max_results=x", "GET", 400, "INVALID_PARAMETER_VALUE", "max_results"),
    ("model-versions/search?order_by=author", "GET", 400, "INVALID_PARAMETER_VALUE", "order_by 'author'"),
    ("registered-models/create", "POST", 404, "ENDPOINT_NOT_FOUND", "roost train"),
    ("runs/create", "POST", 404, "ENDPOINT_NOT_FOUND", "is not here"),
])
def test_other_calls_get_mlflows_errors(url, path, method, status, code, says):
    found, document = refused(url, f"/api/2.0/mlflow/{path}", method, {} if method == "POST" else None)
    assert (found, document["error_code"]) == (status, code)
    assert says in document["message"]


def test_artifacts_are_those_of_versions_and_nothing_else(url):
    artifacts = f"{url}/api/2.0/mlflow-artifacts/artifacts"
    with urllib.request.urlopen(f"{artifacts}?path=models/model/1/code", timeout=30) as answer:
        assert [(file["path"], file["is_dir"]) for file in json.load(answer)["files"]] == [("roost_onnx.py", False)]
    for path in ("models/model/1/secret", "models/model/1/../2/MLmodel", "models/model", "..%2Froost.yaml"):
        status, document = refused(url, f"/api/2.0/mlflow-artifacts/artifacts/{path}")
        assert (status, document["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST"), path


def test_without_the_flag_nothing_is_there(project):
    with project.serve() as url:
        status, _ = refused(url, "/api/2.0/mlflow/registered-models/search")
        assert status == 404


def test_aliases_move_by_mlflow_as_by_roost(project, tmp_path):
    for consumer, role in (("reader", "read"), ("ops", "admin")):
        (tmp_path / consumer).write_text(project.run("token", "create", consumer, "--role", role).stdout.strip())
    reader, ops = ((tmp_path / name).read_text() for name in ("reader", "ops"))
    with project.serve("--mlflow") as url:
        def move(alias, target, token):
            return run_client(MOVE, tmp_path, url, alias, target, MLFLOW_TRACKING_TOKEN=token)

        assert "the role read; this call needs admin" in move("canary", "2", reader)["message"]
        assert move("canary", "2", ops) == {"aliases": {"canary": "2", "champion": "1"}}
        assert "canary" not in move("canary", "none", ops)["aliases"]
        assert move("champion", "none", ops)["code"] == "INVALID_PARAMETER_VALUE"
        assert move("canary", "none", ops)["code"] == "RESOURCE_DOES_NOT_EXIST"
        assert move("champion", "9", ops)["code"] == "RESOURCE_DOES_NOT_EXIST"
    history = [(move["alias"], move["how"], move["from"], move["to"], move["author"])
               for move in project.json("model", "history", "model") if move["alias"] == "canary"]
    assert history == [("canary", "set", None, 2, "ops"), ("canary", "remove", 2, None, "ops")]
    assert "canary" not in project.run("model", "list").stdout
    log = project.json("audit", "log")
    assert [entry["details"]["how"] for entry in log if entry["details"].get("alias") == "canary"] == ["set", "remove"]
    assert project.run("audit", "verify").stdout.startswith("whole")
    project.refused(2, "model", "show", "model@canary")


TRACKED = """
import json, sys
import mlflow, pandas
from mlflow import MlflowClient
client = MlflowClient()
run = client.get_run(sys.argv[1])
model = mlflow.pyfunc.load_model(f"runs:/{sys.argv[1]}/model")
rows = pandas.read_parquet(sys.argv[2])
print(json.dumps({
    "experiment": client.get_experiment(run.info.experiment_id).name, "status": run.info.status,
    "name": run.info.run_name, "params": run.data.params, "metrics": run.data.metrics, "tags": run.data.tags,
    "files": sorted(file.path for file in client.list_artifacts(sys.argv[1], "model")),
    "probability": model.predict(rows)["probability"].tolist()}))
"""


def test_a_version_goes_to_a_tracking_server(project, tmp_path):
    _, name = fresh(project)
    with tracking_server(tmp_path / "tracking") as url:
        exported = project.json("model", "export", "model@2", "--mlflow", url, "--experiment", "late rows / 2")
        again = project.json("model", "export", "model@1", "--mlflow", url + "/", "--experiment", "late rows / 2")
        assert again["experiment_id"] == exported["experiment_id"] and again["run_id"] != exported["run_id"]
        found = run_client(TRACKED, tmp_path, url, exported["run_id"], project.folder / name)
    evaluation = next(version for version in project.models() if version["version"] == 2)["evaluation"]
    assert (found["experiment"], found["status"], found["name"]) == ("late rows / 2", "FINISHED", "model@2")
    assert found["params"]["model.trainer.kind"].strip('"') == "boosted_trees"
    assert found["params"]["model.features.0.column"].strip('"') == "a"
    assert found["metrics"]["log_loss"] == pytest.approx(evaluation["model"]["log_loss"], abs=1e-12)
    assert found["metrics"]["dummy.log_loss"] == pytest.approx(evaluation["dummy"]["log_loss"], abs=1e-12)
    assert found["tags"]["roost.dataset"] == "rows@1" and found["tags"]["roost.model"] == "model@2"
    assert {"model/MLmodel", "model/model.onnx", "model/code"} <= set(found["files"])
    wanted = project.predict(name, "model@2")["probability"].to_numpy()
    assert abs(pandas.Series(found["probability"]) - wanted).max() < 1e-6


def test_a_server_that_is_none_says_so(project, url):
    project.refused(13, "model", "export", "model@1", "--mlflow", "http://127.0.0.1:1", says="127.0.0.1")
    project.refused(10, "model", "export", "model@1", "--mlflow", url, says="an MLflow tracking server")


def test_the_folder_is_written_for_mlflow(project, tmp_path):
    _, name = fresh(project)
    written = project.json("model", "export", "model@2", "--format", "mlflow", "-o", tmp_path / "folder")
    assert (written["model"], written["files"]) == ("model@2", 7)
    predicted = run_client(PREDICT, tmp_path, "", tmp_path / "folder", project.folder / name)
    wanted = project.predict(name, "model@2")["probability"].to_numpy()
    assert abs(pandas.Series(predicted["probability"]) - wanted).max() < 1e-6
    (tmp_path / "folder/MLmodel").unlink()
    project.refused(2, "model", "export", "model@2", "--format", "mlflow", "-o", tmp_path / "folder", says="exists already")
    assert not (tmp_path / "folder/MLmodel").exists()
    project.run("model", "export", "model@2", "--format", "mlflow", "-o", tmp_path / "folder", "--force")
    assert (tmp_path / "folder/MLmodel").exists()
