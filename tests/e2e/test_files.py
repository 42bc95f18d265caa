"""Folders as datasets: what a version costs, what comes back, and what an interruption leaves."""
import hashlib
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

from program import Project, environment, program_path

MEGABYTE = 1_000_000


@pytest.fixture
def folder_project(tmp_path):
    project = Project(tmp_path / "project")
    project.run("init")
    (project.folder / "images").mkdir()
    return project


def noise(size, seed):
    return random.Random(seed).randbytes(size)


def contents(folder):
    """All that a folder holds, as a dictionary."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in folders + files:
            path = pathlib.Path(place, name)
            key = str(path.relative_to(folder))
            if path.is_symlink():
                found[key] = ("link", os.readlink(path))
            elif path.is_file():
                found[key] = (path.read_bytes(), os.access(path, os.X_OK))
            else:
                found[key] = "folder"
    return found


def add(project):
    return project.json("data", "add", "images", "images")


def test_a_byte_in_a_large_file_and_a_rename_cost_little(folder_project):
    large = folder_project.folder / "images/large.bin"
    bytes_before = noise(20 * MEGABYTE, 1)
    large.write_bytes(bytes_before)
    first = add(folder_project)
    assert 20 * MEGABYTE < first["bytes_stored"] < 20.1 * MEGABYTE, "noise is stored once, as it is"
    changed = bytearray(bytes_before)
    changed[10 * MEGABYTE] ^= 1
    large.write_bytes(changed)
    assert add(folder_project)["bytes_stored"] < 0.6 * MEGABYTE
    large.rename(large.with_name("renamed.bin"))
    assert add(folder_project)["bytes_stored"] < 10_000
    for version, expected in ((1, bytes_before), (2, bytes(changed))):
        out = folder_project.folder / f"out-{version}"
        folder_project.run("data", "export", f"images@{version}", "--to", out)
        assert (out / "large.bin").read_bytes() == expected
    listed = folder_project.json("data", "list-files", "images@3")
    assert listed == [{"path": "renamed.bin", "type": "file", "bytes": 20 * MEGABYTE,
                       "sha256": hashlib.sha256(changed).hexdigest()}]


def test_five_thousand_files_come_back_and_are_known_the_next_time(folder_project):
    images = folder_project.folder / "images"
    for number in range(5_000):
        path = images / f"class-{number % 50:02}/Bild {number:05} é.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(noise(number % 700, number))
    (images / "class-00/run.sh").write_text("#!/bin/sh\n")
    (images / "class-00/run.sh").chmod(0o755)
    (images / "link").symlink_to("class-00/run.sh")
    (images / "empty folder").mkdir()
    first = add(folder_project)
    assert (first["files"], first["files_read"]) == (5_002, 5_001)
    assert len(list((folder_project.folder / ".roost/objects/packs").iterdir())) == 1
    folder_project.run("data", "export", "images", "--to", "out")
    assert contents(folder_project.folder / "out") == contents(images)
    time.sleep(2.1)  # files as new as the scan are read again
    add(folder_project)
    again = add(folder_project)
    assert (again["unchanged"], again["files_read"]) == (True, 0)
    (images / "class-07/Bild 00007 é.txt").write_text("new")
    changed = add(folder_project)
    assert (changed["version"], changed["files_read"]) == (2, 1)
    assert changed["bytes_stored"] < 40_000


def test_a_killed_add_leaves_the_versions_that_were_there(folder_project):
    images = folder_project.folder / "images"
    (images / "first").write_text("first")
    add(folder_project)
    for number in range(40):
        (images / f"{number:02}").write_bytes(noise(3 * MEGABYTE, number))
    packs = folder_project.folder / ".roost/objects/packs"
    for signal_number in (signal.SIGINT, signal.SIGKILL):
        (images / "00").write_bytes(noise(3 * MEGABYTE, signal_number))  # so that its packs are new ones
        there = set(os.listdir(packs))
        process = folder_project.start("data", "add", "images", "images")
        while process.poll() is None and set(os.listdir(packs)) <= there:
            time.sleep(0.001)
        process.send_signal(signal_number)
        process.communicate()
        assert process.returncode != 0
        assert len(folder_project.json("data", "log", "images")) == 1
    assert add(folder_project)["files"] == 41
    folder_project.run("data", "export", "images", "--to", "out")
    assert contents(folder_project.folder / "out") == contents(images)


def test_a_file_is_written_to_stdout_byte_for_byte(folder_project):
    content = noise(3 * MEGABYTE, 5)
    (folder_project.folder / "images/model.bin").write_bytes(content)
    add(folder_project)
    written = subprocess.run([program_path(), "data", "cat", "images", "model.bin"], cwd=folder_project.folder,
                             env=environment(folder_project.home), capture_output=True, check=True)
    assert written.stdout == content
