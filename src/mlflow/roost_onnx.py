"""A model of Roost as a python_function of MLflow: the columns of a data frame go into its ONNX graph as they are.

Part of the model's folder, from where MLflow loads it (code/). It needs numpy, pandas and onnxruntime.
"""
import json
import pathlib

import numpy
import onnxruntime
import pandas

_NUMBERS = {"tensor(double)": numpy.float64, "tensor(float)": numpy.float32, "tensor(int64)": numpy.int64,
            "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_}


class RoostModel:
    """Scores data frames whose columns are those of the model's data: numbers, texts, times; any may be missing."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        about = json.loads((folder / "roost.json").read_text(encoding="utf-8"))
        self._columns, self._output, self._names = about["columns"], about["output"], about["outputs"]
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        self._ports = {port.name: port for port in self._session.get_inputs()}

    def predict(self, data, params=None):
        """A data frame with a column for each output of the model, as `roost predict` names them."""
        frame = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
        absent = [column["name"] for column in self._columns if column["name"] not in frame]
        if absent:
            raise ValueError(f"the data has no column {', '.join(map(repr, absent))}; "
                             f"the model takes {', '.join(repr(column['name']) for column in self._columns)}")
        scores = numpy.empty((0, len(self._names)))
        if len(frame) > 0:
            feeds = {column["name"]: self._tensor(frame[column["name"]], column) for column in self._columns}
            scores = numpy.asarray(self._session.run([self._output], feeds)[0], numpy.float64).reshape(len(frame), -1)
        if scores.shape[1] > len(self._names):
            scores = scores[:, -len(self._names):]  # those of both classes, of a binary model
        return pandas.DataFrame(scores, columns=self._names, index=frame.index)

    def _tensor(self, values, column):
        port = self._ports[column["name"]]
        missing = column.get("missing")
        if column["kind"] == "text":
            tensor = _texts(values, "" if missing is None else missing)
        elif column["kind"] == "time":
            tensor = _whole(_micros(values), missing, numpy.int64)
        else:
            numbers = values.to_numpy(numpy.float64, na_value=numpy.nan)
            dtype = _NUMBERS[port.type]
            tensor = numbers.astype(dtype) if numpy.issubdtype(dtype, numpy.floating) else _whole(values, missing, dtype)
        return tensor.reshape(-1, 1) if len(port.shape) == 2 else tensor


def _texts(values, missing):
    texts = values.astype(object).to_numpy(copy=True)
    texts[values.isna().to_numpy()] = missing
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"column '{values.name}' has values that are no texts")
    return texts


def _micros(values):
    """Microseconds since 1970 in UTC, as nullable integers."""
    if pandas.api.types.is_numeric_dtype(values):
        raise TypeError(f"column '{values.name}' has numbers; the model takes times")
    times = pandas.to_datetime(values, utc=True, format="ISO8601").dt.tz_localize(None).astype("datetime64[us]")
    return times.astype("int64").astype("Int64").mask(times.isna())


def _whole(values, missing, dtype):
    if values.isna().any():
        if missing is None:
            raise ValueError(f"column '{values.name}' has missing values, and the model has nothing to stand for them")
        values = values.astype("Int64").fillna(missing)
    return values.to_numpy(dtype)


def _load_pyfunc(path):
    return RoostModel(path)
