"""Writes the model for those that take scikit-learn's or ONNX files, and two graphs of other sizes.

usage: make_models.py COEFFICIENTS FOLDER small|slow|large
small: small.pickle and small.onnx. slow: slow.onnx over columns (Roost's form) and slow-matrix.onnx, of which a row
costs about 200 microseconds among others, 400 alone. large: large.onnx over columns, 200 MB, of which a row touches little.
"""
import json
import pathlib
import pickle
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES = 20
LAYERS, WIDTH = 220, 2048
LARGE_WORDS = 50_000_000  # floats: 200 MB


def tensor(name, values):
    return numpy_helper.from_array(np.asarray(values, np.float32), name)


def write(path, nodes, inputs, output, initializers):
    graph = helper.make_graph(nodes, "graph", [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
                                               for name, size in inputs],
                              [helper.make_tensor_value_info(output[0], TensorProto.FLOAT, [None, output[1]])],
                              initializers)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)


def over_columns(nodes, first):
    """The inputs of a graph over columns, which become its matrix `first`."""
    names = [f"x{i}" for i in range(FEATURES)]
    return [helper.make_node("Concat", names, [first], axis=1), *nodes], [(name, 1) for name in names]


def small(model, folder):
    from sklearn.linear_model import LogisticRegression
    learned = LogisticRegression()
    learned.classes_ = np.array([0, 1])
    learned.coef_ = np.array([model["coefficients"]])
    learned.intercept_ = np.array([model["intercept"]])
    learned.n_features_in_ = FEATURES
    (folder / "small.pickle").write_bytes(pickle.dumps(learned))
    weights = np.array(model["coefficients"])[:, None]
    nodes = [helper.make_node("Gemm", ["input", "weights", "intercepts"], ["margins"]),
             helper.make_node("Sigmoid", ["margins"], ["probabilities"])]
    write(folder / "small.onnx", nodes, [("input", FEATURES)], ("probabilities", 2),
          [tensor("weights", np.hstack([-weights, weights])),
           tensor("intercepts", [-model["intercept"], model["intercept"]])])


def slow(_model, folder):
    """Functions of numbers, one after the other, so that a row costs as much among others as alone; a network of dense
    layers would cost a fifth of it. The two files differ in their inputs and outputs only."""
    random = np.random.default_rng(3)
    nodes = [helper.make_node("MatMul", ["numbers", "first"], ["h0"])]
    initializers = [tensor("first", random.normal(0, 1, (FEATURES, WIDTH))),
                    tensor("last", random.normal(0, 1 / np.sqrt(WIDTH), (WIDTH, 1)))]
    for layer in range(LAYERS):
        initializers.append(tensor(f"w{layer}", random.uniform(1.2, 2, (WIDTH,))))
        nodes += [helper.make_node("Mul", [f"h{layer}", f"w{layer}"], [f"m{layer}"]),
                  helper.make_node("Tanh", [f"m{layer}"], [f"h{layer + 1}"])]
    nodes += [helper.make_node("MatMul", [f"h{LAYERS}", "last"], ["margin"]),
              helper.make_node("Sigmoid", ["margin"], ["score"])]
    with_columns, inputs = over_columns(nodes, "numbers")
    write(folder / "slow.onnx", with_columns, inputs, ("score", 1), initializers)
    both = [helper.make_node("Identity", ["input"], ["numbers"]), *nodes,
            helper.make_node("Sub", ["one", "score"], ["other"]),
            helper.make_node("Concat", ["other", "score"], ["probabilities"], axis=1)]
    write(folder / "slow-matrix.onnx", both, [("input", FEATURES)], ("probabilities", 2), [*initializers, tensor("one", [1])])


def large(model, folder):
    """The small model, and a number out of a table of 200 MB, of which each row's place is its last column."""
    table = np.zeros((LARGE_WORDS, 1), np.float32)
    nodes, inputs = over_columns([
        helper.make_node("Cast", ["x19"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Abs", ["whole"], ["place"]), helper.make_node("Squeeze", ["place", "axis"], ["places"]),
        helper.make_node("Gather", ["table", "places"], ["looked"]),
        helper.make_node("MatMul", ["rows", "weights"], ["products"]),
        helper.make_node("Add", ["products", "intercept"], ["margins"]),
        helper.make_node("Add", ["margins", "looked"], ["moved"]), helper.make_node("Sigmoid", ["moved"], ["value"]),
    ], "rows")
    write(folder / "large.onnx", nodes, inputs, ("value", 1), [
        tensor("table", table), tensor("weights", np.array(model["coefficients"])[:, None]),
        tensor("intercept", [model["intercept"]]), numpy_helper.from_array(np.array([1]), "axis")])


if __name__ == "__main__":
    {"small": small, "slow": slow, "large": large}[sys.argv[3]](json.loads(pathlib.Path(sys.argv[1]).read_text()),
                                                                pathlib.Path(sys.argv[2]))
