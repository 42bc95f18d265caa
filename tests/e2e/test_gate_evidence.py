"""The gate: how old the training data is, and whether it is like what was served. How fast a model ages."""
import numpy
import pandas
import pytest

from model_project import ModelProject, make_rows

LATE = {"by": "time", "column": "day", "evaluate_share": 0.3}
RULES = [{"metric": "auc", "at_least": 0.5}]
NOW = pandas.Timestamp.now("UTC").tz_localize(None).floor("h")


def recent_rows(count=1200, days_old=0, seed=1):
    """An hour between two rows, the last so many days ago."""
    end = NOW - pandas.Timedelta(days=days_old)
    return make_rows(count, seed=seed).assign(day=end - pandas.to_timedelta(numpy.arange(count)[::-1], unit="h"))


def gate_of(project, code=None):
    return project.run("gate", "--json", code=code).json()


def judged(folder, rows, split=LATE, **gate):
    project = ModelProject(folder, rows, split=split, gate={"rules": RULES} | gate)
    project.train()
    return project


@pytest.fixture(scope="module")
def rows():
    return make_rows(2000)


@pytest.fixture(scope="module")
def aging(tmp_path_factory):
    """The sign of what `a` says turns slowly: the older a version, the more it loses."""
    count = 4000
    draw = numpy.random.default_rng(2)
    rows = recent_rows(count, seed=2)
    turn = numpy.linspace(2, -2, count)
    rows = rows.assign(late=draw.random(count) < 1 / (1 + numpy.exp(-turn * rows["a"])))
    made = ModelProject(tmp_path_factory.mktemp("staleness") / "project", split=LATE)
    for share in (0.4, 0.7, 1.0):
        made.add(rows[: int(count * share)])
        made.train("--cold")
    return made


class TestAge:
    # 1,200 rows: training ends at the 840th, which is 15 days before the last.
    def test_young_data_passes(self, tmp_path):
        age = gate_of(judged(tmp_path / "project", recent_rows(), max_age="16d"), code=0)["age"]
        assert age["passed"] and age["source"] == "the last of its training rows"
        assert 14.9 < age["age_seconds"] / 86400 < 15.2 and age["max_age_seconds"] == 16 * 86400

    def test_old_data_is_refused_with_the_evidence(self, tmp_path):
        project = judged(tmp_path / "project", recent_rows(days_old=10), max_age="16d")
        refused = project.run("gate", code=1)
        assert "broken      age: the newest training data is 25 days old" in refused.stdout
        assert "max_age allows 16 days" in refused.stdout and "model@1: refused" in refused.stdout
        project.refused(10, "model", "promote", "model@1", "--reason", "no", says="refused")

    def test_rows_of_a_learned_threshold_are_not_learned_from(self, tmp_path):
        # A fifth of the rows is kept for the threshold: training ends at the 600th, 25 days before the last.
        project = judged(tmp_path / "project", recent_rows(), max_age="20d")
        project.configure(split=LATE, threshold={"best": "f1", "share": 0.2}, gate={"rules": RULES, "max_age": "20d"})
        assert gate_of(project, code=0)["age"]["passed"]
        project.train("--cold")
        age = gate_of(project, code=1)["age"]
        assert not age["passed"] and 24.9 < age["age_seconds"] / 86400 < 25.2

    def test_without_a_time_the_version_of_the_dataset_counts(self, tmp_path):
        project = judged(tmp_path / "project", make_rows(), split={"by": "hash", "key": ["key"]}, max_age="1h")
        age = gate_of(project, code=0)["age"]
        assert age["source"] == "rows@1" and age["age_seconds"] < 3600

    def test_a_run_is_refused_too(self, tmp_path):
        project = ModelProject(tmp_path / "project", recent_rows(days_old=30), split=LATE,
                               gate={"rules": RULES, "max_age": "20d"})
        assert "broken: age: " in project.run("run", code=1).stdout

    def test_no_length_of_time_is_refused(self, tmp_path):
        for wrong in ("soon", "-3d", "0s"):
            project = ModelProject(tmp_path / wrong, gate={"rules": RULES, "max_age": "1d"})
            text = (project.folder / "roost.yaml").read_text()
            (project.folder / "roost.yaml").write_text(text.replace('"1d"', f'"{wrong}"'))
            project.refused(2, "train", says=["roost.yaml:", "12h or 30d"])


class TestServing:
    def test_without_served_rows_that_is_said(self, tmp_path, rows):
        project = judged(tmp_path / "project", rows)
        text = project.run("gate").stdout
        assert "not judged  serving: no served rows are named (model.gate.serving)" in text
        serving = gate_of(project)["serving"]
        assert serving["judged"] is False and serving["passed"] is None

    def test_a_glob_without_files_is_said_and_no_pass(self, tmp_path, rows):
        project = judged(tmp_path / "project", rows, serving={"source": "served/*.parquet"})
        assert "not judged  serving: there is no dataset and no file 'served/*.parquet'" in project.run("gate").stdout

    @pytest.fixture
    def project(self, tmp_path, rows):
        return judged(tmp_path / "project", rows, serving={"source": "served.parquet"})

    def test_rows_of_the_same_source_pass(self, project):
        project.write(make_rows(800, seed=9).drop(columns=["late", "kind"]), "served.parquet")
        serving = gate_of(project, code=0)["serving"]
        assert serving["judged"] and serving["passed"] and serving["broken"] == []
        assert serving["served_rows"] == 800 and serving["training_rows"] == 1400
        measured = {(distance["column"], distance["measure"]) for distance in serving["distances"]}
        assert measured == {(column, "jensen_shannon") for column in ("a", "b", "word")} | {("word", "l_infinity")} | {
            (column, "missing") for column in ("a", "b", "word")}

    @pytest.mark.parametrize("spoil, says", [
        (lambda rows: rows.assign(a=rows["a"] * 1000), "'a': jensen_shannon"),
        (lambda rows: rows.assign(word="red"), "'word': l_infinity"),
        (lambda rows: rows.drop(columns=["b"]), "'b' is not among the served columns"),
        (lambda rows: rows.assign(b=None).astype({"b": "float64"}), "'b' is missing in every served row"),
        (lambda rows: rows.assign(b=rows["b"].where(rows["key"] % 3 > 0)), "'b': missing"),
        (lambda rows: rows.assign(b=rows["b"].astype(str) + " km"), "'b' is of type"),
    ], ids=["unit", "words", "gone", "always missing", "sometimes missing", "type"])
    def test_what_is_served_otherwise_is_refused(self, project, spoil, says):
        project.write(spoil(make_rows(800, seed=9)), "served.parquet")
        refused = project.run("gate", code=1).stdout
        assert "broken      serving: " in refused and says in refused and "model@1: refused" in refused

    def test_few_rows_differ_by_chance_and_refuse_nobody(self, project):
        project.write(make_rows(3, seed=9), "served.parquet")
        assert gate_of(project, code=0)["serving"]["passed"]

    def test_limits_of_the_schema_come_first(self, project):
        project.write(make_rows(800, seed=9).assign(word="red"), "served.parquet")
        project.run("schema", "infer", "rows")
        schema = project.folder / "schema.yaml"
        text = schema.read_text()
        at = text.index("name: word")
        line = text.index("\n", at)
        schema.write_text(text[:line] + "\n    skew: {l_infinity: 0.95}" + text[line:])
        distance = next(one for one in gate_of(project, code=0)["serving"]["distances"] if one["measure"] == "l_infinity")
        assert distance["limit"] == 0.95 and distance["limit_from"] == "the schema" and not distance["broken"]

    def test_a_dataset_of_served_rows_is_told_by_its_version(self, tmp_path, rows):
        project = judged(tmp_path / "project", rows, serving={"source": "served"})
        assert "not judged  serving" in project.run("gate").stdout
        project.run("data", "add", "served", project.write(make_rows(500, seed=3), "some.parquet"))
        assert gate_of(project, code=0)["serving"]["source"] == "served@1"

    def test_joined_rows_are_compared_value_by_value(self, tmp_path, rows):
        project = judged(tmp_path / "project", rows,
                         serving={"source": "served.parquet", "join": ["key"], "max_skewed": 0.05})
        same = rows[:1000]
        project.write(same, "served.parquet")
        joined = gate_of(project, code=0)["serving"]["joined"]
        assert joined["joined"] == 1000 and [column["skewed"] for column in joined["columns"]] == [0, 0, 0]
        project.write(same.assign(a=same["a"].where(same["key"] % 10 > 0, 0.25)), "served.parquet")
        refused = project.run("gate", code=1).stdout
        assert "'a' has another value at serving in 100 of 1,000 joined rows; max_skewed allows 5 %" in refused
        project.write(rows.assign(key=rows["key"] + 10**6), "served.parquet")
        assert "no served row has the key of a training row" in project.run("gate").stdout

    def test_a_join_over_a_column_that_is_not_there_is_an_error(self, tmp_path, rows):
        project = judged(tmp_path / "project", rows, serving={"source": "served.parquet", "join": ["nothing"]})
        project.write(rows, "served.parquet")
        project.refused(2, "gate", says=["model.gate.serving.join", "nothing"])

    def test_a_run_judges_anew_where_other_rows_were_served(self, project):
        project.run("run")
        project.write(make_rows(800, seed=9).assign(word="red"), "served.parquet")
        refused = project.run("run", code=1).stdout
        assert "served changed" in refused and "broken: serving: " in refused


class TestStaleness:
    def test_older_versions_lose_more(self, aging):
        told = aging.json("model", "staleness", "model")
        versions = told["versions"]
        assert [version["model"] for version in versions] == ["model@3", "model@2", "model@1"]
        ages = [version["age_seconds"] for version in versions]
        assert ages[0] == 0 and ages[1] == pytest.approx(840 * 3600, rel=0.01) and ages[2] == pytest.approx(1680 * 3600, rel=0.01)
        losses = [version["loss"] for version in versions]
        assert losses[0] == 0 and 0 < losses[1] < losses[2] and versions[2]["clear"]
        assert told["metric"] == "log_loss" and told["dataset"] == "rows@3" and told["num_rows"] == 1200
        clear = [version["age_seconds"] for version in versions if version["clear"]]
        assert told["clear_from_seconds"] == min(clear)
        compared = aging.json("compare", "model@3", "model@1")["slices"][0]
        difference = compared["difference_to"]["model@1"]["log_loss"]
        assert losses[2] == pytest.approx(-difference["value"], abs=1e-12)
        assert versions[2]["low"] == pytest.approx(-difference["high"], abs=1e-12)

    def test_the_table_says_from_which_age_on(self, aging):
        text = aging.run("model", "staleness", "model").stdout
        assert "on every version is worse beyond chance" in text and "35 days" in text

    def test_only_the_newest_versions_where_that_is_asked(self, aging):
        assert len(aging.json("model", "staleness", "model", "--versions", "1")["versions"]) == 1
        assert "no older version" in aging.run("model", "staleness", "model", "--versions", "1").stdout

    def test_what_cannot_be_measured_is_left_out_with_the_reason(self, tmp_path):
        rows = recent_rows()
        made = ModelProject(tmp_path / "project", rows, split={"by": "hash", "key": ["key"]})
        made.train("--cold")
        for features in ("auto", [{"column": "a", "use": "number"}]):
            made.configure(split=LATE, features=features)
            made.train("--cold")
            made.add(recent_rows(1300))
        told = made.json("model", "staleness", "model")
        assert told["left_out"] == [{"model": "model@1", "reason": "its rows were parted by another split"}]
        assert [version["other_config"] for version in told["versions"]] == [False, True]
        made.run("model", "retire", "model@1", "--reason", "of another split")
        assert made.json("model", "staleness", "model")["left_out"] == []
        made.refused(2, "model", "staleness", "nobody", says="nobody")
