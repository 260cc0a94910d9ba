"""The explorable page in a real browser: its formulas against `theory`, its network against `model`, its controls."""

import json
import math
from pathlib import Path

import explorable
import numpy as np
import pytest
from browser import DESK, PHONE, chromium, complaints, contrast, show
from scipy.special import softmax
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By

from model import Transformer
from theory import (
    BiasedDice,
    Mixture,
    SymbolBatch,
    extrapolation,
    hull_coordinates,
    overlapping,
    posterior,
    prior_predictive,
    retrieval,
    stream,
)
from validate.statistics.interpolation import AdditiveModel, MainEffects

N_SEQUENCES, CLOSE = 200, 1e-9
SCRIPT = explorable.HERE / "explorable.js"

PREDICT = """return arguments[0].map(({ rolls, q, a, o }) =>
    exact(rolls, { majors: overlapping(DATA.majors, o), minors: DATA.minors, q, a }));"""

RUN = """return arguments[0].map(({ rolls, overlap, network }) => {
    const { layers, laws, vectors } = transformer(rolls, DATA.networks[overlap][network]);
    return { laws, betas: layers.map((states, l) => coordinates(rolls, states, vectors[l])) };
});"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def data():
    sizes = explorable.SIZES.model_copy(update={"cell_sequences": 4})
    return json.loads(json.dumps(explorable.data(steps=2, backend="numpy", sizes=sizes)))


@pytest.fixture(scope="module")
def page(data, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("explorable") / "page.html"
    path.write_text(explorable.page(data), encoding="utf-8")
    return path


def questions(n: int) -> list[dict]:
    """Random rolls, the empty sequence and the longest among them, and random settings, the ends of q among them."""
    rng = stream(0, "explorable/questions")
    lengths = [0, 31, *rng.integers(1, 32, size=n - 2).tolist()]
    laws = rng.dirichlet(np.ones(6), size=n)
    return [
        {
            "rolls": rng.choice(6, size=length, p=law).tolist(),
            "q": 0.0 if i % 20 == 0 else float(rng.uniform(0, 0.99)),
            "a": float(10 ** rng.uniform(-1, 1)),
            "o": 0.0 if i % 20 == 1 else float(rng.uniform(0, 0.9)),
            "overlap": i % len(explorable.OVERLAPS),
            "network": i % 2,
        }
        for i, (length, law) in enumerate(zip(lengths, laws, strict=True))
    ]


def expected(question: dict, data: dict) -> dict[str, np.ndarray]:
    """What `theory` says of a question: every number of the page, roll by roll."""
    family = BiasedDice(faces=6, length=32, concentration=question["a"])
    majors, minors = (family.make_pool(data[name]) for name in ("majors", "minors"))
    mixture = Mixture(family, overlapping(majors, question["o"]), minors, question["q"])
    batch = SymbolBatch(np.zeros(1, dtype=np.int64), np.array([[*question["rolls"], 0]]))
    likelihood = family.log_likelihood(mixture.majors, batch)
    between = extrapolation(mixture, batch)
    return {
        "alpha": posterior(likelihood, np.ones(3))[0],
        "gamma": hull_coordinates(family.running_average(batch), family.average_vertices(mixture.majors))[0],
        "logLikelihood": likelihood[0],
        "retrieval": retrieval(mixture, batch).mean[0],
        "extrapolation": between.mean[0],
        "freshWeight": between.weights[0, :, -1],
        "fresh": prior_predictive(family, batch).mean[0],
    }


def largest_error(browser, data: dict, asked: list[dict]) -> float:
    """Largest difference between the page's numbers and those of `theory`."""
    worst = 0.0
    for question, entries in zip(asked, browser.execute_script(PREDICT, asked), strict=True):
        for name, values in expected(question, data).items():
            found = np.array([entry[name] for entry in entries], dtype=np.float64)
            assert found.shape == values.shape
            worst = max(worst, float(np.abs(found - values).max())) if np.all(np.isfinite(found)) else math.inf
    return worst


def test_predictors_are_those_of_theory(browser, data, page):
    show(browser, page)
    assert largest_error(browser, data, questions(N_SEQUENCES)) < CLOSE


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("(n + a) / (t + counts.length * a)", "(n + a) / (t + a)"),
        ("evidence + Math.log(q)", "Math.log(q)"),
        ("Math.min(1, Math.max(0, along))", "along"),
        ("o / 3)", "o / 2)"),
    ],
)
def test_a_wrong_formula_is_caught(browser, data, page, tmp_path, right, wrong):
    text = page.read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "wrong.html").write_text(text.replace(right, wrong), encoding="utf-8")
    show(browser, tmp_path / "wrong.html")
    assert largest_error(browser, data, questions(20)) > 1e-3


def test_the_network_is_that_of_model(browser, data, page):
    show(browser, page)
    asked = [question for question in questions(60) if question["rolls"]]
    for question, answer in zip(asked, browser.execute_script(RUN, asked), strict=True):
        described, rolls = data["networks"][question["overlap"]][question["network"]], question["rolls"]
        network = Transformer(explorable.CONFIG, backend="numpy", dtype=np.float64)
        for name, values in described["parameters"].items():
            network.parameters[name][...] = values
        sites = [f"post_mlp.{layer}" for layer in range(explorable.CONFIG.layers)]
        outputs, states = network.forward(np.array([rolls]), capture=sites)
        np.testing.assert_allclose(answer["laws"], softmax(outputs[0], axis=-1), rtol=0, atol=CLOSE)
        for site, vectors, betas in zip(sites, described["vectors"], answer["betas"], strict=True):
            theta, nu, mu = (np.array(vectors[name]) for name in ("theta", "nu", "mu"))
            model = AdditiveModel(MainEffects(theta, nu), mu[: len(rolls)], mu[: len(rolls)])
            fit = model.fit(states[site], np.eye(6)[np.array([rolls])])
            np.testing.assert_allclose(betas, fit.coordinates[0], rtol=0, atol=CLOSE)


def said(browser) -> str:
    return browser.find_element(By.ID, "said").text


def test_the_controls_do_what_they_say(browser, page):
    show(browser, page)
    start = len(explorable.START)
    assert said(browser).startswith(f"After {start} rolls")
    browser.find_element(By.CSS_SELECTOR, "[data-face='5']").click()
    assert said(browser).startswith(f"After {start + 1} rolls")
    assert browser.execute_script("return rolls.at(-1)") == 5
    browser.find_element(By.CSS_SELECTOR, "[data-go='-1']").click()
    assert said(browser).startswith(f"After {start} rolls")
    browser.find_element(By.CSS_SELECTOR, "[data-count='8']").click()
    assert said(browser).startswith(f"After {start + 9} rolls")
    browser.find_element(By.CSS_SELECTOR, "#die [value='3']").click()
    for _ in range(3):
        browser.find_element(By.CSS_SELECTOR, "[data-count='8']").click()
    assert said(browser).startswith("After 31 rolls")  # no more than a network can read
    handle = browser.find_element(By.CSS_SELECTOR, "#triangle .slider-grip-rect")
    ActionChains(browser).drag_and_drop_by_offset(handle, -150, 0).perform()
    assert 5 < browser.execute_script("return position") < 31
    labels = browser.find_elements(By.CSS_SELECTOR, "#triangle .updatemenu-item-rect")
    ActionChains(browser).move_to_element(labels[2]).click().perform()
    assert browser.find_element(By.ID, "layer").text == "1"
    before = said(browser)
    browser.execute_script("at('o').value = 2; at('o').dispatchEvent(new Event('input'));")
    assert said(browser) != before
    assert browser.find_element(By.ID, "o-value").text == "0.40"
    browser.find_element(By.ID, "clear").click()
    assert said(browser).startswith("After 0 rolls: α = 0.33 0.33 0.33, γ = 0.33 0.33 0.33")
    assert not complaints(browser)


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_whole_and_readable(browser, page, size, scheme):
    show(browser, page, size, scheme)
    assert not complaints(browser)
    assert not browser.execute_script("return performance.getEntriesByType('resource').map(r => r.name)")
    width = browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert width == [size[0], size[0]]
    wide = """return [...document.querySelectorAll("body *")].filter((e) => !e.closest("svg") &&
        e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"""
    assert not browser.execute_script(wide)
    for selector in ("p", "button", "#said", "dd", "label"):
        assert contrast(browser, selector) > 7
    ink = browser.execute_script("return getComputedStyle(document.querySelector('#odds .xtitle')).fill")
    assert ink == browser.execute_script("return getComputedStyle(document.body).color")


def test_our_own_script_stays_short():
    lines = SCRIPT.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    assert max(map(len, lines)) <= 120
