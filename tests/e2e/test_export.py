"""`roost export`: workflows of Argo and Airflow that hold, and whose steps do the work."""
import ast
import json
import random
import subprocess

import pytest
import yaml

from program import ROOT, environment
from run_project import STEPS, RunProject

ARGO_PYTHON = ROOT / ".deps/argo/bin/python"
AIRFLOW = ROOT / ".deps/airflow/bin/airflow"
AIRFLOW_SECONDS = 600
SHARED = "workspace: {objects: 's3://bucket/team', database: 'postgresql://host/roost'}\n"
NASTY = ['"', "'", "\\", "#", " ", "%", "$(x)", "`x`", ";", "&", "*", "!", "é", "漢", "😀", "]", ",", "\\n", "{x}", "yes"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A project with rows, of which nothing was run."""
    project = RunProject(tmp_path_factory.mktemp("export") / "source")
    project.put(1)
    return project


@pytest.fixture
def project(tmp_path):
    made = RunProject(tmp_path / "project")
    made.put(1)
    return made


@pytest.fixture(scope="module")
def problems():
    """Gives what is wrong with a text of YAML for Argo; one process for all."""
    with subprocess.Popen([ARGO_PYTHON, ROOT / "tests/support/argo_check.py"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        def check(text):
            process.stdin.write(json.dumps(text) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            assert len(answer["documents"]) == 1
            return answer["problems"]

        yield check
        process.stdin.close()
        assert process.wait(timeout=60) == 0


def argo(project, *arguments, volume=True, image="roost:1"):
    where = ("--volume", "claim") if volume else ()
    return project.run("export", "argo", f"--image={image}", *where, *arguments).stdout


def airflow(project, *arguments):
    """What the file sets, by the names of its constants; the file is parsed and not run."""
    text = project.run("export", "airflow", *arguments).stdout
    return {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(text).body
            if isinstance(node, ast.Assign)}


# --- Argo --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [(), ("--schedule", "0 3 * * *"), ("--schedule", "@daily", "--retries", "0"),
                                       ("--gpus", "2", "--cpu", "500m", "--memory", "1.5Gi"),
                                       ("--secret", "keys", "--service-account", "runner")])
def test_workflows_fit_argos_schema(source, problems, arguments):
    assert problems(argo(source, *arguments)) == []


def test_a_workspace_on_servers_needs_no_volume(source, problems, tmp_path):
    project = RunProject(tmp_path / "shared")
    with open(project.folder / "roost.yaml", "a") as config:
        config.write(SHARED)
    (project.folder / "schema.yaml").write_text("")
    text = argo(project, "--config-map", "files", volume=False)
    assert problems(text) == []
    mounts = yaml.safe_load(text)["spec"]["templates"][1]["container"]["volumeMounts"]
    assert [mount.get("subPath") for mount in mounts] == [None, None, "roost.yaml", "schema.yaml"]
    assert problems(argo(project, volume=False)) == []
    project.refused(2, "export", "argo", "--image", "x", "--volume", "a", "--config-map", "b", says="exclude each other")


def test_pods_that_share_nothing_are_refused(source):
    source.refused(10, "export", "argo", "--image", "roost:1", says=("which pods do not share", "--volume"))


def test_the_check_of_workflows_refuses_what_is_wrong(source, problems):
    text = argo(source)
    for wrong, says in ((("dependencies: [train]", "dependencies: [trains]"), "there is no task trains"),
                        (("template: gate", "template: gates"), "there is no template gates"),
                        (("entrypoint: pipeline", "entrypoint: pipelines"), "there is no template pipelines"),
                        (("workflow.parameters.image", "workflow.parameters.picture"), "there is no workflow.parameters.picture"),
                        (("- name: project\n          ", "- name: projects\n          "), "there is no volume projects"),
                        (("name: gate\n", "name: the.gate\n"), "the.gate is no name"),
                        (("dependencies: [ingest]", "dependencies: [release]"), "waits for itself"),
                        (("retryStrategy", "retryStrategie"), "Extra inputs"),
                        (("limit: \"2\"", "limit: [2]"), "retryStrategy.limit")):
        assert wrong[0] in text
        assert any(says in problem for problem in problems(text.replace(*wrong))), wrong


def do_tasks(project):
    """Runs the words of each pod, in an order that the dependencies allow, as late as they do; gives that order."""
    text = argo(project, "--folder", project.folder)
    templates = {template["name"]: template for template in yaml.safe_load(text)["spec"]["templates"]}
    done = []
    tasks = templates["pipeline"]["dag"]["tasks"]
    while waiting := [task for task in tasks if task["name"] not in done]:
        task = [task for task in waiting if set(task.get("dependencies", [])) <= set(done)][-1]
        project.run(*templates[task["template"]]["container"]["args"])
        done.append(task["name"])
    return done


def test_the_steps_of_a_workflow_do_the_work(project):
    assert do_tasks(project) == list(STEPS)
    assert [model["version"] for model in project.models()] == [1]


def test_what_is_asserted_is_a_step(project, problems):
    with open(project.folder / "roost.yaml", "a") as config:
        config.write("assert:\n  - that: rows > 100\n")
    assert problems(argo(project)) == []
    assert do_tasks(project) == ["ingest", "validate", "assert", "train", "evaluate", "gate", "release"]
    assert [name for name, *_ in airflow(project)["TASKS"]][2] == "assert"


def several_models(project):
    """`model` of the project becomes three: two of their own, and one that takes the first one's score."""
    config = yaml.safe_load((project.folder / "roost.yaml").read_text())
    model = config.pop("model")
    del model["name"]
    above = model | {"scores": {"below": "first.model"}, "features": [{"column": "below", "use": "standardize"}]}
    config["models"] = {"above": above, "first.model": model, "other": model}
    (project.folder / "roost.yaml").write_text(json.dumps(config))


def test_of_several_models_each_has_steps(project, problems):
    several_models(project)
    text = argo(project)
    assert problems(text) == []
    spec = yaml.safe_load(text)["spec"]
    assert spec["parallelism"] == 1, "the workspace lies in a folder"
    done = do_tasks(project)
    assert done[:2] == ["ingest", "validate"] and len(done) == 2 + 3 * 4
    assert done.index("train-above") > done.index("release-first-model")
    assert {(model["model"], model["version"]) for model in project.models()} == \
        {("above", 1), ("first.model", 1), ("other", 1)}
    after = {name: after for name, _, after in airflow(project)["TASKS"]}
    assert after["train-above"] == ("validate", "release-first-model") and after["train-other"] == ("validate",)
    assert airflow(project)["ONE_AT_A_TIME"] is True


# --- The schedule ------------------------------------------------------------------------------------------------

def test_the_schedule_is_that_of_the_project(project, problems):
    path = project.folder / "roost.yaml"
    without = path.read_text()
    path.write_text(without + "watch: {triggers: {schedule: {every: 1 week, day: monday, at: '03:30'}}}\n")
    assert airflow(project)["SCHEDULE"] == "30 3 * * 1"
    text = argo(project)
    assert problems(text) == [] and yaml.safe_load(text)["spec"]["schedules"] == ["30 3 * * 1"]
    assert airflow(project, "--schedule", "@daily")["SCHEDULE"] == "@daily"
    assert airflow(project, "--schedule", "none")["SCHEDULE"] is None
    assert yaml.safe_load(argo(project, "--schedule", "none"))["kind"] == "Workflow"
    path.write_text(without + "watch: {triggers: {schedule: {every: 2 weeks}}}\n")
    project.refused(2, "export", "airflow", says=("cron has no times", "watch.triggers.schedule", "--schedule"))
    assert airflow(project, "--schedule", "none")["SCHEDULE"] is None


# --- Airflow -----------------------------------------------------------------------------------------------------

def test_values_of_any_kind_come_through(source, problems):
    draw = random.Random(11)
    for _ in range(25):
        folder, program, image = ("".join(draw.choices(NASTY, k=draw.randrange(1, 8))) for _ in range(3))
        program, image = f"/{program}", f"i{image}"
        found = airflow(source, "--folder", f"/{folder}", f"--program={program}", f"--image={image}")
        assert (found["FOLDER"], found["PROGRAM"], found["IMAGE"]) == (f"/{folder}", program, image)
        text = argo(source, "--folder", f"/{folder}", f"--program={program}", image=image)
        assert problems(text) == []
        spec = yaml.safe_load(text)["spec"]
        assert spec["arguments"]["parameters"] == [{"name": "image", "value": image}]
        assert spec["templates"][1]["container"]["command"] == [program]
        assert spec["templates"][1]["container"]["args"] == ["run", "--step", "ingest", "--project", f"/{folder}"]


def test_settings_are_those_of_the_project(source):
    found = airflow(source)
    assert (found["FOLDER"], found["PROGRAM"], found["IMAGE"]) == (str(source.folder), "roost", "")
    assert [name for name, *_ in found["TASKS"]] == list(STEPS) and found["SCHEDULE"] is None and found["RETRIES"] == 2
    assert airflow(source, "--schedule", "0 3 * * *", "--retries", "5")["SCHEDULE"] == "0 3 * * *"


def test_a_file_is_written_once(project):
    project.run("export", "airflow", "--output", "dag.py")
    project.refused(2, "export", "airflow", "--output", "dag.py", says="dag.py")
    project.run("export", "airflow", "--output", "dag.py", "--force")
    project.refused(2, "export", "airflow", "--schedule", "0 25 * * *", says="'25' is no hour")


# --- Airflow runs it ---------------------------------------------------------------------------------------------

def run_dag(project, home, *arguments, programs=None, **variables):
    """Airflow runs the project's DAG once, over SQLite: exit code and what it said."""
    (home / "dags").mkdir(parents=True)
    dag = project.run("export", "airflow", "--name", "flights", *arguments).stdout
    (home / "dags/pipeline.py").write_text(dag)
    variables = environment(home) | variables | {
        "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"), "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False"}
    variables["PATH"] = ":".join(str(part) for part in (programs, AIRFLOW.parent, variables["PATH"]) if part)
    said = []
    for command in (("db", "migrate"), ("dags", "test", "flights")):
        result = subprocess.run([AIRFLOW, *command], capture_output=True, text=True, env=variables,
                                timeout=AIRFLOW_SECONDS)
        said.append(result.stdout + result.stderr)
    return result.returncode, "\n".join(said)


@pytest.mark.slow
def test_airflow_runs_the_dag_to_the_same_model(project, tmp_path):
    code, said = run_dag(project, tmp_path / "airflow")
    assert code == 0, said[-5000:]
    runs = project.json("run", "list")
    assert [run["state"] for run in reversed(runs)] == ["done"] * 5 + ["waits"], runs
    straight = RunProject(tmp_path / "straight")
    straight.put(1)
    assert straight.pipeline()["state"] == "waits"
    for part in ("version", "evaluation"):
        assert [model[part] for model in project.models()] == [model[part] for model in straight.models()]
    assert project.predict().equals(straight.predict())


@pytest.mark.slow
def test_airflow_runs_several_models(project, tmp_path):
    several_models(project)
    code, said = run_dag(project, tmp_path / "airflow")
    assert code == 0, said[-5000:]
    assert {(model["model"], model["version"]) for model in project.models()} == \
        {("above", 1), ("first.model", 1), ("other", 1)}


@pytest.mark.slow
def test_what_the_gate_refuses_ends_the_dag(project, tmp_path):
    project.configure(gate={"rules": [{"metric": "auc", "at_least": 0.999}]})
    code, said = run_dag(project, tmp_path / "airflow", "--retries", "3")
    assert code == 1, said[-5000:]
    assert "'roost run --step gate' ended with exit code 1: not to be tried again" in said
    states = [run["state"] for run in reversed(project.json("run", "list"))]
    assert states == ["done"] * 4 + ["refused"], "the gate is asked once, and nothing is released"


@pytest.mark.slow
def test_with_an_image_the_steps_run_in_containers(project, tmp_path):
    """Docker is a program that writes down its words: what is looked at is the call."""
    docker = tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/words\nexit 2\n")
    docker.chmod(0o755)
    code, said = run_dag(project, tmp_path / "airflow", "--image", "team/roost:1", programs=docker.parent,
                         AWS_REGION="eu-west-1")
    assert code == 1 and "exit code 2: not to be tried again" in said, said[-5000:]
    words = (tmp_path / "words").read_text().splitlines()
    assert words[:3] == ["run", "--rm", "--init"]
    assert f'type=bind,"source={project.folder}","target={project.folder}"' in words
    image = words.index("team/roost:1")
    assert words[image + 1:] == ["run", "--step", "ingest", "--project", str(project.folder)]
    assert "AWS_REGION" in words and "eu-west-1" not in words, "a variable's value is on no command line"
