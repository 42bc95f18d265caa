"""A new version starts from what the one before knows: fewer passes to the same objective, and everything is told."""
import pytest

from model_project import ModelProject, make_rows

MONTHS = [{"column": "a", "use": "standardize"}, {"column": "b", "use": "min_max"}, {"column": "word", "use": "one_hot"},
          {"column": "gone", "use": "standardize"}]
LINEAR = {"kind": "linear"}
TREES = {"kind": "boosted_trees", "rounds": 10, "max_depth": 3, "early_stopping": 0}


def month(number, count=1500):
    """Rows of a month: later ones have wider values and words that were never seen before."""
    rows = make_rows(count, seed=number, first=number * count, spread=number)
    rows["gone"] = rows["a"] ** 2
    if number > 1:
        rows["word"] = rows["word"].mask(rows["key"] % 11 == 0, "violet").mask(rows["key"] % 13 == 0, "brown")
    return rows


def two_months(folder, **model):
    """A project with model@1 of month 1, and months 1 and 2 as rows@2."""
    project = ModelProject(folder, month(1), **{"features": MONTHS, "trainer": LINEAR} | model)
    project.train()
    project.add(month(2), "--append")
    return project


@pytest.mark.parametrize("model", [{"label": "late"}, {"label": "kind"}, {"label": "many", "task": "counts"}],
                         ids=["logistic", "softmax", "poisson"])
@pytest.mark.parametrize("solver", ["newton", "newton_cg"])
def test_warm_reaches_the_objective_of_cold_in_fewer_passes(tmp_path, model, solver):
    trainer = LINEAR | {"solver": solver}
    project = two_months(tmp_path / "project", trainer=trainer, **model)
    project.configure(features=MONTHS[:3], trainer=trainer, **model)
    warm = project.train()["training"]
    cold = project.train("--cold")["training"]
    assert (warm["start"], cold["start"]) == ("warm", "cold")
    assert warm["converged"] and cold["converged"]
    assert warm["objective"] == pytest.approx(cold["objective"], rel=1e-6)
    assert warm["passes"] < cold["passes"]
    assert warm["features_new"] == 2 and warm["features_dropped"] == 1
    assert warm["features_kept"] == 8  # a, b, four words, unknown and missing ones


def test_the_lineage_tells_parent_mode_and_reason(tmp_path):
    project = two_months(tmp_path / "project")
    warm = project.train()
    lineage = project.show("model@2")["lineage"]
    assert (lineage["parent"], lineage["start"]) == ("model@1", "warm")
    assert lineage["start_reason"] == "the weights of model@1" and lineage["passes"] == warm["training"]["passes"]
    first = project.show("model@1")["lineage"]
    assert (first["parent"], first["start"], first["start_reason"]) == ("", "cold", "there is no version before")
    assert project.train("--cold")["training"]["start_reason"] == "asked for with --cold"
    text = project.run("model", "show", "model@2").stdout
    assert "linear, warm start from model@1" in text
    assert "than the last training from nothing" in text
    listed = project.run("model", "list").stdout
    assert [word for word in listed.split() if word in ("warm", "cold")] == ["cold", "warm", "cold"]


def test_the_time_is_told(tmp_path):
    project = two_months(tmp_path / "project")
    warm = project.train()
    assert warm["training_seconds"] > 0 and "saved_seconds" in warm
    assert " than the last training from nothing" in project.run("train").stdout
    assert "took" in project.run("model", "show", "model@1").stdout


def test_the_same_training_again_is_no_new_version(tmp_path):
    project = two_months(tmp_path / "project")
    first = project.train()
    again = project.train()
    assert first["is_new"] and not again["is_new"]
    assert (again["version"], again["digest"]) == (2, first["digest"])
    assert "nothing new" in project.run("train").stderr
    assert len(project.models()) == 2


def test_the_parent_may_be_named(tmp_path):
    project = two_months(tmp_path / "project")
    project.train()
    project.add(month(3), "--append")
    assert project.train()["training"]["parent"] == "model@2"
    assert project.train("--parent", "model@1")["training"]["parent"] == "model@1"
    project.refused(2, "train", "--parent", "model@9", says="no version 9")
    assert len(project.models()) == 4


def test_what_cannot_be_started_from_is_cold_with_the_reason(tmp_path):
    project = two_months(tmp_path / "project")
    project.configure(features=MONTHS, trainer=TREES)
    trees = project.train()["training"]
    assert (trees["start"], trees["start_reason"], trees["parent"]) == ("cold", "model@1 has no trees", "")
    project.configure(features=MONTHS, trainer=LINEAR)
    assert project.train("--parent", "model@2")["training"]["start_reason"] == "model@2 is no linear model"
    project.configure(features=MONTHS, trainer=LINEAR | {"loss": "hinge"})
    hinge = project.train("--parent", "model@1")["training"]
    assert (hinge["start"], hinge["start_reason"]) == ("cold", "model@1 was trained with another loss")
    project.configure(features=MONTHS, trainer=LINEAR | {"start": "cold"})
    assert project.train()["training"]["start_reason"] == "roost.yaml says 'start: cold'"


def test_hinge_goes_on_from_its_own_margins(tmp_path):
    trainer = {"kind": "linear", "loss": "squared_hinge"}
    project = two_months(tmp_path / "project", trainer=trainer)
    warm = project.train()["training"]
    cold = project.train("--cold")["training"]
    assert warm["start"] == "warm" and warm["passes"] <= cold["passes"]
    assert warm["objective"] == pytest.approx(cold["objective"], rel=1e-6)


def test_new_and_gone_classes_are_mapped_by_name(tmp_path):
    project = ModelProject(tmp_path / "project", month(1), label="kind", features=MONTHS, trainer=LINEAR)
    project.train()
    rows = month(2)
    project.add(rows.assign(kind=rows["kind"].replace("low", "depths")))
    warm = project.train()["training"]
    cold = project.train("--cold")["training"]
    assert warm["start"] == "warm"
    assert warm["objective"] == pytest.approx(cold["objective"], rel=1e-6)
    assert project.show()["definition"]["classes"] == ["depths", "high", "middle"]


def test_every_second_version_is_held_against_a_cold_one(tmp_path):
    project = two_months(tmp_path / "project", trainer=LINEAR | {"cold_every": 2})
    second = project.train()
    both = [second["training"], second["other"]["training"]]
    assert {training["start"] for training in both} == {"warm", "cold"}
    assert [training["start_reason"] for training in both if training["start"] == "cold"] == ["due by 'cold_every'"]
    assert {"evaluation", "training_seconds"} <= set(second["other"])
    project.add(month(3), "--append")
    third = project.train()
    assert "other" not in third
    assert "beside it, " in two_months(tmp_path / "other", trainer=LINEAR | {"cold_every": 2}).run("train").stdout


# --- Trees ---

def trees_of(project, version):
    return project.show(f"model@{version}")["definition"]["predictor"]["trees"]


def test_continued_trees_are_those_before_and_more(tmp_path):
    project = two_months(tmp_path / "project", features=MONTHS[:2], trainer=TREES, label="amount")
    training = project.train()["training"]
    assert (training["start"], training["parent"]) == ("continue", "model@1")
    assert training["start_reason"] == "on top of the 10 trees of model@1"
    old, new = trees_of(project, 1), trees_of(project, 2)
    assert (len(old), len(new)) == (10, 20)
    assert project.show()["lineage"]["trees"] == 20


def test_refreshed_trees_keep_their_number_and_move_their_leaves(tmp_path):
    project = two_months(tmp_path / "project", features=MONTHS[:2], label="amount", trainer=TREES | {"start": "refresh"})
    training = project.train()["training"]
    assert (training["start"], training["parent"]) == ("refresh", "model@1")
    assert len(trees_of(project, 1)) == len(trees_of(project, 2)) == 10
    assert project.show("model@1")["definition"]["predictor"] != project.show("model@2")["definition"]["predictor"]


def test_too_many_trees_begin_again(tmp_path):
    project = two_months(tmp_path / "project", trainer=TREES | {"max_trees": 15})
    training = project.train()["training"]
    assert (training["start"], training["parent"]) == ("cold", "")
    assert "15" in training["start_reason"] and "trees" in training["start_reason"]
    assert len(trees_of(project, 2)) == 10


def test_trees_that_split_by_a_dropped_feature_begin_again(tmp_path):
    model = {"label": "amount + 3 * gone", "trainer": TREES}
    project = ModelProject(tmp_path / "project", month(1), features=[{"column": "gone", "use": "number"}], **model)
    project.train()
    project.configure(features=[{"column": "a", "use": "number"}], **model)
    training = project.train()["training"]
    assert training["start"] == "cold" and "gone" in training["start_reason"]
