"""`roost config schema`: what the JSON schema takes and refuses, beside what the program takes and refuses."""
import copy
import json
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

SEVERAL = """
project: trips
dataset: trips
models:
  minutes:
    label: delay
    split: {by: hash, key: [id]}
    features: auto
    evaluation: {value: {each: "decision * (12 - fare)"}}
    consumers: {billing: {contact: billing team, why: invoices}, planning: {}}
  late:
    label: delay > 15
    threshold: {best: f1, share: 0.2}
    split: {by: time, column: departure}
    scores: {expected: minutes, expected_of_champion: minutes@champion}
    features: [{column: expected}]
    gate:
      rules: [{metric: f1, at_least: 0.1}]
      max_age: 30d
      serving: {source: served.parquet, join: [id], max_skewed: 0.02, digits: 6}
data: {source: ["spans/*.parquet"]}
watch:
  triggers: {span: false, schedule: {every: 2 weeks, at: "03:00", day: monday}}
  span: folder
  window: {days: 90, column: departure}
  catch_up: latest
  release: manual
  alert: [./tell, team]
  look_seconds: 0.5
signing: {key: keys/mine.pem, public_keys: [keys/mine.pub]}
hooks:
  - {name: chat, on: [promoted, run_failed], url: "https://chat/hook", secret: secret.txt, ca: ca.pem, tries: 2}
  - {on: [registered], run: [./tell, team], timeout_seconds: 5}
"""

WRONG_OF_SEVERAL = {
    "a misspelt key of a model": lambda c: c["models"]["late"].update(lable="delay"),
    "a name beside the model's own": lambda c: c["models"]["late"].update(name="late"),
    "a model without a label": lambda c: c["models"]["minutes"].pop("label"),
    "a name of a model that is none": lambda c: c["models"].update({"too late": c["models"]["late"]}),
    "no model": lambda c: c.update(models={}),
    "a misspelt key of a threshold": lambda c: c["models"]["late"]["threshold"].update(shar=0.1),
    "a threshold without its metric": lambda c: c["models"]["late"]["threshold"].pop("best"),
    "a threshold of too many rows": lambda c: c["models"]["late"]["threshold"].update(share=0.9),
    "scores in a list": lambda c: c["models"]["late"].update(scores=["minutes"]),
    "values in a list": lambda c: c["models"]["minutes"]["evaluation"]["value"].update(each=[1]),
    "a misspelt key of a consumer": lambda c: c["models"]["minutes"]["consumers"]["billing"].update(contct="me"),
    "a misspelt key of served rows": lambda c: c["models"]["late"]["gate"]["serving"].update(joins=["id"]),
    "a misspelt trigger": lambda c: c["watch"]["triggers"].update(shedule={}),
    "a misspelt key of a schedule": lambda c: c["watch"]["triggers"]["schedule"].update(hour=3),
    "another span": lambda c: c["watch"].update(span="day"),
    "another release": lambda c: c["watch"].update(release="never"),
    "a window of no days": lambda c: c["watch"]["window"].update(days=0),
    "a text for a window": lambda c: c["watch"].update(window="some"),
    "a program in one text": lambda c: c["watch"].update(alert="./tell team"),
    "a misspelt key of signing": lambda c: c["signing"].update(keys="x"),
    "one public key without a list": lambda c: c["signing"].update(public_keys="keys/mine.pub"),
    "another event": lambda c: c["hooks"][0].update(on=["renamed"]),
    "a hook of no event": lambda c: c["hooks"][1].pop("on"),
    "a misspelt key of a hook": lambda c: c["hooks"][0].update(uri="x"),
    "too many tries": lambda c: c["hooks"][0].update(tries=100),
}

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
    schema = json.loads(document)
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


@pytest.mark.parametrize("text", [WHOLE, SEVERAL], ids=["one model", "several models"])
def test_a_configuration_with_every_section_is_taken_by_both(text, schema, folder):
    schema.validate(loaded(text))
    assert complaints_of_roost(folder, text) == []


@pytest.mark.parametrize("text,wrong", [*[(WHOLE, wrong) for wrong in WRONG.values()],
                                        *[(SEVERAL, wrong) for wrong in WRONG_OF_SEVERAL.values()]],
                         ids=[*WRONG, *WRONG_OF_SEVERAL])
def test_what_is_wrong_is_refused_by_both(text, wrong, schema, folder):
    configuration = copy.deepcopy(loaded(text))
    wrong(configuration)
    assert not schema.is_valid(configuration)
    text = yaml.safe_dump(configuration, sort_keys=False)
    complaints = complaints_of_roost(folder, text)
    assert len(complaints) == 1, complaints
    folder.refused(2, "data", "log", "trips", says=["roost.yaml:"])


def test_every_key_says_what_it_means(schema):
    def check(node, path):
        for name, below in node.get("properties", {}).items():
            assert below.get("description"), f"{path}.{name}"
            check(below, f"{path}.{name}")
        for part in [*node.get("anyOf", []), node.get("items"), node.get("additionalProperties")]:
            if isinstance(part, dict):
                check(part, path)

    check(schema.schema, "roost.yaml")
    assert schema.schema["properties"]["model"]["properties"]["trainer"]["additionalProperties"] is False


def test_all_mistakes_are_told_at_once_with_their_lines(folder):
    (folder.folder / "roost.yaml").write_text("project: a\ndatset: b\nserve:\n  port: x\n  threds: 2\n")
    found = folder.json("config", "check", code=1)
    assert [(f["kind"], f["line"]) for f in found["findings"]] == [("error", 1), ("error", 2), ("error", 4), ("error", 5)]
    assert found["errors"] == 4
