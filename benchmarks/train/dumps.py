"""Rows of features with their targets as raw files that the driver and every peer read: a folder with

values.f64, indices.i32, starts.i64   compressed sparse rows; of dense rows only `values.f64`, row after row
targets.f64                           0 or 1, or the class
meta.json                             rows, features, entries, classes, l2, dense, and the SHA-256 of the files above

The objective is sum of losses + l2/2 * |weights|^2, the intercepts free.
"""
import collections
import hashlib
import json
import pathlib

import numpy as np
import scipy.sparse as sparse

Dump = collections.namedtuple("Dump", "folder meta features targets")  # features: scipy CSR or a numpy matrix

KINDS = {"values.f64": np.float64, "indices.i32": np.int32, "starts.i64": np.int64, "targets.f64": np.float64}


def write(folder, features, targets, classes, l2):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    dense = not sparse.issparse(features)
    parts = {"targets.f64": targets}
    if dense:
        parts["values.f64"] = features
    else:
        features.sort_indices()
        parts |= {"values.f64": features.data, "indices.i32": features.indices, "starts.i64": features.indptr}
    digest = hashlib.sha256()
    for name in KINDS:
        if name in parts:
            content = np.ascontiguousarray(parts[name], dtype=KINDS[name])
            content.tofile(folder / name)
            digest.update(content)
    meta = {"rows": features.shape[0], "features": features.shape[1],
            "entries": features.size if dense else features.nnz, "classes": classes, "l2": l2, "dense": dense,
            "sha256": digest.hexdigest()}
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


def read(folder):
    folder = pathlib.Path(folder)
    meta = json.loads((folder / "meta.json").read_text())
    part = {name: np.fromfile(folder / name, dtype=kind) for name, kind in KINDS.items() if (folder / name).exists()}
    shape = (meta["rows"], meta["features"])
    if meta["dense"]:
        features = part["values.f64"].reshape(shape)
    else:  # 32-bit starts: some solvers take no others
        features = sparse.csr_matrix((part["values.f64"], part["indices.i32"], part["starts.i64"].astype(np.int32)),
                                     shape=shape)
    return Dump(folder, meta, features, part["targets.f64"])


def write_weights(path, intercepts, weights):
    """One row an output: the intercept, then the weights. A binary model has one row."""
    np.column_stack([np.atleast_1d(intercepts), np.atleast_2d(weights)]).astype(np.float64).tofile(path)


def read_weights(path, features):
    rows = np.fromfile(path).reshape(-1, features + 1)
    return rows[:, 0], rows[:, 1:]
