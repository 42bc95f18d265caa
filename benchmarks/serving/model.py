"""The model that everyone serves: made, trained and registered by Roost; and what the peers get of it."""
import json
import math
import pathlib
import random
import subprocess

NAME = "small"
FEATURES = 20
COLUMNS = [f"x{i}" for i in range(FEATURES)]
TRAINING_ROWS = 4000


class Model:
    """The weights of the linear model over the columns as they come: the standardization is in them."""

    def __init__(self, document):
        features, predictor = document["transform"]["features"], document["predictor"]
        weights = predictor["weights"][0]
        if [feature["column"] for feature in features] != COLUMNS or predictor["link"] != "logistic":
            raise ValueError("this is not the model of 20 standardized numbers")
        scales = [feature["standard_deviation"] for feature in features]
        self.coefficients = [weight / scale for weight, scale in zip(weights, scales)]
        self.intercept = predictor["intercepts"][0] - sum(weight * feature["mean"] for weight, feature
                                                          in zip(self.coefficients, features))

    def probability(self, row):
        margin = self.intercept + sum(weight * value for weight, value in zip(self.coefficients, row))
        return 1 / (1 + math.exp(-margin))

    def write(self, path):
        path.write_text(json.dumps({"intercept": self.intercept, "coefficients": self.coefficients}))


def draw(random_state, count):
    """Rows of numbers with four digits after the point."""
    return [[round(random_state.gauss(1, 2), 4) for _ in COLUMNS] for _ in range(count)]


def requests(count, rows):
    """The rows of `count` requests."""
    random_state = random.Random(11)
    return [draw(random_state, rows) for _ in range(count)]


def make_project(roost, folder):
    """A project with the registered model small@1."""
    random_state = random.Random(7)
    truth = [random_state.uniform(-1, 1) for _ in COLUMNS]
    lines = [",".join(["key", "label", *COLUMNS])]
    for key, row in enumerate(draw(random_state, TRAINING_ROWS)):
        margin = sum(weight * (value - 1) for weight, value in zip(truth, row)) / 2
        label = random_state.random() < 1 / (1 + math.exp(-margin))
        lines.append(",".join([str(key), "true" if label else "false", *map(str, row)]))
    folder.mkdir(parents=True)
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    features = "".join(f"    - {{column: {column}, use: standardize}}\n" for column in COLUMNS)
    (folder / "roost.yaml").write_text(f"project: bench\ndataset: rows\nmodel:\n  name: {NAME}\n  label: label\n"
                                       f"  split: {{by: hash, key: [key]}}\n  features:\n{features}"
                                       "  trainer: {kind: linear}\n")
    for words in (["init"], ["data", "add", "rows", "rows.csv"], ["train"]):
        subprocess.run([roost, "--quiet", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder


def parts(project):
    """Name and path of each part of the package small@1 (docs/formats/model.md)."""
    objects = project / ".roost/objects"
    version = json.loads((objects / f"names/models/{NAME}/1").read_text())
    manifest = json.loads((objects / "models" / version["manifest"]).read_text())
    return {part["name"]: objects / "models" / part["sha256"] for part in manifest["parts"]}


class Folder:
    """A folder of models for `roost serve --model-dir`, to which versions of one model are added by renaming."""

    def __init__(self, path, name, files):
        self.path, self.name, self.files = pathlib.Path(path), name, files
        self.version = 0
        (self.path / name).mkdir(parents=True)

    def add(self):
        """One more version, of the same files; the one before the last goes."""
        self.version += 1
        new = self.path.parent / f"{self.path.name}.new"
        new.mkdir()
        for name, source in self.files.items():
            (new / name).hardlink_to(source)
        new.rename(self.path / self.name / str(self.version))
        old = self.path / self.name / str(self.version - 2)
        if old.exists():
            for name in self.files:
                (old / name).unlink()
            old.rmdir()
        return self.version
