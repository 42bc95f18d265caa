"""What people decide on anomalies, and schemas in the form of TensorFlow Extended."""
import datetime

import pytest

from program import Project

SCHEMA = """version: 1
columns:
  - name: id
    type: integer
  - name: kind
    type: text
    values: {allowed: [cat, dog], severity: warning}
  - name: weight
    type: number
    range: {max: 100, severity: error}
"""
ODD = "id,kind,weight\n1,cow,2.5\n2,cat,400\n"  # a warning and an error


@pytest.fixture
def pets(tmp_path):
    project = Project(tmp_path / "pets")
    project.run("init", "--template", "flights")
    config = project.folder / "roost.yaml"
    config.write_text(config.read_text().replace("dataset: flights", "dataset: pets"))
    (project.folder / "schema.yaml").write_text(SCHEMA)
    (project.folder / "odd.csv").write_text(ODD)
    return project


def today():
    return datetime.datetime.now(datetime.timezone.utc).date()


def decisions_file(project, dataset=None):
    return project.folder / ("schema-decisions.yaml" if dataset is None else f"schema-decisions.{dataset}.yaml")


def test_a_snoozed_error_lets_data_pass_until_its_day(pets):
    pets.run("validate", "odd.csv", code=1)
    pets.run("data", "add", "pets", "odd.csv", code=1)
    until = today() + datetime.timedelta(days=30)
    snoozed = pets.run("schema", "snooze", "odd.csv", "weight", "--reason", "a new scale", "--until", until, "--by", "ann")
    assert snoozed.stdout == f"snoozed weight:max until {until}\n" and "wrote schema-decisions.yaml" in snoozed.stderr
    checked = pets.run("validate", "odd.csv")
    assert f"snoozed by ann until {until}: a new scale" in checked.stdout, checked
    assert pets.run("data", "add", "pets", "odd.csv").stdout.startswith("pets@1")
    # The day passes.
    file = decisions_file(pets)
    file.write_text(file.read_text().replace(str(until), str(today() - datetime.timedelta(days=1))))
    pets.run("validate", "odd.csv", code=1)


def test_a_snooze_can_end_with_a_version(pets):
    pets.run("schema", "snooze", "odd.csv", "weight:max", "--reason", "until the scale is mended", "--until", "1")
    pets.run("data", "add", "pets", "odd.csv")
    pets.run("validate", "pets@1")
    pets.run("data", "add", "pets", "odd.csv", "--append", code=1)


def test_a_refused_warning_is_an_error_from_then_on(pets):
    pets.run("schema", "snooze", "odd.csv", "weight", "--reason", "not now")
    pets.run("validate", "odd.csv")
    refused = pets.run("schema", "refuse", "odd.csv", "kind:values", "--reason", "we keep no cows", "--by", "bob")
    assert refused.stdout == "refused kind:values\n", refused
    checked = pets.run("validate", "odd.csv", code=1)
    assert f"refused by bob on {today()}: we keep no cows" in checked.stdout, checked
    assert "1 error, 0 warnings" in checked.stdout
    pets.run("data", "add", "pets", "odd.csv", code=1)
    # The newest decision counts: the cow is welcome after all.
    pets.run("schema", "accept", "odd.csv", "kind:values", "--reason", "we bought one")
    assert "kind" not in pets.run("validate", "odd.csv").stdout


def test_all_leaves_what_was_decided_on(pets):
    pets.run("schema", "refuse", "odd.csv", "kind", "--reason", "we keep no cows", "--by", "bob")
    accepted = pets.run("schema", "accept", "odd.csv")
    assert "accepted weight:max\n" in accepted.stdout and "kind" not in accepted.stdout, accepted
    assert "left as decided: kind:values (refuse by bob)" in accepted.stderr, accepted
    assert "refused by bob" in pets.run("validate", "odd.csv", code=1).stdout
    again = pets.run("schema", "accept", "odd.csv")
    assert "nothing to accept: all of it was decided on" in again.stderr, again
    kept = pets.json("schema", "accept", "odd.csv")["kept"]
    assert [(decision["column"], decision["action"]) for decision in kept] == [("kind", "refuse")]
    named = pets.run("schema", "accept", "odd.csv", "kind")
    assert "accepted kind:values\n" in named.stdout, named


def test_a_snooze_until_a_version_holds_for_files_that_may_become_it(pets):
    pets.run("data", "add", "pets", "odd.csv", "--gate", "off")
    pets.refused(2, "schema", "snooze", "odd.csv", "--reason", "x", "--until", "1", says=["over already", "pets@2"])
    pets.run("schema", "snooze", "odd.csv", "--reason", "a new scale", "--until", "2")
    assert "snoozed by" in pets.run("validate", "odd.csv").stdout
    pets.run("data", "add", "pets", "odd.csv", "--append")
    pets.run("validate", "odd.csv", code=1)


def test_nothing_foreign_speaks_to_the_terminal(pets):
    escape = "\x1b[2J"
    (pets.folder / "odd.csv").write_text(f"id,ki{escape}nd,weight\n1,cow{escape},2.5\n2,cat,400\n")
    (pets.folder / "schema.yaml").write_text(SCHEMA + 'rules:\n  - {name: "a\\x1b[2Jb", check: "id > 1", severity: error}\n')
    runs = [pets.run("validate", "odd.csv", code=1), pets.run("validate", "odd.csv", "--format", "github", code=1),
            pets.run("data", "add", "pets", "odd.csv", code=1), pets.run("data", "add", "pets", "odd.csv", "--gate", "off"),
            pets.run("schema", "snooze", "odd.csv", "--reason", f"not{escape}now", "--by", f"a{escape}nn"),
            pets.run("schema", "decisions"), pets.run("schema", "accept", "odd.csv"), pets.run("profile", "odd.csv"),
            pets.run("schema", "accept", "odd.csv", "kind"), pets.run("data", "cat", "pets"),
            pets.run("schema", "infer", "pets", "--explain", "--force"), pets.run("schema", "confirm", "pets"),
            pets.run("validate", "odd.csv", "--serving", "pets", "--join", "id", code=None),
            pets.run("schema", "accept", "odd.csv", f"no{escape}ne", code=2)]
    for result in runs:
        assert "\x1b" not in result.stdout + result.stderr, result


def test_decisions_are_recorded_with_person_and_reason_and_listed(pets):
    assert pets.json("schema", "decisions") == []
    assert "nothing was decided" in pets.run("schema", "decisions").stderr
    pets.variables["ROOST_AUTHOR"] = "carla"
    pets.run("schema", "accept", "odd.csv", "kind")
    pets.run("schema", "refuse", "odd.csv", "--reason", "a: colon, \"quotes\"\nand lines", "--by", "bob")
    listed = pets.json("schema", "decisions")
    assert [(decision["action"], decision["column"], decision["rule"], decision["person"]) for decision in listed] == [
        ("accept", "kind", "values", "carla"), ("refuse", "weight", "max", "bob")]
    assert listed[1]["reason"] == "a: colon, \"quotes\"\nand lines" and listed[1]["day"] == str(today())
    lines = pets.run("schema", "decisions").stdout.splitlines()
    assert len(lines) == 3 and lines[0].split() == ["day", "decision", "anomaly", "until", "by", "reason"], lines


def test_what_is_said_wrongly_changes_nothing(pets):
    before = (pets.folder / "schema.yaml").read_text()
    pets.refused(2, "schema", "refuse", "odd.csv", "kind", says="--reason")
    pets.refused(2, "schema", "snooze", "odd.csv", "kind", "--reason", "", says="reason")
    pets.refused(2, "schema", "snooze", "odd.csv", "kind:max", "--reason", "x", says=["no anomaly 'kind:max'", "kind:values"])
    pets.refused(2, "schema", "snooze", "odd.csv", "kind", "--reason", "x", "--until", "tomorrow", says="tomorrow")
    pets.refused(2, "schema", "snooze", "odd.csv", "kind", "--reason", "x", "--until", "2001-02-30", says="2001-02-30")
    pets.refused(2, "schema", "snooze", "odd.csv", "kind", "--reason", "x", "--until", "2001-05-31", says="over already")
    assert not decisions_file(pets).exists() and (pets.folder / "schema.yaml").read_text() == before
    decisions_file(pets).write_text("version: 1\ndecisions:\n  - {action: refuze, rule: max, person: x, day: 2001-01-01}\n")
    pets.refused(2, "validate", "odd.csv", says=["schema-decisions.yaml:3", "refuze"])


def test_each_dataset_has_its_own_decisions(pets):
    (pets.folder / "schema.birds.yaml").write_text(SCHEMA)
    pets.run("schema", "snooze", "odd.csv", "--dataset", "birds", "--reason", "not now")
    assert decisions_file(pets, "birds").exists() and not decisions_file(pets).exists()
    pets.run("validate", "odd.csv", "--dataset", "birds")
    pets.run("validate", "odd.csv", code=1)
    pets.run("data", "add", "birds", "odd.csv")
    assert len(pets.json("schema", "decisions", "birds")) == 2
    # What was decided on already is not decided on again, unless it is named.
    assert "nothing to snooze" in pets.run("schema", "snooze", "birds", "--reason", "again").stderr
    pets.run("schema", "snooze", "birds", "kind", "--reason", "again")
    assert len(pets.json("schema", "decisions", "birds")) == 3


def test_rules_of_all_rows_are_named_without_a_column(pets):
    schema = pets.folder / "schema.yaml"
    schema.write_text(SCHEMA + "\ndataset:\n  rows: {min: 10}\n  keys:\n    - {columns: [id]}\n")
    (pets.folder / "few.csv").write_text("id,kind,weight\n1,cat,1\n1,cat,2\n")
    assert pets.run("schema", "snooze", "few.csv", "key:id", "--reason", "x").stdout == "snoozed key:id\n"
    accepted = pets.run("schema", "accept", "few.csv", "few_rows").stdout
    assert accepted.startswith("accepted few_rows\n    - "), accepted
    pets.run("validate", "few.csv")


PBTXT = """feature {
  name: "kind"
  type: BYTES
  presence { min_fraction: 1.0 min_count: 1 }
  value_count { min: 1 max: 1 }
  string_domain { name: "kind" value: "cat" value: "dog" }
  annotation { tag: "a note" }
}
feature {
  name: "weight"
  type: FLOAT
  presence { min_fraction: 1.0 min_count: 1 }
  value_count { min: 1 max: 1 }
  float_domain { max: 100.0 }
}
"""


def test_a_schema_of_tfx_comes_in_and_goes_out(pets):
    (pets.folder / "schema.pbtxt").write_text(PBTXT)
    pets.refused(2, "schema", "import", "schema.pbtxt", says=["schema.yaml", "--force"])
    imported = pets.run("schema", "import", "schema.pbtxt", "--force")
    assert "note: schema.pbtxt:7" in imported.stderr, imported
    (pets.folder / "rows.csv").write_text("kind,weight\ncat,1.5\ncow,400\n")
    report = pets.json("validate", "rows.csv", code=1)
    assert {(anomaly["column"], anomaly["rule"], anomaly["severity"]) for anomaly in report["anomalies"]} == {
        ("kind", "values", "error"), ("weight", "max", "error")}
    exported = pets.run("schema", "export")
    assert exported.stdout == pets.run("schema", "export", "--format", "tfx").stdout
    before = (pets.folder / "schema.yaml").read_text()
    (pets.folder / "again.pbtxt").write_text(exported.stdout)
    pets.run("schema", "import", "again.pbtxt", "--force")
    assert (pets.folder / "schema.yaml").read_text() == before
    pets.run("schema", "import", "again.pbtxt")  # the same again needs no --force
    pets.run("schema", "import", "again.pbtxt", "--dataset", "birds")
    assert (pets.folder / "schema.birds.yaml").read_text() == before


def test_what_tfx_cannot_say_is_a_note(pets):
    (pets.folder / "schema.yaml").write_text(SCHEMA.replace("severity: error", "severity: error}\n    duplicates: warning\n    bands:\n      - {of: mean, max: 5"))
    exported = pets.run("schema", "export")
    assert "note: column 'weight'" in exported.stderr, exported
    assert "# " in exported.stdout and "feature {" in exported.stdout


def test_bad_schemas_of_tfx_are_refused_with_their_place(pets):
    (pets.folder / "bad.pbtxt").write_text('feature {\n  name: "kind"\n  tipe: BYTES\n}\n')
    before = (pets.folder / "schema.yaml").read_text()
    pets.refused(2, "schema", "import", "bad.pbtxt", "--force", says="bad.pbtxt:3:")
    pets.refused(2, "schema", "import", "nothing.pbtxt", says="nothing.pbtxt")
    pets.refused(2, "schema", "export", "--format", "avro", says="avro")
    assert (pets.folder / "schema.yaml").read_text() == before
