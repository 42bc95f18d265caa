"""What a command costs."""
import collections
import os
import signal
import statistics
import subprocess
import tempfile

Cost = collections.namedtuple("Cost", "wall cpu peak")  # seconds, seconds of user and system, bytes


class Stopped(Exception):
    """The command took longer than it was given."""


class Failed(Exception):
    """The command failed; the text is the end of what it said."""


def run(command, codes=(0,), limit=None, **options):
    """Runs a command to its end. GNU time starts it: a child of this process would begin with this one's peak."""
    with tempfile.NamedTemporaryFile("r") as file, tempfile.TemporaryFile() as said:
        timed = ["/usr/bin/time", "-q", "-f", "%e %U %S %M", "-o", file.name, *command]
        options = {"stdout": subprocess.DEVNULL} | options
        process = subprocess.Popen([str(word) for word in timed], stderr=said, start_new_session=True, **options)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise Stopped(f"after {limit} s") from None
        if process.returncode not in codes:
            said.seek(0)
            raise Failed(f"{command[0]}: exit {process.returncode}: {said.read().decode(errors='replace')[-2000:]}")
        wall, user, system, peak = map(float, file.read().split())
    return Cost(wall, user + system, peak * 1024)


def median(costs):
    return Cost(*(statistics.median(values) for values in zip(*costs)))
