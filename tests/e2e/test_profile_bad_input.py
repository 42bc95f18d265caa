"""`roost profile` on files that are not as they should be: each is profiled, or refused with what is wrong and where."""
import os
import subprocess
import threading
import time

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from program import Project, environment, program_path


@pytest.fixture
def folder(tmp_path):
    """A folder that is no project: files need none."""
    return Project(tmp_path / "here")


def write(folder, name, content):
    path = folder.folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def column(profile, name):
    found = [column for column in profile["columns"] if column["name"] == name]
    assert len(found) == 1, f"{name} in {[column['name'] for column in profile['columns']]}"
    return found[0]


def test_mixed_types_become_text_and_the_values_that_are_no_numbers_are_named(folder):
    write(folder, "mixed.csv", "delay,origin\n1,SFO\n2.5,LAX\nlate,SFO\n4,\n7,SFO\nn/a,SFO\n")
    shown = folder.run("profile", "mixed.csv")
    assert "'delay' is text, though most of its values are numbers; these are not: \"late\" (1), \"n/a\" (1)" \
        in shown.stderr, shown
    delay = column(folder.json("profile", "mixed.csv"), "delay")
    assert delay["type"] == "string"
    assert {value["value"]: value["count"] for value in delay["text"]["top"]}["late"] == 1


@pytest.mark.parametrize("late, kind", [("2.5", "float64"), ("late", "string")])
def test_values_of_another_type_far_behind_the_beginning_are_counted_too(folder, late, kind):
    rows = 1_200_000
    write(folder, "late.csv", "id,delay\n" + "".join(f"{i},{i % 7}\n" for i in range(rows)) + f"{rows},{late}\n")
    assert (folder.folder / "late.csv").stat().st_size > 8 << 20, "beyond what types are taken from"
    profile = folder.json("profile", "late.csv")
    assert profile["rows"] == rows + 1
    assert column(profile, "delay")["type"] == kind
    assert column(profile, "id")["type"] == "int64"


def test_texts_that_are_not_utf8_are_counted(folder):
    write(folder, "latin.csv", b"name,n\nJos\xe9,1\nAnn,2\n\xff\xfe,3\n")
    name = column(folder.json("profile", "latin.csv"), "name")
    assert name["type"] == "string"
    assert name["text"]["invalid_utf8"] == 2
    folder.run("profile", "latin.csv")  # and shown
    table = pa.table({"name": pa.Array.from_buffers(pa.utf8(), 2, [None, pa.array([0, 2, 3], pa.int32()).buffers()[1],
                                                                   pa.py_buffer(b"\xe9xA")])})
    parquet.write_table(table, folder.folder / "latin.parquet")
    assert column(folder.json("profile", "latin.parquet"), "name")["text"]["invalid_utf8"] == 1


def test_a_header_that_is_not_utf8_is_refused(folder):
    write(folder, "header.csv", b"na\xefve,n\na,1\n")
    folder.refused(2, "profile", "header.csv", says=["header.csv", "the name of column 1 is not UTF-8"])


def test_a_text_of_100_mb_is_profiled_from_parquet_and_arrow_and_refused_in_csv(folder):
    huge = "x" * (100 << 20)
    table = pa.table({"text": pa.array(["a", huge, None], pa.large_utf8()), "n": [1, 2, 3]})
    parquet.write_table(table, folder.folder / "huge.parquet")
    with pa.ipc.new_file(folder.folder / "huge.arrow", table.schema) as writer:
        writer.write_table(table)
    for name in ("huge.parquet", "huge.arrow"):
        shown = folder.run("profile", name)
        assert len(shown.stdout) < 10_000, "a terminal shows the beginning of a long text"
        assert column(folder.json("profile", name), "text")["text"]["max_length"] == len(huge)
    write(folder, "huge.csv", f"text,n\na,1\n{huge},2\n")
    folder.refused(2, "profile", "huge.csv", says=["huge.csv", "more than 8 MB", "Parquet"])
    write(folder, "huge.jsonl", f'{{"text":"a"}}\n{{"text":"{huge}"}}\n')
    folder.refused(2, "profile", "huge.jsonl", says=["huge.jsonl", "more than 8 MB"])


def test_a_column_of_only_nulls_says_so(folder):
    write(folder, "nulls.csv", "a,b\n,1\n,2\n")
    parquet.write_table(pa.table({"a": pa.nulls(2), "b": [1, 2]}), folder.folder / "nulls.parquet")
    write(folder, "nulls.jsonl", '{"a":null,"b":1}\n{"a":null,"b":2}\n')
    for name in ("nulls.csv", "nulls.parquet", "nulls.jsonl"):
        a = column(folder.json("profile", name), "a")
        assert (a["rows"], a["missing"], a["distinct"]) == (2, 2, 0), name
        assert "100 %" in folder.run("profile", name).stdout


def test_dates_in_three_formats_stay_text(folder):
    write(folder, "dates.csv", "day\n2001-05-01\n05/02/2001\n3 May 2001\n2001-05-04\n")
    day = column(folder.json("profile", "dates.csv"), "day")
    assert day["type"] == "string"
    assert day["distinct"] == 4
    write(folder, "iso.csv", "day\n2001-05-01\n2001-05-02\n")
    assert column(folder.json("profile", "iso.csv"), "day")["type"] != "string", "one format is a time"


def test_no_rows_are_a_profile_of_no_rows(folder):
    write(folder, "none.csv", "a,b\n")
    parquet.write_table(pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.utf8())}),
                        folder.folder / "none.parquet")
    with pa.ipc.new_stream(folder.folder / "none.arrow", pa.schema([("a", pa.int64()), ("b", pa.utf8())])):
        pass
    for name in ("none.csv", "none.parquet", "none.arrow"):
        profile = folder.json("profile", name)
        assert profile["rows"] == 0, name
        assert [column["name"] for column in profile["columns"]] == ["a", "b"], name
        folder.run("profile", name)
    write(folder, "empty.csv", "")
    folder.refused(2, "profile", "empty.csv", says="'empty.csv' is empty")


def test_two_columns_of_one_name_are_refused(folder):
    write(folder, "twice.csv", "a,b,a\n1,2,3\n")
    folder.refused(2, "profile", "twice.csv", says="'twice.csv' has two columns named 'a'")
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    parquet.write_table(twice, folder.folder / "twice.parquet")
    folder.refused(2, "profile", "twice.parquet", says="'twice.parquet' has two columns named 'a'")
    with pa.ipc.new_file(folder.folder / "twice.arrow", twice.schema) as writer:
        writer.write_table(twice)
    folder.refused(2, "profile", "twice.arrow", says="'twice.arrow' has two columns named 'a'")
    write(folder, "twice.jsonl", '{"a":1,"b":2}\n{"a":1,"b":2,"a":3}\n')
    folder.refused(2, "profile", "twice.jsonl", says=["twice.jsonl", "line 2", "'a'", "twice"])


def test_nan_and_infinities_are_counted_and_in_no_other_figure(folder):
    write(folder, "nan.csv", "x\n1\nnan\ninf\n-inf\n3\n")
    parquet.write_table(pa.table({"x": [1.0, float("nan"), float("inf"), float("-inf"), 3.0]}),
                        folder.folder / "nan.parquet")
    for name in ("nan.csv", "nan.parquet"):
        number = column(folder.json("profile", name), "x")["number"]
        figures = ("finite", "nan", "positive_infinity", "negative_infinity", "min", "max", "mean")
        assert [number[figure] for figure in figures] == [2, 1, 1, 1, 1, 3, 2], name
        folder.run("profile", name)


def changed_while_read(folder, name, change):
    """Profiles a file that `change` changes once the program has begun to read it, and gives what it said."""
    process = subprocess.Popen([str(program_path()), "profile", name], cwd=folder.folder, text=True,
                               env=environment(folder.home), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    path = str(folder.folder / name)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        files = f"/proc/{process.pid}/fd"
        try:
            if path in [os.readlink(f"{files}/{number}") for number in os.listdir(files)]:
                time.sleep(0.1)  # well within the rows
                change(path)
                break
        except OSError:
            pass  # it ended, or closed a file, meanwhile
    stdout, stderr = process.communicate(timeout=120)
    return process.returncode, stdout, stderr


def cut(path):
    os.truncate(path, os.path.getsize(path) - 1_000_000)


def grow(path):
    with open(path, "a") as file:
        file.write("7,7\n")


def replace(path):
    with open(path + ".new", "w") as file:
        file.write("a,b\n1,2\n")
    os.replace(path + ".new", path)


@pytest.mark.parametrize("change, says", [(cut, "it had"), (grow, "it had"), (replace, "another file"),
                                          (os.remove, "it is gone")])
def test_a_file_that_changes_while_it_is_read_is_told(folder, change, says):
    write(folder, "big.csv", "a,b\n" + "".join(f"{i},{i % 100}\n" for i in range(4_000_000)))
    code, stdout, stderr = changed_while_read(folder, "big.csv", change)
    assert (code, stdout) == (2, ""), stderr
    assert "'big.csv' changed while it was read" in stderr and says in stderr, stderr


def test_a_dataset_gets_no_version_of_a_file_that_changes(tmp_path):
    project = Project(tmp_path / "project")
    project.run("init")
    path = project.folder / "big.csv"
    path.write_text("a,b\n" + "".join(f"{i},{i % 100}\n" for i in range(2_000_000)))
    stop = threading.Event()

    def keep_growing():
        while not stop.is_set():
            grow(path)
            time.sleep(0.02)

    writer = threading.Thread(target=keep_growing)
    writer.start()
    try:
        project.refused(2, "data", "add", "big", path, says="changed while it was read")
    finally:
        stop.set()
        writer.join()
    assert project.versions("big") == []
    project.run("data", "add", "big", path)
