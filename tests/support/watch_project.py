"""A project whose source is a folder of spans, for `roost watch`."""
import json
import time

from model_project import flow
from run_project import RunProject

PATIENCE_SECONDS = 110
ALERT = ["sh", "-c", "cat >> alerts.jsonl"]


class WatchProject(RunProject):
    """The source are files rows-N.parquet; `watch` are the keys of that section."""

    def __init__(self, folder, watch=None, **model):
        self.watch = {"alert": ALERT, "look_seconds": 0.05} | (watch or {})
        super().__init__(folder, **model)

    def configure(self, **model):
        super().configure(**model)
        with open(self.folder / "roost.yaml", "a") as config:
            config.write(f"watch: {flow(self.watch)}\n")

    def once(self, *arguments, code=0):
        """What `roost watch --once` did: its runs."""
        return self.run("watch", "--once", "--json", *arguments, code=code).json()["runs"]

    def backfill(self, spans, code=0):
        return self.run("watch", "--backfill", spans, "--json", code=code).json()["runs"]

    def status(self):
        return self.json("watch", "status")

    def span_states(self):
        return {span["span"]: span["state"] for span in self.status()["spans"]}

    def alerts(self):
        path = self.folder / "alerts.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for(self, holds, what):
        """Until `holds()`, however long a busy machine takes."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, f"{what} did not come: {self.status()}"
            time.sleep(0.05)

    def runs(self):
        """All runs, the oldest first."""
        return self.json("run", "list", "--limit", "1000")[::-1]

    def ended(self):
        """What came to its end, run by run."""
        return [run["scope"] for run in self.runs() if run["state"] in ("done", "waits", "refused")]

    def rows_of(self, version):
        """How many rows a version of the dataset has."""
        return self.json("data", "show", f"rows@{version}")["rows"]
