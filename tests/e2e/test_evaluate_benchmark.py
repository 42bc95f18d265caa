"""The benchmark of the evaluation: its peers measure what they say, and its page says what was measured."""
import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics

from program import ROOT

BENCHMARK = ROOT / "benchmarks/evaluate"


def module(name):
    spec = importlib.util.spec_from_file_location(f"evaluate_{name}", BENCHMARK / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def peer(name, rows, resamples):
    done = subprocess.run([sys.executable, BENCHMARK / "peer.py", name, str(rows), str(resamples), "60"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_slices_overlap_and_take_in_every_row():
    data = module("data")
    masks = data.masks(data.generate(1000))
    assert len(masks) == 20
    assert (np.sum(list(masks.values()), axis=0) == 4).all()


def test_peers_measure_the_same():
    by_numpy, by_scikit = peer("numpy", 3000, 2), peer("scikit-learn", 3000, 2)
    data = module("data")
    given = data.generate(3000)
    for ours, theirs, mask in zip(by_numpy["slices"], by_scikit["slices"], data.masks(given).values()):
        assert ours["name"] == theirs["name"] and ours["rows"] == mask.sum()
        for model in ("first", "second"):
            # The same seed: the same resamples, so the errors too.
            for metric, figures in ours[model].items():
                assert figures == pytest.approx(theirs[model][metric], rel=1e-9)
            assert ours[model]["auc"][0] == pytest.approx(
                metrics.roc_auc_score(given["labels"][mask], given[model][mask]), rel=1e-12)


def test_the_page_has_every_bound_that_was_measured(tmp_path):
    figures = {"auc": [0.75, 0.01], "log_loss": [0.5, 0.01], "accuracy": [0.7, 0.01], "calibration_error": [0.1, 0.01]}
    slices = [{"name": "all rows", "rows": 10, "first": figures, "second": figures, "difference": figures}]
    stamp = {"measured": "2026-01-01", "machine": "a machine", "resamples_asked": 200, "rows": 10, "slices": slices}
    results = {"roost": {"cpu": 12.0, "two_threads": {"cpu": 8.0, "wall": 4.0}} | stamp,
               "numpy": {"cpu": 24.0, "measured_cpu": 5.0, "resamples": 20} | stamp}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    done = subprocess.run([sys.executable, BENCHMARK / "run.py", "--only", "", "--results", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| CPU of one thread | ≤ 10 s | 12 s | **missed** |" in done.stdout
    assert "| CPU of two threads | ≤ 10 s | 8 s | met |" in done.stdout
    assert "| CPU of numpy beside Roost's | ≥ 3 × | 2 × | **missed** |" in done.stdout
    assert "| standard errors beside NumPy's, median | 0.9 to 1.1 | 1.000 | met |" in done.stdout
    assert "| numpy | 24 | 2.0 | 20 of 200 resamples in 5 CPU s |" in done.stdout
