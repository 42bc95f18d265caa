#!/usr/bin/env python3
"""Prints the minima of the objective that src/train/linear_test.cc states for each loss and penalty (its OracleData).

Found with scipy, weights split into positive and negative parts where l1 > 0 and hinges written with slacks, and where
scikit-learn has the same problem (row weights, intercept without penalty), compared with it.
Run: OMP_NUM_THREADS=1 .deps/python/bin/python tests/train/linear_oracles.py
"""
import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor
from sklearn.svm import SVC

ROWS, FEATURES, CLASSES = 40, 4, 3
i, j = np.arange(ROWS)[:, None], np.arange(FEATURES)[None, :]
X = np.sin(1 + 3 * i + 7 * j + i * j)
MARGIN = 1.5 * X[:, 0] - X[:, 1] + 0.5 * X[:, 3] + 0.3
NOISE = np.sin(100 * np.arange(ROWS) + 1.0)
BINARY = (MARGIN + NOISE > 0).astype(float)
NUMBER = MARGIN + 0.5 * NOISE
COUNTS = np.round(np.exp(0.7 * MARGIN + 0.3 * NOISE))
KINDS = (MARGIN + NOISE > -0.5).astype(int) + (MARGIN + NOISE > 0.9)
WEIGHTS = np.where(np.arange(ROWS) % 3 == 0, 2.0, 1.0)
WEIGHTS[5] = 0
PENALTIES = [(0.5, 0.0), (0.0, 0.5), (0.3, 0.4)]  # l2, l1
SIGNS = 2 * BINARY - 1


def losses(loss, z):
    """Each row's loss, and its slope by margin."""
    if loss == "squared":
        return (z - NUMBER) ** 2 / 2, z - NUMBER
    if loss == "logistic":
        return np.logaddexp(0, -SIGNS * z), 1 / (1 + np.exp(-z)) - BINARY
    if loss == "squared_hinge":
        off = np.maximum(0, 1 - SIGNS * z)
        return off ** 2, -2 * SIGNS * off
    if loss == "poisson":
        return np.exp(z) - COUNTS * z, np.exp(z) - COUNTS
    top = z.max(1, keepdims=True)
    shares = np.exp(z - top)
    total = shares.sum(1, keepdims=True)
    return (np.log(total) + top)[:, 0] - z[np.arange(ROWS), KINDS], shares / total - np.eye(CLASSES)[KINDS]


def smooth_minimum(loss, l2, l1):
    outputs = CLASSES if loss == "softmax" else 1
    size = outputs * FEATURES

    def value(v):
        plus, minus, b = v[:size], v[size:2 * size], v[2 * size:]
        w = (plus - minus).reshape(outputs, FEATURES)
        z = X @ w.T + b
        loss_, slope = losses(loss, z if outputs > 1 else z[:, 0])
        slope = slope.reshape(ROWS, outputs) * WEIGHTS[:, None]
        g = (slope.T @ X + l2 * w).ravel()
        total = WEIGHTS @ loss_ + l2 / 2 * (w ** 2).sum() + l1 * (plus + minus).sum()
        return total / WEIGHTS.sum(), np.concatenate([g + l1, l1 - g, slope.sum(0)]) / WEIGHTS.sum()

    bounds = [(0, None)] * (2 * size) + [(None, None)] * outputs
    found = minimize(value, np.zeros(2 * size + outputs), jac=True, method="L-BFGS-B", bounds=bounds,
                     options={"ftol": 1e-16, "gtol": 1e-12, "maxiter": 100000, "maxfun": 1000000})
    return found.fun


def hinge_minimum(l2, l1):
    used = WEIGHTS > 0
    n = used.sum()

    def value(v):
        plus, minus, slack = v[:FEATURES], v[FEATURES:2 * FEATURES], v[2 * FEATURES + 1:]
        w = plus - minus
        total = WEIGHTS[used] @ slack + l2 / 2 * w @ w + l1 * (plus + minus).sum()
        gradient = np.concatenate([l2 * w + l1, l1 - l2 * w, [0], WEIGHTS[used]])
        return total / WEIGHTS.sum(), gradient / WEIGHTS.sum()

    A = np.column_stack([SIGNS[used, None] * X[used], -SIGNS[used, None] * X[used], SIGNS[used], np.eye(n)])
    found = minimize(value, np.concatenate([np.zeros(2 * FEATURES + 1), np.ones(n)]), jac=True, method="SLSQP",
                     bounds=[(0, None)] * (2 * FEATURES) + [(None, None)] + [(0, None)] * n,
                     constraints={"type": "ineq", "fun": lambda v: A @ v - 1, "jac": lambda v: A},
                     options={"ftol": 1e-15, "maxiter": 10000})
    return found.fun


def scikit_learn(loss, l2, l1):
    """The objective at scikit-learn's answer; None where it has no such model."""
    total = WEIGHTS.sum()
    if loss == "squared" and l1 > 0:
        model = ElasticNet(alpha=(l1 + l2) / total, l1_ratio=l1 / (l1 + l2), tol=1e-14, max_iter=1000000)
        model.fit(X, NUMBER, sample_weight=WEIGHTS)
    elif loss in ("logistic", "softmax") and l1 == 0:
        model = LogisticRegression(C=1 / l2, tol=1e-12, solver="lbfgs", max_iter=100000)
        model.fit(X, BINARY if loss == "logistic" else KINDS, sample_weight=WEIGHTS)
    elif loss in ("logistic", "softmax"):
        model = LogisticRegression(C=1 / (l1 + l2), l1_ratio=l1 / (l1 + l2), tol=1e-13, solver="saga", max_iter=1000000)
        model.fit(X, BINARY if loss == "logistic" else KINDS, sample_weight=WEIGHTS)
    elif loss == "poisson" and l1 == 0:
        model = PoissonRegressor(alpha=l2 / total, tol=1e-12, max_iter=100000).fit(X, COUNTS, sample_weight=WEIGHTS)
    elif loss == "hinge" and l1 == 0:
        model = SVC(C=1 / l2, kernel="linear", tol=1e-10).fit(X, BINARY, sample_weight=WEIGHTS)
    else:
        return None
    w, b = np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)
    z = X @ w.T + b
    if loss == "hinge":
        of_rows = np.maximum(0, 1 - SIGNS * z[:, 0])
    else:
        of_rows = losses(loss, z if loss == "softmax" else z[:, 0])[0]
    return (WEIGHTS @ of_rows + l2 / 2 * (w ** 2).sum() + l1 * np.abs(w).sum()) / total


for loss in ("squared", "logistic", "softmax", "hinge", "squared_hinge", "poisson"):
    for l2, l1 in PENALTIES:
        minimum = hinge_minimum(l2, l1) if loss == "hinge" else smooth_minimum(loss, l2, l1)
        peer = scikit_learn(loss, l2, l1)
        print(f"{loss} l2={l2} l1={l1}: {minimum:.10f}", "" if peer is None else f"scikit-learn: {peer:.10f}")
