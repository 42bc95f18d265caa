"""Schemas that are inferred from several versions, what they find in the next one, and how it confirms them.

The hard case: May's flights with delays in hours. They are integers, within the range of January's minutes; no type,
range or list of values shows it.
"""
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, Project


@pytest.fixture(scope="module")
def months():
    """20,000 flights by month: January to May."""
    sample = parquet.read_table(FLIGHTS / "flights-sample.parquet")
    return {month: sample.filter(pc.equal(pc.month(sample["date"]), month)) for month in range(1, 6)}


def in_hours(flights):
    hours = pc.cast(pc.round(pc.divide(pc.cast(flights["delay"], pa.float64()), 60)), pa.int64())
    return flights.set_column(flights.schema.get_field_index("delay"), "delay", hours)


def save(project, flights, name):
    parquet.write_table(flights, project.folder / name)
    return name


@pytest.fixture
def flights(tmp_path, months):
    """A project with January to April, a version each, appended."""
    project = Project(tmp_path / "flights")
    project.run("init", "--template", "flights")
    for month in range(1, 5):
        project.run("data", "add", "flights", save(project, months[month], f"{month}.parquet"), "--append")
    return project


def test_a_change_of_unit_is_refused_and_the_real_month_passes(flights, months):
    inferred = flights.json("schema", "infer", "flights")
    assert inferred["versions"] == [f"flights@{version}" for version in range(1, 5)]
    assert in_hours(months[5])["delay"].type == pa.int64()
    refused = flights.run("data", "add", "flights", save(flights, in_hours(months[5]), "hours.parquet"), "--append", code=1)
    assert "error: delay" in refused.stdout and "spread" in refused.stdout, refused
    assert len(flights.versions()) == 4, "nothing is visible"
    real = flights.run("data", "add", "flights", save(flights, months[5], "may.parquet"), "--append")
    assert real.stdout.startswith("flights@5"), real
    assert "warning: origin: " in real.stderr and "error: " not in real.stderr, real
    assert len(flights.versions()) == 5


def test_one_month_is_enough_to_see_a_change_of_unit(flights, months):
    assert flights.json("schema", "infer", "flights@1")["versions"] == ["flights@1"]
    checked = flights.run("validate", save(flights, in_hours(months[5]), "hours.parquet"), code=1)
    assert "error: delay" in checked.stdout, checked
    assert "0 errors" in flights.run("validate", save(flights, months[5], "may.parquet")).stdout


def test_versions_that_were_appended_count_by_their_new_rows(flights, tmp_path, months):
    appended = flights.json("schema", "infer", "flights", "--dry-run")["schema"]
    snapshots = Project(tmp_path / "snapshots")
    snapshots.run("init", "--template", "flights")
    for month in range(1, 5):
        snapshots.run("data", "add", "flights", save(snapshots, months[month], f"{month}.parquet"))
    assert snapshots.json("schema", "infer", "flights", "--dry-run")["schema"] == appended


def test_which_versions_are_looked_at(flights):
    def versions(*arguments):
        return flights.json("schema", "infer", *arguments, "--dry-run")["versions"]
    assert versions("flights", "--versions", "2") == ["flights@3", "flights@4"]
    assert versions("flights@3", "flights@1") == ["flights@1", "flights@3"]
    assert versions("flights@3", "--versions", "2") == ["flights@2", "flights@3"]
    assert versions("flights@4", "flights") == [f"flights@{version}" for version in range(1, 5)], "each once"
    flights.refused(2, "schema", "infer", "flights", "--versions", "0", says="--versions")
    flights.refused(2, "schema", "infer", "flights@9", says="flights")
    flights.run("data", "add", "others", "1.parquet")
    flights.refused(2, "schema", "infer", "flights", "others", says="one dataset")


def test_every_rule_has_a_reason(flights):
    inferred = flights.json("schema", "infer", "flights", "--explain")
    reasons = {(reason["column"], reason["rule"]): reason["text"] for reason in inferred["explanations"]}
    assert all(reasons.values())
    assert {rule for column, rule in reasons if column == "delay"} >= {"type", "range", "bands: spread"}, reasons
    shown = flights.run("schema", "infer", "flights", "--explain", "--force").stdout
    assert "delay\n  type: " in shown and "  bands: spread: " in shown, shown


def test_a_version_confirms_the_rules_that_it_kept(flights, months):
    flights.run("schema", "infer", "flights@1")
    first = flights.json("schema", "confirm", "flights@2")
    assert first["version"] == "flights@2" and first["changes"], first
    changes = {change["column"]: change for change in first["changes"]}
    assert any("confirmed: 1" in line for line in changes["delay"]["added"]), changes["delay"]
    flights.run("schema", "confirm", "flights@3")
    again = flights.run("schema", "confirm", "flights@3")
    assert again.stdout == "" and "flights@3 was counted already" in again.stderr, again
    older = flights.run("schema", "confirm", "flights@2")
    assert "flights@2 is not counted: a newer version, flights@3, was counted already" in older.stderr, older
    assert "confirmed_version: 3\n" in (flights.folder / "schema.yaml").read_text()
    settled = flights.run("schema", "confirm", "flights@4")
    assert "delay\n" in settled.stdout and "severity: error" in settled.stdout, settled
    assert "confirmed" not in [line for line in settled.stdout.splitlines() if line.startswith("    + range")][0]
    assert "wrote schema.yaml" in settled.stderr
    over = flights.folder / "over.parquet"
    worse = months[5].set_column(months[5].schema.get_field_index("delay"), "delay",
                                 pc.add(months[5]["delay"], 1_000_000))
    parquet.write_table(worse, over)
    report = flights.json("validate", over, code=1)
    ranges = [anomaly for anomaly in report["anomalies"] if (anomaly["column"], anomaly["rule"]) == ("delay", "max")]
    assert ranges[0]["severity"] == "error", "a rule that was confirmed three times is no warning any more"


def test_confirming_needs_a_schema_and_a_version(flights):
    flights.refused(2, "schema", "confirm", "flights", says="no schema.yaml")
    flights.run("schema", "infer", "flights@1")
    flights.refused(2, "schema", "confirm", "flights@9", says="flights")
