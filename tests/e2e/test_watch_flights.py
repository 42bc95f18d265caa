"""Half a year of flights through `roost watch`, month by month, by a clock that is made up."""
import numpy
import pyarrow
import pyarrow.parquet as parquet
import pytest

from model_project import flow
from program import FLIGHTS
from watch_project import ALERT, WatchProject

EVERY_ROW = 20  # of the half a million flights of a month
GATE = "{rules: [{metric: auc, at_least: 0.55, max_regression: 0.1}]}"


def flights_of(month):
    rows = parquet.read_table(FLIGHTS / f"flights-2001-{month:02}.parquet")
    return rows.take(pyarrow.array(numpy.arange(0, len(rows), EVERY_ROW)))


def with_delay(rows, delay):
    return rows.set_column(rows.schema.get_field_index("delay"), "delay", pyarrow.array(delay))


class Airline(WatchProject):
    """The flights of the template; a month arrives on the first of the next one."""

    def __init__(self, folder):
        self.watch = {"alert": ALERT}
        super(WatchProject, self).__init__(folder)

    def configure(self, **model):
        self.run("init", "--template", "flights")
        config = self.folder / "roost.yaml"
        text = config.read_text().replace("evaluate_share: 0.25", "evaluate_share: 0.12")
        text = text.replace("l2: 1.0", "l2: 30")
        text = text.replace("  trainer:", f"  evaluation: {{resamples: 50}}\n  gate: {GATE}\n  trainer:")
        config.write_text(text + "data: {source: ['2001-*.parquet']}\nwatch: " + flow(self.watch) + "\n")

    def arrive(self, month, rows=None):
        parquet.write_table(flights_of(month) if rows is None else rows, self.folder / f"2001-{month:02}.parquet")

    def month(self, month, rows=None, code=0):
        """What became of the month, on the first of the next one."""
        self.arrive(month, rows)
        runs = self.once("--now", f"2001-{month + 1:02}-01T03:00:00Z", code=code)
        assert [run["spans"] for run in runs] == [[f"2001-{month:02}.parquet"]]
        return runs[0]

    def step(self, run, name):
        return next(step for step in run["steps"] if step["step"] == name)

    def late_models(self):
        return self.json("model", "list")

    def champion(self):
        # Not the last of its moves by time: a person's have the real clock.
        champions = [model["version"] for model in self.late_models() if "champion" in model["aliases"]]
        return champions[0] if champions else None


@pytest.fixture(scope="module")
def airline(tmp_path_factory):
    return Airline(tmp_path_factory.mktemp("airline") / "flights")


def test_half_a_year_of_flights(airline):
    # January: a first version waits for a person, who looks at it and at the schema.
    january = airline.month(1)
    assert january["state"] == "waits"
    airline.run("model", "promote", "late-flights@1", "--reason", "the first")
    airline.run("schema", "infer", "flights@1")

    # February is released by itself, warm from January.
    february = airline.month(2)
    assert february["state"] == "done" and airline.champion() == 2
    assert airline.step(february, "train")["output"]["start"] == "warm"

    # March came without its airports: validation refuses it, and nothing is made of it.
    march = flights_of(3)
    nobody = pyarrow.nulls(len(march), pyarrow.string())
    refused = airline.month(3, march.set_column(march.schema.get_field_index("origin"), "origin", nobody), code=1)
    assert airline.step(refused, "ingest")["state"] == "refused" and "origin" in airline.step(refused, "ingest")["details"]
    assert len(airline.versions()) == 2 and airline.champion() == 2

    # April goes on without it; then March comes again, whole.
    april = airline.month(4)
    assert april["state"] == "done" and airline.champion() == 3
    rows = airline.json("data", "show", "flights@3")["rows"]
    assert rows == sum(len(flights_of(month)) for month in (1, 2, 4))
    airline.arrive(3, march)
    runs = airline.once("--now", "2001-05-03T03:00:00Z")
    # The champion has seen some of the rows that would measure a version of March and April: a person may look.
    assert [(run["spans"], run["state"]) for run in runs] == [(["2001-03.parquet"], "waits")]
    assert "has seen some of them" in airline.step(runs[0], "gate")["made"]
    assert airline.champion() == 3 and airline.span_states()["2001-03.parquet"] == "done"

    # May's delays were mixed up: its rows keep the schema, what is learned and measured on them is worth nothing.
    may = flights_of(5)
    mixed = numpy.random.default_rng(5).permutation(may["delay"].to_numpy())
    refused = airline.month(5, with_delay(may, mixed), code=1)
    assert airline.step(refused, "validate")["state"] == "done"
    assert airline.step(refused, "gate")["state"] == "refused" and "auc" in airline.step(refused, "gate")["details"]
    assert airline.champion() == 3
    airline.arrive(5)
    airline.once("--now", "2001-06-02T03:00:00Z")
    assert airline.champion() == 6

    # June is released, and taken back by a person: no later look brings it back.
    june = airline.month(6)
    assert june["state"] == "done" and airline.champion() == 7
    airline.run("model", "rollback", "late-flights", "--reason", "complaints")
    assert airline.champion() == 6
    assert airline.once("--now", "2001-07-02T03:00:00Z") == [] and airline.champion() == 6

    # All that was trained after the first version began with the one before.
    assert [model["lineage"]["start"] for model in airline.late_models()] == ["cold"] + ["warm"] * 6
    assert [alert["event"] for alert in airline.alerts()] == [
        "waits", "released", "refused", "released", "waits", "refused", "released", "released"]
    assert [alert["by"] for alert in airline.alerts() if alert["event"] == "refused"] == ["validation", "gate"]
    assert airline.span_states() == {f"2001-{month:02}.parquet": "done" for month in range(1, 7)}


def test_what_was_recorded_has_the_clock_that_was_made_up(airline):
    runs = airline.runs()
    assert [run["started"][:10] for run in runs] == [
        "2001-02-01", "2001-03-01", "2001-04-01", "2001-05-01", "2001-05-03", "2001-06-01", "2001-06-02", "2001-07-01"]
    assert [alert["time"][:10] for alert in airline.alerts()] == [run["started"][:10] for run in runs]
    assert [version["time"][:4] for version in airline.versions()] == ["2001"] * 7
