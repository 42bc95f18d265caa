"""External trainers that hang, crash or leave something else than a model: each gets its message, nothing is kept."""
import os
import signal
import sys
import time

import numpy
import onnx
import pytest
from onnx import TensorProto, helper

from model_project import ModelProject, make_rows

COLUMNS = [{"column": "a"}, {"column": "b"}]
COPY = 'cp model.onnx "$ROOST_WORK/output/model.onnx"'


def make_model(slope=1.0, external=None):
    """sigmoid(slope * a + b) as ONNX bytes; `external`: the path where the slope is said to lie."""
    names = ("a", "b")
    tensor = helper.make_tensor("slope", TensorProto.FLOAT, [1], [slope])
    if external:
        tensor.ClearField("float_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=external)
    nodes = [helper.make_node("Mul", ["a", "slope"], ["scaled"]), helper.make_node("Add", ["scaled", "b"], ["margin"]),
             helper.make_node("Sigmoid", ["margin"], ["probability"])]
    graph = helper.make_graph(
        nodes, "model", [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in names],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])], [tensor])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()


@pytest.fixture
def made(tmp_path):
    """Makes a project whose trainer is a shell script, beside a good model.onnx."""
    def make(script, model=None, **trainer):
        project = ModelProject(tmp_path / "project", make_rows(200), features=COLUMNS,
                               trainer={"kind": "external", "command": ["sh", "trainer.sh"]} | trainer)
        (project.folder / "trainer.sh").write_text(script)
        (project.folder / "model.onnx").write_bytes(make_model() if model is None else model)
        return project
    return make


def refused(project, code, *says):
    """A training that fails with this message; beside it stands what the trainer wrote."""
    result = project.run("train", code=code)
    assert result.stdout == ""
    for text in says:
        assert text.lower() in result.stderr.lower(), f"the message should say {text!r}\n{result}"
    assert project.models() == []
    return result


def processes_of(word):
    """The processes whose command line holds this word."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/cmdline", "rb") as file:
                if word.encode() in file.read():
                    found.append(int(entry))
        except OSError:
            continue
    return found


def test_a_good_one_is_registered_and_scores(made):
    project = made(COPY)
    assert project.train()["training"]["trainer"] == "external"
    scored = project.predict()
    wanted = 1 / (1 + numpy.exp(-(scored["a"] + scored["b"])))
    assert numpy.abs(scored["probability"] - wanted).max() < 1e-6


def test_a_program_that_is_not_there(made):
    refused(made("", command=["pytohn", "train.py"]), 2, "cannot be started", "no program 'pytohn'")


def test_an_exit_code_comes_with_what_was_written_last(made):
    project = made("echo loading; echo 'no such column: tenure' >&2; exit 3")
    refused(project, 2, "exit code 3", "no such column: tenure", "log.txt")


@pytest.mark.parametrize("name, words", [("SEGV", "SIGSEGV"), ("KILL", "SIGKILL"), ("ABRT", "SIGABRT")])
def test_a_crash_is_told_by_its_signal(made, name, words):
    refused(made(f"kill -{name} $$"), 2, words)


def test_a_hundred_megabytes_of_garbage(made):
    project = made("head -c 100000000 /dev/urandom; head -c 1000000 /dev/urandom >&2; exit 4")
    result = refused(project, 2, "exit code 4")
    assert len(result.stderr) < 20_000 and "\x1b" not in result.stderr and "\x00" not in result.stderr
    logs = list(project.folder.glob(".roost/training/**/log.txt"))
    assert len(logs) == 1 and logs[0].stat().st_size < 4_000_000


@pytest.mark.parametrize("script, says", [
    ("true", ("left no output/model.onnx", "docs/trainers.md")),
    (': > "$ROOST_WORK/output/model.onnx"', ("empty output/model.onnx",)),
    ('head -c 5000 /dev/urandom > "$ROOST_WORK/output/model.onnx"', ("model.onnx", "no ONNX file")),
    ('ln -s /etc/passwd "$ROOST_WORK/output/model.onnx"', ("symbolic link", "model.onnx")),
    ('mkfifo "$ROOST_WORK/output/model.onnx"', ("neither a file nor a folder",)),
    ('rmdir "$ROOST_WORK/output"', ("output/",)),
    (COPY + "; echo '{\"predictions\": [[0.9], [0.9]]}' > \"$ROOST_WORK/output/sample.json\"",
     ("not what the trainer trained", "row", "trainer predicts 0.9")),
    (COPY + "; echo '{\"predictions\": [[0.9, 0.1]]}' > \"$ROOST_WORK/output/sample.json\"", ("sample",)),
    (COPY + "; echo 'never' > \"$ROOST_WORK/output/sample.json\"", ("sample.json",)),
    (COPY + "; for i in $(seq 60); do echo > \"$ROOST_WORK/output/$i\"; done", ("61 files", "one file")),
])
def test_what_is_no_model(made, script, says):
    project = made(script)
    result = project.run("train", code=None)
    assert result.code in (2, 14), result
    refused(project, result.code, *says)


@pytest.mark.parametrize("location", ["../../../../../../../../etc/passwd", "/etc/passwd", "weights.bin"])
def test_external_data_is_refused(made, location):
    refused(made(COPY, make_model(external=location)), 2, "slope", "another file", location, "one file")


def test_a_model_of_other_columns(made):
    other = onnx.load_from_string(make_model())
    other.graph.input[1].name = "c"
    other.graph.node[1].input[1] = "c"
    refused(made(COPY, other.SerializeToString()), 2, "model.onnx", "no input 'b'")


def test_a_model_that_gives_no_probabilities(made):
    other = onnx.load_from_string(make_model())
    other.graph.node[2].op_type = "Identity"
    refused(made(COPY, other.SerializeToString()), 2, "no probability")


def test_too_much_memory(made):
    project = made(f"exec {sys.executable} -c \"x = b'x' * 600_000_000; import time; time.sleep(60)\"",
                   max_memory_mb=200)
    refused(project, 14, "more than its limit of 200 MB", "was stopped")


def test_one_that_hangs_is_stopped_with_roost(made):
    project = made("echo begun > begun; sleep 987654")
    process = project.start("train")
    deadline = time.monotonic() + 30
    while not (project.folder / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=45)
    assert process.returncode == 130 and "interrupted" in stderr
    assert processes_of("987654") == []
    assert project.models() == []


def test_one_that_will_not_stop_is_stopped_by_force(made):
    project = made("trap '' TERM; echo asked to stop; while :; do sleep 1.987654; done", max_minutes=0.02)
    began = time.monotonic()
    refused(project, 13, "ran longer than its limit of 1.2 s and was stopped by force", "asked to stop", "max_minutes")
    assert 30 < time.monotonic() - began < 60, "it has 30 seconds to leave by itself"
    assert processes_of("1.987654") == []


def test_one_that_leaves_a_checkpoint_in_time(made):
    project = made("trap 'echo 1 > \"$ROOST_WORK/checkpoint/half\"; exit 75' TERM; "
                   f'[ -f "$ROOST_WORK/checkpoint/half" ] && {{ {COPY}; exit 0; }}; '
                   "while :; do sleep 0.1; done", max_minutes=0.02)
    refused(project, 13, "ran longer than its limit of 1.2 s and was stopped and left a checkpoint", "same command again")
    assert project.train()["version"] == 1


def test_a_checkpoint_is_gone_on_from(made):
    project = made(f'if [ -f "$ROOST_WORK/checkpoint/half" ]; then {COPY}; '
                   'else echo 1 > "$ROOST_WORK/checkpoint/half"; exit 75; fi')
    result = project.run("train", code=None)
    assert result.code not in (0, 2, 70) and "checkpoint" in result.stderr and "roost train" in result.stderr, result
    assert project.models() == []
    assert project.train()["version"] == 1


def test_other_data_does_not_go_on_from_a_foreign_checkpoint(made):
    project = made('if [ -f "$ROOST_WORK/checkpoint/half" ]; then exit 3; '
                   'else echo 1 > "$ROOST_WORK/checkpoint/half"; exit 75; fi')
    first = project.run("train", code=None)
    project.add(make_rows(200, seed=5, first=1000), "--append")
    second = project.run("train", code=None)
    assert first.code == second.code and first.code != 2, second


def test_a_child_finds_the_files_of_its_parent(made):
    project = made(COPY + '; ls "$ROOST_WORK/parent" > seen; echo weights > "$ROOST_WORK/output/weights.txt"')
    assert project.train()["training"]["start"] == "cold"
    assert (project.folder / "seen").read_text() == ""
    project.add(make_rows(200, seed=5, first=1000), "--append")
    child = project.train()
    assert (child["training"]["start"], child["training"]["parent"]) == ("warm", "model@1")
    assert "weights.txt" in (project.folder / "seen").read_text()


def test_its_metrics_are_kept(made):
    project = made("echo '{\"metric\": {\"name\": \"auc\", \"value\": 0.83}}'; " + COPY)
    assert project.train()["training"]["metrics"] == {"auc": 0.83}


def test_features_go_to_a_model_of_one_input(made):
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["rows", "axis"], ["sum"], keepdims=1),
         helper.make_node("Sigmoid", ["sum"], ["probability"])], "model",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, [None, 1])],
        [helper.make_tensor("axis", TensorProto.INT64, [1], [1])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
    project = made(COPY, model, input="features")
    project.configure(features=[{"column": "a", "use": "number"}, {"column": "b", "use": "standardize"}],
                      trainer={"kind": "external", "command": ["sh", "trainer.sh"], "input": "features"})
    project.train()
    scored = project.predict()
    share = scored["probability"]
    assert scored["a"].corr(numpy.log(share / (1 - share))) > 0.4 and share.between(0, 1).all()
