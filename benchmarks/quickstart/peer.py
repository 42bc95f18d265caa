#!/usr/bin/env python3
"""The main job of the quickstart by pandas and scikit-learn, as a careful person would write it in a notebook.

usage: peer.py FLIGHTS WORK    one JSON line a step on stdout: step, wall and CPU seconds, peak resident bytes

It runs as one process that keeps its data in memory from step to step, which favours it: no step reads again what the
one before has read. Its imports are a step of their own.
"""
import json
import pathlib
import sys
import time

began = time.perf_counter()

import joblib  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn import metrics  # noqa: E402
from sklearn.calibration import calibration_curve  # noqa: E402
from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.pipeline import Pipeline  # noqa: E402
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler  # noqa: E402

MONTHS = ("01", "02", "03", "04")
LATE_MINUTES = 15
CATEGORIES = ["origin", "destination"]


def peak_bytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def report(step, wall, cpu):
    print(json.dumps({"step": step, "wall": wall, "cpu": cpu, "peak": peak_bytes()}), flush=True)


def measured(step, work, *arguments):
    """Runs one step and reports it; the peak of memory is counted anew."""
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(*arguments)
    report(step, time.perf_counter() - wall, time.process_time() - cpu)
    return result


def add_month(so_far, flights, work, month):
    """The table grown by a month, saved whole as the next version: pandas has no other way to keep the old ones."""
    rows = pd.read_parquet(flights / f"flights-2001-{month}.parquet")
    table = rows if so_far is None else pd.concat([so_far, rows], ignore_index=True)
    table.to_parquet(work / f"version-{int(month)}.parquet", compression="zstd")
    return table


def profile(table):
    figures = table.describe(include="all", percentiles=np.arange(1, 100) / 100)
    distinct = table.nunique()
    missing = table.isna().sum()
    top = {name: table[name].value_counts().head(20) for name in CATEGORIES}
    histograms = {name: np.histogram(table[name], bins=10) for name in ("delay", "distance")}
    return figures, distinct, missing, top, histograms


def infer_schema(table, work):
    schema = {name: {"type": str(table[name].dtype), "missing": bool(table[name].isna().any())} for name in table}
    for name in CATEGORIES:
        schema[name]["values"] = sorted(table[name].unique())
    (work / "schema.json").write_text(json.dumps(schema))
    return schema


def validate(path, schema):
    rows = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    anomalies = [f"{name} is missing" for name in schema if name not in rows]
    anomalies += [f"{name} is new" for name in rows if name not in schema]
    for name in rows.columns.intersection(list(schema)):
        if str(rows[name].dtype) != schema[name]["type"]:
            anomalies.append(f"{name} is {rows[name].dtype}")
        if rows[name].isna().any() and not schema[name]["missing"]:
            anomalies.append(f"{name} has missing values")
        if "values" in schema[name]:
            unknown = rows[name].value_counts().drop(schema[name]["values"], errors="ignore")
            anomalies += [f"{name} has {count} times {value}" for value, count in unknown.items()]
    return anomalies


def with_parts(table):
    return table.assign(hour=table["date"].dt.hour, weekday=table["date"].dt.day_of_week, month=table["date"].dt.month)


def split_by_time(table):
    split_at = table["date"].sort_values(ignore_index=True).iloc[int(len(table) * 0.75)]
    early = table["date"] < split_at
    return table[early], table[~early]


def train(table, work):
    rows, _ = split_by_time(table)
    features = ColumnTransformer([
        ("parts", OneHotEncoder(handle_unknown="ignore"), ["hour", "weekday", "month"]),
        ("distance", StandardScaler(), ["distance"]),
        ("buckets", KBinsDiscretizer(10, encode="onehot", quantile_method="averaged_inverted_cdf", subsample=None),
         ["distance"]),
        ("airports", OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist"), CATEGORIES)])
    model = Pipeline([("features", features), ("classifier", LogisticRegression(C=1.0, max_iter=1000))])
    model.fit(with_parts(rows), rows["delay"] > LATE_MINUTES)
    joblib.dump(model, work / "model.joblib")
    return model


def evaluate(model, table):
    rows, kept = split_by_time(table)
    truth, scores = kept["delay"] > LATE_MINUTES, model.predict_proba(with_parts(kept))[:, 1]
    base = np.full(len(kept), (rows["delay"] > LATE_MINUTES).mean())
    calibration_curve(truth, scores, n_bins=10, strategy="quantile")
    return {name: {"auc": metrics.roc_auc_score(truth, predicted), "log_loss": metrics.log_loss(truth, predicted),
                   "brier": metrics.brier_score_loss(truth, predicted),
                   "accuracy": metrics.accuracy_score(truth, predicted >= 0.5),
                   "confusion": metrics.confusion_matrix(truth, predicted >= 0.5).tolist()}
            for name, predicted in (("model", scores), ("dummy", base))}


def score(flights, work):
    """Loads the model and scores 1,000 rows. There is no server: the peers have none."""
    model = joblib.load(work / "model.joblib")
    rows = pd.read_parquet(flights / "flights-2001-05.parquet").head(1000)
    return model.predict_proba(with_parts(rows))[:, 1]


def main(flights, work):
    report("init", time.perf_counter() - began, time.process_time())
    table = None
    for month in MONTHS:
        table = measured("data add", add_month, table, flights, work, month)
    measured("profile", profile, table)
    january = pd.read_parquet(work / "version-1.parquet")
    schema = measured("schema infer", infer_schema, january, work)
    measured("validate May", validate, flights / "flights-2001-05.parquet", schema)
    measured("validate a broken May", validate, flights / "flights-2001-05-broken.csv", schema)
    model = measured("train", train, table, work)
    evaluation = measured("evaluate", evaluate, model, table)
    measured("serve, 1,000 rows", score, flights, work)
    print(json.dumps({"auc": evaluation["model"]["auc"], "log_loss": evaluation["model"]["log_loss"],
                      "stored": sum(path.stat().st_size for path in work.glob("version-*.parquet"))}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
