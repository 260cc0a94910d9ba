"""Figures of networks whose numbers are made up: what is drawn, where it lies, and what is left out."""

import warnings
from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest
from made_up import PLAN, dyck_paths, group, ladder, log, network, trio
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox
from tiny import tiny_experiment

from validate.claims.properties import PropertiesShown
from validate.figures import groups
from validate.figures.alignment import alignment_bands
from validate.figures.gallery import GALLERY, ORDER, in_order
from validate.figures.group import GalleryFigure
from validate.figures.interaction import interaction_by_layer
from validate.figures.interpolation import interpolation_by_position
from validate.figures.ladder import ladder_tables
from validate.figures.phases import mode_curves
from validate.figures.prefix import prefix_panels
from validate.figures.properties import properties_by_layer
from validate.figures.simplex import simplex_trajectories
from validate.figures.stability import has_minors, stability_by_layer
from validate.figures.style import drawing, house_style, layer_colours
from validate.figures.training import training_curves
from validate.judging.results import LadderResult, Results

FIGURES = {
    "properties": lambda: properties_by_layer(trio()),
    "sixteen layers": lambda: properties_by_layer(trio(layers=16, family="regression")),
    "interpolation": lambda: interpolation_by_position(trio(layers=8)),
    "interaction": lambda: interaction_by_layer(trio()),
    "stability": lambda: stability_by_layer(
        group([network("minors=64", minors=True), network("minors=256", minors=True)])
    ),
    "alignment": lambda: alignment_bands(trio()),
    "simplex": lambda: simplex_trajectories(group(trio().trained)),
    "prefix": lambda: prefix_panels(group([dyck_paths("minors=0"), dyck_paths("minors=64")])),
    "training": lambda: training_curves(group(trio().trained, metrics=log(False, "minors=0", "minors=64"))),
    "phases": lambda: mode_curves(group(trio().trained, metrics=log(True, "minors=0", "minors=64"))),
    "ladder": lambda: ladder_tables(group([], ladder=ladder())),
}


@cache
def drawn(name):
    """Return a figure, laid out; a layout that fails warns, and warnings are errors."""
    with house_style("test"), warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = FIGURES[name]()
        FigureCanvasAgg(figure).draw()
    return figure


@pytest.mark.parametrize("name", FIGURES)
def test_axes_hold_something_and_lie_apart(name):
    figure = drawn(name)
    for axes in figure.axes:
        assert axes.has_data() or axes.tables, f"an empty frame in {name}"
        assert all(extent > 5 for extent in axes.get_window_extent().size), f"a frame squeezed flat in {name}"
    # Ternary axes count room for labels they do not have, so their frames are compared.
    boxes = [axes.get_window_extent() if name == "simplex" else axes.get_tightbbox() for axes in figure.axes]
    for first, second in combinations(boxes, 2):
        common = Bbox.intersection(first, second)
        assert common is None or min(common.size) < 1, f"axes overlap in {name}"


@pytest.mark.parametrize("name", FIGURES)
def test_figures_say_which_networks_they_show(name):
    words = " ".join(
        text.get_text()
        for axes in drawn(name).axes
        for text in (axes.title, axes.yaxis.label, *axes.texts, axes._left_title, *_legend_texts(axes))
    )
    wanted = {"interaction": [], "ladder": ["dice: majors only", "dice: both"], "stability": ["minors=256"]}
    for text in wanted.get(name, ["minors=0", "minors=64"]):
        assert text in words


@pytest.mark.parametrize("name", FIGURES)
def test_no_figure_shows_the_source_of_a_formula(name):
    with house_style("test"):
        assert b"$" not in drawing(FIGURES[name]())


def _legend_texts(axes):
    return axes.get_legend().get_texts() if axes.get_legend() else []


def test_layers_have_colours_of_their_own_up_to_sixteen():
    colours = np.array(layer_colours(16))
    apart = np.abs(colours[:, None] - colours[None]).sum(axis=-1) + 9 * np.eye(16)
    assert apart.min() > 0.03
    lightness = colours[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) > 0).all()


def test_negative_shares_are_in_the_frame_and_undefined_ones_leave_a_gap():
    networks = trio(family="regression")
    first = networks.trained[0]
    first.show(PropertiesShown).profile[first.site]["P1"][:] = [-0.004, np.nan, 0.2, -0.02, 0.5]
    with house_style("test"):
        figure = properties_by_layer(networks)
    panel = figure.axes[6]
    line = next(line for line in panel.get_lines() if line.get_label() == "layer at which claims are judged")
    np.testing.assert_array_equal(line.get_ydata(), [-0.004, np.nan, 0.2, -0.02, 0.5])
    assert panel.get_ylim()[0] < -0.02
    assert panel.get_ylim()[1] > 0.5
    # A negative share lies as far from 0 as it is seen to.
    heights = panel.transData.transform([(1, 0), (1, -0.004), (1, -0.02)])[:, 1]
    assert heights[0] > heights[1] > heights[2]


@pytest.mark.parametrize("forced", [0.4, 0.0, None])
def test_the_forced_share_is_drawn_where_it_is(forced):
    with house_style("test"):
        figure = interaction_by_layer(group([network(forced=forced)]))
    for axes, expected in zip(figure.axes, (forced, None if forced is None else 2 * forced), strict=True):
        lines = [line for line in axes.get_lines() if line.get_label().startswith("share the read-out forces")]
        assert [line.get_ydata()[0] for line in lines] == ([] if expected is None else [expected])


def test_curves_start_at_the_first_row_beside_its_risks():
    with house_style("test"):
        figure = training_curves(group([network()], metrics=log(False, "minors=0")))
    for axes, first in zip(figure.axes, (1.0, 2.0), strict=True):
        lines = {line.get_label(): line for line in axes.get_lines()}
        np.testing.assert_allclose(lines["network"].get_xydata()[0], [1, first])
        # An infinite risk has no place.
        assert set(lines) == {"network", "M1, retrieval", "M2, extrapolation"}
        assert lines["M2, extrapolation"].get_ydata()[0] == 0.25


def test_curves_are_those_of_the_first_arm():
    other = [row.model_copy(update={"arm": "other"}) for row in log(True, "minors=0")]
    assert group([network()], metrics=other).rows_of(network()) == []
    assert len(group([network()], metrics=[*other, *log(True, "minors=0")]).rows_of(network())) == 3


def test_logs_without_distances_tell_no_phases():
    phases = next(figure for figure in GALLERY if figure.name == "phases")
    assert phases.of(group([network()], metrics=log(False, "minors=0"))) is None
    assert phases.of(group([network()], metrics=log(True, "minors=0"))) is not None
    assert phases.of(group([network("minors=64")], metrics=log(True, "minors=0"))) is None


def test_regression_counts_points_and_others_symbols():
    for family, label in (("regression", "point"), ("dice", "symbols read")):
        with house_style("test"):
            figure = alignment_bands(group([network(family=family)]))
        assert label in figure.axes[0].get_xlabel()


def test_minors_are_shown_where_there_are_any():
    without, having = network(), network("minors=64", minors=True)
    both = group([without, having])
    assert not has_minors(without, both)
    assert has_minors(having, both)
    with house_style("test"):
        assert len(simplex_trajectories(group([without])).axes) == 4
        titles = [axes.get_title() for axes in simplex_trajectories(both).axes]
    assert len(titles) == 10
    assert sum("minors: " in title for title in titles) == 2


def test_the_ladder_says_what_is_met_and_what_may_judge():
    figure = drawn("ladder")
    cells = {key: cell.get_text().get_text() for key, cell in figure.axes[0].tables[0].get_celld().items()}
    assert [cells[1, column] for column in range(4)] == ["P0 ≥ 0.95", "0.990 met", "0.300 missed", "yes"]
    assert [cells[2, column] for column in range(4)] == ["P1 ≤ 0.02", "0.990 missed", "0.010 met", "no"]
    both = {key: cell.get_text().get_text() for key, cell in figure.axes[1].tables[0].get_celld().items()}
    assert both[1, 1] == "0.300 met"
    assert both[1, 2] == "—"


@pytest.mark.parametrize("figure", GALLERY, ids=lambda figure: figure.name)
def test_a_figure_shows_no_network_without_its_data(figure):
    blank = network().model_copy(update={"shown": {}})
    alone = figure.of(group([blank]))
    # The ladder needs nothing of a network but that there is one.
    assert (alone is not None) == (figure.name == "ladder")
    assert figure.of(group([], [network("untrained")])) is None


def test_untrained_networks_stand_beside_trained_ones_only():
    figure = GalleryFigure(
        name="name",
        title="title",
        caption="caption",
        draw=properties_by_layer,
        needs=(PropertiesShown,),
        untrained=True,
    )
    bare, blank = network("untrained"), network().model_copy(update={"shown": {}})
    assert figure.of(group([blank], [bare])) is None
    assert figure.of(group([blank, network()], [bare])).networks == [network(), bare]


def test_a_figure_is_drawn_for_its_number_of_majors():
    simplex = next(figure for figure in GALLERY if figure.name == "simplex")
    assert simplex.of(group([network()])) is not None
    assert simplex.of(group([network()], plan=PLAN.model_copy(update={"majors": 4}))) is None


def test_the_gallery_keeps_its_order_and_refuses_a_name_that_stands_twice():
    new = replace(GALLERY[0], name="new")
    assert [figure.name for figure in in_order([new, *reversed(GALLERY)])] == [*ORDER, "new"]
    with pytest.raises(ValueError, match="no name twice"):
        in_order([*GALLERY, GALLERY[0]])
    with pytest.raises(ValueError, match="wanted a figure for each of training, "):
        in_order(GALLERY[1:])


def test_only_the_first_seed_of_a_family_is_drawn():
    families = {family: PLAN.model_copy(update={"majors": majors}) for family, majors in (("dice", 2), ("markov", 3))}
    results = Results(
        experiment=tiny_experiment().model_copy(update={"families": families}),
        environment={},
        code="",
        claims=[],
        ladder=[
            LadderResult(family=family, seed=seed, rungs={}, calibrated={})
            for family, seed in (("dice", 4), ("dice", 1), ("markov", 1))
        ],
        networks=[network(family="dice").model_copy(update={"seed": seed}) for seed in (1, 4)],
        untrained=[network("untrained", family="markov").model_copy(update={"seed": 1})],
        skills=[],
        arms=[],
        training_seconds=0.0,
        seconds=0.0,
        peak_memory_bytes=0,
    )
    dice, markov = groups(results, [])
    assert [(own.family, own.ladder.seed) for own in (dice, markov)] == [("dice", 4), ("markov", 1)]
    assert [own.seed for own in dice.networks] == [4]
    assert markov.trained == []
    assert [own.design for own in markov.untrained] == ["untrained"]
    assert [own.plan.majors for own in (dice, markov)] == [2, 3]
