"""`roost config schema`: what the JSON schema takes and refuses, beside what the program takes and refuses."""
import copy
import re

import jsonschema
import pytest
import yaml

from program import ROOT

TEMPLATES = sorted((ROOT / "src/config/templates").glob("*/roost.yaml"))
EXAMPLES = sorted((ROOT / "examples").rglob("roost.yaml"))

WHOLE = """
project: trips
dataset: trips
model:
  name: late
  task: binary
  label: delay > 15
  weight: fare
  class_weights: balanced
  threshold: 0.4
  split: {by: hash, key: [id], evaluate_share: 0.2, test_share: 0.1}
  columns: [{name: far, value: distance > 500}]
  features:
    - {column: city, use: one_hot, top: 50, min_count: 3}
    - {column: distance, impute: mean, clip_low: 0, log: true}
    - {column: distance, use: bucketize, impute: 3.5, borders: [1, 2.5]}
    - {use: cross, columns: [city, month]}
  trainer: {kind: boosted_trees, start: refresh, rounds: 50, subsample: 0.5, seed: 3}
  tune:
    space: [{key: max_depth, low: 2, high: 8, whole: true}, {key: l2, values: [0.1, 1]}]
    trials: 4
  evaluation:
    metrics: [auc]
    slices: [city, {column: distance, borders: [100]}, [city, {column: time, part: month}]]
    value: {true_positive: 12.5, false_positive: cost}
  gate:
    rules: [{metric: auc, at_least: 0.6, each_slice: true}]
    server: {max_row_us: 100}
data: {gate: warn, source: [a.parquet]}
assert:
  - rows > 10
  - {that: features < 1000, because: more is slow}
serve:
  port: 0
  anonymous: refuse
  rate: {per_second: 5, burst: 10}
  consumers: {billing: {per_second: 1, certificate: infer}}
  models:
    late: {versions: all, queue: workers, batching: {max_batch_size: 8, preferred_batch_size: [4, 8]}}
    early: {versions: [1, 2]}
    mean: {versions: {aliases: [champion]}}
workspace: {objects: s3://bucket/team, database: postgresql://db/roost, s3: {addressing: path}}
"""

WRONG = {
    "an unknown key": lambda c: c.update(modle={}),
    "a misspelt key of a section": lambda c: c["model"]["trainer"].update(max_dept=3),
    "a misspelt key of an entry": lambda c: c["model"]["features"][0].update(colum="x"),
    "a misspelt key of a served model": lambda c: c["serve"]["models"]["late"].update(que="inline"),
    "a misspelt key of a fact": lambda c: c["assert"][1].update(becuase="x"),
    "no project": lambda c: c.pop("project"),
    "no label": lambda c: c["model"].pop("label"),
    "no metric of a rule": lambda c: c["model"]["gate"]["rules"][0].pop("metric"),
    "a text for a number": lambda c: c["model"].update(threshold="high"),
    "a list for a text": lambda c: c.update(dataset=["trips"]),
    "a mapping for a list": lambda c: c["data"].update(source={"a": 1}),
    "a number for a flag": lambda c: c["model"]["tune"]["space"][0].update(whole=1),
    "a fraction for a whole number": lambda c: c["model"]["trainer"].update(rounds=2.5),
    "a text for a section": lambda c: c.update(workspace="s3://bucket"),
    "an empty list": lambda c: c["model"].update(features=[]),
    "another choice": lambda c: c["model"]["trainer"].update(kind="random_forest"),
    "another choice of an operation": lambda c: c["model"]["features"][0].update(use="onehot"),
    "another choice beside numbers": lambda c: c["model"]["features"][1].update(impute="mode"),
    "another choice of versions": lambda c: c["serve"]["models"]["late"].update(versions="some"),
    "a number that is too large": lambda c: c["model"].update(threshold=1.5),
    "a whole number that is too small": lambda c: c["serve"].update(port=-1),
    "an entry of a list that is too small": lambda c: c["serve"]["models"]["early"].update(versions=[0]),
    "a key of another trainer": lambda c: c["model"]["trainer"].update(solver="newton"),
    "a key of another split": lambda c: c["model"]["split"].update(column="time"),
    "a name that is none": lambda c: c.update(project="my trips"),
    "a model's name that is none": lambda c: c["serve"]["models"].update({"a b": {}}),
    "no place for objects": lambda c: c["workspace"].update(objects="http://bucket"),
    "no database": lambda c: c["workspace"].update(database="mysql://db/roost"),
}


class Loader(yaml.SafeLoader):
    """YAML 1.2, as editors and Roost read it: only true and false are such, dates are texts."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in [("bool", r"true|false", "tf"), ("null", r"null|~|", ["n", "~", ""]),
                            ("int", r"[-+]?[0-9]+", "-+0123456789"),
                            ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789")]:
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def loaded(text):
    return yaml.load(text, Loader)


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    from program import Project
    document = Project(tmp_path_factory.mktemp("schema")).run("config", "schema").stdout
    schema = yaml.safe_load(document)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def complaints_of_roost(folder, text):
    """The errors that `roost config check` has of the file itself; and the code that other commands end with."""
    (folder.folder / "roost.yaml").write_text(text)
    found = folder.run("config", "check", "--json", code=None).json()
    return [finding["message"] for finding in found["findings"] if finding["kind"] == "error"]


@pytest.mark.parametrize("path", [*TEMPLATES, *EXAMPLES], ids=lambda path: path.parent.name)
def test_what_is_in_use_is_taken_by_both(path, schema, folder):
    text = path.read_text()
    schema.validate(loaded(text))
    assert complaints_of_roost(folder, text) == []


def test_a_configuration_with_every_section_is_taken_by_both(schema, folder):
    schema.validate(loaded(WHOLE))
    assert complaints_of_roost(folder, WHOLE) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_refused_by_both(what, schema, folder):
    configuration = copy.deepcopy(loaded(WHOLE))
    WRONG[what](configuration)
    assert not schema.is_valid(configuration)
    text = yaml.safe_dump(configuration, sort_keys=False)
    complaints = complaints_of_roost(folder, text)
    assert len(complaints) == 1, complaints
    folder.refused(2, "data", "log", says=["roost.yaml:"])


def test_every_key_says_what_it_means(schema):
    def check(node, path):
        for name, below in node.get("properties", {}).items():
            assert below.get("description"), f"{path}.{name}"
            check(below, f"{path}.{name}")
        for part in [*node.get("anyOf", []), node.get("items", {}), node.get("additionalProperties", {})]:
            if isinstance(part, dict):
                check(part, path)

    check(schema.schema, "roost.yaml")
    assert schema.schema["properties"]["model"]["properties"]["trainer"]["additionalProperties"] is False


def test_all_mistakes_are_told_at_once_with_their_lines(folder):
    (folder.folder / "roost.yaml").write_text("project: a\ndatset: b\nserve:\n  port: x\n  threds: 2\n")
    found = folder.json("config", "check", code=1)
    assert [(f["kind"], f["line"]) for f in found["findings"]] == [("error", 1), ("error", 2), ("error", 4), ("error", 5)]
    assert found["errors"] == 4
