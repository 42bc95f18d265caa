"""Plays the .test files of this folder (format: README.md); ACCEPT=1 rewrites them."""
import difflib
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from program import FLIGHTS, TIMEOUT_SECONDS, environment

FOLDER = pathlib.Path(__file__).parent
MARKS = ("$ ", "> ", "! ", "# ", "[exit ", "\\")
WORDS = [
    (r'("\w*(?:seconds|bytes|elapsed|_ms|_us|per_second)\w*": ?)-?[\d.e+-]+', r"\1<n>"),
    (r"\b20[2-9]\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<instant>"),
    (r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b(\+changes)?", "<hash>"),
    (r"(127\.0\.0\.1|localhost|\[::1\]):\d+", r"\1:<port>"),
    (r"\broost \d+\.\d+\.\d+\S*", "roost <version>"),
    (r"\b[\d.,]+ ?(k|M|G)?\w*/s\b", "<rate>"),
    (r"\b[\d.,]+ ?([kKMGT]i?)?B\b", "<size>"),
    (r"\b(\d+ h )?(\d+ min )?\d+(\.\d+)? (ns|µs|us|ms|s)\b|\b(\d+ h )?\d+ min\b", "<time>"),
]


def normal(line, folder):
    """`line` with what differs from run to run replaced by words."""
    found = line.replace(str(folder), "<dir>").replace(str(FLIGHTS), "<flights>")
    for pattern, word in WORDS:
        found = re.sub(pattern, word, found)
    return re.sub(r"(?<=\S) {2,}", "  ", found) if found != line else line


def parse(text):
    """The blocks of a file: (comment lines, command lines, expected lines)."""
    blocks = []
    comments = []
    for line in text.splitlines():
        if line.startswith("# "):
            comments.append(line)
        elif line.startswith("$ "):
            blocks.append((comments, [line], []))
            comments = []
        elif line.startswith("> ") and blocks and not blocks[-1][2]:
            blocks[-1][1].append(line)
        elif blocks and not comments:
            blocks[-1][2].append(line)
        else:
            assert not line, f"neither a comment nor a command: {line!r}"
    assert not comments, "comments after the last command"
    return blocks


def without_end(lines):
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


class Terminal:
    """Runs the commands of one file."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = environment(folder.parent)
        self.server = None

    def shown(self, code, stdout, stderr):
        lines = []
        for line in without_end([normal(line, self.folder) for line in stdout.splitlines()]):
            lines.append("\\" + line if line.startswith(MARKS) else line)
        lines += [f"! {normal(line, self.folder)}".rstrip() for line in without_end(stderr.splitlines())]
        return lines + ([f"[exit {code}]"] if code else [])

    def play(self, command):
        """The lines that `command` shows."""
        if command == "stop":
            return self.stop()
        if command.endswith("&"):
            return self.serve(command[:-1])
        process = subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
                                 stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS)
        return self.shown(process.returncode, process.stdout, process.stderr)

    def serve(self, command):
        assert self.server is None, "one server at a time"
        url = self.folder / "url"
        url.unlink(missing_ok=True)
        self.server = subprocess.Popen(["bash", "-c", f"exec {command} --port 0 --url-file url"], cwd=self.folder,
                                       env=self.environment, text=True, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(400):
            if url.exists() and url.read_text().strip():
                self.environment["URL"] = url.read_text().strip()
                return []
            if self.server.poll() is not None:
                return self.stop()
            time.sleep(0.05)
        raise AssertionError("the server did not start within 20 s")

    def stop(self):
        assert self.server, "nothing to stop"
        server, self.server = self.server, None
        server.send_signal(signal.SIGTERM)
        try:
            stdout, stderr = server.communicate(timeout=20)
        finally:
            server.kill()
        return self.shown(server.returncode, stdout, stderr)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.test")), ids=lambda path: path.stem)
def test_session_reads_as_before(path, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    terminal = Terminal(folder)
    before = path.read_text()
    parts = []
    try:
        for comments, command, _ in parse(before):
            shown = terminal.play("\n".join(line[2:] for line in command))
            parts.append("".join(f"{line}\n" for line in [*comments, *command, *shown]))
    finally:
        if terminal.server:
            terminal.stop()
    after = "\n".join(parts)
    if os.environ.get("ACCEPT"):
        path.write_text(after)
        return
    if before != after:
        lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "expected", "shown", n=3, lineterm="")
        pytest.fail("\n".join([f"{path.name}; 'make accept' takes the new text", *lines]), pytrace=False)
