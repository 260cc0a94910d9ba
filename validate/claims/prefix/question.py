"""Do states of planted Dyck paths keep the prefix? The claims, put at the judged position and the task site.

Nulls: untrained networks, and prefixes that tell nothing. Rungs of the ladder beside those of every family hold the
prefix, which must pass, and mere counts of symbols, which must not. The tolerances lie between the values of these
rungs. That of the prefix effect was .25 until its values were without bias: on seeds 1000 to 1004 of all presets, both
mixtures, counts then have at most .25 and prefixes at least .47, and it became .35. The others were fixed before any
network was trained.
"""

from theory import Batch
from theory.prefix import judged_position, planted
from validate.capture.rungs import EXACT
from validate.claims.base import OF_PREFIXES, Claim, Controls, Findings, Observed, Question, Side, Statistics
from validate.claims.prefix.rungs import PREFIX_RUNGS
from validate.claims.prefix.sample import PrefixSample
from validate.claims.prefix.shown import PrefixShown, prefix_shown
from validate.claims.prefix.statistics import PREFIX_STATISTICS, RESIDUALS, estimates, prefix_estimates
from validate.claims.rule import Criterion
from validate.experiment.scopes import DIVERSE, MAJORS_ONLY
from validate.experiment.setting import Setting

CLAIMS = (
    Claim(
        "prefix in the residual",
        "For planted Dyck paths task and symbol do not determine the state; with the prefix beside them they do.",
        (
            Criterion(
                "Dyck residual", "1 − R² of cells", "at least", 0.1, exact="prefix", rivals=(EXACT, "symbol counts")
            ),
            Criterion("Dyck residual given prefix", "1 − R² of cells and prefix", "at most", 0.05, exact="prefix"),
            Criterion(
                "prefix effect",
                "share of the prefix in what the symbol leaves",
                "at least",
                0.35,
                exact="prefix",
                rivals=("random", EXACT, "symbol counts"),
            ),
        ),
        primary=(DIVERSE,),
    ),
    Claim(
        "prefix can be read",
        "A linear probe reads from the state how many steps of the path were shown.",
        (
            Criterion(
                "prefix R2 beyond task",
                "R² of the steps shown beyond (task, symbol)",
                "at least",
                0.5,
                exact="prefix",
                rivals=("random", EXACT),
            ),
        ),
    ),
    Claim(
        "prefix identity",
        "A linear probe reads which prefix was shown, beyond what counts of ups and downs tell.",
        (
            Criterion(
                "prefix R2 beyond counts",
                "R² of the prefix beyond counts",
                "at least",
                0.5,
                exact="prefix",
                rivals=("random", EXACT, "symbol counts"),
            ),
        ),
        primary=(DIVERSE,),
    ),
)


def at_site(observed: Observed) -> Statistics:
    """Estimate every statistic at the judged position and the task site."""
    sample = PrefixSample.at(observed.setting)
    return estimates(sample.states(observed.source)[observed.site], sample, observed.setting)


def shuffled_prefixes(observed: Observed) -> Statistics:
    """Estimate the statistics in which prefixes play a part with prefixes that tell nothing."""
    sample, setting = PrefixSample.at(observed.setting), observed.setting
    states = sample.states(observed.source)[observed.site]
    return prefix_estimates(states, sample.shuffled(setting.stream("prefix/shuffled")), setting)


def site_sample(setting: Setting) -> Batch:
    """Draw the sequences of the judged position, in cells of task and current symbol."""
    return PrefixSample.at(setting).batch


def analyse(side: Side, controls: Controls) -> Findings:
    """Judge what the states keep of the prefix."""
    nulls = controls.of_untrained(lambda other: other.observed.once(at_site))
    if controls.judge:
        nulls["shuffled prefixes"] = shuffled_prefixes(side.observed)
    shown = prefix_shown(side.source, side.setting) if controls.show else None
    return Findings(side.observed.once(at_site), nulls, shown=shown)


QUESTION = Question(
    name="prefix",
    claims=CLAIMS,
    families=OF_PREFIXES,
    scopes=(MAJORS_ONLY, DIVERSE),
    needs="states",
    statistics=(*RESIDUALS, *PREFIX_STATISTICS),
    unjudged=("Dyck residual*", "prefix R2", "prefix accuracy", "prefix accuracy of cells"),
    analyse=analyse,
    shown=PrefixShown,
    site_sample=site_sample,
    rungs=PREFIX_RUNGS,
    possible=lambda setting: judged_position(planted(setting.family), setting.majors),
)
