"""What the tests of the anomaly types are made of: small files, a schema, and what `roost validate` says of them."""
import dataclasses
import io
import json

import pyarrow
import pyarrow.parquet


@dataclasses.dataclass(frozen=True)
class File:
    suffix: str
    content: bytes


def csv(text, encoding="utf-8"):
    return File(".csv", text.encode(encoding))


def column(values, name="x"):
    """A CSV of that column beside one of row numbers, so that no line is empty."""
    lines = [f"row,{name}"] + [f"{row},{'' if value is None else value}" for row, value in enumerate(values, start=1)]
    return csv("\n".join(lines) + "\n")


def json_lines(*rows):
    return File(".jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())


def lists(*values, name="x"):
    return json_lines(*({name: value} for value in values))


def parquet(values, kind=None, name="x"):
    """A Parquet file of one column, of the type `kind` of pyarrow."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({name: pyarrow.array(values, kind)}), file)
    return File(".parquet", file.getvalue())


@dataclasses.dataclass(frozen=True)
class Tfx:
    """The text of a schema as TensorFlow Extended writes it."""
    text: str


def schema(columns, rest=""):
    """schema.yaml with those lines under `columns`, and others before them."""
    return f"version: 1\n{rest}columns:\n{columns}"


def rules(text, name="x"):
    """schema.yaml with one column in flow style, for data that may have more: "integer, bools: {}"."""
    return schema(f"  - {{name: {name}, type: {text}}}\n", "new_columns: allow\n")


@dataclasses.dataclass(frozen=True)
class Case:
    """Data that has an anomaly, and data that nearly has it, held against one schema."""
    tfx: str  # what TensorFlow Data Validation calls it
    rule: str
    schema: object  # the text of schema.yaml, or Tfx
    hit: File
    near: File
    column: str = "x"
    severity: str = "error"
    options: dict = dataclasses.field(default_factory=dict)  # of the command: text, or a File
    near_options: dict | None = None  # where they differ
    also: tuple = ()  # rules of other anomalies that the data of `hit` cannot but have


@dataclasses.dataclass(frozen=True)
class Refused:
    """A schema that is refused when it is read, and one that nearly is, for the same data."""
    tfx: str
    rule: str
    schema: object
    near: object
    says: str  # the message after the place
    data: File = csv("x,y\n1,2\n")
