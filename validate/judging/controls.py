"""What trained networks are judged against: other networks of the same shape, each at its own task site.

    untrained         freshly initialised
    fresh tasks only  trained on a new task in every sequence
    other majors      trained as the network they stand beside, on the tasks of another seed
    scaled            untrained, with weight matrices three times as large; shown, not judged

None of them ever saw the majors that task vectors are taken of here. All are measured on the sequences of the seed,
without intervals: of several networks of a kind the null is where their values range. A network that finds no task site
of its own is judged where the trained one is.

Only what can be judged is kept of their states: the sites at which anything stands, and the last two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from validate.capture.sources import StateSource, at_sites
from validate.claims.base import FRESH_ONLY, OTHER_MAJORS, Controls, Observed, Side
from validate.experiment.setting import Setting
from validate.judging.layer import own_sites


@dataclass(frozen=True, eq=False)
class Company:
    """The networks beside the trained ones of a family and seed.

    Attributes
    ----------
    untrained, fresh_only, scaled : sequence of StateSource
    others : mapping of str to sequence of StateSource
        By the design they were trained on.
    """

    untrained: Sequence[StateSource] = ()
    fresh_only: Sequence[StateSource] = ()
    others: Mapping[str, Sequence[StateSource]] = field(default_factory=dict)
    scaled: Sequence[StateSource] = ()

    @property
    def every(self) -> list[StateSource]:
        """All of them."""
        others = [source for group in self.others.values() for source in group]
        return [*self.untrained, *self.fresh_only, *others, *self.scaled]


@dataclass(frozen=True, eq=False)
class Control:
    """One of them, and whether it has found a task site of its own."""

    observed: Observed
    found: bool

    def beside(self, side: Side, site: str) -> Side:
        """Return it with the mixture of a trained network; it is judged at a site of that one's if it found none."""
        return Side(self.observed if self.found else self.observed.at(site), side.arenas)


class Placed:
    """A company, each network with its task site.

    Parameters
    ----------
    setting : Setting
    judged : iterable of str
        Sites of the trained networks.
    """

    def __init__(self, company: Company, setting: Setting, judged: Iterable[str]) -> None:
        self._company, self._setting = company, setting.without_intervals
        self._own = dict(zip(map(id, company.every), own_sites(company.every, setting), strict=True))
        self._wanted = {*judged, *(site for site in self._own.values() if site is not None)}
        self._others: dict[str, list[Control]] = {}
        self._untrained, self._fresh_only, self._scaled = (
            [self._control(source) for source in group]
            for group in (company.untrained, company.fresh_only, company.scaled)
        )

    def _control(self, source: StateSource) -> Control:
        site = self._own[id(source)]
        sites = [name for name in source.sites if name in {*self._wanted, *source.sites[-2:]}]
        return Control(Observed(at_sites(source, sites), self._setting, site or sites[0]), site is not None)

    def _of_others(self, design: str) -> list[Control]:
        if design not in self._others:
            self._others[design] = [self._control(source) for source in self._company.others.get(design, ())]
        return self._others[design]

    def site_of_untrained(self, otherwise: str) -> str:
        """Return where the first untrained network is judged."""
        return self._own[id(self._company.untrained[0])] or otherwise

    def beside(self, side: Side, design: str, plain: Side | None, judge: bool, show: bool) -> Controls:
        """Return the controls of a trained network of a design."""

        def sides(controls: Sequence[Control]) -> list[Side]:
            return [control.beside(side, side.site) for control in controls]

        return Controls(
            untrained=sides(self._untrained),
            strangers={FRESH_ONLY: sides(self._fresh_only), OTHER_MAJORS: sides(self._of_others(design))},
            scaled=sides(self._scaled),
            plain=plain,
            judge=judge,
            show=show,
        )

    def beside_both(self, side: Side, plain: Side, designs: tuple[str, str], judge: bool, show: bool) -> Controls:
        """Return the controls of what compares the networks of two designs, at the site of the majors-only one."""
        pairs = [
            (own, control.beside(own, own.site))
            for own, design in zip((plain, side), designs, strict=True)
            for control in self._of_others(design)
        ]
        untrained = [control.beside(side, plain.site) for control in self._untrained]
        return Controls(untrained=untrained, reseeded=pairs, plain=plain, judge=judge, show=show)
