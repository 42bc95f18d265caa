"""Checks objects of Kubernetes against the schemas of its release and, for KServe's, against its SDK's models.

Run by the environment .deps/kubernetes. Reads texts of YAML from stdin, each as a JSON string on a line, and answers each
with a line: {"documents": [...], "problems": [...]}. Problems are unknown fields, wrong types and fields that are missing.
What has no schema is a problem too.
"""
import functools
import importlib
import json
import re
import sys

import jsonschema
import yaml
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource

KUBERNETES = "1.34"
KSERVE_KINDS = {("serving.kserve.io/v1alpha1", "ClusterServingRuntime"): "V1alpha1ClusterServingRuntime",
                ("serving.kserve.io/v1beta1", "InferenceService"): "V1beta1InferenceService"}
# The fields of the Prometheus operator's ServiceMonitor that the chart uses, by its API reference.
SECRET_KEY = {"name": str, "key": str}
SERVICE_MONITOR = {"selector": {"matchLabels": dict},
                   "endpoints": [{"port": str, "path": str, "interval": str, "scheme": str,
                                  "authorization": {"type": str, "credentials": SECRET_KEY}}]}
SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object, "datetime": str}


SCHEMAS = f"kubernetes-json-schema/v{KUBERNETES}.0-local-strict"


@functools.cache
def definitions():
    return Resource.from_contents(schema_contents(f"{SCHEMAS}/_definitions.json", KUBERNETES)) @ Registry()


@functools.cache
def schema(name):
    """The strict schema NAME of kubernetes_validate, "deployment-apps-v1" or "container-v1" for example."""
    content = schema_contents(f"{SCHEMAS}/{name}.json", KUBERNETES)
    return jsonschema.Draft202012Validator(content, registry=Resource.from_contents(content) @ definitions())


def of_schema(value, name, where):
    try:
        errors = schema(name).iter_errors(value)
    except FileNotFoundError:
        return [f"{where}: Kubernetes {KUBERNETES} has no such object"]
    return [f"{where}.{'.'.join(map(str, error.path))}: {error.message}" for error in errors]


def model_of(name):
    """A class of KServe's SDK, which lies in a file of its name: V1beta1ModelSpec in v1beta1_model_spec.py."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return getattr(importlib.import_module(f"kserve.models.{words}"), name)


def typed(value, kind, where):
    """Problems of `value`, which is to be of the OpenAPI type `kind`."""
    if match := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            return [f"{where}: want a list"]
        return [problem for index, element in enumerate(value) for problem in typed(element, match[1], f"{where}[{index}]")]
    if match := re.fullmatch(r"dict\(str, (.*)\)", kind):
        if not isinstance(value, dict):
            return [f"{where}: want a mapping"]
        return [problem for key, element in value.items() for problem in typed(element, match[1], f"{where}.{key}")]
    if kind in SCALARS:
        is_right = isinstance(value, SCALARS[kind]) and (kind == "bool" or kind == "object" or not isinstance(value, bool))
        return [] if is_right else [f"{where}: {value!r} is not of the type {kind}"]
    if kind.startswith(("V1alpha1", "V1beta1")):
        return of_model(value, model_of(kind), where)
    if kind == "V1ObjectMeta":
        return of_schema(value, "objectmeta-meta-v1", where)
    part, version = re.fullmatch(r"V(\d)(\w+)", kind).group(2, 1)
    return of_schema(value, f"{part.lower()}-v{version}", where)


def of_model(value, model, where):
    if not isinstance(value, dict):
        return [f"{where}: want a mapping"]
    names = {json_name: name for name, json_name in model.attribute_map.items()}
    problems = [f"{where}.{key}: there is no such field" for key in value if key not in names]
    known = {names[key]: element for key, element in value.items() if key in names}
    for name, element in known.items():
        problems += typed(element, model.openapi_types[name], f"{where}.{model.attribute_map[name]}")
    try:
        model(**known)  # its setters refuse what is required and missing, and values that no enumeration has
    except ValueError as error:
        problems.append(f"{where}: {error}")
    return problems


def of_shape(value, shape, where):
    if isinstance(shape, list):
        return [problem for index, element in enumerate(value) for problem in of_shape(element, shape[0], f"{where}[{index}]")]
    if not isinstance(shape, dict):
        return [] if isinstance(value, shape) else [f"{where}: {value!r} is not of the type {shape.__name__}"]
    problems = [f"{where}.{key}: there is no such field" for key in value if key not in shape]
    return problems + [problem for key in value if key in shape for problem in of_shape(value[key], shape[key], f"{where}.{key}")]


def check(document):
    kind = (document.get("apiVersion"), document.get("kind"))
    where = f"{kind[1]} {document.get('metadata', {}).get('name')}"
    if kind in KSERVE_KINDS:
        return of_model(document, model_of(KSERVE_KINDS[kind]), where)
    if kind == ("monitoring.coreos.com/v1", "ServiceMonitor"):
        return of_shape(document["spec"], SERVICE_MONITOR, f"{where}.spec")
    group = re.sub(r"^([^./]*)(\.[^/]*)?/", r"\1-", kind[0])  # networking.k8s.io/v1: networking-v1
    return of_schema(document, f"{kind[1].lower()}-{group}", where)


for line in sys.stdin:
    documents = [document for document in yaml.safe_load_all(json.loads(line)) if document is not None]
    problems = [problem for document in documents for problem in check(document)]
    print(json.dumps({"documents": documents, "problems": problems}), flush=True)
