"""Writes onnx_golden.h: models that skl2onnx made, small, with what scikit-learn itself predicts of some rows.

Run with the pinned Python: .deps/python/bin/python src/predict/onnx_golden.py > src/predict/onnx_golden.h
"""
import numpy as np
import pandas as pd
import skl2onnx
import sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor


def late_rows():
    random = np.random.default_rng(1)
    distance = random.integers(100, 3000, 200).astype(float)
    origin = random.choice(["SFO", "LAX", "JFK"], 200)
    late = (distance / 3000 + (origin == "JFK") + random.random(200)) > 1.2
    return pd.DataFrame({"distance": distance, "origin": origin}), late


def classifier():
    rows, late = late_rows()
    prepare = ColumnTransformer([("n", StandardScaler(), ["distance"]),
                                 ("t", OneHotEncoder(handle_unknown="ignore"), ["origin"])])
    return Pipeline([("prepare", prepare), ("model", LogisticRegression())]).fit(rows, late)


def print_bytes(name, model):
    data = model.SerializeToString()
    print(f"inline constexpr unsigned char {name}[] = {{  // {len(data)} bytes")
    for start in range(0, len(data), 24):
        print("    " + "".join(f"{byte}," for byte in data[start:start + 24]))
    print("};")


def print_numbers(name, values):
    print(f"inline constexpr double {name}[] = {{{', '.join(repr(float(v)) for v in values)}}};")


def main():
    print("#pragma once\n\n// Written by onnx_golden.py with "
          f"scikit-learn {sklearn.__version__} and skl2onnx {skl2onnx.__version__}.\n// clang-format off\n")
    print("namespace roost::predict {\n")
    late = classifier()
    types = [("distance", FloatTensorType([None, 1])), ("origin", StringTensorType([None, 1]))]
    options = {"zipmap": False}
    print_bytes("kLateClassifier", skl2onnx.to_onnx(late, initial_types=types, options=options, target_opset=17))
    print_bytes("kLateZipMap", skl2onnx.to_onnx(late, initial_types=types, target_opset=17))
    rows = pd.DataFrame({"distance": [100.0, 1500.0, 2999.0, 640.0], "origin": ["JFK", "SFO", "LAX", "Zürich"]})
    print_numbers("kLateProbabilities", late.predict_proba(rows)[:, 1])
    random = np.random.default_rng(2)
    features = random.random((200, 3))
    tree = DecisionTreeRegressor(max_depth=3, random_state=0).fit(features, features @ [3.0, -1.0, 0.5])
    print_bytes("kTreeRegressor", skl2onnx.to_onnx(tree, initial_types=[("X", FloatTensorType([None, 3]))],
                                                   target_opset=17))
    print_numbers("kTreeValues", tree.predict([[0.1, 0.9, 0.5], [0.9, 0.1, 0.5], [0.0, 0.0, 0.0]]))
    print("\n}  // namespace roost::predict")


if __name__ == "__main__":
    main()
