"""A project with one small generated dataset and one model, whose roost.yaml a test gives as keys."""
import json

import numpy
import pandas

from program import Project

WORDS = ("red", "green", "blue", "grey")
EFFECTS = {"red": 1.0, "green": 0.0, "blue": -1.0, "grey": 0.3}
HASH_SPLIT = {"by": "hash", "key": ["key"], "evaluate_share": 0.3}
LINEAR_FEATURES = [{"column": "a", "use": "standardize"}, {"column": "b", "use": "standardize"},
                   {"column": "word", "use": "one_hot"}]


def make_rows(count=600, seed=1, first=0, spread=1.0):
    """Rows with a known signal: `late` (true or false), `kind` (three classes), `amount`, `many` (counts).

    `spread` is the standard deviation of `a`; what a row means does not depend on it.
    """
    draw = numpy.random.default_rng(seed)
    rows = pandas.DataFrame({
        "key": numpy.arange(first, first + count), "a": draw.normal(0, spread, size=count), "b": draw.normal(2, 3, size=count),
        "word": draw.choice(WORDS, size=count),
        "day": pandas.Timestamp("2024-01-01") + pandas.to_timedelta(numpy.arange(first, first + count), unit="h")})
    margin = 1.5 * rows["a"] - 0.5 * (rows["b"] - 2) + rows["word"].map(EFFECTS)
    rows["late"] = draw.random(count) < 1 / (1 + numpy.exp(-margin))
    rows["kind"] = numpy.select([margin < -1, margin < 1], ["low", "middle"], "high")
    rows["amount"] = margin + draw.normal(0, 0.1, size=count)
    rows["many"] = draw.poisson(numpy.exp(0.5 * rows["a"] + rows["word"].map(EFFECTS)))
    return rows


def yaml_of(value, indent):
    """Mappings as blocks, so that they can be edited; everything else as JSON, which is YAML too."""
    lines = []
    for key, element in value.items():
        if isinstance(element, dict) and key != "options":
            lines += [f"{indent}{key}:", yaml_of(element, indent + "  ")]
        elif isinstance(element, list) and element and isinstance(element[0], dict):
            lines += [f"{indent}{key}:", *(f"{indent}  - {flow(entry)}" for entry in element)]
        else:
            lines.append(f"{indent}{key}: {flow(element)}")
    return "\n".join(lines)


def flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(element)}" for key, element in value.items()) + "}"
    return json.dumps(value)


class ModelProject(Project):
    """The dataset is `rows`, the model `model`; `rows` is a DataFrame or a path."""

    def __init__(self, folder, rows=None, **model):
        super().__init__(folder)
        self.configure(**model)
        self.run("init")
        if rows is not None:
            self.add(rows)

    @classmethod
    def at(cls, folder, original):
        """The copy of a project that lies in `folder`."""
        copy = cls.__new__(cls)
        copy.__dict__.update(original.__dict__, folder=folder)
        return copy

    def configure(self, **model):
        """Writes roost.yaml. What the keys leave out: `late` by the features above, split by a hash of `key`."""
        keys = {"name": "model", "label": "late", "split": HASH_SPLIT, "features": LINEAR_FEATURES} | model
        (self.folder / "roost.yaml").write_text(
            "# of a test\nproject: test\ndataset: rows\nmodel:\n" + yaml_of(keys, "  ") + "\n")

    def write(self, rows, name="rows.parquet"):
        if name.endswith(".csv"):
            rows.to_csv(self.folder / name, index=False)
        else:
            rows.to_parquet(self.folder / name)
        return name

    def add(self, rows, *arguments):
        return self.json("data", "add", "rows", self.write(rows) if isinstance(rows, pandas.DataFrame) else rows, *arguments)

    def train(self, *arguments):
        return self.json("train", *arguments)

    def models(self):
        return self.json("model", "list")

    def show(self, model="model"):
        return self.json("model", "show", model)

    def predict(self, source="rows", model="model"):
        """The scored rows as a DataFrame."""
        path = self.folder / "scored.parquet"
        self.run("predict", model, source, "-o", path, "--force")
        return pandas.read_parquet(path)

    def train_refused(self, *says, code=2):
        """A training that fails: the message says this, and no version is made."""
        before = len(self.models())
        result = self.refused(code, "train", says=says)
        assert len(self.models()) == before, "a failed training registered a version"
        return result
