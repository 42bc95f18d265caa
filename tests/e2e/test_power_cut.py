"""The power fails after any of the program's file operations: what was acknowledged is there, nothing else is visible."""
import hashlib
import shutil

import pytest

from support import power_cut
from support.program import Project, environment, program_path


def table(count, changed=0):
    """A CSV file of `count` rows, the first `changed` of them with other words."""
    rows = [f"{row},{'new' if row < changed else 'word'}-{row * 7919 % 1000}" for row in range(count)]
    return "id,text\n" + "\n".join(rows) + "\n"


def digest_of(files):
    digest = hashlib.sha256()
    for path, content in files.items():
        digest.update(path.encode() + b"\0" + (content if content is not None else b"folder"))
    return digest.digest()


class Cut:
    """Runs one command and looks at what every power cut during it would have left."""

    def __init__(self, project, tmp_path):
        self.project, self.tmp_path = project, tmp_path
        self.workspace = (project.folder / ".roost").resolve()

    def states(self, *arguments):
        """(whether the command had answered, the files) of each different outcome of each cut."""
        disk = power_cut.Disk(self.workspace)
        _, calls = power_cut.record([program_path(), *arguments], self.tmp_path / "trace", cwd=self.project.folder,
                                    env=environment(self.project.home))
        answer = max(i for i, (name, parts, _) in enumerate(calls) if name == "write" and parts[0][0] == "1")
        seen = set()
        for i, (name, parts, result) in enumerate(calls):
            if not disk.play(name, parts, result) and i != answer:
                continue
            answered = i >= answer
            for outcome in power_cut.OUTCOMES:
                files = disk.after_cut(outcome)
                key = (answered, digest_of(files))
                if key not in seen:
                    seen.add(key)
                    yield answered, files

    def project_with(self, files):
        """A project whose workspace is what a cut has left."""
        project = Project(self.tmp_path / "after")
        power_cut.restore(files, self.workspace, project.folder / ".roost")
        shutil.copy(self.project.folder / "roost.yaml", project.folder)
        return project


@pytest.fixture
def cut(tmp_path):
    project = Project(tmp_path / "before")
    project.run("init", "--quiet")
    (project.folder / "v1.csv").write_text(table(300))
    (project.folder / "v2.csv").write_text(table(320, changed=5))
    return Cut(project, tmp_path)


def versions_of(project):
    result = project.run("data", "log", "t", "--json", code=None)
    assert result.code in (0, 2), result  # 2: there is no such dataset
    return [entry["version"] for entry in result.json() if "deleted" not in entry] if result.code == 0 else []


def check(project, expected):
    """Each version that is there is whole, and one that comes now is kept."""
    for version in versions_of(project):
        rows = project.run("data", "cat", f"t@{version}", "--format", "csv").stdout
        assert rows == expected[version], version
    assert project.run("data", "verify", "--json").json()["damages"] == []
    (project.folder / "next.csv").write_text(table(10))
    project.run("data", "add", "t", "next.csv", "--quiet")
    newest = max(versions_of(project))
    assert project.run("data", "cat", f"t@{newest}", "--format", "csv").stdout == table(10)


def test_a_commit_is_there_wholly_or_not_at_all(cut):
    cut.project.run("data", "add", "t", "v1.csv", "--quiet")
    expected = {1: table(300), 2: table(320, changed=5)}
    count, with_and_without = 0, set()
    for answered, files in cut.states("data", "add", "t", "v2.csv"):
        project = cut.project_with(files)
        versions = versions_of(project)
        assert versions in ([1], [2, 1]), versions
        assert not answered or versions == [2, 1], "an acknowledged version is lost"
        with_and_without.add(len(versions))
        check(project, expected)
        count += 1
    assert with_and_without == {1, 2}
    assert count > 20


def test_a_first_commit_leaves_a_sound_workspace(cut):
    for answered, files in cut.states("data", "add", "t", "v1.csv"):
        project = cut.project_with(files)
        versions = versions_of(project)
        assert versions in ([], [1])
        assert not answered or versions == [1]
        check(project, {1: table(300)})


def test_a_deletion_and_garbage_collection_lose_no_other_version(cut):
    cut.project.run("data", "add", "t", "v1.csv", "--quiet")
    cut.project.run("data", "add", "t", "v2.csv", "--quiet")
    for answered, files in cut.states("data", "delete", "t@1", "--why", "a test"):
        versions = versions_of(cut.project_with(files))
        assert versions in ([2, 1], [2])
        assert not answered or versions == [2]
    for _, files in cut.states("data", "gc", "--run", "--grace", "0s"):
        project = cut.project_with(files)
        assert versions_of(project) == [2]
        check(project, {2: table(320, changed=5)})
