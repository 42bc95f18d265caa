"""The pages of src/report in a real browser. Screenshots go to $ROOST_SCREENSHOTS, or to a folder that is thrown away."""
import os
import pathlib
import subprocess

import pytest
from playwright.sync_api import sync_playwright

from program import program_path
from viewports import DESKTOP

BROWSER = "/usr/bin/chromium-headless-shell"


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """A folder with every page that the unit tests of src/report make."""
    folder = tmp_path_factory.mktemp("pages")
    test = pathlib.Path(os.environ.get("ROOST_REPORT_TEST", program_path().parent / "report_test"))
    subprocess.run([test, "--gtest_filter=Report.PagesAreWritten*"], check=True, stdout=subprocess.DEVNULL,
                   env={"ROOST_REPORT_PAGES": str(folder)}, timeout=300)
    return folder


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    named = os.environ.get("ROOST_SCREENSHOTS")
    folder = pathlib.Path(named) if named else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        # Chromium's own sandbox needs user namespaces, which containers and root lack; the pages are ours.
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium, pages):
    """open_page("flights", DESKTOP, java_script_enabled=False, ...) -> a page; whatever goes wrong in it fails the test."""
    contexts, troubles = [], []

    def opened(name, viewport=DESKTOP, **options):
        context = chromium.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        address = (pages / f"{name}.html").as_uri()
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.split("#")[0] in (address, "data:,")
                else troubles.append(f"request: {request.url}"))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not troubles
