"""Rows are held against their dataset's schema before they become a version; bad rows go to a dataset of their own."""
import json

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from program import Project

GOOD = "id,kind,weight\n" + "".join(f"{i},{'cat' if i % 2 else 'dog'},{i % 9}.5\n" for i in range(40))


@pytest.fixture
def project(tmp_path):
    """A project whose dataset `pets` has a version and a schema that was inferred from it."""
    made = Project(tmp_path / "project")
    made.run("init", "--template", "flights")
    config = made.folder / "roost.yaml"
    config.write_text(config.read_text().replace("dataset: flights", "dataset: pets"))
    add(made, GOOD)
    made.run("schema", "infer", "pets")
    return made


def write(project, name, text):
    (project.folder / name).write_text(text)
    return name


def rows_of(project, dataset):
    return [json.loads(line) for line in project.run("data", "cat", dataset, "--format", "jsonl").stdout.splitlines()]


def add(project, text, *arguments, code=0):
    return project.run("data", "add", "pets", write(project, "new.csv", text), *arguments, code=code)


def set_gate(project, gate):
    config = project.folder / "roost.yaml"
    config.write_text(config.read_text() + f"\ndata:\n  gate: {gate}\n")


BAD = "id,kind,weight\n101,cat,\n102,dog,2.5\n"


@pytest.mark.parametrize("mode", [[], ["--append"]])
def test_errors_refuse_the_version_and_show_the_report(project, mode):
    refused = add(project, BAD, *mode, code=1)
    assert "error: weight: 1 of 2 rows (50 %) have no value" in refused.stdout, refused
    assert "in row 1" in refused.stdout, refused
    assert "pets: refused, nothing was added" in refused.stderr, refused
    assert len(project.versions("pets")) == 1
    document = project.run("data", "add", "pets", "new.csv", *mode, "--json", code=1).json()
    assert document["refused"] is True and document["report"]["errors"] == 1


def test_a_first_version_is_held_against_a_schema_that_is_there_already(project):
    (project.folder / "schema.birds.yaml").write_text((project.folder / "schema.yaml").read_text())
    write(project, "birds.csv", BAD)
    project.run("data", "add", "birds", "birds.csv", code=1)
    assert project.versions("birds") == []


def test_warnings_let_it_pass_and_are_told(project):
    added = add(project, "id,kind,weight\n101,cow,2.5\n", "--append")
    assert added.stdout.startswith("pets@2: 41 rows"), added
    assert "warning: kind: 1 new value" in added.stderr, added
    document = project.run("data", "add", "pets", write(project, "more.csv", "id,kind,weight\n102,cow,2.5\n"),
                           "--append", "--json").json()
    assert document["version"] == 3 and document["report"]["warnings"] >= 1


def test_an_append_is_judged_by_its_own_rows(project):
    # One row in 41 has no weight: in the whole table 2.4 %, of what is added all.
    add(project, "id,kind,weight\n101,cat,\n", "--append", code=1)


def test_the_gate_is_set_in_roost_yaml_and_for_one_command(project):
    warned = add(project, BAD, "--append", "--gate", "warn")
    assert warned.stdout.startswith("pets@2") and "error: weight" in warned.stderr, warned
    set_gate(project, "warn")
    assert add(project, BAD, "--append").stdout.startswith("pets@3")
    refused = add(project, BAD, "--append", "--gate", "refuse", code=1)
    assert "refused" in refused.stderr
    silent = add(project, BAD, "--append", "--gate", "off")
    assert silent.stdout.startswith("pets@4") and "weight" not in silent.stderr, silent


def test_a_dataset_without_a_schema_has_no_gate(project):
    write(project, "other.csv", BAD)
    assert project.run("data", "add", "others", "other.csv").stdout.startswith("others@1")
    project.refused(2, "data", "add", "others", "other.csv", "--quarantine", "bad", says="others has no schema")


def test_upserts_are_judged_too(tmp_path):
    project = Project(tmp_path / "project")
    project.run("init", "--template", "flights")
    config = project.folder / "roost.yaml"
    config.write_text(config.read_text().replace("dataset: flights", "dataset: pets"))
    project.run("data", "add", "pets", write(project, "good.csv", GOOD), "--key", "id")
    project.run("schema", "infer", "pets")
    refused = add(project, "id,kind,weight\n3,cat,\n", "--upsert", code=1)
    assert "error: weight" in refused.stdout
    assert add(project, "id,kind,weight\n3,dog,1.5\n", "--upsert").stdout.startswith("pets@2: 40 rows")


def test_bad_rows_go_to_quarantine_and_the_good_ones_are_added(project):
    text = "id,kind,weight\n101,cat,2.5\n102,cat,\n103,dog,heavy\n104,dog,3.5\n"
    added = add(project, text, "--append", "--quarantine", "pets-bad")
    assert added.stdout.splitlines()[0].startswith("pets@2: 42 rows"), added
    assert "pets-bad@1: 2 rows in quarantine" in added.stdout, added
    rows = rows_of(project, "pets-bad")
    assert [row["_roost_row"] for row in rows] == [2, 3]
    assert rows[0]["_roost_reasons"] == "weight: missing"
    assert rows[1]["_roost_reasons"] == 'weight: type "heavy"'
    assert rows[1]["weight"] == "heavy", "as it was handed in"
    assert [row["weight"] for row in rows_of(project, "pets")[-2:]] == [2.5, 3.5]
    # Of the good rows the gate still has its say.
    write(project, "renamed.csv", "id,kinds,weight\n201,cat,1.5\n202,cat,\n")
    project.run("data", "add", "pets", "renamed.csv", "--append", "--quarantine", "pets-bad", code=1)
    assert len(project.versions("pets")) == 2 and len(project.versions("pets-bad")) == 1


def test_rows_that_are_all_good_make_no_quarantine(project):
    added = add(project, "id,kind,weight\n101,cat,2.5\n", "--append", "--quarantine", "pets-bad")
    assert "quarantine" not in added.stdout
    assert project.versions("pets-bad") == []


def test_a_text_far_behind_the_beginning_of_a_file_is_an_anomaly_and_no_end_of_reading(project):
    rows = 700_000
    text = "id,kind,weight\n" + "".join(f"{i},cat,2.5\n" for i in range(1000, 1000 + rows)) + "1,cat,heavy\n"
    assert len(text) > 8 << 20
    refused = add(project, text, "--append", code=1)
    assert "error: weight: text where the schema wants a number" in refused.stdout, refused
    assert "'heavy' (1)" in refused.stdout, refused
    same = project.run("validate", "new.csv", code=1)
    assert "'heavy' (1)" in same.stdout, same


def test_an_accepted_anomaly_passes_from_then_on(project):
    write(project, "cow.csv", "id,kind,weight\n101,cow,99.5\n")
    assert "warning: weight" in project.run("validate", "cow.csv").stdout
    project.refused(2, "schema", "accept", "cow.csv", "kind:max", says=["no anomaly 'kind:max'", "kind:values"])
    accepted = project.run("schema", "accept", "cow.csv", "kind:values")
    assert "accepted kind:values" in accepted.stdout and "+     - cow" in accepted.stdout, accepted
    shown = project.run("validate", "cow.csv").stdout
    assert "kind" not in shown and "warning: weight" in shown, shown
    project.run("schema", "accept", "cow.csv")
    assert "0 errors, 0 warnings" in project.run("validate", "cow.csv").stdout
    assert "nothing to accept" in project.run("schema", "accept", "cow.csv").stderr


def test_each_dataset_has_its_own_schema(project):
    parquet.write_table(pa.table({"n": [1, 2, 3]}), project.folder / "n.parquet")
    project.run("data", "add", "numbers", "n.parquet")
    project.refused(2, "validate", "numbers", says=["no schema.numbers.yaml", "roost schema infer numbers"])
    project.run("schema", "infer", "numbers")
    assert "against schema.numbers.yaml" in project.run("validate", "numbers").stdout
    assert "against schema.numbers.yaml" in project.run("validate", "n.parquet", "--dataset", "numbers").stdout
    assert "against schema.yaml" in project.run("validate", "pets").stdout


def test_a_version_is_cleaned_of_its_bad_rows(project):
    add(project, BAD, "--append", "--gate", "off")
    assert "error: weight" in project.run("validate", "pets", code=1).stdout
    project.refused(2, "validate", "new.csv", "--quarantine", "pets-bad", says=["no dataset", "data add NAME new.csv"])
    project.refused(11, "validate", "pets@1", "--quarantine", "pets-bad", says="pets@1 is not the newest version")
    cleaned = project.run("validate", "pets", "--quarantine", "pets-bad")
    assert "pets@3: 41 good rows" in cleaned.stdout and "pets-bad@1: 1 row in quarantine" in cleaned.stdout, cleaned
    assert [row["_roost_row"] for row in rows_of(project, "pets-bad")] == [41]
    assert "0 errors" in project.run("validate", "pets").stdout
    again = project.run("validate", "pets", "--quarantine", "pets-bad")
    assert "no bad rows: nothing was changed" in again.stdout, again
    assert len(project.versions("pets")) == 3


def test_rows_with_a_key_that_was_there_go_to_quarantine(project):
    schema = project.folder / "schema.yaml"
    schema.write_text(schema.read_text() + """
dataset:
  keys:
    - {columns: [id]}
rules:
  - {name: light cats, check: "kind != 'cat' or weight < 50", severity: error}
""")
    text = "id,kind,weight\n101,cat,2.5\n102,cat,3.5\n101,dog,1.5\n103,cat,60.5\n104,cow,4.5\n"
    refused = add(project, text, "--append", code=1)
    assert "light cats" in refused.stdout, refused
    added = add(project, text, "--append", "--quarantine", "pets-bad")
    assert "pets-bad@1: 2 rows in quarantine" in added.stdout, added
    rows = rows_of(project, "pets-bad")
    assert [row["_roost_row"] for row in rows] == [3, 4]
    assert rows[0]["_roost_reasons"] == 'key id "101"'
    assert rows[1]["_roost_reasons"].startswith("custom light cats "), rows[1]
    assert [row["id"] for row in rows_of(project, "pets")[-3:]] == [101, 102, 104]
    # Rows that stay have the numbers of the file, those that were left out counted.
    warned = added.stderr[added.stderr.index("warning: kind"):]
    assert "in row 5" in warned, added


def test_texts_that_pass_for_numbers_keep_their_values(project):
    text = "id,kind,weight\n7.0,cat,+1.5\n1e1,cat, 2.5\n+-5,cat,3.5\n99999999999999999999,dog,4.5\n12,dog,+-6\nlate,dog,heavy\n"
    added = add(project, text, "--append", "--quarantine", "pets-bad")
    assert "pets-bad@1: 4 rows in quarantine" in added.stdout, added
    rows = rows_of(project, "pets")[40:]
    assert [(row["id"], row["weight"]) for row in rows] == [(7, 1.5), (10, 2.5)], rows
    assert [row["id"] for row in rows_of(project, "pets-bad")] == ["+-5", "99999999999999999999", "12", "late"]


def test_columns_that_are_not_checked_are_stored_as_they_came(project):
    schema = project.folder / "schema.yaml"
    schema.write_text(schema.read_text().replace("name: weight\n", "name: weight\n    stage: planned\n"))
    add(project, "id,kind,weight\n101,cat,heavy\n102,cat,2.5\n,cat,2\n", "--quarantine", "pets-bad")
    assert [row["weight"] for row in rows_of(project, "pets")] == ["heavy", "2.5"]


def test_bad_rows_of_a_snapshot_go_to_quarantine_once(project):
    text = "id,kind,weight\n101,cat,2.5\n102,cat,\n"
    add(project, text, "--quarantine", "pets-bad")
    again = add(project, text, "--quarantine", "pets-bad")
    assert "nothing changed" in again.stdout and "pets-bad@1: 1 row in quarantine already" in again.stdout, again
    assert len(rows_of(project, "pets-bad")) == 1
    other = add(project, text.replace("102", "103"), "--quarantine", "pets-bad")
    assert "pets-bad@2: 1 row in quarantine\n" in other.stdout, other


def test_bad_rows_of_an_append_that_did_not_end_go_to_quarantine_once(project):
    text = "id,kind,weight\n101,cat,2.5\n102,cat,\n"
    add(project, text, "--append", "--quarantine", "pets-bad")
    # As if the program had ended between the two commits.
    project.run("data", "branch", "move", "pets", "main", "1", "--force")
    again = add(project, text, "--append", "--quarantine", "pets-bad")
    assert "pets-bad@1: 1 row in quarantine already" in again.stdout, again
    # Rows that are appended twice are there twice, the bad ones too.
    more = add(project, text, "--append", "--quarantine", "pets-bad")
    assert "1 row in quarantine\n" in more.stdout, more


DRIFT = """version: 1
columns:
  - name: id
    type: integer
  - name: kind
    type: text
    drift: {l_infinity: 0.2, severity: error}
  - name: weight
    type: number
"""


def of_kinds(cats, dogs):
    kinds = ["cat"] * cats + ["dog"] * dogs
    return "id,kind,weight\n" + "".join(f"{i},{kind},1.5\n" for i, kind in enumerate(kinds))


@pytest.mark.parametrize("mode", [[], ["--append"]])
def test_rows_that_drift_from_those_before_are_refused(project, mode):
    (project.folder / "schema.yaml").write_text(DRIFT)
    refused = add(project, of_kinds(180, 20), *mode, code=1)
    assert "error: kind: the L-infinity distance from the previous span" in refused.stdout, refused
    add(project, of_kinds(210, 200), *mode)


def test_appended_rows_are_compared_with_those_that_were_appended_last(project):
    (project.folder / "schema.yaml").write_text(DRIFT)
    add(project, of_kinds(20, 400), "--append", "--gate", "warn")
    add(project, of_kinds(400, 20), "--append", "--gate", "warn")
    # Of all rows half are cats, of those that were appended last nearly all.
    add(project, of_kinds(400, 20), "--append")
    add(project, of_kinds(210, 200), "--append", code=1)


def test_the_rows_of_a_span_are_counted_against_the_span_before(project):
    (project.folder / "schema.yaml").write_text(DRIFT.replace("columns:", "dataset:\n  rows_to_previous_span: {min: 0.5}\ncolumns:"))
    refused = add(project, of_kinds(5, 5), "--append", code=1)
    assert "10 rows are 0.25 times the 40 of the previous span" in refused.stdout, refused
    add(project, of_kinds(11, 11), "--append")
