"""Plays commands as at a terminal, for the golden texts and for the pages under docs/."""
import os
import re
import signal
import subprocess
import time

from program import FLIGHTS, TIMEOUT_SECONDS, environment

START_SECONDS = 20
WORDS = [
    (r"\broost_[0-9A-Za-z]{49}\b", "<token>"),
    (r'("\w*(?:seconds|bytes|bytes_stored|elapsed|_ms|_us|per_second)\w*": ?)-?[\d.e+-]+', r"\1<n>"),
    (r"\b20[2-9]\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<instant>"),
    (r"\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,64}\b(\+changes)?", "<hash>"),
    (r'(\b(?:token|gate|evidence|config) |^|"id": ")[0-9a-f]{12}(?=[ ",]|$)', r"\1<hash>"),  # also ids of digits alone
    (r"\bport \d{4,5}\b", "port <port>"),
    (r"(127\.0\.0\.1|0\.0\.0\.0|localhost|\[::1\]):\d+", r"\1:<port>"),
    (r"\broost \d+\.\d+\.\d+\S*", "roost <version>"),
    (r"\b[\d.,]+ ?(k|M|G)?\w*/s\b", "<rate>"),
    (r"\b[\d.,]+ ?([kKMGT]i?)?B\b", "<size>"),
    (r"\b(\d+ h )?(\d+ min )?\d+(\.\d+)? (ns|µs|us|ms|s)\b|\b(\d+ h )?\d+ min\b", "<time>"),
    (r"\bis [\d,]+ days old\b", "is <time> old"),  # data of a fixed day
    (r"<time> (less|more) than", "<time> less or more than"),
]


def normal(line, folder):
    """`line` with what differs from run to run replaced by words."""
    found = line.replace(str(folder), "<dir>").replace(str(FLIGHTS), "<flights>")
    for pattern, word in WORDS:
        found = re.sub(pattern, word, found)
    return re.sub(r"(?<=\S) {2,}", "  ", found) if found != line else line


def lines_of(text):
    """The lines of `text` without the empty ones at its end."""
    return text.rstrip().splitlines()


class Terminal:
    """A folder where commands run one after the other; at most one server runs beside them.

    `localhost:8080` in a command is the server's address, whichever port it got.
    """

    def __init__(self, folder):
        self.folder = folder
        self.environment = environment(folder.parent)
        self.server = None
        self.address = "localhost:8080"

    def play(self, command):
        """Exit code, lines of stdout and lines of stderr of `command`."""
        if command == "stop":
            return self.stop()
        if command.endswith("&"):
            return self.serve(command.removesuffix("&"))
        process = subprocess.run(["bash", "-c", command.replace("localhost:8080", self.address)], cwd=self.folder,
                                 env=self.environment, text=True, stdin=subprocess.DEVNULL, capture_output=True,
                                 timeout=TIMEOUT_SECONDS)
        return process.returncode, lines_of(process.stdout), lines_of(process.stderr)

    def said(self):
        """What the server wrote to stdout and stderr since it was last asked."""
        texts = []
        for name in ("stdout", "stderr"):
            with open(self.folder.parent / f"server.{name}") as file:
                file.seek(self.heard[name])
                texts.append(file.read())
                self.heard[name] = file.tell()
        return [lines_of(text) for text in texts]

    def serve(self, command):
        """Starts a server on a free port and waits until it has said its address and how it ends."""
        assert self.server is None, "one server at a time"
        self.heard = {"stdout": 0, "stderr": 0}
        with open(self.folder.parent / "server.stdout", "w") as out, open(self.folder.parent / "server.stderr", "w") as err:
            self.server = subprocess.Popen(["bash", "-c", f"exec {command} --port 0"], cwd=self.folder,
                                           env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                return self.stop()
            address = re.search(r"at https?://(\S+:\d+)", (self.folder.parent / "server.stdout").read_text())
            if address and "Ctrl-C" in (self.folder.parent / "server.stderr").read_text():
                self.address = address[1]
                return 0, *self.said()
            time.sleep(0.02)
        raise AssertionError(f"the server did not start within {START_SECONDS} s")

    def stop(self):
        """Ends the server as a service manager does."""
        assert self.server, "nothing to stop"
        server, self.server = self.server, None
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        try:
            code = server.wait(timeout=START_SECONDS)
        finally:
            server.kill()
        return code, *self.said()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.server:
            self.stop()


def accepting():
    """Whether what comes out now is the new truth."""
    return bool(os.environ.get("ACCEPT"))
