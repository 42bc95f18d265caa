"""Who hangs on a model, and what is pinned, where a project has several models."""
import pytest

from model_project import ModelProject, make_rows

MODELS = """\
# of a test
project: test
dataset: rows
models:
  below:
    label: late
    split: {by: hash, key: [key]}
    features:
      - {column: a, use: standardize}
      - {column: word, use: one_hot}
    consumers:
      shop: {contact: shop@example.com, why: ranks offers}
  above:
    label: amount
    split: {by: hash, key: [key]}
    scores: {probability_late: below}
    features:
      - {column: probability_late, use: standardize}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two models, the one above on the scores of the one below, each with a version."""
    made = ModelProject(tmp_path_factory.mktemp("uses") / "project", make_rows())
    (made.folder / "roost.yaml").write_text(MODELS)
    made.run("train", "--model", "below")
    made.run("train", "--model", "above")
    return made


def test_whoever_moves_a_model_is_told_who_calls_it_and_which_models_take_its_scores(project):
    project.run("token", "create", "shop")
    project.run("token", "create", "stranger", "--role", "read")
    use = project.json("model", "consumers", "below")
    assert use["dependents"] == ["above@1"]
    assert use["consumers"] == [
        {"consumer": "shop", "declared": True, "contact": "shop@example.com", "why": "ranks offers", "roles": ["infer"]},
        {"consumer": "stranger", "declared": False, "roles": ["read"]}]
    moved = project.run("model", "promote", "below@1", "--alias", "canary", "--reason", "a share").stdout
    assert moved == ("canary of below: version 1\ntouches shop (shop@example.com): ranks offers\n"
                     "came of it: above@1\n")
    moved = project.json("model", "promote", "above@1", "--alias", "canary", "--reason", "a share")
    assert moved["touched"] == {"consumers": [], "models": []}


def test_a_run_that_is_locked_takes_what_is_pinned_and_nothing_else(project):
    project.run("model", "promote", "below@1", "--reason", "the first")
    assert project.run("lock").stdout.startswith("wrote roost.lock: 1 dataset, ")
    pinned = (project.folder / "roost.lock").read_text()
    project.add(make_rows(700, seed=2))
    assert project.json("data", "log", "rows")[0]["version"] == 2
    ran = {step["step"]: step for step in project.json("run", "--locked", "--model", "below")["steps"]}
    assert (ran["ingest"]["state"], ran["ingest"]["reason"]) == ("done", "roost.lock says so")
    assert ran["train"]["state"] == "done"
    assert project.json("model", "show", "below")["lineage"]["dataset"] == "rows@1"
    ran = {step["step"]: step for step in project.json("run", "--locked", "--model", "below", "--step", "evaluate")["steps"]}
    assert ran["evaluate"]["hit"], "a single step takes what is pinned, too"
    assert project.json("train", "--locked", "--model", "above")["dataset"] == "rows@1"
    assert (project.folder / "roost.lock").read_text() == pinned
    project.refused(2, "train", "rows@2", "--locked", "--model", "below", says="name none")

    project.run("lock", "--check", code=1)
    text = pinned.replace("version: 1", "version: 2", 1)
    (project.folder / "roost.lock").write_text(text)
    project.refused(10, "train", "--locked", "--model", "below", says="is not the version that roost.lock pins")
    (project.folder / "roost.lock").write_text(pinned.replace("canary", "stable"))
    project.refused(10, "run", "--locked", "--model", "below", says="alias canary of")
