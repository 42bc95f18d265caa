#!/usr/bin/env python3
"""XGBoost alone, and LightGBM, with the parameters of the driver's `trees`.

usage: trees_peer.py xgboost|lightgbm DATA THREADS LIMIT MODEL PREDICTIONS

Measured are the making of the library's own matrix from rows in memory, and the training: Roost's fit is both too.
Writes the model to MODEL (XGBoost: as ONNX; LightGBM: its text) and the probabilities of the first rows to PREDICTIONS.
"""
import json
import pathlib
import sys

import numpy as np

import dumps
from measure import Step

ROUNDS, DEPTH, RATE = 100, 6, 0.1
SCORED_ROWS = 20_000


def xgboost(dump, threads, limit, model):
    import xgboost as xgb
    parameters = {"objective": "binary:logistic", "tree_method": "hist", "max_bin": 256, "max_depth": DEPTH, "eta": RATE,
                  "min_child_weight": 1, "lambda": 1, "alpha": 0, "gamma": 0, "subsample": 1, "nthread": threads, "seed": 1}
    with Step(limit) as step:
        rows = xgb.QuantileDMatrix(dump.features, dump.targets, max_bin=256, nthread=threads)
        booster = xgb.train(parameters, rows, ROUNDS)
    predictions = booster.predict(xgb.DMatrix(dump.features[:SCORED_ROWS]))
    write_onnx(booster, dump.meta["features"], model)
    return step, predictions


def write_onnx(booster, features, path):
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType
    graph = onnxmltools.convert_xgboost(booster, initial_types=[("input", FloatTensorType([None, features]))])
    path.write_bytes(graph.SerializeToString())


def lightgbm(dump, threads, limit, model):
    import lightgbm as lgb
    parameters = {"objective": "binary", "max_depth": DEPTH, "num_leaves": 2 ** DEPTH, "learning_rate": RATE,
                  "min_sum_hessian_in_leaf": 1, "min_data_in_leaf": 1, "lambda_l2": 1, "max_bin": 256,
                  "num_threads": threads, "verbosity": -1, "seed": 1}
    with Step(limit) as step:
        booster = lgb.train(parameters, lgb.Dataset(dump.features, dump.targets), ROUNDS)
    booster.save_model(model)
    return step, booster.predict(dump.features[:SCORED_ROWS])


def main():
    peer, folder, threads, limit, model, path = sys.argv[1:]
    train = {"xgboost": xgboost, "lightgbm": lightgbm}[peer]
    step, predictions = train(dumps.read(folder), int(threads), int(limit), pathlib.Path(model))
    np.asarray(predictions, dtype=np.float64).tofile(path)
    print(json.dumps({"wall": step.wall, "cpu": step.cpu, "trees": ROUNDS}))


if __name__ == "__main__":
    main()
