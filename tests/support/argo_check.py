"""Checks workflows of Argo against its schema, as the models of Hera that are made from it, and that all they refer to
is there.

Run by the environment .deps/argo. Reads texts of YAML from stdin, each as a JSON string on a line, and answers each with
a line: {"documents": [...], "problems": [...]}. Problems are unknown fields, wrong types, fields that are missing;
templates, tasks, parameters and volumes that are named but not there, two of one name, and tasks that wait for
themselves.
"""
import json
import re
import sys

import yaml

# Before the models are made: what the schema does not name is refused, and nothing is converted.
import hera.shared._pydantic as hera_pydantic

hera_pydantic.APIBaseModel.model_config |= {"extra": "forbid", "populate_by_name": False, "strict": True}

from hera.workflows.models.io.argoproj.workflow import v1alpha1  # noqa: E402
from pydantic import ValidationError  # noqa: E402

MODELS = {"Workflow": v1alpha1.Workflow, "CronWorkflow": v1alpha1.CronWorkflow}
NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")  # of templates and tasks, which Argo checks and the schema does not
REFERENCE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def of_schema(document):
    model = MODELS.get(document.get("kind"))
    if model is None or document.get("apiVersion") != "argoproj.io/v1alpha1":
        return [f"{document.get('apiVersion')} {document.get('kind')}: Argo has no such object"]
    try:
        model.model_validate(document)
    except ValidationError as error:
        return [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
    return []


def doubles(what, names):
    return [f"two {what} have the name {name}" for name in sorted({name for name in names if names.count(name) > 1})]


def waits_for_itself(tasks):
    """The names of tasks in a circle of dependencies."""
    waiting = {task["name"]: set(task.get("dependencies", [])) for task in tasks}
    while ready := [name for name, others in waiting.items() if not others & waiting.keys()]:
        for name in ready:
            del waiting[name]
    return sorted(waiting)


def of_dag(template, templates):
    tasks = template["dag"]["tasks"]
    names = [task["name"] for task in tasks]
    problems = doubles("tasks", names) + [f"{name} is no name" for name in names if not NAME.fullmatch(name)]
    for task in tasks:
        if task.get("template") not in templates:
            problems.append(f"task {task['name']}: there is no template {task.get('template')}")
        problems += [f"task {task['name']}: there is no task {name}" for name in task.get("dependencies", [])
                     if name not in names]
    return problems + [f"task {name} waits for itself" for name in waits_for_itself(tasks)]


def texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for element in value.values() if isinstance(value, dict) else value:
            yield from texts(element)


def of_references(spec):
    """`spec` fits the schema."""
    parameters = {f"workflow.parameters.{entry['name']}" for entry in spec.get("arguments", {}).get("parameters", [])}
    templates = {template["name"]: template for template in spec["templates"]}
    problems = [f"{name} is no name" for name in templates if not NAME.fullmatch(name)]
    problems += doubles("templates", [template["name"] for template in spec["templates"]])
    if spec.get("entrypoint") not in templates:
        problems.append(f"there is no template {spec.get('entrypoint')} to begin with")
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    used = {spec.get("entrypoint")}
    for template in spec["templates"]:
        if "dag" in template:
            problems += of_dag(template, templates)
            used |= {task.get("template") for task in template["dag"]["tasks"]}
        for mount in template.get("container", {}).get("volumeMounts", []):
            if mount["name"] not in volumes:
                problems.append(f"template {template['name']}: there is no volume {mount['name']}")
        mounted = [mount["mountPath"] for mount in template.get("container", {}).get("volumeMounts", [])]
        problems += doubles("volumes", mounted)
    problems += [f"nothing uses the template {name}" for name in sorted(templates.keys() - used)]
    return problems + [f"there is no {name}" for text in texts(spec) for name in REFERENCE.findall(text)
                       if name not in parameters]


def check(document):
    problems = of_schema(document)
    if problems:
        return problems
    spec = document["spec"]
    return of_references(spec["workflowSpec"] if document["kind"] == "CronWorkflow" else spec)


for line in sys.stdin:
    documents = [document for document in yaml.safe_load_all(json.loads(line)) if document is not None]
    problems = [problem for document in documents for problem in check(document)]
    print(json.dumps({"documents": documents, "problems": problems}), flush=True)
