"""The peers, each behind the same few calls, with their data in a folder of their own.

`commit(snapshot)` gets a new whole snapshot; a peer that is `told` also gets the rows that changed and the keys that
went. `stored()` is what all versions take; `read(version)` reads one, from 1 on, whole.
"""
import json
import os
import pathlib
import shutil
import subprocess

import pyarrow.parquet as parquet

from measure import Cost, add, run, stored

HERE = pathlib.Path(__file__).resolve().parent


class Peer:
    told = False
    file = "data.csv"  # what it keeps

    def __init__(self, folder, python):
        self.folder, self.python = pathlib.Path(folder), python
        self.work = self.folder / "work"
        self.work.mkdir(parents=True)
        self.versions = 0
        self.start()

    def start(self):
        pass

    def place(self, snapshot):
        """Puts the snapshot where the peer looks for it; copying is no cost of the peer's."""
        shutil.copyfile(snapshot.csv if self.file.endswith(".csv") else snapshot.parquet, self.work / self.file)

    def commit(self, snapshot):
        self.place(snapshot)
        self.versions += 1
        return self.add(snapshot)

    def stored(self):
        return stored(self.store())

    def stored_versions(self):
        """The same without what is kept of the newest version only, and may be lost."""
        return self.stored()

    def finish(self):
        """What brings the store into the form in which its size counts; None where there is nothing to do."""
        return None


class Roost(Peer):
    file = "data.parquet"
    options = ()

    def __init__(self, folder, python, program):
        self.program = program
        super().__init__(folder, python)

    def roost(self, *arguments, **options):
        return run([self.program, *arguments, "--quiet"], cwd=self.work, **options)

    def start(self):
        self.roost("init")

    def store(self):
        return self.work / ".roost"

    def stored_versions(self):
        return self.stored() - stored(self.store() / "objects/profiles")

    def add(self, snapshot):
        options = self.options if self.versions == 1 else ()
        return self.roost("data", "add", "t", self.file, *options)

    def read(self, version, *options):
        return self.roost("data", "cat", f"t@{version}", "--format", "arrow", *options)

    def diff(self, before, after):
        return self.roost("data", "diff", f"t@{before}", f"t@{after}")


class RoostKeyed(Roost):
    options = ("--key", "key")


class Restic(Peer):
    def restic(self, *arguments):
        environment = {"RESTIC_PASSWORD": "benchmark", "RESTIC_CACHE_DIR": str(self.folder / "cache")}
        return run(["restic", "-r", self.store(), *arguments], cwd=self.work, env=os.environ | environment)

    def start(self):
        self.restic("init", "--repository-version", "2")

    def store(self):
        return self.folder / "repository"

    def add(self, snapshot):
        return self.restic("--compression", "auto", "backup", self.file, "--tag", f"v{self.versions}")

    def read(self, version):
        return self.restic("dump", "--tag", f"v{version}", "latest", f"/{self.file}")


class ResticParquet(Restic):
    """restic over Parquet files whose pages are cut by content."""
    file = "data.parquet"

    def place(self, snapshot):
        parquet.write_table(parquet.read_table(snapshot.parquet), self.work / self.file, compression="zstd",
                            use_content_defined_chunking=True)


class Borg(Peer):
    environment = {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes"}

    def borg(self, *arguments):
        home = {"BORG_BASE_DIR": str(self.folder / "home")}
        return run(["borg", *arguments], cwd=self.work, env=os.environ | self.environment | home)

    def start(self):
        self.borg("init", "-e", "none", self.store())

    def store(self):
        return self.folder / "repository"

    def add(self, snapshot):
        return self.borg("create", "-C", "zstd,3", f"{self.store()}::v{self.versions}", self.file)

    def read(self, version):
        return self.borg("extract", "--stdout", f"{self.store()}::v{version}")


class Git(Peer):
    def git(self, *arguments):
        return run(["git", "-c", "user.name=b", "-c", "user.email=b@b", *arguments], cwd=self.work)

    def start(self):
        self.git("init", "-q")
        self.git("config", "core.bigFileThreshold", "1g")

    def store(self):
        return self.work / ".git"

    def add(self, snapshot):
        return add(self.git("add", self.file), self.git("commit", "--allow-empty", "-qm", f"v{self.versions}"),
                   self.git("tag", f"v{self.versions}"))

    def read(self, version):
        return self.git("show", f"v{version}:{self.file}")

    def finish(self):
        return self.git("repack", "-adfq", "--window=5", "--depth=50")


class GitLfs(Git):
    def start(self):
        super().start()
        self.git("lfs", "install", "--local")
        self.git("lfs", "track", "*.csv")
        self.git("add", ".gitattributes")

    def read(self, version):
        return run(["sh", "-c", f"git show v{version}:{self.file} | git lfs smudge"], cwd=self.work)

    def finish(self):
        return None


class Dvc(Peer):
    def dvc(self, *arguments):
        return run([pathlib.Path(self.python).parent / "dvc", *arguments], cwd=self.work,
                   env=os.environ | {"DVC_NO_ANALYTICS": "1"})

    def start(self):
        self.dvc("init", "--no-scm", "-q")

    def store(self):
        return self.work / ".dvc/cache"

    def add(self, snapshot):
        cost = self.dvc("add", "-q", self.file)
        shutil.copyfile(self.work / f"{self.file}.dvc", self.folder / f"v{self.versions}.dvc")
        return cost

    def read(self, version):
        shutil.copyfile(self.folder / f"v{version}.dvc", self.work / f"{self.file}.dvc")
        (self.work / self.file).unlink()  # or there is nothing to do where this version lies already
        return self.dvc("checkout", "-q", "-f", f"{self.file}.dvc")


class DvcParquet(Dvc):
    file = "data.parquet"


class ZstdPatches(Peer):
    """The first version by itself, each next one as a patch on the one before."""

    def store(self):
        return self.folder / "patches"

    def start(self):
        self.store().mkdir()

    def add(self, snapshot):
        new, last = self.work / self.file, self.folder / "last.csv"
        patch = [] if self.versions == 1 else [f"--patch-from={last}"]
        cost = run(["zstd", "-3", "--long=28", "-q", *patch, new, "-o", self.store() / f"v{self.versions:02d}.zst"])
        shutil.copyfile(new, last)
        return cost

    def read(self, version):
        costs, last = [], None
        for number in range(1, version + 1):
            out = self.folder / f"read{number % 2}.csv"
            patch = [] if last is None else [f"--patch-from={last}"]
            costs.append(run(["zstd", "-dqf", "--long=28", *patch, self.store() / f"v{number:02d}.zst", "-o", out]))
            last = out
        return add(*costs)


class ParquetFiles(Peer):
    """Each version as a file of its own, as users keep them."""
    file = "data.parquet"

    def store(self):
        return self.folder / "files"

    def start(self):
        self.store().mkdir()

    def add(self, snapshot):
        return run(["cp", self.work / self.file, self.store() / f"v{self.versions}.parquet"])

    def read(self, version):
        return library(self.python, "parquet", "read", self.store() / f"v{version}.parquet")


def library(python, peer, action, *arguments):
    """A library's work in a process of its own; its costs are those of the work, without starting Python.

    GNU time starts it, as in measure.run: its peak would begin with ours."""
    done = subprocess.run(["/usr/bin/time", "-q", "-o", os.devnull, python, HERE / "libraries.py", peer, action,
                           *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{peer} {action}: {done.stderr[-2000:]}")
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


class Library(Peer):
    file = "data.parquet"

    def store(self):
        return self.folder / "table"

    def start(self):
        self.store().mkdir()

    def add(self, snapshot):
        changes = [snapshot.upserts, snapshot.deletes] if self.told and self.versions > 1 else []
        return library(self.python, self.library, self.mode if self.versions > 1 else "create", self.store(),
                       self.work / self.file, *changes)

    def read(self, version):
        return library(self.python, self.library, "read", self.store(), version)


def of(library_name, how, is_told):
    class Made(Library):
        library, mode, told = library_name, how, is_told
    return Made


PEERS = {
    "roost": Roost, "roost keyed": RoostKeyed, "Parquet files": ParquetFiles, "restic": Restic,
    "restic over Parquet CDC": ResticParquet, "borg": Borg,
    "git repacked": Git, "Git LFS": GitLfs, "DVC CSV": Dvc, "DVC Parquet": DvcParquet,
    "zstd --patch-from": ZstdPatches, "Lance overwrite": of("lance", "overwrite", False),
    "Lance told": of("lance", "told", True), "Lance finding": of("lance", "find", False),
    "Delta told": of("delta", "told", True), "Iceberg told": of("iceberg", "told", True),
}


class RoostFolder(Roost):
    def add(self, files):
        return self.roost("data", "add", "t", files)


class ResticFolder(Restic):
    def __init__(self, folder, python, program):
        super().__init__(folder, python)

    def add(self, files):
        return self.restic("--compression", "auto", "backup", files)


class GitFolder(Git):
    """The folder as a work tree; its objects are packed after the first version."""

    def __init__(self, folder, python, program):
        super().__init__(folder, python)

    def add(self, files):
        self.versions += 1
        tree = [f"--git-dir={self.store()}", f"--work-tree={files}"]
        cost = add(self.git(*tree, "add", "-A"), self.git(*tree, "commit", "--allow-empty", "-qm", "v"))
        return add(cost, self.git("repack", "-adq")) if self.versions == 1 else cost


FOLDER_PEERS = {"roost": RoostFolder, "restic": ResticFolder, "git": GitFolder}


def make(name, folder, python, program):
    kind = PEERS[name]
    return kind(folder, python, program) if issubclass(kind, Roost) else kind(folder, python)
