"""What a reader does with a report: look, print, resize, walk through it by keyboard, with and without scripts."""
import re

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe

from viewports import DESKTOP, NARROWEST, PHONE

REPORTS = ("flights", "hostile", "compare", "hostile-compare", "validation", "valid", "empty", "features",
           "hostile-features", "evaluation",
           "hostile-evaluation", "evaluation-of-classes", "runs", "run", "runs-compare", "hostile-runs")
WITH_COLUMNS = ("flights", "hostile", "compare", "hostile-compare")

OPEN_ALL = "document.querySelectorAll('details').forEach(details => details.open = true)"
NAMES_BY_PLACE = """[...document.querySelectorAll('.rows > *')]
    .map(row => [row.getBoundingClientRect().top, row.querySelector('h3 bdi').textContent])
    .sort((a, b) => a[0] - b[0]).map(pair => pair[1])"""


def names(page):
    """The columns from top to bottom, as the eye sees them."""
    return page.evaluate(NAMES_BY_PLACE)


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_well_formed_and_ids_are_unique(pages, name):
    html = (pages / f"{name}.html").read_text(encoding="utf-8")
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    ids = [element.get("id") for element in document.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in document.iter():
        assert element.tag not in ("img", "iframe", "object", "embed", "base")
        assert not [attribute for attribute in element.keys() if attribute.lower().startswith("on")]
    assert len(list(document.iter("script"))) == 1


# Both palettes and both layouts for what people read; hostile texts, which make long pages, in one of them.
LOOKS = {"desktop-light": (DESKTOP, "light"), "phone-dark": (PHONE, "dark")}
AXE = [(name, look) for name in REPORTS for look in LOOKS if (name, look) != ("hostile", "phone-dark")]


@pytest.mark.parametrize("name, look", AXE)
def test_axe_finds_nothing(open_page, name, look):
    viewport, scheme = LOOKS[look]
    page = open_page(name, viewport, color_scheme=scheme)
    page.evaluate(OPEN_ALL)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["flights", "compare", "validation", "evaluation", "features", "runs", "run", "runs-compare"])
def test_screenshots(open_page, screenshots, name, viewport, scheme):
    page = open_page(name, viewport, color_scheme=scheme)
    rows = page.locator(".rows > details")
    for i in range(min(2, rows.count())):
        rows.nth(i).locator("summary").first.click()
    image = page.screenshot(path=screenshots / f"{name}-{viewport['width']}-{scheme}.png", full_page=True)
    assert int.from_bytes(image[16:20], "big") == viewport["width"]
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", paper)[:3]) / 3
    assert brightness > 200 if scheme == "light" else brightness < 60


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, NARROWEST], ids=["desktop", "phone", "narrowest"])
@pytest.mark.parametrize("name", REPORTS)
def test_the_body_never_scrolls_sideways(open_page, name, viewport):
    page = open_page(name, viewport)
    page.evaluate(OPEN_ALL)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_figures_are_readable_without_scripts(open_page):
    page = open_page("flights", java_script_enabled=False)
    row = page.locator(".rows > details", has=page.get_by_role("heading", name="delay", exact=False)).first
    assert row.locator(".m").inner_text() == "2.0 %"
    assert not page.get_by_text("excess kurtosis").first.is_visible()
    row.locator("summary").first.click()
    details = row.inner_text()
    for figure in ("-21", "502", "14.228", "38.652", "excess kurtosis", "24.59", "1,355,340", "all percentiles"):
        assert figure in details
    assert page.locator(".tools").count() == 0


def test_the_order_can_be_switched_without_scripts(open_page):
    page = open_page("flights", java_script_enabled=False)
    assert names(page)[0] == "gate_agent"
    page.get_by_label("as in the data").check()
    assert names(page)[:4] == ["date", "delay", "distance", "origin"]
    page.get_by_label("most suspicious first").check()
    assert names(page)[0] == "gate_agent"


def test_scripts_add_more_orders_and_a_filter(open_page):
    page = open_page("flights")
    suspicious = names(page)
    page.get_by_label("as in the data").check()
    assert names(page)[:3] == ["date", "delay", "distance"]
    page.get_by_label("by name", exact=True).check()
    assert names(page) == sorted(suspicious)
    page.get_by_label("most missing").check()
    assert names(page)[:3] == ["gate_agent", "remark", "boarding_pass"]
    page.get_by_label("most distinct").check()
    assert names(page)[0] == "date"
    page.get_by_label("most suspicious first").check()
    assert names(page) == suspicious
    page.get_by_label("filter by name").fill("WEATHER")
    assert page.locator(".rows > :visible").count() == 3
    assert page.locator("output").inner_text() == f"3 of {len(suspicious)}"


def focused(page):
    """The element that has the focus, by its place among all of the document; -1 is the body."""
    return page.evaluate("document.activeElement === document.body ? -1"
                         " : [...document.querySelectorAll('*')].indexOf(document.activeElement)")


@pytest.mark.parametrize("name", ["flights", "compare", "validation", "evaluation", "runs-compare"])
def test_tab_reaches_every_control_in_the_order_of_the_page(open_page, name):
    page = open_page(name)
    wanted = page.evaluate(
        """[...document.querySelectorAll('a[href], button, summary, input, [tabindex="0"]')]
        .filter(element => element.checkVisibility({contentVisibilityAuto: false}) &&
                           !(element.type === 'radio' && !element.checked))
        .map(element => [...document.querySelectorAll('*')].indexOf(element))""")
    visited = []
    for _ in range(len(wanted) + 1):
        page.keyboard.press("Tab")
        if focused(page) == -1:
            break
        visited.append(focused(page))
    assert [element for element in visited if element in wanted] == wanted


def test_keys_open_columns_and_lead_through_them(open_page):
    page = open_page("flights")
    page.keyboard.press("j")
    first = page.locator(".rows > details").first
    page.keyboard.press("Enter")
    assert first.get_attribute("open") is not None
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press(" ")
    assert first.get_attribute("open") is None
    page.keyboard.press("e")
    assert page.locator(".rows > details[open]").count() == page.locator(".rows > details").count()
    page.keyboard.press("e")
    assert page.locator(".rows > details[open]").count() == 0
    page.keyboard.press("/")
    page.keyboard.type("jek/")  # letters are letters in the filter
    assert page.get_by_label("filter by name").input_value() == "jek/"
    page.keyboard.press("Escape")
    page.get_by_label("keys").uncheck()
    page.keyboard.press("e")
    assert page.locator(".rows > details[open]").count() == 0


def test_a_link_unfolds_the_column_it_leads_to(open_page):
    page = open_page("flights", java_script_enabled=False)
    page.get_by_role("link", name="weather.wind").first.click()
    assert page.get_by_text("+infinity").is_visible()


@pytest.mark.parametrize("name", ["flights", "compare", "validation"])
def test_a_print_shows_what_is_folded(open_page, name):
    page = open_page(name)
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    page.emulate_media(media="print")
    panels = page.locator(".rows > details .p" if name != "validation" else "details .diff")
    assert panels.count() > 0
    assert all(box["height"] > 0 for box in (panels.nth(i).bounding_box() for i in range(min(20, panels.count()))))
    assert not page.locator(".tools").first.is_visible()


@pytest.mark.parametrize("name", WITH_COLUMNS)
def test_the_sides_and_faults_are_told_in_words(open_page, name):
    page = open_page(name)
    text = page.locator("main").inner_text()
    if "compare" in name:
        assert "filled:" in text and "line or hatched:" in text
    else:
        assert "all missing" in text or "invalid UTF-8" in text


def test_ten_thousand_columns_stay_usable(open_page):
    page = open_page("very-wide")
    page.get_by_label("filter by name").fill("measurement_09999")
    page.locator("output", has_text="1 of 10000").wait_for()
    page.get_by_label("filter by name").fill("")
    page.get_by_label("as in the data").check()
    first = "document.querySelector('.rows > * h3 bdi').textContent"
    assert page.evaluate(first) == "measurement_00000"
    page.get_by_label("most suspicious first").check()
    assert page.evaluate(first) != "measurement_00000"
    opened = page.evaluate("""(row => {
        row.querySelector('summary').click();
        row.scrollIntoView();
        return row.querySelector('.x').getBoundingClientRect().height;
    })(document.querySelector('.rows > details'))""")
    assert opened > 100
