"""Every anomaly type of TensorFlow Data Validation, from a file through the program, and data that nearly has it."""
import re

import pytest

import anomaly_cases_data
import anomaly_cases_types
from anomaly_case import File, Tfx
from program import ROOT, Project

CASES = anomaly_cases_types.CASES + anomaly_cases_data.CASES
REFUSED = anomaly_cases_data.REFUSED


def ids(cases):
    """TFX's names, with a number where there are several cases of one."""
    names = [case.tfx for case in cases]
    return [f"{name}-{names[:i].count(name) + 1}" if names.count(name) > 1 else name for i, name in enumerate(names)]


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("types") / "checked")
    project.run("init", "--template", "flights")
    return project


def write(project, name, file):
    (project.folder / (name + file.suffix)).write_bytes(file.content)
    return name + file.suffix


def use_schema(project, schema):
    """Puts the schema into the project, or returns what refuses it."""
    if isinstance(schema, Tfx):
        (project.folder / "schema.pbtxt").write_text(schema.text)
        imported = project.run("schema", "import", "schema.pbtxt", "--force", code=None)
        return None if imported.code == 0 else imported
    (project.folder / "schema.yaml").write_text(schema)
    return None


def report_of(project, file, options, code):
    arguments = ["validate", write(project, "data", file)]
    for name, value in options.items():
        arguments += [name, write(project, "other", value) if isinstance(value, File) else value]
    return project.json(*arguments, code=code)


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_data_has_the_anomaly_and_other_data_nearly(checked, case):
    assert use_schema(checked, case.schema) is None
    report = report_of(checked, case.hit, case.options, code=1 if case.severity == "error" else 0)
    found = [anomaly for anomaly in report["anomalies"] if anomaly.get("tfx") == case.tfx]
    assert [(anomaly["rule"], anomaly["column"]) for anomaly in found] == [(case.rule, case.column)], report
    assert found[0]["severity"] == case.severity
    assert found[0]["message"] and found[0]["observed"] and found[0]["bound"]
    others = [anomaly["rule"] for anomaly in report["anomalies"] if anomaly not in found]
    assert others == list(case.also), report
    near = report_of(checked, case.near, case.options if case.near_options is None else case.near_options, code=0)
    assert near["anomalies"] == []


@pytest.mark.parametrize("case", REFUSED, ids=ids(REFUSED))
def test_a_schema_is_refused_and_another_one_nearly(checked, case):
    data = write(checked, "data", case.data)
    refused = use_schema(checked, case.schema) or checked.run("validate", data, code=2)
    assert refused.code == 2 and refused.stdout == ""
    place, message, hint = re.fullmatch(r"error: (\S+?:\d+)(?::\d+)?: (.*)\nhint: (.*)\n", refused.stderr).groups()
    assert message.startswith(case.says) and place.startswith("schema."), refused
    assert hint == f"rule '{case.rule}', in TensorFlow Data Validation {case.tfx}"
    assert use_schema(checked, case.near) is None
    assert checked.json("validate", data)["anomalies"] == []


MESSAGES = {
    "BOOL_TYPE_BIG_INT": "1 of 3 values (33.3 %) is neither 0 nor 1: '2' (1)",
    "BOOL_TYPE_UNEXPECTED_FLOAT": "1 of 3 values (33.3 %) is neither 0 nor 1: '0.999' (1)",
    "BOOL_TYPE_UNEXPECTED_STRING": "1 of 3 values (33.3 %) is neither 'yes' nor 'no': 'maybe' (1)",
    "ENUM_TYPE_INVALID_UTF8": "1 of 2 values (50 %) is not UTF-8",
    "SEQUENCE_VALUE_TOO_SMALL_FRACTION": "the word 'late' is in 33.3 % of the rows, want at least 50 %",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_says_what_was_seen_how_often_and_what_is_wanted(checked, name):
    case = next(case for case in CASES if case.tfx == name)
    use_schema(checked, case.schema)
    report = report_of(checked, case.hit, case.options, code=1)
    assert [anomaly["message"] for anomaly in report["anomalies"]] == [MESSAGES[name]]


def test_words_are_counted_at_the_gate_and_in_versions_too(project):
    (project.folder / "schema.yaml").write_text(anomaly_cases_data.token("min_in_row: 1"))
    data = write(project, "notes", anomaly_cases_data.texts("it is late", "on time"))
    refused = project.run("data", "add", "flights", data, code=1)
    assert "the word 'late' comes in some row 0 times, want at least 1 time" in refused.stdout, refused
    project.run("data", "add", "flights", data, "--gate", "off")
    report = project.json("validate", "flights@1", code=1)
    assert [anomaly["tfx"] for anomaly in report["anomalies"]] == ["SEQUENCE_VALUE_TOO_FEW_OCCURRENCES"]


def test_every_type_of_the_documented_table_has_a_case():
    page = (ROOT / "docs/validate.md").read_text()
    table = page.partition("| TFDV's name | rule | is found where |\n|---|---|---|\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([A-Z0-9_]+)`( †)? \| `([a-z_]+)` \|", table, re.MULTILINE)
    assert len(rows) == len(table.splitlines()) == 87 and sum(1 for _, dagger, _ in rows if dagger) == 25
    cases = CASES + REFUSED
    assert {case.tfx for case in cases} == {name for name, _, _ in rows}
    tried = {(case.tfx, case.rule) for case in cases}
    assert [name for name, _, rule in rows if (name, rule) not in tried] == []
