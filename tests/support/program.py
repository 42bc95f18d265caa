"""Runs the real program as a user would: in a folder of its own, with a fixed environment."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FLIGHTS = ROOT / ".deps/data/flights"
TIMEOUT_SECONDS = 120


def program_path():
    """The program under test: $ROOST_BIN, or what 'make build' made."""
    return pathlib.Path(os.environ.get("ROOST_BIN", ROOT / "build/dev/bin/roost")).absolute()


def environment(home):
    """What the program sees: nothing of the user who runs the tests."""
    return {"PATH": f"{program_path().parent}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "USER": "tester",
            "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", "COLUMNS": "100", "FLIGHTS": str(FLIGHTS),
            "GIT_CEILING_DIRECTORIES": str(home)}


class Result:
    """What a finished command left behind."""

    def __init__(self, arguments, code, stdout, stderr):
        self.arguments, self.code, self.stdout, self.stderr = arguments, code, stdout, stderr

    def json(self):
        return json.loads(self.stdout)

    def events(self):
        """With --json: the lines on stderr."""
        return [json.loads(line) for line in self.stderr.splitlines()]

    def progress(self):
        return [event for event in self.events() if event["message_type"] == "progress"]

    def __repr__(self):
        return f"$ roost {' '.join(self.arguments)}\n[exit {self.code}]\n{self.stdout[:2000]}\n{self.stderr[:2000]}"


class Project:
    """A folder with the program at hand. It need not be a project of Roost yet."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.home = self.folder.parent
        self.variables = {}  # of the environment, beside those that every test has
        self.instead = {}  # of the environment, in place of what every test has

    def start(self, *arguments, **options):
        """Starts the program and returns at once."""
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL} | options
        return subprocess.Popen([str(program_path()), *map(str, arguments)], cwd=self.folder,
                                env=self.variables | environment(self.home) | self.instead, text=True, **options)

    def run(self, *arguments, code=0, **options):
        """Runs the program to its end, which must be exit code `code`; None allows any."""
        process = self.start(*arguments, **options)
        try:
            stdout, stderr = process.communicate(timeout=TIMEOUT_SECONDS)
        finally:
            process.kill()
        result = Result([str(argument) for argument in arguments], process.returncode, stdout or "", stderr or "")
        assert code is None or result.code == code, f"expected exit code {code}\n{result}"
        return result

    def json(self, *arguments, **options):
        """Runs the program with --json and returns the document that it prints."""
        return self.run(*arguments, "--json", **options).json()

    def refused(self, code, *arguments, says=(), **options):
        """Runs what must fail with `code`, nothing on stdout, and a message on stderr with all of `says`."""
        result = self.run(*arguments, code=code, **options)
        assert result.stdout == "", f"a refusal prints nothing on stdout\n{result}"
        assert 1 <= len(result.stderr.splitlines()) <= 4, f"one clear message is wanted\n{result}"
        for text in (says,) if isinstance(says, str) else says:
            assert text.lower() in result.stderr.lower(), f"the message should say {text!r}\n{result}"
        return result

    def versions(self, dataset="flights"):
        """The dataset's versions as `roost data log` tells them, newest first; empty where there is no dataset."""
        result = self.run("data", "log", dataset, "--json", code=None)
        assert result.code in (0, 2), result
        return result.json() if result.code == 0 else []

    @contextlib.contextmanager
    def serve(self, *arguments):
        """A running server: yields its URL, and stops it as a service manager does."""
        with open(self.folder / "served.log", "w+") as log:
            process = self.start("serve", "--port", "0", "--json", *arguments, stderr=log)
            try:
                line = process.stdout.readline()  # one line of JSON when it listens; nothing when it ended
                log.seek(0)
                assert line, f"the server did not start:\n{log.read()}"
                yield json.loads(line)["url"]
                assert process.poll() is None, f"the server died: exit {process.returncode}"
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=20) == 0, "the server did not stop in order"
            finally:
                process.kill()
                process.wait()
