"""What goes wrong on real machines: one clear message, the right exit code, and nothing half-written to be seen."""
import json
import resource
import signal
import socket
import subprocess
import time

import pyarrow.parquet as parquet
import pytest

from program import FLIGHTS, TIMEOUT_SECONDS, Project, program_path

SAMPLE = FLIGHTS / "flights-sample.parquet"
MONTH = FLIGHTS / "flights-2001-01.parquet"
SAMPLE_ROWS = 20_000
DELAYS_SECONDS = (0.0, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.45, 0.7)


@pytest.fixture
def flights(project):
    """A project with the sample as flights@1."""
    project.run("data", "add", "flights", SAMPLE)
    return project


def check_whole(project, possible_rows):
    """Every version that can be seen is one of `possible_rows` and reads to its last row."""
    versions = project.versions()
    assert [version["rows"] for version in reversed(versions)] == possible_rows[:len(versions)]
    for version in versions:
        path = project.folder / "whole.parquet"
        project.run("data", "export", f"flights@{version['version']}", "--output", path, "--force")
        assert parquet.read_metadata(path).num_rows == version["rows"]


def content(project, version):
    """The bytes of a version's rows and of its profile."""
    path = project.folder / f"content-{version}.arrow"
    project.run("data", "export", f"flights@{version}", "--output", path)
    return path.read_bytes(), project.run("profile", f"flights@{version}", "--json").stdout


# --- a run that is stopped ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM], ids=lambda stop: stop.name)
def test_data_add_stopped_at_any_moment_leaves_whole_versions(flights, stop):
    month_rows = parquet.read_metadata(MONTH).num_rows
    codes = set()
    for delay in DELAYS_SECONDS:
        process = flights.start("data", "add", "flights", MONTH, "--append")
        time.sleep(delay)
        process.send_signal(stop)
        _, stderr = process.communicate(timeout=TIMEOUT_SECONDS)
        codes.add(process.returncode)
        if process.returncode == 130:
            assert 1 <= len([line for line in stderr.splitlines() if "stopped" in line]) <= 1, stderr
        count = len(flights.versions())
        check_whole(flights, [SAMPLE_ROWS + month_rows * number for number in range(count)])
    # A signal in the first milliseconds meets the program before it listens.
    assert codes <= {0, -stop, 130}, codes
    assert codes & {-stop, 130}, "no run was stopped in time"
    before = flights.versions()[0]
    after = flights.json("data", "add", "flights", MONTH, "--append")
    assert after["version"] == before["version"] + 1
    assert after["rows"] == before["rows"] + month_rows
    # What stands now is what the same adds leave that nobody stopped.
    calm = Project(flights.home / "calm")
    calm.run("init", "--template", "flights")
    calm.run("data", "add", "flights", SAMPLE)
    for _ in range(after["version"] - 1):
        calm.run("data", "add", "flights", MONTH, "--append")
    assert [content(flights, version) for version in (1, after["version"])] == [
        content(calm, version) for version in (1, after["version"])]


def test_the_first_add_killed_leaves_no_dataset(project):
    for delay in DELAYS_SECONDS[:6]:
        process = project.start("data", "add", "flights", MONTH)
        time.sleep(delay)
        process.kill()
        process.communicate()
        versions = project.versions()
        if versions:
            break
    check_whole(project, [parquet.read_metadata(MONTH).num_rows])


# --- limits of the machine ---------------------------------------------------------------------------------------

def small_files():
    """The disk is full after 64 KiB a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))


def test_a_full_disk_is_told_and_leaves_whole_versions(flights):
    flights.refused(14, "data", "add", "flights", MONTH, "--append", "--quiet", preexec_fn=small_files)
    check_whole(flights, [SAMPLE_ROWS])
    assert flights.json("data", "add", "flights", MONTH, "--append")["version"] == 2


@pytest.fixture
def small_disk(tmp_path):
    """A project that is alone on a disk of 4 MiB."""
    project = Project(tmp_path / "disk")
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", project.folder], capture_output=True,
                          text=True)
    assert made.returncode == 0, f"mounting a small disk needs root: {made.stderr}"
    yield project
    subprocess.run(["umount", project.folder], check=True)


def fill(path):
    """Takes all the space that is left on a disk."""
    with pytest.raises(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_on_a_full_disk_what_reads_goes_on_and_what_writes_is_told(small_disk):
    project = small_disk
    project.run("init")
    rows = project.folder / "rows.csv"
    rows.write_text("id,name\n1,Ann\n2,Bob\n")
    project.run("data", "add", "people", rows)
    rows.write_text("id,name\n1,Ann\n2,Rob\n")
    fill(project.folder / "fill")
    reading = [("data", "log", "people"), ("data", "list"), ("data", "show", "people"), ("data", "cat", "people"),
               ("data", "alias", "list", "people"), ("profile", "people"), ("model", "list")]
    for command in reading:
        project.run(*command)
    for command in [("data", "add", "people", rows), ("data", "branch", "create", "people", "side"),
                    ("data", "delete", "people", "--all-versions", "--why", "x"), ("init", "sub")]:
        project.refused(14, *command, "--quiet", says=("no space left", "free some space"))
    (project.folder / "fill").unlink()
    assert project.json("data", "add", "people", rows)["version"] == 2


def test_a_full_disk_under_an_export_leaves_no_file(flights):
    flights.refused(14, "data", "export", "flights", "--output", "rows.csv", "--quiet", preexec_fn=small_files)
    assert not (flights.folder / "rows.csv").exists()


def test_a_full_device_behind_stdout_is_told(flights):
    with open("/dev/full", "w") as full:
        result = flights.run("data", "cat", "flights", "--format", "csv", code=14, stdout=full)
    assert "space" in result.stderr


def test_a_reader_that_goes_away_ends_the_program_quietly(flights):
    process = flights.start("data", "cat", "flights", "--format", "csv")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=TIMEOUT_SECONDS) == 141
    assert process.stderr.read() == ""


def test_a_port_in_use_is_told(flights):
    flights.run("train")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flights.refused(14, "serve", "--port", str(port), says=str(port))


# --- files -------------------------------------------------------------------------------------------------------

def parquet_bytes():
    return SAMPLE.read_bytes()


BAD_FILES = {
    "empty.csv": lambda: b"",
    "empty.parquet": lambda: b"",
    "cut-at-the-end.parquet": lambda: parquet_bytes()[:-1000],
    "cut-in-half.parquet": lambda: parquet_bytes()[:len(parquet_bytes()) // 2],
    "damaged.parquet": lambda: parquet_bytes()[:4] + b"\xff" * 5000 + parquet_bytes()[5004:],
    "text.parquet": lambda: b"date,delay\n2001-01-01,5\n",
    "picture.csv": lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 64,
    "noise.arrow": lambda: bytes(range(256)) * 16,
    "noise.jsonl": lambda: b'{"delay": 5}\n{"delay": \n',
    "ragged.csv": lambda: b"a,b\n1,2\n1,2,3\n",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_by_name(project, name):
    (project.folder / name).write_bytes(BAD_FILES[name]())
    project.refused(2, "data", "add", "flights", name, "--quiet", says=name)
    assert project.versions() == []


def test_a_missing_file_is_refused_by_name(project):
    project.refused(2, "data", "add", "flights", "missing.parquet", says="missing.parquet")
    project.refused(2, "data", "add", "flights", "no-*.parquet", says="no-*.parquet")
    assert project.versions() == []


def test_a_folder_is_no_file(project):
    (project.folder / "folder.parquet").mkdir()
    project.refused(2, "data", "add", "flights", "folder.parquet", says="folder.parquet")


def test_rows_that_do_not_fit_are_not_appended(flights):
    (flights.folder / "other.csv").write_text("date,delay\n2001-02-01 00:00:00,5\n")
    flights.refused(2, "data", "add", "flights", "other.csv", "--append", "--quiet", says="distance")
    check_whole(flights, [SAMPLE_ROWS])


# --- names -------------------------------------------------------------------------------------------------------

def test_a_dataset_that_is_not_there_is_told_with_the_nearest_name(flights):
    flights.refused(2, "data", "show", "fligths", says=("fligths", "flights"))


def test_a_version_that_is_not_there_is_told(flights):
    flights.refused(2, "data", "show", "flights@9", says="flights@9")
    flights.refused(2, "profile", "flights@9", says="flights@9")
    flights.refused(2, "train", "flights@9", says="flights@9")


@pytest.mark.parametrize("reference", ["flights@", "flights@0", "flights@-1", "flights@x", "@1", "a/b", ""])
def test_a_reference_that_is_none_is_told(flights, reference):
    flights.refused(2, "data", "show", reference)


def test_a_column_that_is_not_there_is_told_with_the_nearest_name(flights):
    flights.refused(2, "data", "cat", "flights", "--columns", "delai", "--format", "csv", says=("delai", "delay"))


def test_a_column_of_the_model_that_is_not_there_is_told(flights):
    config = flights.folder / "roost.yaml"
    config.write_text(config.read_text().replace("column: origin", "column: orign"))
    flights.refused(2, "train", "--quiet", says=("orign", "origin"))


def test_a_column_of_the_label_that_is_not_there_is_told(flights):
    config = flights.folder / "roost.yaml"
    config.write_text(config.read_text().replace("label: delay", "label: delai"))
    flights.refused(2, "train", "--quiet", says=("delai", "delay"))


def test_a_model_that_is_not_there_is_told(flights):
    flights.refused(2, "model", "show", "late-flights@1", says="late-flights")
    flights.refused(2, "evaluate")
    flights.refused(2, "serve", "--port", "0")


# --- configuration -----------------------------------------------------------------------------------------------

def test_an_unknown_key_is_told_with_its_line_and_the_nearest_key(flights):
    config = flights.folder / "roost.yaml"
    lines = config.read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if line.startswith("dataset:"))
    lines[number - 1] = "datset: flights"
    config.write_text("\n".join(lines) + "\n")
    flights.refused(2, "data", "list", says=(f"roost.yaml:{number}", "datset", "dataset"))


@pytest.mark.parametrize("text", ["", "- 1", "project: [", "project: {a: 1}", "\x00", "project: x\nproject: y", "&a [*a]"])
def test_a_bad_configuration_is_told(flights, text):
    (flights.folder / "roost.yaml").write_text(text)
    flights.refused(2, "data", "list", says="roost.yaml")


def test_outside_of_a_project_the_exit_code_is_10(folder):
    folder.refused(10, "data", "list", says="roost init")


@pytest.mark.parametrize("arguments", [["frobnicate"], ["data"], ["data", "add"], ["--no-such-flag"],
                                       ["data", "cat", "flights", "--limit", "-1"], ["serve", "--port", "70000"]])
def test_a_usage_that_is_none_has_exit_code_2(flights, arguments):
    flights.run(*arguments, code=2)


def test_an_error_with_json_is_a_document(flights):
    result = flights.run("data", "show", "fligths", "--json", code=2)
    error = json.loads(result.stderr)
    assert error["message_type"] == "exit_error" and error["code"] == 2 and "fligths" in error["message"]


# --- first impressions -------------------------------------------------------------------------------------------

def test_the_program_starts_within_50_milliseconds(folder):
    best = min(timed(folder) for _ in range(10))
    assert best < 0.05, f"{best * 1000:.0f} ms"


def timed(folder):
    began = time.perf_counter()
    subprocess.run([program_path(), "--version"], cwd=folder.folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began
