"""The one objective that all solvers of a data set are judged by, and its optimum.

The optimum is found by Newton's method with conjugate gradients (Nocedal & Wright, Numerical Optimization, 7.1) until
the gradient says that no other point is lower by more than a share of 1e-10: the penalty makes the objective strongly
convex in the weights, so that it exceeds its least value by at most |gradient|^2 / (2 l2). The intercepts are free, but
their curvature, the sum of p (1 - p) over the rows, is far above l2: the bound is theirs too, but for a small factor.
"""
import hashlib
import json
import pathlib

import numpy as np
from scipy.special import expit, logsumexp

SHARE = 1e-10  # of the objective: how far above the least value the kept optimum may be


class Objective:
    """Parameters are (intercepts, weights): K and K x features, K = 1 for two classes."""

    def __init__(self, dump):
        self.features, self.l2 = dump.features, dump.meta["l2"]
        self.outputs = 1 if dump.meta["classes"] == 2 else dump.meta["classes"]
        self.targets = dump.targets
        if self.outputs > 1:
            self.ones = np.eye(self.outputs)[dump.targets.astype(int)]

    def margins(self, intercepts, weights):
        return np.asarray(self.features @ weights.T) + intercepts

    def value(self, intercepts, weights):
        margins = self.margins(intercepts, weights)
        if self.outputs == 1:
            losses = np.logaddexp(0, np.where(self.targets > 0, -margins[:, 0], margins[:, 0]))
        else:
            losses = logsumexp(margins, axis=1) - (margins * self.ones).sum(axis=1)
        return float(losses.sum() + self.l2 / 2 * (weights ** 2).sum())

    def predicted(self, intercepts, weights):
        margins = self.margins(intercepts, weights)
        if self.outputs == 1:
            return expit(margins)
        return np.exp(margins - logsumexp(margins, axis=1, keepdims=True))

    def gradient(self, predicted, weights):
        rest = predicted - (self.targets[:, None] if self.outputs == 1 else self.ones)
        return rest.sum(axis=0), np.asarray(self.features.T @ rest).T + self.l2 * weights

    def hessian_times(self, predicted, direction):
        margins = self.margins(*direction)
        if self.outputs == 1:
            change = predicted * (1 - predicted) * margins
        else:
            change = predicted * (margins - (predicted * margins).sum(axis=1, keepdims=True))
        return change.sum(axis=0), np.asarray(self.features.T @ change).T + self.l2 * direction[1]

    def curvatures(self, predicted):
        """The diagonal of the Hessian, which preconditions the conjugate gradients."""
        change = predicted * (1 - predicted)
        squares = self.features.multiply(self.features).tocsr() if hasattr(self.features, "multiply") else self.features ** 2
        return np.maximum(change.sum(axis=0), 1e-6), np.asarray(squares.T @ change).T + self.l2


def dot(left, right):
    return float((left[0] * right[0]).sum() + (left[1] * right[1]).sum())


def plus(left, factor, right):
    return left[0] + factor * right[0], left[1] + factor * right[1]


def newton_step(objective, predicted, gradient):
    scale = objective.curvatures(predicted)
    step = (np.zeros_like(gradient[0]), np.zeros_like(gradient[1]))
    rest = (-gradient[0], -gradient[1])
    towards = scaled = (rest[0] / scale[0], rest[1] / scale[1])
    size = first = dot(rest, scaled)
    for _ in range(1000):
        bent = objective.hessian_times(predicted, towards)
        length = size / dot(towards, bent)
        step, rest = plus(step, length, towards), plus(rest, -length, bent)
        scaled = (rest[0] / scale[0], rest[1] / scale[1])
        before, size = size, dot(rest, scaled)
        if size < 1e-4 * first:
            break
        towards = plus(scaled, size / before, towards)
    return step


def minimise(objective, features):
    point = np.zeros(objective.outputs), np.zeros((objective.outputs, features))
    value = objective.value(*point)
    for _ in range(100):
        predicted = objective.predicted(*point)
        gradient = objective.gradient(predicted, point[1])
        if dot(gradient, gradient) / (2 * objective.l2) <= SHARE * value:
            return value
        step, length = newton_step(objective, predicted, gradient), 1.0
        while (tried := objective.value(*plus(point, length, step))) > value and length > 1e-9:
            length /= 2
        if tried > value:
            break
        point, value = plus(point, length, step), tried
    raise ArithmeticError("the optimum was not found: the gradient stays too large")


def optimum(dump):
    """The least value of the objective, kept beside the data under the hash of data and l2."""
    key = hashlib.sha256(f"{dump.meta['sha256']} {dump.meta['l2']}".encode()).hexdigest()
    path = pathlib.Path(dump.folder) / "optimum.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    if kept.get("of") != key:
        kept = {"of": key, "objective": minimise(Objective(dump), dump.meta["features"])}
        path.write_text(json.dumps(kept) + "\n")
    return kept["objective"]
