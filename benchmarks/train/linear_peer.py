#!/usr/bin/env python3
"""One linear solver on one data set in a process of its own.

usage: linear_peer.py SOLVER DATA TOLERANCE THREADS LIMIT WEIGHTS

Only the fit is measured, not the reading of the data nor its change into the form that the solver takes. Writes the
weights to WEIGHTS and prints one line of JSON: wall and CPU seconds, iterations. A fit of more than LIMIT CPU
seconds ends the process by SIGPROF.
"""
import ctypes
import json
import sys
import warnings

import numpy as np
import scipy.sparse as sparse

import data
import dumps
from measure import Step


def scikit_learn(solver):
    def fit(dump, tolerance, _threads, limit):
        from sklearn.linear_model import LogisticRegression
        model = LogisticRegression(C=1 / dump.meta["l2"], solver=solver, tol=tolerance, max_iter=1_000_000, random_state=1)
        with Step(limit) as step:
            model.fit(dump.features, dump.targets)
        return step, int(np.max(model.n_iter_)), model.intercept_, model.coef_

    return fit


def liblinear_problem(dump):
    """The rows as LIBLINEAR's own arrays: 1-based entries, the intercept's column last, an entry of -1 at the end.
    `liblinear.problem` makes the same in a Python loop."""
    from liblinear import liblinear
    features = sparse.csr_matrix(dump.features)
    rows, columns = features.shape
    starts = features.indptr.astype(np.int64) + 2 * np.arange(rows + 1)
    nodes = np.empty(features.nnz + 2 * rows, dtype=liblinear.feature_node)
    is_entry = np.ones(len(nodes), dtype=bool)
    is_entry[starts[1:] - 1] = is_entry[starts[1:] - 2] = False
    nodes["index"][is_entry], nodes["value"][is_entry] = features.indices + 1, features.data
    nodes["index"][starts[1:] - 2], nodes["value"][starts[1:] - 2] = columns + 1, 1
    nodes["index"][starts[1:] - 1], nodes["value"][starts[1:] - 1] = -1, 0
    problem = liblinear.problem.__new__(liblinear.problem)
    pointers = nodes.ctypes.data + starts[:-1] * nodes.itemsize
    targets = np.where(dump.targets > 0, 1.0, -1.0)
    problem.l, problem.n, problem.bias = rows, columns + 1, 1
    problem.y = targets.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
    problem.x = pointers.ctypes.data_as(ctypes.POINTER(ctypes.POINTER(liblinear.feature_node)))
    return problem, (nodes, pointers, targets)


def liblinear(dump, tolerance, _threads, limit):
    """L2R_LR, the trust-region Newton method for the primal, with -R: the intercept is not penalised."""
    from liblinear import liblinear as library
    problem, _kept = liblinear_problem(dump)
    dump.features.resize((0, 0)) if sparse.issparse(dump.features) else None
    parameter = library.parameter(f"-s 0 -c {1 / dump.meta['l2']!r} -e {tolerance!r} -R -q")
    library.liblinear.set_print_string_function(parameter.print_func)
    with Step(limit) as step:
        model = library.toPyModel(library.liblinear.train(problem, parameter))
    sign = 1 if model.get_labels()[0] > 0 else -1
    weights = sign * np.array(model.w[:problem.n])
    return step, None, weights[-1:], weights[:-1]


def vowpal_wabbit(dump, tolerance, _threads, limit):
    """L-BFGS over its binary cache of the rows: it keeps none in memory, so that its passes over the file are its fit."""
    from vowpalwabbit import pyvw
    with Step(limit) as step:
        fitted = pyvw.Workspace(
            f"--cache_file {dump.folder / 'rows.cache'} -b {data.VW_BITS} --bfgs --loss_function logistic --holdout_off "
            f"--l2 {dump.meta['l2']!r} --no_bias_regularization --passes 1000 --termination {tolerance!r} --quiet")
    weights = np.array([fitted.get_weight(index) for index in range(dump.meta["features"])])
    intercept = fitted.get_weight(11650396 % 2 ** data.VW_BITS)  # its constant's place
    return step, None, intercept, weights


SOLVERS = {"lbfgs": scikit_learn("lbfgs"), "newton-cg": scikit_learn("newton-cg"),
           "newton-cholesky": scikit_learn("newton-cholesky"), "saga": scikit_learn("saga"), "liblinear": liblinear,
           "vowpal_wabbit": vowpal_wabbit}


def main():
    solver, folder, tolerance, threads, limit, path = sys.argv[1:]
    warnings.simplefilter("ignore")
    step, iterations, intercepts, weights = SOLVERS[solver](dumps.read(folder), float(tolerance), int(threads), int(limit))
    dumps.write_weights(path, intercepts, weights)
    print(json.dumps({"wall": step.wall, "cpu": step.cpu, "iterations": iterations}))


if __name__ == "__main__":
    main()
