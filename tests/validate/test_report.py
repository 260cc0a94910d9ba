"""The report says what the results say: every claim, every verdict in its cell, nothing that was not measured."""

import copy
import json
import shutil
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tiny import tiny_experiment

from validate.claims.catalogue import CLAIMS, CRITERIA
from validate.claims.rule import WORST_FIRST
from validate.experiment.folder import to_json
from validate.figures import Drawn, groups
from validate.figures.gallery import GALLERY
from validate.figures.style import house_style
from validate.report.console import WIDE, print_claims
from validate.report.page import Matrix, write_report
from validate.report.wording import bound, closest, number, short, where, why_untested
from validate.runs.reproduce import reproduce
from validate.training.metrics import Metrics


class Tables(HTMLParser):
    """Every table as rows of cells: (classes, columns spanned, text)."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.identified, self.links = [], {}, []
        self.cell = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[key] for key in ("src", "href") if key in given]
        if tag == "table":
            self.tables.append([])
            self.identified[given.get("id") or given.get("class")] = self.tables[-1]
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = [set((given.get("class") or "").split()), int(given.get("colspan", 1)), ""]
            self.tables[-1][-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[2] += data


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a run of one family, and its results as they were stored."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    reproduce(tiny_experiment(), folder, lambda sentence: None, progress=False)
    return folder, json.loads((folder / "results.json").read_text())


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Leave the figures out: drawing them takes most of the time."""
    monkeypatch.setattr("validate.report.page.draw_all", lambda results, metrics, folder: [])


def reported(run, tmp_path, change=lambda results: None):
    """Return the report of changed results, as text and as tables, with the results."""
    folder, results = run[0], copy.deepcopy(run[1])
    change(results)
    again = tmp_path / "run"
    shutil.copytree(folder, again)
    (again / "results.json").write_text(to_json(results))
    html = write_report(again).read_text()
    return html, Tables(html), results


def two_families(results):
    """Give the family a twin with two seeds, whose verdicts go round."""
    families = results["experiment"]["families"]
    families["markov"] = {**families["dice"], "seeds": [3, 5]}
    for part in ("ladder", "networks", "untrained"):
        twins = [{**entry, "family": "markov", "seed": seed} for seed in (3, 5) for entry in results[part]]
        results[part] += twins
    for index, row in enumerate(copy.deepcopy(results["claims"])):
        verdict = WORST_FIRST[index % len(WORST_FIRST)]
        parts = [{**part, "verdict": verdict} for part in row["parts"]]
        twin = {"family": "markov", "verdict": verdict, "parts": parts, "seeds": [3, 5], "measured": index / 7}
        results["claims"].append({**row, **twin})


def test_the_matrix_agrees_with_the_rows(run, tmp_path):
    _, page, results = reported(run, tmp_path, two_families)
    families, designs, *lines = page.identified["matrix"]
    columns = [text for _, span, text in families[1:] for _ in range(span)]
    assert [columns.count(title) for title in ("Biased dice (E1)", "Markov chains (E3)")] == [3, 3]
    found = {}
    for (_, _, claim), *cells in lines:
        for family, (_, _, design), (classes, _, text) in zip(columns, designs[1:], cells, strict=True):
            if classes:
                found[claim.split("  ")[0].strip(), family, design] = (classes - {"cell"}, text)
    titles = {"dice": "Biased dice (E1)", "markov": "Markov chains (E3)"}
    assert len(found) == len(results["claims"])
    for row in results["claims"]:
        place = next(
            key
            for key in found
            if key[0].startswith(f"{row['claim']} {row['statement'][:12]}")
            and key[1:] == (titles[row["family"]], row["design"])
        )
        assert found[place] == ({row["verdict"].replace(" ", "-")}, short(row["measured"]))


def test_every_claim_is_told_in_its_family_with_its_numbers(run, tmp_path):
    html, page, results = reported(run, tmp_path, two_families)
    for claim in {row["claim"] for row in results["claims"]}:
        assert html.count(f"<strong>{claim.replace(chr(39), '&#39;')}</strong>") >= 1 + 2 * 2
    claims = [table for table in page.tables if table[0][0][2] == "claim" and table[0][-1][2] == "paper"]
    for table, family in zip(claims, ("dice", "markov"), strict=True):
        parts = [part for row in results["claims"] if row["family"] == family for part in row["parts"]]
        assert len(table) == 1 + len(parts)
        measured = sorted(row[-5][2] for row in table[1:])
        assert measured == sorted(number(part["measured"]) for part in parts)
    for row in results["claims"]:
        for part in row["parts"]:
            for name, null in part["nulls"].items():
                assert f"{name}</span> {number(null['value'])} [" in html


@pytest.mark.parametrize("width", [80, 120, 150, 170])
def test_the_printed_table_cuts_off_nothing(run, width):
    _, results = run
    console = Console(file=StringIO(), width=width)
    print_claims(console, results, Path("report.html"))
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    told = [line.split()[-1] for line in lines if line.rstrip().endswith(tuple(WORST_FIRST))]
    assert told == [row["verdict"].split()[-1] for row in results["claims"]]
    bounds = [CRITERIA[part["statistic"]].bound() for row in results["claims"] for part in row["parts"]]
    assert sum(line.count("≤ ") + line.count("≥ ") for line in lines) == (len(bounds) if width >= WIDE else 0)


def test_what_did_not_hold_is_listed_from_the_rows(run, tmp_path):
    html, page, results = reported(run, tmp_path, two_families)
    listed = [table for table in page.tables if table[0][-1][2] == "" and table[0][1][2] == "where"]
    for table, verdict in zip(listed, ("refuted", "inconclusive"), strict=True):
        parts = [part for row in results["claims"] for part in row["parts"] if row["verdict"] == verdict]
        expected = [part["label"] for part in parts if part["verdict"] == verdict]
        assert [row[2][2] for row in table[1:]] == expected
    assert html.index("What did not hold") < html.index('id="dice"')


def test_a_run_where_everything_holds_says_so(run, tmp_path):
    def hold(results):
        for row in results["claims"]:
            row["verdict"] = "supported"
            for part in row["parts"]:
                part["verdict"] = "supported"

    html, _, results = reported(run, tmp_path, hold)
    assert "No claim was refuted or left inconclusive." in html
    assert f"{len(results['claims'])} supported; 0 unspecific; 0 refuted" in html


def test_every_layer_is_shown_and_the_chosen_one_marked(run, tmp_path):
    def three_layers(results):
        for network in results["networks"]:
            network["properties"] |= {f"post_mlp.{layer}": network["properties"]["post_mlp.0"] for layer in (1, 2)}
            network["chosen"] = "post_mlp.1"

    _, page, results = reported(run, tmp_path, three_layers)
    tables = [table for table in page.tables if table[0][0][2] == "layer"]
    assert len(tables) == len(results["networks"]) + len(results["untrained"])
    for table, network in zip(tables, (*results["networks"], *results["untrained"]), strict=True):
        chosen = int(network["chosen"][-1])
        layers = [row[0][2] for row in table[1:]]
        assert layers == [f"{layer} ←" if layer == chosen else str(layer) for layer in range(len(layers))]
        assert len(layers) == len(network["properties"])
        heads = [text for _, _, text in table[0]]
        assert set(heads) >= {"P0", "P0*", "P1", "P1*", "P2", "P2*", "P3 r", "P3 TV", "P3* TV", "P3* contest"}


OPTIONAL = (
    "modes", "orthogonality", "causal", "prefix", "stability", "forced", "profile", "trajectories", "alignment",
    "subspace", "references",
)  # fmt: skip


def without(results, keys):
    for network in (*results["networks"], *results["untrained"]):
        for key in keys:
            network.pop(key, None)


@pytest.mark.parametrize("missing", OPTIONAL)
def test_a_report_does_without_what_was_not_analysed(run, tmp_path, missing):
    _, page, results = reported(run, tmp_path, lambda results: without(results, [missing]))
    tables = [table for table in page.tables if table[0][0][2] == "layer"]
    assert len(tables) == len(results["networks"]) + len(results["untrained"])


@pytest.mark.parametrize("entry", GALLERY, ids=lambda entry: entry.name)
def test_a_figure_needs_no_more_than_it_says(run, entry):
    results = copy.deepcopy(run[1])
    network_keys = {key for network in results["networks"] for key in network}
    without(results, network_keys - {"family", "seed", "design", "chosen", *entry.needs})
    for _, group in groups(results, Metrics(run[0] / "metrics.jsonl").rows()):
        networks = entry.shown(group)
        if networks:
            with house_style(entry.name):
                assert entry.draw(networks, group).axes
        else:
            # Only what the tiny run does not do is left out.
            assert entry.name in {"steering", "dissociation", "prefix", "stability"}


def test_networks_and_figures_stand_in_the_section_of_their_family(run, tmp_path, monkeypatch):
    def draw(results, metrics, folder):
        path = folder / "a.svg"
        path.write_text("<svg/>")
        return [Drawn(f"{family}.a", family, f"of {family}", "caption", path) for family in ("markov", "dice")]

    monkeypatch.setattr("validate.report.page.draw_all", draw)
    html, _, results = reported(run, tmp_path, two_families)
    dice, markov = html.index('id="dice"'), html.index('id="markov"')
    assert dice < html.index("of dice") < markov < html.index("of markov")
    assert html.count("data:image/svg+xml;base64,PHN2Zy8+") == 2
    networks = (*results["networks"], *results["untrained"])
    for heading in {f"<h4>{network['design']}, seed {network['seed']}</h4>" for network in networks}:
        assert html.count(heading) == 1
    assert "Of seed 3, the first of 2." in html[markov:]


def test_a_run_of_some_claims_or_none_is_reported(run, tmp_path):
    def few(results):
        results["claims"] = []

    html, page, _ = reported(run, tmp_path, few)
    assert page.identified["matrix"][2:] == []
    assert "0 supported" in html


def test_undefined_numbers_are_dashes_and_the_file_stands_alone(run, tmp_path):
    def undefine(results):
        row = results["claims"][0]
        row["measured"] = row["parts"][0]["measured"] = None
        row["parts"][0]["interval"] = [None, None]

    html, page, _ = reported(run, tmp_path, undefine)
    numbers = [table for table in page.tables if table[0][0][2] != "wall time of the last call"]
    texts = [text for table in numbers for row in table for _, _, text in row]
    assert "—" in texts
    assert not {"nan", "None", "inf"} & {word.strip("[],;…") for text in texts for word in text.split()}
    inner = [link for link in page.links if link.startswith("#")]
    assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in page.links)
    assert all(f'id="{link[1:]}"' in html for link in inner)
    assert page.identified["matrix"][2][1][2] == "—"
    assert len(html) < 15e6


def test_the_claims_keep_their_order_whatever_the_families():
    names = [claim.name for claim in CLAIMS]
    rows = [
        {"claim": name, "statement": name, "family": family, "design": design}
        for family, design, own in (("a", "one", names[3:5]), ("b", "two", names[:2]), ("a", "three", ["unknown"]))
        for name in own
    ]
    matrix = Matrix.of(rows)
    assert [line[0] for line in matrix.lines] == [*names[:2], *names[3:5], "unknown"]
    assert matrix.columns == [("a", "one"), ("a", "three"), ("b", "two")]
    assert matrix.families == [("a", 2), ("b", 1)]
    for name, _, cells in matrix.lines:
        held = [(row["family"], row["design"]) for row in rows if row["claim"] == name]
        assert [column for column, row in zip(matrix.columns, cells, strict=True) if row] == held


def test_layers_are_told_by_seed_where_they_differ():
    assert where({"layers": [3, 3], "layer": 3, "seeds": [0, 1]}) == "layer 3"
    assert where({"layers": [3, 2], "layer": 3, "seeds": [0, 4]}) == "layers 3, 2 (seeds 0, 4)"
    assert where({"layers": None, "layer": None, "seeds": [0]}) == ""


def test_reasons_and_bounds_in_words():
    part = {
        "calibrated": True, "measured": 0.5, "interval": [0.4, 0.6], "null": 0.1, "tolerance": 0.05,
        "direction": "at most", "nulls": {"far": {"value": 0.9}, "near": {"value": 0.1}},
    }  # fmt: skip
    assert bound(part) == "≤ 0.05"
    assert closest(part) == "near"
    assert why_untested(part) == "a null is not defined"
    assert why_untested({**part, "nulls": {}}) == "there is no null"
    assert why_untested({**part, "measured": None}) == "the statistic is not defined here"
    assert why_untested({**part, "calibrated": False}) == "the ladder disqualifies the statistic"
    assert [short(value) for value in (0.98765, -0.012345, None, float("nan"), 0.0)] == [
        "0.988",
        "−0.012",
        "—",
        "—",
        "0",
    ]


def test_minors_are_followed_where_the_mixture_has_them(run):
    for network in run[1]["networks"]:
        wanted = {"majors", "fresh tasks"} | ({"minors"} if network["design"] != "minors=0" else set())
        assert set(network["trajectories"]) == wanted
        assert network["forced"] == {"P1": 0, "P1*": 0}
