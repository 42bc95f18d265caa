#!/usr/bin/env python3
"""Asks a running server for the probabilities of 1,000 flights and compares them with the batch ones, bit by bit.

usage: check_served.py URL FILE.parquet
"""
import json
import struct
import subprocess
import sys
import urllib.request

import pyarrow.parquet as parquet

ROWS = 1000


def batch_probabilities(path):
    command = ["roost", "predict", path, "--limit", str(ROWS), "--format", "jsonl", "--quiet"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line)["probability"] for line in lines]


def served_probabilities(url, path):
    rows = next(parquet.ParquetFile(path).iter_batches(batch_size=ROWS))
    micros = rows["date"].cast("timestamp[us]").cast("int64").to_pylist()
    columns = {
        "date": ("INT64", micros),
        "distance": ("INT64", rows["distance"].to_pylist()),
        "origin": ("BYTES", rows["origin"].to_pylist()),
        "destination": ("BYTES", rows["destination"].to_pylist()),
    }
    inputs = [{"name": name, "datatype": datatype, "shape": [len(data)], "data": data}
              for name, (datatype, data) in columns.items()]
    request = urllib.request.Request(f"{url}/v2/models/late-flights/infer", json.dumps({"inputs": inputs}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["outputs"][0]["data"]


def main():
    url, path = sys.argv[1:]
    batch, served = batch_probabilities(path), served_probabilities(url, path)
    same = sum(struct.pack("<d", a) == struct.pack("<d", b) for a, b in zip(batch, served, strict=True))
    print(f"{same:,} of {ROWS:,} served probabilities equal the batch ones to the bit")
    return 0 if same == ROWS == len(batch) else 1


sys.exit(main())
