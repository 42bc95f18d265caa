#!/usr/bin/env python3
"""The same measurement by TensorFlow Model Analysis, as its users write it: two models, one the other's baseline, the
twenty slices, AUC, log loss, accuracy and calibration with intervals by its own Poisson bootstrap. It resamples 20
times; that is a constant of it.

usage: tfma_peer.py ROWS

Runs in its own environment (setup) and prints one line of JSON as peer.py does. The slices' ranges are columns of their
own, as it slices by values only; making them is not counted.
"""
import json
import pathlib
import sys

import data
import numpy as np
import pandas
import tensorflow_model_analysis as tfma
from google.protobuf import text_format
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.proto import config_pb2

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "train"))
from measure import Step

RESAMPLES = 20
CONFIG = """
model_specs { name: "first" prediction_key: "first" label_key: "label" }
model_specs { name: "second" prediction_key: "second" label_key: "label" is_baseline: true }
slicing_specs {}
slicing_specs { feature_keys: "region" }
slicing_specs { feature_keys: "weekday" }
slicing_specs { feature_keys: "distance" }
metrics_specs {
  metrics { class_name: "AUC" } metrics { class_name: "BinaryCrossEntropy" }
  metrics { class_name: "BinaryAccuracy" } metrics { class_name: "Calibration" }
}
options { compute_confidence_intervals { value: true } confidence_intervals { method: POISSON_BOOTSTRAP } }
"""


def main():
    rows = int(sys.argv[1])
    given = data.generate(rows)
    frame = pandas.DataFrame({"label": given["labels"].astype("float32"), "first": given["first"],
                              "second": given["second"], "region": given["region"].astype(str),
                              "weekday": given["weekday"].astype(str),
                              "distance": np.digitize(given["distance"], data.BORDERS).astype(str)})
    config = text_format.Parse(CONFIG, config_pb2.EvalConfig())
    with Step() as step:
        result = model_eval_lib.analyze_raw_data(frame, config)
    print(json.dumps({"rows": rows, "resamples": RESAMPLES, "slices": len(result.slicing_metrics), "cpu": step.cpu,
                      "wall": step.wall, "version": tfma.VERSION_STRING}))


if __name__ == "__main__":
    main()
