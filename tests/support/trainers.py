"""The environments of external trainers: each has its own libraries (tools/setup/setup)."""
from program import ROOT, program_path

NETWORKS = {"external-pytorch": "trainers-torch", "external-tensorflow": "trainers-tensorflow"}


def trainer_python(example):
    """The Python that the trainer of this example needs."""
    path = ROOT / ".deps" / NETWORKS.get(example, "python") / "bin/python"
    assert path.exists(), f"{path} is missing; run 'make setup' first"
    return str(path)


def path_with_python(folder, example):
    """A PATH whose `python` has what the example's trainer needs and the package roost, as an active environment would;
    it is made in `folder`."""
    script = folder / "bin/python"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/python" exec "{trainer_python(example)}" "$@"\n')
    script.chmod(0o755)
    return f"{script.parent}:{program_path().parent}:/usr/bin:/bin"
