"""Debian's Chromium (or any Chrome) driven by Selenium, for pages that a reader opens; absent, the tests say so."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PHONE, DESK = (390, 844), (1280, 900)
"""Width and height of the window."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a headless browser that cannot reach any network; skip, and say why, where there is none."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not browser or not driver:
        pytest.skip("pages were not opened: no Chromium with chromedriver here (Debian: chromium, chromium-driver)")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", offline):
        options.add_argument(argument)
    if os.geteuid() == 0:  # Chromium's sandbox refuses the superuser
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield opened
    finally:
        opened.quit()


def show(browser: Any, page: Path, size: tuple[int, int] = DESK, scheme: str = "light") -> None:
    """Open a file in a window of a size, in light or dark colours."""
    metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == PHONE}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    preference = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", preference)
    browser.get_log("browser")  # what earlier pages said is gone
    browser.get(page.as_uri())


def complaints(browser: Any) -> list[str]:
    """Return what the browser complained of since the page was opened: errors of scripts, requests refused."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("WARNING", "SEVERE")]


def contrast(browser: Any, selector: str) -> float:
    """Return the contrast ratio (WCAG 2) of an element's text to the nearest background painted behind it."""
    colours = browser.execute_script(
        """let here = document.querySelector(arguments[0]);
        const ink = getComputedStyle(here).color;
        while (getComputedStyle(here).backgroundColor === "rgba(0, 0, 0, 0)") here = here.parentElement;
        return [ink, getComputedStyle(here).backgroundColor];""",
        selector,
    )
    darker, lighter = sorted(map(_luminance, colours))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
