"""Work folders of external trainers made by hand, as docs/trainers.md has them."""
import json

import pyarrow.parquet as parquet


def make_work_folder(folder, train, evaluate, kinds, **changes):
    """Writes the rows, pyarrow Tables with __target and __weight, and a config.json. `train` may be several parts."""
    for name in ("train", "evaluate", "parent", "checkpoint", "output"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    paths = {"schema": None, "checkpoint": "checkpoint", "output": "output"}
    for name, parts in (("train", train), ("evaluate", evaluate)):
        paths[name] = []
        for number, part in enumerate(parts if isinstance(parts, list) else [parts]):
            paths[name].append(f"{name}/part-{number:05}.parquet")
            parquet.write_table(part, folder / paths[name][-1])
    config = {
        "contract": 1, "model": "test", "training": "0", "task": "binary", "classes": [], "seed": 7, "threads": 1,
        "options": {}, "input": "columns", "columns": [{"name": name, "kind": kind} for name, kind in kinds.items()],
        "features": [], "target": "__target", "weight": "__weight", "paths": paths, "parent": None,
        "limits": {"seconds": None, "memory_bytes": None, "grace_seconds": 30, "model_bytes": 1 << 29,
                   "output_bytes": 1 << 34},
    } | changes
    (folder / "config.json").write_text(json.dumps(config))
    return folder
