"""The report in a real browser: nothing is refused, folds open, links land, nothing is wider than the window."""

from io import StringIO

import pytest
from browser import DESK, PHONE, chromium, complaints, contrast, show
from rich.console import Console
from selenium.webdriver.support.ui import WebDriverWait
from tiny import TOML

from validate.experiment.schema import parse_experiment
from validate.report.page import write_report
from validate.runs.reproduce import reproduce

READABLE = 4.5
"""Contrast of text, by the Web Content Accessibility Guidelines."""

TEXTS = ("p.lead", "#sentences li", "table.heat th", "td.cell a", "figcaption", "summary h3", "summary .faint")


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def page(tmp_path_factory, browser):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    reproduce(parse_experiment(TOML, "tiny"), folder, None, Console(file=StringIO()), quiet=True)
    return write_report(folder)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_page_is_whole_and_fits_with_everything_unfolded(browser, page, size, scheme):
    show(browser, page, size, scheme)
    browser.execute_script("for (const fold of document.querySelectorAll('details')) fold.open = true")
    assert complaints(browser) == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
    unpacked = "return [...document.images].every(image => image.complete && image.naturalWidth)"
    WebDriverWait(browser, 20).until(lambda opened: opened.execute_script(unpacked))
    assert browser.execute_script("return [...document.images].filter(image => !image.alt).length") == 0
    for text in TEXTS:
        assert contrast(browser, text) >= READABLE, text


def test_every_inner_link_unfolds_what_it_leads_to(browser, page):
    show(browser, page)
    links = browser.execute_script("return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash)")
    assert links
    for link in links:
        show(browser, page)
        browser.execute_script("document.querySelector(`a[href='${arguments[0]}']`).click()", link)
        seen = browser.execute_async_script(
            """const [hash, done] = arguments;
            requestAnimationFrame(() => requestAnimationFrame(() => {
              const box = document.querySelector(hash).getBoundingClientRect();
              done(box.height > 0 && box.top < innerHeight && box.bottom > 0);
            }));""",
            link,
        )
        assert seen, link


def test_a_fold_opens_by_a_click_on_its_summary(browser, page):
    show(browser, page)
    state = "return document.querySelector('details').open"
    assert not browser.execute_script(state)
    browser.execute_script("document.querySelector('details > summary').click()")
    assert browser.execute_script(state)
