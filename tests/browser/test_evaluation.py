"""The page of `roost compare`: of made-up versions, and of two real ones."""
import re

import pytest

from model_project import ModelProject, make_rows
from viewports import DESKTOP, NARROWEST, PHONE

LATE = {"by": "time", "column": "day", "evaluate_share": 0.4}
EVALUATION = {"slices": ["word"], "min_rows": 20, "value": {"true_positive": 4, "false_positive": -1}}
SMALL = {"width": 400, "height": 800}


@pytest.fixture(scope="session")
def compared(pages, tmp_path_factory):
    """The name of a page that the program made, beside those of the unit tests."""
    project = ModelProject(tmp_path_factory.mktemp("compared") / "project", make_rows(1500), split=LATE)
    for l2 in (1, 300):
        project.configure(split=LATE, evaluation=EVALUATION, trainer={"kind": "linear", "l2": l2})
        project.train("--cold")
    project.run("compare", "model@2", "model@1", "--html", pages / "compared.html")
    return "compared"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, SMALL, NARROWEST], ids=["desktop", "small", "narrowest"])
def test_drawings_fit_and_figures_are_readable_without_scripts(open_page, screenshots, compared, viewport, scheme):
    page = open_page(compared, viewport, color_scheme=scheme, java_script_enabled=False)
    page.screenshot(path=screenshots / f"compared-{viewport['width']}-{scheme}.png", full_page=True)
    width = page.locator("main").bounding_box()["width"]
    figures = page.locator("figure.chart svg")
    assert figures.count() == 5 + 4  # calibration, ROC, precision, gains, value; each slice's calibration
    for i in range(figures.count()):
        box = figures.nth(i).bounding_box()
        assert 100 < box["width"] <= width and 75 < box["height"] < 700
    assert page.get_by_role("cell", name=re.compile("^(better|worse)$")).first.is_visible()
    assert page.get_by_role("heading", name="What changed").is_visible()


def test_drawings_have_names_and_lines_are_told_in_words(open_page):
    page = open_page("evaluation", PHONE)
    assert page.get_by_role("img", name="ROC curve").count() == 1
    text = page.locator("main").inner_text()
    for words in ("above, solid: late-flights@3", "below, dashed: late-flights@2", "upright, dotted: dummy"):
        assert words in text


def test_the_other_metrics_unfold(open_page):
    page = open_page("evaluation", java_script_enabled=False)
    folded = page.locator("#slices ~ details", has_text="auc").first
    assert not folded.locator("table").is_visible()
    folded.locator("summary").click()
    assert folded.locator("table").is_visible()
