"""How the primary claims stand, family by family: which hold, which fail, which are open."""

from collections.abc import Sequence
from dataclasses import dataclass

from validate.judging.results import ClaimRow, Standing

STANDINGS: dict[Standing, str] = {
    "holds": "supported, adjusted p at most .05",
    "fails": "refuted, adjusted p of failing at most .05",
    "open": "neither",
}


@dataclass(frozen=True)
class PrimarySummary:
    """The primary claims of one family by how they stand, in the order in which they are asked."""

    family: str
    rows: dict[Standing, list[ClaimRow]]

    @property
    def these_only(self) -> bool:
        """Whether there are too few seeds to speak of any other network."""
        return any(row.these_only for rows in self.rows.values() for row in rows)

    def sentence(self) -> str:
        """Tell it in one line."""
        told = (f"{standing}: {', '.join(map(named, rows)) or 'none'}" for standing, rows in self.rows.items())
        these = " (these networks only)" if self.these_only else ""
        return f"Primary claims of {self.family}{these}: {'; '.join(told)}."


def named(row: ClaimRow) -> str:
    """Name a claim, with a remark where it was expected to fail, or its verdict where it is open."""
    remarks: list[str] = [row.verdict] if row.standing == "open" else []
    remarks += ["expected to fail"] if row.expected_to_fail else []
    return f"{row.claim} ({', '.join(remarks)})" if remarks else row.claim


def primary_summaries(rows: Sequence[ClaimRow]) -> list[PrimarySummary]:
    """Return the summary of every family that has primary claims among some rows."""
    primary = [row for row in rows if row.primary]
    return [
        PrimarySummary(
            family,
            {s: [row for row in primary if row.family == family and row.standing == s] for s in STANDINGS},
        )
        for family in dict.fromkeys(row.family for row in primary)
    ]
