"""The report says what the results say: every claim, every verdict in its cell, nothing that was not measured."""

import copy
import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from html_tables import Tables
from markupsafe import escape
from matplotlib.figure import Figure
from rich.console import Console
from tiny import TOML

from validate.claims.catalogue import CLAIMS, QUESTIONS
from validate.claims.prefix.shown import PrefixMap, PrefixShown
from validate.claims.rule import WORST_FIRST
from validate.claims.trajectories import TrajectoriesShown
from validate.experiment.folder import RunFolderError, to_json
from validate.experiment.schema import parse_experiment
from validate.experiment.seal import seal, unsealed
from validate.figures import Drawn, groups
from validate.figures.gallery import GALLERY
from validate.figures.style import house_style, save
from validate.judging.layer import layer_label
from validate.judging.results import NetworkResult, Results, read_results
from validate.report.console import WIDE, print_claims, sites_table
from validate.report.forest import WIDTH, Forest
from validate.report.page import page, write_report
from validate.report.picture import packed
from validate.report.questions import refuted_by
from validate.report.sentences import sentences
from validate.report.tables import LETTERS, SitesTable
from validate.report.wording import number, short, with_interval
from validate.runs.reproduce import reproduce
from validate.training.metrics import Metrics

SHOWN = {question.name for question in QUESTIONS if question.shown is not None}

CAUSAL = """
[families.dice.causal]
sequences = 16
steps = 1
restarts = 1
directions = 5
grid = 2
replicates = 100
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a run of one family, with causal tests and a group of minors, and its results as stored."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    text = TOML.replace("minors = 2,", "minors = 4,").replace("width = 4", "width = 8") + CAUSAL
    reproduce(parse_experiment(text, "tiny"), folder, None, Console(file=StringIO()), quiet=True)
    return folder, json.loads((folder / "results.json").read_text())


def reported(run, change=lambda results: None, figures=()):
    """Return the report of changed results, as text and as tables, with the results."""
    content = copy.deepcopy(run[1])
    change(content)
    results = Results.model_validate(content)
    html = page(results, figures)
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
        parts = [{**part, "verdict": verdict, "by_seed": 2 * part["by_seed"]} for part in row["parts"]]
        twin = {"family": "markov", "verdict": verdict, "parts": parts, "seeds": [3, 5], "measured": index / 7}
        results["claims"].append({**row, **twin})


@pytest.mark.parametrize("width", [80, 120, 150, 170])
def test_the_printed_table_cuts_off_nothing(run, width):
    results = Results.model_validate(run[1])
    console = Console(file=StringIO(), width=width)
    print_claims(console, results, Path("report.html"), everything=True)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    last = [line for line in lines if line.rstrip().endswith(tuple(WORST_FIRST))]
    for line, row in zip(last, results.claims, strict=True):
        assert line.split()[-1] == row.verdict.split()[-1]
        assert f" {number(row.parts[-1].measured)} " in line
    bounds = [part.bound() for row in results.claims for part in row.parts]
    assert sum(line.count("≤ ") + line.count("≥ ") for line in lines) == (len(bounds) if width >= WIDE else 0)


def test_every_layer_is_shown_and_the_chosen_one_marked(run):
    def three_layers(results):
        for network in results["networks"]:
            sites = [f"post_mlp.{layer}" for layer in range(3)]
            for question, part in (("properties", "properties"), ("fresh states", "subspace")):
                table = network["shown"][question][part]
                network["shown"][question][part] = dict.fromkeys(sites, table["post_mlp.0"])
            network |= {"site": "post_mlp.1", "sites": sites}

    _, tables, results = reported(run, three_layers)
    layers = [table for table in tables.tables if table[0][0][2] == "layer"]
    for table, network in zip(layers, (*results.networks, *results.untrained), strict=True):
        told = [row[0][2] for row in table[1:]]
        labels = {site: layer_label(site, network.sites) for site in network.sites}
        assert told == [f"{label} ←" if site == network.site else label for site, label in labels.items()]
        heads = [text for _, _, text in table[0]]
        assert set(heads) >= {"P0", "P0*", "P1", "P1*", "P2", "P2*", "P3 r", "P3 TV", "P3* TV", "P3* contest"}
        assert heads[-3:] == ["R²_OOD single", "R²_OOD averaged", "R²_OOD chance"]


def without(content, questions):
    for network in (*content["networks"], *content["untrained"]):
        for question in questions:
            network["shown"].pop(question, None)


@pytest.mark.parametrize("missing", [*sorted(SHOWN), "everything"])
def test_a_report_does_without_what_was_not_asked(run, missing):
    html, tables, results = reported(
        run, lambda content: without(content, SHOWN if missing == "everything" else [missing])
    )
    layers = [table for table in tables.tables if table[0][0][2] == "layer"]
    networks = (*results.networks, *results.untrained)
    assert len(layers) == (0 if missing == "everything" else len(networks))
    assert ("R²_OOD: share" in html) == (missing not in ("fresh states", "everything"))
    for network in networks:
        assert f"<summary>{network.design}, seed {network.seed}</summary>" in html


def test_states_of_prefixes_are_told_at_the_position_that_is_judged():
    sites = {site: {"Dyck residual": [0.1, value, 0.3]} for site, value in (("post_mlp.0", 0.25), ("post_mlp.1", None))}
    shown = PrefixShown(
        positions=[4, 6, 9],
        informative=(5, 8),
        judged=6,
        predicted={"read-out": [0.0] * 3},
        sites=sites,
        map=PrefixMap(site="post_mlp.1", points=[], steps=[], tasks=[]),
    )
    network = NetworkResult(
        family="dyck", seed=0, design="minors=0", site="post_mlp.0", sites=list(sites), shown={"prefix": shown}
    )
    table = SitesTable.of(network)
    assert table.headings == ["Dyck residual"]
    assert [short(numbers["Dyck residual"].value) for numbers in table.lines.values()] == ["0.250", "—"]
    console = Console(file=StringIO(), width=100)
    console.print(sites_table(network))
    [line] = [line for line in console.file.getvalue().splitlines() if "Dyck residual" in line]
    assert line.split("│")[2:4] == ["       0.25 ", "          — "]


@pytest.mark.parametrize("figure", GALLERY, ids=lambda figure: figure.name)
def test_a_figure_needs_no_more_than_it_says(run, figure):
    content = copy.deepcopy(run[1])
    without(content, SHOWN - {model.question for model in figure.needs})
    metrics = Metrics(run[0] / "metrics.jsonl").rows()
    (group,) = groups(Results.model_validate(content), metrics)
    own = figure.of(group)
    # Only what the family is not asked is left out.
    assert (own is None) == (figure.name == "prefix")
    if own is not None:
        with house_style(figure.name):
            assert figure.draw(own).axes


def test_every_verdict_stands_in_its_cell(run):
    _, tables, results = reported(run, two_families)
    families, designs, *lines = tables.identified["matrix"]
    columns = [text for _, span, text in families[1:] for _ in range(span)]
    assert [columns.count(title) for title in ("Biased dice (E1)", "Markov chains (E3)")] == [3, 3]
    found = {}
    for (_, _, claim), *cells in lines:
        for family, (_, _, design), (classes, _, text) in zip(columns, designs[1:], cells, strict=True):
            if classes:
                found[claim, family, design] = (classes - {"cell"}, text)
    titles = {"dice": "Biased dice (E1)", "markov": "Markov chains (E3)"}
    assert len(found) == len(results.claims)
    for row in results.claims:
        place = f"{row.claim} {row.statement}", titles[row.family], row.design
        assert found[place] == ({row.verdict.replace(" ", "-")}, f"{LETTERS[row.verdict]} {short(row.measured)}")


def test_the_map_of_primary_claims_leads_to_their_seeds(run):
    html, tables, results = reported(run, two_families)
    primary = [row for row in results.claims if row.primary]
    cells = [cell for line in tables.identified["primary"][2:] for cell in line[1:] if cell[0]]
    assert sorted(text for _, _, text in cells) == sorted(LETTERS[row.verdict] for row in primary)
    links = [link for link in tables.links if link.startswith("#forest-")]
    assert len(set(links)) == len(links) == len(primary) > 0
    for link in links:
        assert html.count(f'id="{link[1:]}"') == 1


def test_every_criterion_is_told_under_its_question_with_its_nulls(run):
    html, tables, results = reported(run, two_families)
    told = [table for table in tables.tables if table[0][0][2] == "where" and table[0][-1][2] == "paper"]
    parts = [part for row in results.claims for part in row.parts]
    lines = [line for table in told for line in table[1:]]
    assert sorted(line[-5][2].split()[0] for line in lines) == sorted(number(part.measured) for part in parts)
    for part in parts:
        for name, null in part.nulls.items():
            assert f"{name}</span> {with_interval(null)}" in html
    for claim in {row.claim for row in results.claims}:
        for criterion in CLAIMS[claim][0].criteria:
            assert escape(refuted_by(criterion)) in html


def test_networks_that_have_not_learned_stand_at_the_top(run):
    def one_learned(content):
        for row, (skill, learned) in zip(content["skills"], ((0.991, True), (0.5, False)), strict=True):
            row |= {"skill": skill, "learned": learned}

    html, _, results = reported(run, one_learned)
    row = results.skills[1]
    said = f"{row.family}, {row.design}, seed {row.seed} (0.500)."
    assert 0 < html.index('id="unlearned"') < html.index(said) < html.index('id="sentences"')
    assert "1 of 2 networks have learned" in html
    learned, _, _ = reported(run, lambda content: [row.update(learned=True, skill=0.99) for row in content["skills"]])
    assert 'id="unlearned"' not in learned


def test_the_sentences_count_what_the_rows_say(run):
    _, _, results = reported(run)
    five = sentences(results)
    assert len(five) == 5
    primary = [row for row in results.claims if row.primary]
    standings = [row.standing for row in primary]
    assert five[1].startswith(
        f"Of {len(primary)} primary claims {standings.count('holds')} hold, {standings.count('fails')} fail"
    )
    assert "these networks only" in five[1]
    assert "was not asked" in five[4]  # one optimizer


def test_a_run_of_some_claims_or_none_is_reported(run):
    html, tables, _ = reported(run, lambda results: results.update(claims=[]))
    assert tables.identified["matrix"][2:] == []
    assert "None was judged." in html


def test_figures_stand_under_the_question_they_answer(run, tmp_path):
    path = tmp_path / "a.svg"
    path.write_text("<svg/>")
    drawn = [Drawn("m.a", "markov", "two modes", "of Markov", "caption", path)]
    drawn += [Drawn("d.b", "dice", "training", "of dice", "caption", path)]
    html, _, _ = reported(run, two_families, drawn)
    training, modes = html.index('id="question-training"'), html.index('id="question-two-modes"')
    assert training < html.index(": of dice</h4>") < modes < html.index(": of Markov</h4>")
    assert html.count(f'data-packed="{packed(b"<svg/>")}"') == 2


def test_the_console_tells_the_primary_claims_in_thirty_lines(run):
    results = reported(run, two_families)[2]
    console = Console(file=StringIO(), width=80)
    print_claims(console, results, Path("report.html"))
    lines = console.file.getvalue().splitlines()
    assert len(lines) <= 30
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("Primary claims of") for line in lines) == 2
    assert f"{len(results.claims)} claims in all" in console.file.getvalue()


def test_a_forest_stands_in_its_frame(run):
    for row in reported(run)[2].claims:
        for part in row.parts:
            forest = Forest.of(row, part)
            marks = [*filter(None, forest.seeds), *forest.nulls, *filter(None, (forest.mean, forest.paper))]
            places = [mark.x for mark in marks] + [forest.tolerance, *(forest.interval or ())]
            assert all(0 <= place <= WIDTH for place in places)
            if forest.mean and forest.mean.x != forest.tolerance:
                assert (forest.mean.x > forest.tolerance) == (part.measured > part.tolerance)


def test_the_report_of_a_folder_is_read_from_its_results(run, tmp_path):
    folder = shutil.copytree(run[0], tmp_path / "run")
    content = json.loads(unsealed((folder / "results.json").read_bytes()))
    content["experiment"]["name"] = "another-name"
    content["ladder"] = []  # so that there is nothing to draw
    (folder / "results.json").write_text(seal(to_json(content)))
    assert write_report(folder).read_text() == page(read_results(folder), [])
    assert "Experiment <strong>another-name</strong>" in (folder / "report.html").read_text()


def test_undefined_numbers_are_dashes_and_the_file_stands_alone(run):
    def undefine(results):
        row = results["claims"][0]
        row["measured"] = row["parts"][0]["measured"] = None
        row["parts"][0]["interval"] = [None, None]

    html, tables, _ = reported(run, undefine)
    numbers = [table for table in tables.tables if table[0][0][2] != "wall time of the last call"]
    texts = [text for table in numbers for row in table for _, _, text in row]
    assert "—" in texts
    assert not {"nan", "None", "inf"} & {word.strip("[],;…") for text in texts for word in text.split()}
    inner = [link for link in tables.links if link.startswith("#")]
    assert all(link.startswith(("#", "data:image/svg+xml;base64,")) for link in tables.links)
    assert all(f'id="{link[1:]}"' in html for link in inner)
    assert tables.identified["matrix"][2][1][2].endswith(" —")
    assert len(html) < 15e6


def test_minors_are_followed_where_the_mixture_has_them(run):
    for network in Results.model_validate(run[1]).networks:
        along = network.show(TrajectoriesShown)
        wanted = {"majors", "fresh tasks"} | ({"minors"} if network.design != "minors=0" else set())
        assert set(along.trajectories) == wanted
        assert along.forced == (0, 0)


def test_the_primary_claims_are_told_first_with_what_was_expected(run):
    def stand(content):
        rows = [row for row in content["claims"] if row["primary"]]
        for row, standing in zip(rows, ("holds", "fails", "open"), strict=False):
            row |= {"standing": standing, "p_holm": 0.25, "p_holm_fails": 0.125}
        rows[1]["expected_to_fail"] = "theory says so"

    html, tables, results = reported(run, stand)
    first, second, *rest = [row for row in results.claims if row.primary]
    [header, (family, *cells)] = tables.identified["standings"]
    assert [text.split(" ")[0] for _, _, text in header] == ["", "holds", "fails", "open"]
    assert family[2].endswith("these networks only")
    holds, fails, undecided = (text for _, _, text in cells)
    assert holds.split() == [*first.claim.split(), f"{first.design},", "p", "0.250"]
    assert second.claim in fails
    assert "p 0.125, expected to fail: theory says so" in fails
    assert all(row.claim in undecided for row in rest)
    console = Console(file=StringIO(), width=200)
    print_claims(console, results, Path("report.html"))
    printed = " ".join(console.file.getvalue().split())
    assert f"Primary claims of dice (these networks only): holds: {first.claim}; fails: {second.claim} (exp" in printed
    assert html.index('id="primary"') < html.index('id="matrix"')


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_strangers_results_are_written_nowhere_else(run, tmp_path):
    """Names of families become names of files; links may lead anywhere."""
    folder, outside = tmp_path / "a" / "run", tmp_path / "outside"
    shutil.copytree(run[0], folder)
    outside.mkdir()
    (outside / "notes").write_text("mine")
    text = unsealed((folder / "results.json").read_bytes()).decode()
    for evil in ("../../evil", "/tmp/evil", "cards"):
        for key in ('"dice": {', '"family": "dice"'):
            (folder / "results.json").write_text(seal(text.replace(key, key.replace('"dice"', json.dumps(evil)))))
            with pytest.raises(RunFolderError, match="families must be among"):
                write_report(folder)
    (folder / "results.json").write_text(text)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    (folder / "figures").symlink_to(outside)
    with pytest.raises(RunFolderError, match="leads out of the run folder"):
        write_report(folder)
    (folder / "figures").unlink()
    (folder / "metrics.jsonl").unlink()
    (folder / "metrics.jsonl").symlink_to(outside / "notes")
    with pytest.raises(RunFolderError, match="leads out of the run folder"):
        write_report(folder)
    drawn = folder / "drawn.svg"
    drawn.symlink_to(outside / "notes")
    save(Figure(), drawn)
    assert not drawn.is_symlink()
    assert files_of(outside) == {Path("notes"): b"mine"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "outside"]
