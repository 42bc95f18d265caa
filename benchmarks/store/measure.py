"""What a command costs, and what a folder holds."""
import collections
import pathlib
import statistics
import subprocess
import tempfile

Cost = collections.namedtuple("Cost", "wall cpu peak")  # seconds, seconds of user and system, bytes


def run(command, codes=(0,), **options):
    """Runs a command to its end. GNU time starts it: a child of this process would begin with this one's peak."""
    with tempfile.NamedTemporaryFile("r") as file:
        timed = ["/usr/bin/time", "-q", "-f", "%e %U %S %M", "-o", file.name, *command]
        done = subprocess.run([str(word) for word in timed], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              check=False, **options)
        if done.returncode not in codes:
            raise SystemExit(f"{command}: exit {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
        wall, user, system, peak = map(float, file.read().split())
    return Cost(wall, user + system, peak * 1024)


def add(*costs):
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(cost.peak for cost in costs))


def median(costs):
    return Cost(*(statistics.median(values) for values in zip(*costs)))


def stored(folder):
    """Bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())
