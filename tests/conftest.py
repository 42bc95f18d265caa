"""Fixtures of all tests that run the program."""
import pytest

from program import FLIGHTS, Project, program_path


def pytest_configure(config):
    for what, path in (("the program", program_path()), ("the flights", FLIGHTS / "flights-sample.parquet")):
        if not path.exists():
            raise pytest.UsageError(f"{what} is missing: {path}; run 'make build' first")


@pytest.fixture
def folder(tmp_path):
    """An empty folder that is no project."""
    return Project(tmp_path / "work")


@pytest.fixture
def project(folder):
    """A fresh project made from the template of the flights."""
    folder.run("init", "--template", "flights")
    return folder
