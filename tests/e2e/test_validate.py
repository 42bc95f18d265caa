"""`roost validate`: what the data is held against beside its schema, and the forms of its report."""
import json
import random
import xml.etree.ElementTree as ElementTree

import pytest

from program import Project

SCHEMA = """version: 1
columns:
  - name: id
    type: integer
  - name: kind
    type: text
    values: {allowed: [cat, dog], severity: warning}
    skew: {l_infinity: 0.1, severity: error}
    drift: {l_infinity: 0.1, severity: error}
  - name: label
    type: integer
    presence: required
    not_in_environments: [serving]
"""


@pytest.fixture
def pets(tmp_path):
    project = Project(tmp_path / "pets")
    project.run("init", "--template", "flights")
    write(project, "roost.yaml", (project.folder / "roost.yaml").read_text().replace("dataset: flights", "dataset: pets"))
    write(project, "schema.yaml", SCHEMA)
    return project


def write(project, name, text):
    (project.folder / name).write_text(text)
    return name


def table(rows, cats=0.5, seed=1, label=True):
    draw = random.Random(seed)
    lines = ["id,kind" + (",label" if label else "")]
    for row in range(rows):
        lines.append(f"{row},{'cat' if draw.random() < cats else 'dog'}" + (f",{row % 2}" if label else ""))
    return "\n".join(lines) + "\n"


def rules(report):
    return [(anomaly["column"], anomaly["rule"]) for anomaly in report["anomalies"]]


def test_columns_are_not_missed_where_they_do_not_belong(pets):
    write(pets, "serving.csv", table(50, label=False))
    assert rules(pets.json("validate", "serving.csv", code=1)) == [("label", "column")]
    assert rules(pets.json("validate", "serving.csv", "--environment", "serving")) == []
    unknown = pets.run("validate", "serving.csv", "--environment", "trainig", code=1)
    assert "no environment 'trainig'" in unknown.stdout, unknown


def test_drift_is_held_against_the_span_that_is_given(pets):
    write(pets, "before.csv", table(2000, 0.5))
    write(pets, "same.csv", table(2000, 0.5, seed=2))
    write(pets, "other.csv", table(2000, 0.8, seed=3))
    assert "distances" not in pets.json("validate", "other.csv")
    report = pets.json("validate", "other.csv", "--against", "before.csv", code=1)
    assert rules(report) == [("kind", "drift")] and report["distances"][0]["broken"] is True
    assert pets.json("validate", "same.csv", "--against", "before.csv")["distances"][0]["broken"] is False
    # A version serves as well as a file, on either side.
    pets.run("data", "add", "pets", "before.csv")
    assert rules(pets.json("validate", "other.csv", "--against", "pets@1", code=1)) == [("kind", "drift")]
    pets.run("data", "add", "pets", "other.csv", code=1)
    pets.run("data", "add", "pets", "other.csv", "--gate", "warn")
    assert rules(pets.json("validate", "pets@2", "--against", "pets@1", code=1)) == [("kind", "drift")]
    pets.refused(2, "validate", "other.csv", "--against", "nothing.csv", says="nothing.csv")


def test_skew_is_held_against_the_data_at_serving(pets):
    write(pets, "training.csv", table(2000, 0.5))
    write(pets, "serving.csv", table(2000, 0.8, seed=3, label=False))
    report = pets.json("validate", "training.csv", "--serving", "serving.csv", code=1)
    assert rules(report) == [("kind", "skew")], "the label need not be there at serving"


def test_feature_skew_compares_rows_with_the_same_key(pets):
    write(pets, "training.csv", "id,kind,label\n1,cat,0\n2,dog,1\n3,cat,0\n4,dog,1\n4,cat,1\n,dog,1\n")
    write(pets, "serving.csv", "id,kind\n3,cat\n1,dog\n2,\n9,cat\n")
    arguments = ("validate", "training.csv", "--serving", "serving.csv", "--join", "id")
    skew = pets.json(*arguments, code=None)["feature_skew"]
    assert (skew["joined"], skew["skewed"], skew["repeated_training"], skew["training_without_key"],
            skew["only_serving"]) == (3, 3, 1, 1, 1)
    columns = {column["column"]: column for column in skew["columns"]}
    assert (columns["kind"]["equal"], columns["kind"]["different"], columns["kind"]["only_training"]) == (1, 1, 1)
    assert {(c["training"], c["serving"]) for c in columns["kind"]["confusions"]} == {("cat", "dog"), ("dog", None)}
    shown = pets.run(*arguments, code=None).stdout
    assert "3 rows joined by their keys, 3 with other values at serving (100 %)" in shown, shown
    assert "cat as dog (1)" in shown and "dog as missing (1)" in shown, shown
    pets.refused(2, "validate", "training.csv", "--join", "id", says="--serving")
    pets.refused(2, *arguments[:-1], "name", says="name")


def test_types_that_change_far_behind_the_beginning_are_joined_too(pets):
    rows = 600_000
    text = "id,kind\n" + "".join(f"{row},cat-cat-cat-cat\n" for row in range(rows))
    assert len(text) > 8 << 20
    write(pets, "serving.csv", text + "x,cat\n")
    write(pets, "training.csv", "id,kind,label\n1,cat-cat-cat-cat,1\nx,dog,1\n")
    report = pets.json("validate", "training.csv", "--serving", "serving.csv", "--join", "id", code=None)
    assert report["feature_skew"]["joined"] == 2 and report["feature_skew"]["serving_rows"] == rows + 1


def test_a_report_for_ci_is_well_formed_and_keeps_the_exit_code(pets):
    write(pets, "bad.csv", 'id,kind,label\nx<&,"c""ow\x01",0\n2,cat,1\n')
    for form in ("text", "json", "junit", "github"):
        pets.run("validate", "bad.csv", "--format", form, code=1)
    suite = ElementTree.fromstring(pets.run("validate", "bad.csv", "--format", "junit", code=1).stdout)
    cases = list(suite.iter("testcase"))
    failures = list(suite.iter("failure"))
    assert len(failures) == 1 and len(cases) == 2, "an error fails, a warning does not"
    assert "x<&" in "".join(failures[0].itertext()) + str(failures[0].attrib)
    commands = pets.run("validate", "bad.csv", "--format", "github", code=1).stdout.splitlines()
    assert [line.split(" ")[0].split("::")[1] for line in commands] == ["error", "warning"], commands
    assert json.loads(pets.run("validate", "bad.csv", "--format", "json", code=1).stdout) == pets.json(
        "validate", "bad.csv", code=1)
    write(pets, "good.csv", "id,kind,label\n1,cat,0\n")
    suite = ElementTree.fromstring(pets.run("validate", "good.csv", "--format", "junit").stdout)
    assert not list(suite.iter("failure")) and len(list(suite.iter("testcase"))) == 1
    pets.refused(2, "validate", "good.csv", "--json", "--format", "junit", says="exclude each other")
    pets.refused(2, "validate", "good.csv", "--format", "xml", says="xml")


def test_the_report_is_a_page_too(pets):
    write(pets, "bad.csv", "id,kind,label\nx,<script>alert(1)</script>,0\n")
    checked = pets.run("validate", "bad.csv", "--html", "report.html", code=1)
    assert "wrote report.html" in checked.stderr
    page = (pets.folder / "report.html").read_text()
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert "<script>alert(1)" not in page and "&lt;script&gt;alert(1)" in page
    assert "bad.csv: 1 row against schema.yaml" in page


def test_stdin_is_not_read_twice(pets):
    for arguments in (["-", "--against", "-"], ["-", "--serving", "-"], ["pets", "--serving", "-", "--join", "id"]):
        pets.refused(2, "validate", *arguments, says=["stdin can be read only once", "hint"])
    pets.refused(2, "profile", "-", "--compare", "-", says="stdin can be read only once")


def test_rows_come_through_stdin(pets):
    with open(pets.folder / write(pets, "bad.csv", "id,kind,label\nx,cat,0\n")) as rows:
        checked = pets.run("validate", "-", code=1, stdin=rows)
    assert checked.stdout.startswith("stdin: 1 row against schema.yaml"), checked


def test_texts_that_are_not_utf8_are_an_anomaly(pets):
    (pets.folder / "latin.csv").write_bytes("id,kind,label\n1,K\xe4tzchen,0\n2,cat,1\n".encode("latin-1"))
    assert ("kind", "encoding") in rules(pets.json("validate", "latin.csv", code=None))


ROW_RULES = SCHEMA + """
dataset:
  keys:
    - {columns: [id]}
  foreign_keys:
    - {columns: [kind], dataset: kinds, references: [name]}
rules:
  - {name: old cats, check: "kind == 'dog' or id > 2", severity: error}
"""


def test_rules_about_rows_are_counted_in_files_and_in_versions(pets):
    write(pets, "schema.yaml", ROW_RULES)
    write(pets, "kinds.csv", "name\ncat\ndog\n")
    write(pets, "rows.csv", "id,kind,label\n1,dog,0\n3,cat,1\n3,dog,0\n2,cat,1\n5,cow,0\n")
    without = pets.json("validate", "rows.csv", code=1)
    assert [anomaly["detail"] for anomaly in without["anomalies"] if anomaly["rule"] == "not_counted"], without
    pets.run("data", "add", "kinds", "kinds.csv")
    pets.run("data", "add", "pets", "rows.csv", "--gate", "off")
    for source in ("rows.csv", "pets@1"):
        report = pets.json("validate", source, code=1)
        found = {anomaly["rule"]: anomaly for anomaly in report["anomalies"]}
        assert found["key"]["rows"] == [3] and found["key"]["broken"] == 1, report
        assert found["foreign_key"]["rows"] == [5]
        assert found["custom"]["rows"] == [4] and found["custom"]["detail"] == "old cats"
        assert "not_counted" not in found
    refused = pets.run("data", "add", "pets", "rows.csv", code=1)
    assert "old cats" in refused.stdout and len(pets.versions("pets")) == 1, refused


def test_the_number_of_rows_is_compared_with_the_version_before(pets):
    write(pets, "schema.yaml", SCHEMA + "\ndataset:\n  rows_to_previous_version: {min: 0.5, max: 2}\n")
    pets.run("data", "add", "pets", write(pets, "many.csv", table(100)))
    refused = pets.run("data", "add", "pets", write(pets, "few.csv", table(40)), code=1)
    assert "40" in refused.stdout and "100" in refused.stdout, refused
    pets.run("data", "add", "pets", "few.csv", "--gate", "off")
    assert rules(pets.json("validate", "pets@2", code=1)) == [("", "rows_fell")]
    assert rules(pets.json("validate", "pets@1")) == []
    # What is appended is no table to compare with the one before.
    pets.run("data", "add", "pets", write(pets, "one.csv", table(1)), "--append")
