"""A model project whose dataset comes from files that roost.yaml names, for `roost run`."""
from model_project import ModelProject, make_rows

GATE = {"rules": [{"metric": "auc", "at_least": 0.55, "max_regression": 0.05}]}
STEPS = ("ingest", "validate", "train", "evaluate", "gate", "release")


class RunProject(ModelProject):
    """The source are files rows-N.parquet; `put` adds them."""

    def __init__(self, folder, **model):
        self.data = "source: [rows-*.parquet]"
        super().__init__(folder, **model)

    def configure(self, **model):
        keys = {"gate": GATE, "evaluation": {"resamples": 50}} | model
        super().configure(**{key: value for key, value in keys.items() if value is not None})
        with open(self.folder / "roost.yaml", "a") as config:
            config.write(f"data:\n  {self.data}\n")

    def put(self, number, rows=None):
        """Adds a file to the source: by default 600 rows that follow those of the files before."""
        self.write(make_rows(seed=number, first=600 * (number - 1)) if rows is None else rows, f"rows-{number}.parquet")

    def pipeline(self, *arguments, code=0):
        return self.run("run", *arguments, "--json", code=code).json()

    def states(self, *arguments, code=0):
        """How each step ended: "hit" or its state."""
        return {step["step"]: "hit" if step["hit"] and step["state"] == "done" else step["state"]
                for step in self.pipeline(*arguments, code=code)["steps"]}

    def reasons(self, *arguments, code=0):
        return {step["step"]: step["reason"] for step in self.pipeline(*arguments, code=code)["steps"]}

    def champions(self):
        """Where the alias pointed, move by move."""
        result = self.run("model", "history", "model", "--alias", "champion", "--json", code=None)
        return [move["to"] for move in result.json()] if result.code == 0 else []
