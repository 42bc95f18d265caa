"""`roost profile` without a project: files of every format, globs, stdin, and datasets beside them."""
import gzip
import subprocess

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, Project, environment, program_path

ROWS = 20_000


@pytest.fixture(scope="module")
def rows():
    return parquet.read_table(FLIGHTS / "flights-sample.parquet").slice(0, ROWS)


@pytest.fixture
def folder(tmp_path):
    return Project(tmp_path / "here")


def write_jsonl(table, path):
    import json
    with open(path, "w") as file:
        for row in table.to_pylist():
            file.write(json.dumps(row, default=str) + "\n")


def write_all(table, folder, name="trips"):
    """`table` in every format; times as text where a format has none."""
    path = folder.folder / name
    parquet.write_table(table, f"{path}.parquet", row_group_size=7000)
    with pa.ipc.new_file(f"{path}.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=3000)
    pyarrow.csv.write_csv(table, f"{path}.csv")
    with open(f"{path}.csv", "rb") as file, gzip.open(f"{path}.csv.gz", "wb") as packed:
        packed.write(file.read())
    write_jsonl(table, f"{path}.jsonl")


def figures(profile, name):
    column = next(column for column in profile["columns"] if column["name"] == name)
    return {key: column.get(key) for key in ("rows", "missing", "distinct", "number", "text")}


def test_every_format_gives_the_same_statistics(folder, rows):
    write_all(rows.select(["delay", "distance", "origin", "destination"]), folder)
    wanted = folder.json("profile", "trips.parquet")
    delay = figures(wanted, "delay")["number"]
    assert delay["min"] == pc.min(rows["delay"]).as_py()
    assert delay["mean"] == pytest.approx(pc.mean(rows["delay"]).as_py(), rel=1e-15)
    for name in ("trips.arrow", "trips.csv", "trips.csv.gz", "trips.jsonl"):
        profile = folder.json("profile", name)
        assert profile["rows"] == len(rows)
        for column in ("delay", "distance", "origin", "destination"):
            assert figures(profile, column) == figures(wanted, column), (name, column)


def test_stdin_is_read_like_a_file(folder, rows):
    write_all(rows.select(["delay", "origin"]), folder)
    wanted = folder.json("profile", "trips.csv")
    for name in ("trips.csv", "trips.parquet", "trips.arrow", "trips.jsonl"):
        with open(folder.folder / name, "rb") as file:
            assert figures(folder.json("profile", "-", stdin=file), "origin") == figures(wanted, "origin"), name
        piped = subprocess.run(["bash", "-c", f"cat {name} | roost profile - --json"], cwd=folder.folder,
                               env=environment(folder.home), capture_output=True, text=True, check=True)
        assert '"rows": 20000' in piped.stdout, name
    wrong = subprocess.run(["bash", "-c", "printf 'a,b\\n1,2\\n3\\n' | roost profile -"], cwd=folder.folder,
                           env=environment(folder.home), capture_output=True, text=True)
    assert wrong.returncode == 2 and wrong.stderr.startswith("error: stdin, row 3"), wrong.stderr
    nothing = subprocess.run(["bash", "-c", "roost profile - < /dev/null"], cwd=folder.folder,
                             env=environment(folder.home), capture_output=True, text=True)
    assert nothing.returncode == 2 and "stdin is empty" in nothing.stderr, nothing.stderr


def test_files_of_a_glob_are_one_table(folder, rows):
    part = rows.select(["delay", "origin"])
    for number in range(4):
        parquet.write_table(part.slice(number * 5000, 5000), folder.folder / f"part-{number}.parquet")
    parquet.write_table(part, folder.folder / "whole.parquet")
    assert folder.json("profile", "part-*.parquet") == folder.json("profile", "whole.parquet")
    assert folder.json("profile", *(f"part-{number}.parquet" for number in range(4))) \
        == folder.json("profile", "whole.parquet")


def test_files_of_a_glob_that_differ_are_refused_with_column_and_types(folder):
    parquet.write_table(pa.table({"a": [1], "b": ["x"]}), folder.folder / "p1.parquet")
    parquet.write_table(pa.table({"a": ["1"], "c": ["x"]}), folder.folder / "p2.parquet")
    folder.refused(2, "profile", "p*.parquet",
                   says=["'p1.parquet'", "'p2.parquet': column 'a' is string, int64 wanted", "column 'b' is missing"])
    folder.refused(2, "profile", "none-*.parquet", says="no file matches 'none-*.parquet'")


def test_the_bytes_do_not_depend_on_threads(folder, rows):
    write_all(rows, folder)
    for name in ("trips.parquet", "trips.csv"):
        alone = subprocess.run(["taskset", "-c", "0", str(program_path()), "profile", name, "--json"],
                               cwd=folder.folder, env=environment(folder.home), capture_output=True, text=True,
                               check=True)
        assert alone.stdout == folder.run("profile", name, "--json").stdout


def test_what_is_neither_file_nor_dataset_is_told(folder):
    folder.refused(2, "profile", "flights", says=["no such file: 'flights'", "no project here"])
    folder.refused(2, "profile", "trips.csv", says="no such file: 'trips.csv'")
    folder.refused(2, "profile", ".", says="folder")


def test_several_versions_are_one_window(tmp_path, rows):
    project = Project(tmp_path / "project")
    project.run("init", "--template", "flights")
    part = rows.select(["delay", "origin"])
    for number in range(3):
        path = project.folder / f"month-{number}.parquet"
        parquet.write_table(part.slice(number * 5000, 5000), path)
        project.run("data", "add", "flights", path)
    parquet.write_table(part.slice(5000, 10_000), project.folder / "window.parquet")
    window = project.json("profile", "flights@2", "flights@3")
    assert window == project.json("profile", "window.parquet")
    # Both are kept now: the packs are not needed any more.
    for pack in (project.folder / ".roost/objects/packs").iterdir():
        pack.rename(pack.with_suffix(".away"))
    kept = project.run("profile", "flights@2", "flights@3", "--json", code=None)
    assert kept.code == 0 and kept.json() == window, kept


def column(profile, name):
    return next(column for column in profile["columns"] if column["name"] == name)


def test_weights_words_and_slices_are_counted_on_request(folder):
    (folder.folder / "notes.csv").write_text("kind,note,times\na,red ball,1\nb,Red bull,3\na,blue ball,2\n")
    (folder.folder / "words.txt").write_text("red\nball\n")
    profile = folder.json("profile", "notes.csv", "--weight", "times", "--words", "note", "--vocabulary", "words.txt",
                          "--slice", "kind")
    kind = {value["value"]: value["weight"] for value in column(profile, "kind")["weighted"]["top"]}
    assert kind == {"a": 3, "b": 3}
    words = column(profile, "note")["text"]["tokens"]
    assert {word["token"]: word["count"] for word in words["top"]} == {"red": 2, "ball": 2, "blue": 1, "bull": 1}
    assert words["coverage"] == pytest.approx(4 / 6)
    assert {piece["slice"]: piece["rows"] for piece in profile["slices"]} == {"kind=a": 2, "kind=b": 1}
    missing = folder.run("profile", "notes.csv", "--words", "note", "--vocabulary", "none.txt", code=None)
    assert missing.code != 0 and "none.txt" in missing.stderr


def test_columns_are_held_against_a_label_and_each_other(folder):
    rows = "".join(f"{i},{3 * i + 1},{'even' if i % 2 == 0 else 'odd'},{i % 2}\n" for i in range(400))
    (folder.folder / "label.csv").write_text("x,y,parity,label\n" + rows)
    said = folder.json("profile", "label.csv", "--label", "label", "--correlate", "x,y")["associations"]
    power = {feature["column"]: (round(feature["power"], 3), feature["leakage"]) for feature in said["features"]}
    assert power == {"x": (0, False), "y": (0, False), "parity": (1, True)}
    [pair] = said["correlations"]
    assert (pair["first"], pair["second"], pair["correlation"]) == ("x", "y", pytest.approx(1))
    shown = folder.run("profile", "label.csv", "--label", "label").stdout
    assert "parity" in shown
