#!/usr/bin/env python3
"""The same measurement as one would write it with NumPy or scikit-learn: AUC, log loss, accuracy and calibration error
of two models on twenty slices, and their standard errors from a paired weighted bootstrap.

usage: peer.py numpy|scikit-learn ROWS RESAMPLES LIMIT

Prints one line of JSON as the driver does. Where LIMIT CPU seconds are over, no further resample is begun: `resamples`
says how many there were, each of which costs the same.
"""
import json
import pathlib
import sys

import data
import numpy as np
from sklearn import metrics

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "train"))
from measure import Step, cpu

METRICS = ("auc", "log_loss", "accuracy", "calibration_error")
BINS = 10
EPSILON = 2.0 ** -52


class Slice:
    """What does not change from resample to resample, of the rows of one slice in the order of their scores: done once,
    outside of the loop, as one would for speed."""

    def __init__(self, scores, labels, rows, order):
        self.order = order[rows[order]]
        sorted_scores, self.labels = scores[self.order], labels[self.order]
        clipped = np.clip(sorted_scores, EPSILON, 1 - EPSILON)
        self.losses = np.where(self.labels == 1, -np.log(clipped), -np.log1p(-clipped))
        self.right = (sorted_scores >= 0.5) == (self.labels == 1)
        self.gaps = sorted_scores - self.labels
        self.scores = sorted_scores
        self.begins = [-(-len(self.order) * i // BINS) for i in range(BINS)]  # rounded up, as Roost does
        # The last row of each group of equal scores; None where no two are equal.
        last = np.append(np.flatnonzero(np.diff(sorted_scores)), len(self.order) - 1)
        self.last = None if len(last) == len(self.order) else last

    def measure(self, weights):
        weights = weights[self.order]
        total, positive = weights.sum(), weights * self.labels
        negatives, positives = np.cumsum(weights - positive), np.cumsum(positive)
        if self.last is not None:
            negatives, positives = negatives[self.last], positives[self.last]
        x, y = np.append(0, negatives), np.append(0, positives)
        auc = 1 - np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2 / (x[-1] * y[-1])
        return (auc, weights @ self.losses / total, weights @ self.right / total,
                np.abs(np.add.reduceat(weights * self.gaps, self.begins)).sum() / total)


class ScikitSlice(Slice):
    """The same by scikit-learn's functions, as most people would; it has no calibration error by weighted bins."""

    def measure(self, weights):
        weights = weights[self.order]
        gaps = np.abs(np.add.reduceat(weights * self.gaps, self.begins)).sum() / weights.sum()
        given = {"sample_weight": weights}
        return (metrics.roc_auc_score(self.labels, self.scores, **given),
                metrics.log_loss(self.labels, self.scores, **given),
                metrics.accuracy_score(self.labels, self.scores >= 0.5, **given), gaps)


def run(kind, rows, resamples, limit):
    given = data.generate(rows)
    masks = data.masks(given)
    random = np.random.default_rng(2)
    with Step() as step:
        orders = [np.argsort(given[model], kind="stable") for model in ("first", "second")]
        slices = [[kind(given[model], given["labels"], mask, order)
                   for model, order in zip(("first", "second"), orders)] for mask in masks.values()]
        ones = np.ones(rows)
        values = np.array([[model.measure(ones) for model in models] for models in slices])
        prepared = cpu() - step.cpu
        replicates = []
        while len(replicates) < resamples and (len(replicates) < 2 or cpu() - step.cpu < limit):
            weights = random.poisson(1, rows).astype(float)
            replicates.append([[model.measure(weights) for model in models] for models in slices])
    replicates = np.array(replicates)
    errors = replicates.std(0, ddof=1)
    differences = (replicates[:, :, 0] - replicates[:, :, 1]).std(0, ddof=1)
    # By metric: the value and its error.
    show = lambda value, error: {metric: [float(value[i]), float(error[i])] for i, metric in enumerate(METRICS)}
    return {"rows": rows, "resamples": len(replicates), "cpu": step.cpu, "wall": step.wall, "prepared": prepared,
            "slices": [{"name": name, "rows": int(mask.sum()), "first": show(values[i][0], errors[i][0]),
                        "second": show(values[i][1], errors[i][1]),
                        "difference": show(values[i][0] - values[i][1], differences[i])}
                       for i, (name, mask) in enumerate(masks.items())]}


if __name__ == "__main__":
    KINDS = {"numpy": Slice, "scikit-learn": ScikitSlice}
    print(json.dumps(run(KINDS[sys.argv[1]], *(int(word) for word in sys.argv[2:5]))))
