"""What the tests of the image share: a root with Roost in it, a project with a model, and a folder of models."""
import os
import shutil
import subprocess

import numpy
import pytest
from onnx import TensorProto, helper, numpy_helper

from model_project import ModelProject, make_rows
from program import ROOT, program_path

ASSEMBLE = ROOT / "deploy/image/assemble"
BASE = ROOT / ".deps/debian-12"


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Debian's smallest system with Roost in it."""
    assert os.geteuid() == 0, "only root can assemble an image and change the root of a process"
    root = tmp_path_factory.mktemp("image") / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", BASE, root], check=True)
    for parent in root.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o111)
    build = program_path().parent.parent
    subprocess.run([ASSEMBLE, "--build", build, root], check=True, capture_output=True, text=True)
    return root


@pytest.fixture(scope="session")
def project(tmp_path_factory):
    project = ModelProject(tmp_path_factory.mktemp("project") / "work", make_rows())
    project.train()
    return project


@pytest.fixture(scope="session")
def models(tmp_path_factory, project):
    """A package and an ONNX file, as a volume would bring them."""
    folder = tmp_path_factory.mktemp("models") / "models"
    (folder / "delays/1").mkdir(parents=True)
    for path in (project.folder / ".roost/objects/models").iterdir():
        if b'"predictor"' in path.read_bytes():
            shutil.copy(path, folder / "delays/1/model.json")
    node = helper.make_node("Mul", ["a", "factor"], ["value"])
    tensors = [helper.make_tensor_value_info(name, TensorProto.DOUBLE, [None, 1]) for name in ("a", "value")]
    graph = helper.make_graph([node], "g", tensors[:1], tensors[1:], [numpy_helper.from_array(numpy.float64([[2]]), "factor")])
    (folder / "double.onnx").write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder
