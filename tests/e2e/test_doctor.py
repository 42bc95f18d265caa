"""`roost doctor`: what is missing is told with what mends it, whatever hangs, and nothing is changed."""
import json
import os
import shutil
import socket
import subprocess
import time

import pytest
import yaml

from model_project import ModelProject, make_rows
from test_training_external import COLUMNS

PATIENCE_SECONDS = 30  # of this test, not of the program: the machine may be busy
SCRIPT = "import json\nimport no_such_module_here\nfrom sklearn_that_is_not_there import x\nimport helper\n"


@pytest.fixture
def project(tmp_path):
    made = ModelProject(tmp_path / "project", make_rows())
    subprocess.run(["git", "init", "-q", made.folder], check=True)
    return made


def findings(project, code=0):
    """Each finding by what was looked at."""
    answer = project.run("doctor", "--json", code=code).json()
    assert answer["sound"] == (code == 0)
    return {finding["what"]: finding for finding in answer["findings"]}


def health(project, code=0):
    return {what: finding["health"] for what, finding in findings(project, code).items()}


def files_of(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if ".git/" not in str(path))


def test_a_sound_project_changes_nothing(project):
    before = files_of(project.folder)
    found = findings(project)
    assert {what: found[what]["health"] for what in ("roost.yaml", "database", "objects", "xgboost", "onnxruntime")} == \
        dict.fromkeys(("roost.yaml", "database", "objects", "xgboost", "onnxruntime"), "ok")
    assert all(finding["purpose"] for finding in found.values())
    assert all(bool(finding["mend"]) == (finding["health"] != "ok") for finding in found.values())
    assert [path for path in files_of(project.folder) if "metadata.sqlite" not in path] == \
        [path for path in before if "metadata.sqlite" not in path]
    text = project.run("doctor").stdout
    assert "ok       database     SQLite: read and written (names of versions, models, runs)\n" in text


def test_outside_of_a_project_the_machine_is_looked_at(folder):
    found = findings(folder)
    assert found["roost.yaml"]["health"] == "warn" and "roost init" in found["roost.yaml"]["mend"]
    assert found["onnxruntime"]["health"] == "ok" and "database" not in found
    assert files_of(folder.folder) == []


def test_a_mistake_in_the_configuration_is_told_with_its_line(project):
    path = project.folder / "roost.yaml"
    path.write_text(path.read_text() + "serv: {}\n")
    found = findings(project, code=10)["roost.yaml"]
    assert found["health"] == "missing" and "roost.yaml:" in found["found"] and "serv" in found["found"]


def test_a_workspace_that_is_not_there_is_made_by_init(project):
    shutil.rmtree(project.folder / ".roost")
    found = findings(project, code=10)
    assert found["database"]["mend"] == found["objects"]["mend"] == "roost init"
    assert not (project.folder / ".roost").exists()
    project.run("init")
    assert health(project)["database"] == "ok"


def test_a_server_that_is_silent_costs_no_more_than_the_patience(project):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with open(project.folder / "roost.yaml", "a") as config:
            config.write(f"workspace: {{database: 'postgresql://nobody@127.0.0.1:{port}/none'}}\n")
        began = time.monotonic()
        found = findings(project, code=10)["database"]
        assert time.monotonic() - began < PATIENCE_SECONDS
    assert found["found"] == "no answer within 1.5 s" and "docs/storage-postgresql.md" in found["mend"]


def test_a_database_that_nobody_serves_is_told(project):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with open(project.folder / "roost.yaml", "a") as config:
        config.write(f"workspace: {{database: 'postgresql://nobody@127.0.0.1:{port}/none'}}\n")
    assert health(project, code=10)["database"] == "missing"


def test_what_a_schema_and_commits_are_for(project):
    assert findings(project)["schema"]["mend"] == "roost schema infer rows"
    project.run("schema", "infer", "rows")
    assert health(project)["schema"] == "ok"
    git = ["git", "-C", project.folder, "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "add", "roost.yaml"], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)
    assert health(project)["git"] == "ok"
    with open(project.folder / "roost.yaml", "a") as config:
        config.write("# another line\n")
    assert findings(project)["git"]["mend"] == "git commit -a"


def external(project, *command):
    project.configure(trainer={"kind": "external", "command": list(command)}, features=COLUMNS)


def test_a_trainer_that_is_not_there_is_told(project):
    external(project, "no-such-trainer", "train.py")
    found = findings(project, code=10)["trainer"]
    assert found["health"] == "missing" and "no-such-trainer" in found["found"]


def test_modules_that_python_does_not_find_are_told(project):
    external(project, "python3", "train.py")
    (project.folder / "train.py").write_text(SCRIPT)
    (project.folder / "helper.py").write_text("raise SystemExit('nothing is imported')\n")
    found = findings(project, code=10)["packages"]
    assert found["found"] == "modules were not found: no_such_module_here, sklearn_that_is_not_there"
    assert found["mend"] == "python3 -m pip install no_such_module_here sklearn_that_is_not_there"
    (project.folder / "train.py").write_text("import json, helper\n")
    assert health(project)["packages"] == "ok"
    (project.folder / "train.py").write_text("import json,\n")
    assert "train.py cannot be read" in findings(project, code=10)["packages"]["found"]


def test_of_several_models_each_trainer_is_looked_at(project):
    config = yaml.safe_load((project.folder / "roost.yaml").read_text())
    model = config.pop("model")
    del model["name"]
    one, two = ({"kind": "external", "command": [name, "train.py"]} for name in ("no-such-one", "no-such-two"))
    config["models"] = {"one": model | {"trainer": one}, "two": model | {"trainer": two}, "three": model}
    (project.folder / "roost.yaml").write_text(json.dumps(config))
    answer = project.run("doctor", "--json", code=10).json()
    assert [finding["purpose"] for finding in answer["findings"] if finding["what"] == "trainer"] == \
        ["model.trainer.command of one", "model.trainer.command of two"]


def test_a_script_that_speaks_of_cuda_wants_a_gpu(project):
    external(project, "python3", "train.py")
    (project.folder / "train.py").write_text("device = 'cuda'\n")
    tools = project.folder / "tools"
    tools.mkdir()
    smi = tools / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 'Some GPU, 80000 MiB'\n")
    smi.chmod(0o755)
    project.instead = {"PATH": f"{tools}:/usr/bin:/bin"}
    assert findings(project)["gpu"] | {"mend": ""} == {"what": "gpu", "health": "ok", "found": "Some GPU, 80000 MiB",
                                                        "purpose": "the trainer's script or options name CUDA", "mend": ""}
    smi.write_text("#!/bin/sh\nexit 9\n")
    assert health(project)["gpu"] == "warn"
    (project.folder / "train.py").write_text("device = 'cpu'\n")
    assert "gpu" not in health(project)


def test_a_port_that_is_taken_is_told(project):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with open(project.folder / "roost.yaml", "a") as config:
            config.write(f"serve: {{port: {port}}}\n")
        found = findings(project)["port"]
        assert found["health"] == "warn" and str(port) in found["found"] and "serve.port" in found["mend"]
    assert health(project)["port"] == "ok"


def test_tools_are_looked_for_where_a_file_wants_them(project):
    assert not {"docker", "helm", "kubectl"} & health(project).keys()
    (project.folder / "Dockerfile").write_text("FROM scratch\n")
    (project.folder / "workflow.yaml").write_text("apiVersion: argoproj.io/v1alpha1\n")
    project.instead = {"PATH": "/usr/bin:/bin"}
    found = findings(project)
    for tool in ("docker", "kubectl"):
        assert found[tool]["health"] == ("ok" if any(os.access(f"{place}/{tool}", os.X_OK)
                                                     for place in ("/usr/bin", "/bin")) else "warn")
