"""The benchmark of training: what it judges by is right, and its page says what was measured."""
import json
import subprocess
import sys

import numpy as np
import pytest

from program import ROOT

BENCHMARK = ROOT / "benchmarks/train"


@pytest.fixture(scope="module", autouse=True)
def modules():
    sys.path.insert(0, str(BENCHMARK))
    yield
    sys.path.remove(str(BENCHMARK))


@pytest.fixture(name="dump", params=[2, 3])
def made(tmp_path, request):
    import dumps  # pylint: disable=import-outside-toplevel
    random = np.random.default_rng(1)
    targets = random.integers(0, request.param, 300).astype(float)
    features = random.normal(size=(300, 4)) + targets[:, None]
    dumps.write(tmp_path / "dump", features, targets, request.param, 1.0)
    return dumps.read(tmp_path / "dump")


def test_the_optimum_is_scikit_learns(dump):
    import objective  # pylint: disable=import-outside-toplevel
    from sklearn.linear_model import LogisticRegression  # pylint: disable=import-outside-toplevel
    model = LogisticRegression(C=1, tol=1e-10, max_iter=10_000).fit(dump.features, dump.targets)
    best = objective.optimum(dump)
    judged = objective.Objective(dump)
    assert judged.value(model.intercept_, model.coef_) == pytest.approx(best, rel=1e-9)
    assert judged.value(model.intercept_, model.coef_ * 1.01) > best * (1 + 1e-6)
    assert json.loads((dump.folder / "optimum.json").read_text())["objective"] == best


def test_weights_are_read_as_they_were_written(tmp_path):
    import dumps  # pylint: disable=import-outside-toplevel
    weights = np.arange(6.0).reshape(2, 3)
    dumps.write_weights(tmp_path / "weights", [7.0, 8.0], weights)
    intercepts, read = dumps.read_weights(tmp_path / "weights", 3)
    assert (intercepts == [7, 8]).all() and (read == weights).all()


def test_what_takes_too_long_is_ended(tmp_path):
    import measure  # pylint: disable=import-outside-toplevel
    script = tmp_path / "spin.py"
    script.write_text(f"import sys; sys.path.insert(0, {str(BENCHMARK)!r})\nfrom measure import Step\n"
                      "with Step(1):\n    while True: pass\n")
    with pytest.raises(measure.Stopped):
        measure.run([sys.executable, script], 1)
    with pytest.raises(measure.Failed):
        measure.run([sys.executable, "-c", "raise SystemExit(3)"], 1)


def test_the_page_has_every_bound_that_was_measured(tmp_path):
    stamp = {"measured": "2026-01-01", "machine": "a machine", "scale": 1.0}
    shape = {"rows": 10, "features": 2, "entries": 20, "classes": 2, "l2": 1.0}
    run = {"cpu": 1.0, "wall": 1.0, "gap": 1e-7, "tolerance": 1e-3}
    results = {"flights": {"roost": {"1": run, "2": run} | stamp | shape,
                           "LIBLINEAR": {"1": run | {"cpu": 8.0}} | stamp | shape,
                           "scikit-learn saga": {"stopped": 120} | stamp | shape}}
    path = tmp_path / "results.json"
    path.write_text(json.dumps(results))
    done = subprocess.run([sys.executable, BENCHMARK / "run.py", "--part", "", "--results", path], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| scikit-learn saga | not in 120 CPU s |" in done.stdout
    assert "CPU of the best peer (LIBLINEAR) beside Roost's | ≥ 9 × | 8 × | **missed** |" in done.stdout
