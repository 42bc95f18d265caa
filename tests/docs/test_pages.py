"""Plays the ```console blocks of README.md and of the pages under docs/; ACCEPT=1 rewrites their output.

Blocks of a page run in order in a folder of their own, where month-1.parquet to month-5.parquet,
may-in-hours.parquet and broken-may.csv lie.
Lines with `$ ` are commands, `> ` continues one, the rest is what it shows on stdout and stderr. A line `...` stands
for any lines.
"""
import re

import pyarrow.compute as pc
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, ROOT
from terminal import Terminal, accepting, normal

PAGES = [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
         if "```console\n" in path.read_text()]
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.M | re.S)
ANY = "..."


def commands_of(block):
    """The commands of a block, each as [command lines], [expected lines]."""
    commands = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append(([line], []))
        elif line.startswith("> ") and not commands[-1][1]:
            commands[-1][0].append(line)
        else:
            commands[-1][1].append(line)
    return commands


def comparable(lines, folder):
    """Lines without what differs from run to run, and without the widths that follow from it."""
    return [re.sub(r"\s+", " ", normal(line, folder)).strip() for line in lines]


def fits(expected, shown):
    """Whether `shown` is `expected`, where ANY stands for any lines."""
    if not expected:
        return not shown
    if expected[0] == ANY:
        return any(fits(expected[1:], shown[start:]) for start in range(len(shown) + 1))
    return bool(shown) and expected[0] == shown[0] and fits(expected[1:], shown[1:])


@pytest.fixture(scope="session")
def months(tmp_path_factory):
    """A folder with the sample, one file a month."""
    folder = tmp_path_factory.mktemp("months")
    sample = parquet.read_table(FLIGHTS / "flights-sample.parquet")
    for month in range(1, 6):
        parquet.write_table(sample.filter(pc.equal(pc.month(sample["date"]), month)), folder / f"month-{month}.parquet")
    may = parquet.read_table(folder / "month-5.parquet")
    hours = pc.cast(pc.divide(may["delay"], 60), "int64")
    may = may.set_column(may.schema.get_field_index("delay"), "delay", hours)
    parquet.write_table(may, folder / "may-in-hours.parquet")
    (folder / "broken-may.csv").symlink_to(FLIGHTS / "flights-2001-05-broken.csv")
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_shows_what_the_program_does(page, months, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    for file in months.iterdir():
        (folder / file.name).symlink_to(file)
    with Terminal(folder) as terminal:

        def played(match):
            lines = []
            for command, expected in commands_of(match[0]):
                _, stdout, stderr = terminal.play("\n".join(line[2:] for line in command))
                shown = [line.rstrip() for line in stdout + stderr]
                if terminal.server:
                    shown = [line.replace(terminal.address, "127.0.0.1:8080") for line in shown]
                if fits(comparable(expected, folder), comparable(shown, folder)):
                    shown = expected
                elif not accepting():
                    text = "\n".join(shown)
                    pytest.fail(f"{page.name}: {command[0]} shows\n{text}\n'make accept' takes it", pytrace=False)
                lines += [*command, *shown]
            return "".join(f"{line}\n" for line in lines)

        text = page.read_text()
        after = BLOCK.sub(played, text)
    if accepting() and after != text:
        page.write_text(after)


def test_the_reference_of_roost_yaml_is_the_program_s_own(folder):
    page = ROOT / "docs/roost-yaml.md"
    reference = folder.run("config", "reference").stdout
    if accepting():
        page.write_text(reference)
    assert page.read_text() == reference


def test_the_index_names_every_page():
    index = (ROOT / "docs/README.md").read_text()
    for page in (ROOT / "docs").rglob("*.md"):
        name = str(page.relative_to(ROOT / "docs"))
        assert name == "README.md" or f"({name})" in index, f"docs/README.md does not name {name}"
