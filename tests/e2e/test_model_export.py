"""roost model export: the whole model as one ONNX graph, which gives what Roost gives; else a refusal with the reason."""
import numpy
import onnx
import onnxruntime
import pytest

from model_project import ModelProject, make_rows

MISSING_TEXT, MISSING_TIME = "\uffff", numpy.iinfo(numpy.int64).min
FEATURES = [{"column": "a", "use": "standardize", "clip_high": 2}, {"column": "a", "use": "bucketize", "buckets": 4},
            {"column": "b", "use": "min_max"}, {"column": "b", "use": "number", "impute": "mean", "indicator": True},
            {"column": "b", "use": "polynomial"}, {"column": "word", "use": "one_hot"},
            {"columns": ["word", "other"], "use": "cross"}, {"column": "day", "use": "hour"},
            {"column": "day", "use": "weekday"}, {"column": "day", "use": "cyclic", "period": "month"},
            {"column": "day", "use": "age", "since": "2023-01-01"}]
TREES = {"kind": "boosted_trees", "rounds": 20, "max_depth": 4}


def holed_rows(count=500, seed=1):
    rows = make_rows(count, seed).assign(other=lambda rows: rows["word"].shift(1))
    rows["a"] = rows["a"].mask(rows["key"] % 9 == 0)
    rows["b"] = rows["b"].mask(rows["key"] % 10 == 0)
    rows["word"] = rows["word"].mask(rows["key"] % 8 == 0)
    rows["day"] = rows["day"].mask(rows["key"] % 7 == 0)
    return rows


def run_graph(path, rows):
    """The outputs of the graph for these rows, as a matrix."""
    session = onnxruntime.InferenceSession(str(path))
    inputs = {}
    for port in session.get_inputs():
        column = rows[port.name]
        if port.type == "tensor(string)":
            values = column.astype(object).where(column.notna(), MISSING_TEXT).to_numpy(object)
        elif port.type == "tensor(int64)":
            values = column.astype("datetime64[us]").astype("int64").where(column.notna(), MISSING_TIME).to_numpy("int64")
        else:
            values = column.to_numpy("float64")
        inputs[port.name] = values.reshape(-1, 1)
    return session.run(None, inputs)[0]


@pytest.mark.parametrize("model, outputs", [
    ({"label": "late"}, 1), ({"label": "kind"}, 3), ({"label": "amount"}, 1), ({"label": "many", "task": "counts"}, 1),
], ids=["binary", "classes", "number", "counts"])
@pytest.mark.parametrize("trainer, bound", [({"kind": "linear"}, 1e-9), (TREES, 1e-6)], ids=["linear", "trees"])
def test_the_graph_gives_what_roost_gives(tmp_path, model, outputs, trainer, bound):
    project = ModelProject(tmp_path / "project", holed_rows(), features=FEATURES, trainer=trainer, **model)
    project.train()
    certificate = project.json("model", "export", "model@1", "-o", "model.onnx")
    assert (certificate["model"], certificate["file"]) == ("model@1", "model.onnx")
    assert certificate["rows"] > 50 and certificate["edge_rows"] > 50 and certificate["largest_relative_difference"] <= bound
    fresh = holed_rows(300, seed=5)
    fresh.loc[3, "word"] = "never seen"
    scored = project.predict(project.write(fresh)).iloc[:, -outputs:].to_numpy()
    found = run_graph(project.folder / "model.onnx", fresh)
    assert found.shape == (300, outputs)
    assert (numpy.abs(found - scored) / numpy.maximum(1, numpy.abs(scored))).max() <= bound
    graph = onnx.load(project.folder / "model.onnx")
    onnx.checker.check_model(graph)
    assert {(entry.domain, entry.version) for entry in graph.opset_import} == {
        ("", certificate["opset"]), ("ai.onnx.ml", certificate["ml_opset"])}


def test_trees_over_categories_are_exported(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(), features=[{"column": "word", "use": "ordinal"}],
                           trainer=TREES)
    project.train()
    certificate = project.json("model", "export", "model@1", "-o", "model.onnx")
    assert certificate["edge_rows"] > 0 and certificate["largest_relative_difference"] <= 1e-6


@pytest.mark.parametrize("model, says", [
    ({"features": [{"column": "word", "use": "hash"}]}, ("'word'", "hash", "no operator")),
    ({"features": [{"column": "word", "use": "one_hot", "top": 2, "unknown_buckets": 3}]},
     ("'word'", "unknown words", "hash", "no operator")),
    ({"features": [{"column": "word", "use": "tokens"}]}, ("'word'",)),
])
def test_what_has_no_operator_is_refused_with_the_reason(tmp_path, model, says):
    project = ModelProject(tmp_path / "project", make_rows(), **model)
    project.train()
    project.refused(2, "model", "export", "model", "-o", "model.onnx", says=("ONNX export", *says))
    assert not (project.folder / "model.onnx").exists()


def test_files_and_names(tmp_path):
    project = ModelProject(tmp_path / "project", make_rows(200))
    project.refused(2, "model", "export", "model", says="model")
    project.train()
    project.run("model", "export", "model")
    assert "as ONNX, opset" in project.run("model", "export", "model", "--force").stdout
    refused = project.run("model", "export", "model", code=None)
    assert refused.code == 2 and "model-1.onnx" in refused.stderr
    project.refused(2, "model", "export", "model@5", says="no version 5")
    project.refused(2, "model", "export", "model", "--format", "pmml", says=("'pmml'", "onnx"))


def test_an_exported_model_comes_back_as_an_external_one(tmp_path):
    rows = make_rows(300)
    features = [{"column": "a", "use": "standardize"}, {"column": "b", "use": "number"}]
    project = ModelProject(tmp_path / "project", rows, features=features)
    project.train()
    project.run("model", "export", "model", "-o", "model.onnx")
    first = project.predict()["probability"]
    project.configure(features=features, trainer={
        "kind": "external", "command": ["cp", "model.onnx", ".roost/training/model/output/model.onnx"]})
    project.train()
    second = project.predict()["probability"]
    assert numpy.abs(first - second).max() < 1e-9
    project.run("model", "export", "model@2", "-o", "again.onnx")
    assert (project.folder / "again.onnx").read_bytes() == (project.folder / "model.onnx").read_bytes()
