"""The work folder that Roost and a trainer share."""
import json
import math
import os
import pathlib
import signal
import sys

CONTRACT = 1
CHECKPOINTED = 75  # the exit code of a trainer that left a checkpoint and wants to be run again
SAMPLE_ROWS = 1000
NO_TIME = -2**63  # a missing time, as NumPy's NaT


class ContractError(Exception):
    """The work folder is not what docs/trainers.md says, or asks for what this package is too old for."""


class Parent:
    """The model version that the training starts from."""

    def __init__(self, folder, description):
        self.folder = folder  # what its trainer left in output/
        self.model = description["model"]
        self.columns = description["columns"]
        self.classes = description["classes"]
        self.features = description["features"]  # one a feature of now: {"old": index or -1, "scale", "shift"}

    def first_layer(self, weights, bias):
        """The parent's first layer, NumPy arrays `weights` [features, units] and `bias` [units], for the features of
        now: (weights, bias) that give the same for the same row, whatever its scaling is now. Features that are new
        begin with no weight. For `input: features`."""
        import numpy

        now = numpy.zeros((len(self.features), *weights.shape[1:]), dtype=weights.dtype)
        for position, feature in enumerate(self.features):
            if feature["old"] >= 0:  # the value of now is scale * the old one + shift
                now[position] = weights[feature["old"]] / feature["scale"]
                bias = bias - now[position] * feature["shift"]
        return now, bias


class Trainer:
    """One training. Made by Trainer.open()."""

    def __init__(self, folder, config):
        self.folder = folder
        self.config = config
        self.task = config["task"]
        self.classes = config["classes"]
        self.seed = config["seed"]
        self.threads = config["threads"]
        self.options = config["options"]
        self.input = config["input"]
        self.target = config["target"]
        self.weight = config["weight"]
        self.kinds = {column["name"]: column["kind"] for column in config["columns"]}
        self.columns = list(self.kinds) or config["features"]  # the inputs, by name, in their order
        self.checkpoint = folder / config["paths"]["checkpoint"]
        self.output = folder / config["paths"]["output"]
        self.parent = Parent(folder / config["parent"]["folder"], config["parent"]) if config["parent"] else None
        self._stopped = False

    @classmethod
    def open(cls, folder=None):
        """The training of $ROOST_WORK, or of the current folder. From now on SIGTERM sets `should_stop`."""
        folder = pathlib.Path(folder or os.environ.get("ROOST_WORK") or ".").absolute()
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ContractError(f"{folder} has no config.json: this program is started by 'roost train'") from None
        if config.get("contract") != CONTRACT:
            raise ContractError(f"contract {config.get('contract')}: this package of roost knows {CONTRACT}; update it")
        trainer = cls(folder, config)
        signal.signal(signal.SIGTERM, trainer._stop)
        return trainer

    def _stop(self, *_):
        self._stopped = True

    # What Roost wants

    @property
    def should_stop(self):
        """Whether Roost asked to stop: write a checkpoint soon, then call leave()."""
        return self._stopped

    def leave(self):
        """Ends the program: it has left a checkpoint and goes on when it is run again."""
        sys.stdout.flush()
        raise SystemExit(CHECKPOINTED)

    def schema(self):
        """The schema of the dataset as Roost knows it, or None."""
        name = self.config["paths"]["schema"]
        return json.loads((self.folder / name).read_text(encoding="utf-8")) if name else None

    # Rows

    def train_table(self):
        """The training rows, a pyarrow.Table as Roost wrote it: inputs, `target`, `weight`."""
        return self._table(self.config["paths"]["train"])

    def evaluate_table(self, limit=None):
        """The rows to measure on, which must train nothing; the first `limit` of them."""
        return self._table(self.config["paths"]["evaluate"], limit)

    def train(self):
        """The training rows as a pandas.DataFrame, the inputs as the served model gets them (see served())."""
        return self.served(self.train_table())

    def evaluate(self, limit=None):
        """The same of the rows to measure on."""
        return self.served(self.evaluate_table(limit))

    def train_arrays(self):
        """NumPy: (inputs [rows, columns] as float32, targets, weights). For inputs that are numbers or features."""
        return self._arrays(self.train_table())

    def evaluate_arrays(self, limit=None):
        """The same of the rows to measure on."""
        return self._arrays(self.evaluate_table(limit))

    def served(self, table):
        """`table` as a pandas.DataFrame whose inputs are what an ONNX model gets when it is served: numbers and
        features as float32 with NaN for missing ones, text as str with "" for missing ones, times as whole
        microseconds since 1970 (UTC) with -2**63 for missing ones. Target and weight are float64."""
        import pandas

        frame = {}
        for name in table.column_names:
            column = table[name]
            kind = self.kinds.get(name, "number")
            if name in (self.target, self.weight):
                frame[name] = column.cast("float64").to_numpy()
            elif kind == "text":
                frame[name] = pandas.Series(column.cast("string").fill_null("").to_pylist(), dtype=object)
            elif kind == "time":
                frame[name] = column.cast("timestamp[us]", safe=False).cast("int64").fill_null(NO_TIME).to_numpy()
            elif kind == "number":
                frame[name] = column.cast("float64", safe=False).to_numpy().astype("float32")
            else:
                frame[name] = pandas.Series(column.to_pylist(), dtype=object)
        return pandas.DataFrame(frame)

    def _table(self, parts, limit=None):
        import pyarrow
        import pyarrow.parquet

        tables, rows = [], 0
        for part in parts:
            tables.append(pyarrow.parquet.read_table(self.folder / part))
            rows += tables[-1].num_rows
            if limit is not None and rows >= limit:
                break
        table = pyarrow.concat_tables(tables, promote_options="permissive")
        return table if limit is None else table.slice(0, limit)

    def _arrays(self, table):
        import numpy

        others = [name for name, kind in self.kinds.items() if kind != "number"]
        if others:
            raise ContractError(f"train_arrays() is for numbers; {', '.join(others)}: use train() or `input: features`")
        numbers = {name: table[name].cast("float64", safe=False).to_numpy() for name in table.column_names}
        inputs = numpy.stack([numbers[name] for name in self.columns], axis=1).astype("float32")
        return inputs, numbers[self.target], numbers[self.weight]

    # What Roost is told

    def progress(self, step, steps=0, loss=None):
        """Step `step` of `steps` (0: not known) is done."""
        self._tell(progress={"step": int(step), "steps": int(steps), "loss": _finite(loss)})

    def metric(self, name, value):
        """A figure of the model; the last one of each name is kept with it."""
        value = _finite(value)
        if value is not None:
            self._tell(metric={"name": str(name), "value": value})

    def message(self, text):
        """A sentence for whoever waits."""
        self._tell(message=str(text))

    def _tell(self, **event):
        # One write a line, so that other output cannot come between.
        sys.stdout.write("\n".join((json.dumps(event, allow_nan=False), "")))
        sys.stdout.flush()

    # The model

    def save_onnx(self, model, predictions=None):
        """Writes output/model.onnx from the bytes of an ONNX file, and the trainer's own `predictions` of the first
        rows of evaluate(): an array [rows] or [rows, outputs]."""
        self.output.mkdir(exist_ok=True)
        if predictions is not None:
            self.save_sample(predictions)
        _write(self.output / "model.onnx", model)

    def save_sample(self, predictions):
        """Writes output/sample.json, which Roost compares with what model.onnx predicts of the same rows."""
        rows = [[float(value) for value in (row if hasattr(row, "__len__") else [row])] for row in predictions]
        if not rows:
            raise ContractError("a sample needs predictions")
        _write(self.output / "sample.json", json.dumps({"predictions": rows}, allow_nan=False).encode())

    def save_sklearn(self, model, sample_rows=SAMPLE_ROWS):
        """A fitted scikit-learn model or pipeline over a DataFrame of `columns`, by skl2onnx."""
        from . import export

        export.save_sklearn(self, model, sample_rows)

    def save_torch(self, module, sample_rows=SAMPLE_ROWS):
        """A PyTorch module over one float32 tensor [rows, features], by torch.onnx. For `input: features`."""
        from . import export

        export.save_torch(self, module, sample_rows)

    def save_keras(self, model, sample_rows=SAMPLE_ROWS):
        """A Keras model over one float32 tensor [rows, features], by Keras' own exporter, which with TensorFlow needs
        tf2onnx. For `input: features`."""
        from . import export

        export.save_keras(self, model, sample_rows)


def _finite(value):
    value = None if value is None else float(value)
    return value if value is not None and math.isfinite(value) else None


def _write(path, data):
    """All of it or nothing, also where the program is killed meanwhile."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(data)
    os.replace(new, path)
