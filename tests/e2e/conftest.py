"""The journey of the quickstart on 20,000 rows, run once for all tests of this folder that only look at it."""
import pyarrow
import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, Project

TRAINED_MONTHS = (1, 2, 3, 4)
SCORED_ROWS = 1000


class Journey(Project):
    """A project with flights@1 to flights@4 (a month each) and late-flights@1, and what its commands said."""

    def __init__(self, folder):
        super().__init__(folder)
        sample = parquet.read_table(FLIGHTS / "flights-sample.parquet")
        self.months = {number: sample.filter(pc.equal(pc.month(sample["date"]), number)) for number in range(1, 6)}
        for number, rows in self.months.items():
            parquet.write_table(rows, self.file(number))
        self.run("init", "--template", "flights")
        self.added = [self.json("data", "add", "flights", self.file(number), "--append", "-m", f"month {number}")
                      for number in TRAINED_MONTHS]
        self.trained = self.json("train")

    def file(self, month):
        return self.folder.parent / f"month-{month}.parquet"

    def rows(self, version):
        """What flights@`version` must hold, as pyarrow sees it."""
        return pyarrow.concat_tables([self.months[number] for number in TRAINED_MONTHS[:version]]).combine_chunks()


@pytest.fixture(scope="session")
def journey(tmp_path_factory):
    return Journey(tmp_path_factory.mktemp("journey") / "flights")


@pytest.fixture(scope="module")
def url(journey):
    """A server of the journey's model, one for each file of tests."""
    with journey.serve() as url:
        yield url


@pytest.fixture(scope="session")
def may(journey):
    """Rows that the journey's model has not seen."""
    return parquet.read_table(journey.file(5)).slice(0, SCORED_ROWS).combine_chunks()


@pytest.fixture(scope="session")
def batch(journey, may):
    """Roost's probabilities of those rows by the batch path."""
    path = journey.folder.parent / "may-scored.parquet"
    journey.run("predict", journey.file(5), "--limit", str(len(may)), "--output", path)
    return parquet.read_table(path)["probability"].to_numpy()
