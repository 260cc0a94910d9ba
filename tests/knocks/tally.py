"""What became of a part of the campaign."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Tally:
    """How many knocks there were, and how they ended.

    Attributes
    ----------
    right : int
        Went on to what would have been without the knock.
    sentence : int
        Refused, or told, in one sentence.
    lost, wrong : list of str
        Work that is gone for good; a traceback, a text that is no sentence, or another number without a word.
    """

    name: str
    right: int = 0
    sentence: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    sentences: Counter[str] = field(default_factory=Counter)

    @property
    def tried(self) -> int:
        """How many knocks there were."""
        return self.right + self.sentence + len(self.lost) + len(self.wrong)

    @contextmanager
    def knock(self, what: str, *refusals: type[BaseException]) -> Iterator[None]:
        """Count one knock: right if the block ends, a sentence if it is refused, wrong if anything else is raised."""
        try:
            yield
        except refusals as error:
            self.refused(what, error)
        except LostError as error:
            self.lost.append(f"{what}: {error}")
        except Exception as error:
            self.wrong.append(f"{what}: {type(error).__name__}: {str(error)[:200]!r}")
        else:
            self.right += 1

    def refused(self, what: str, error: BaseException) -> None:
        """Count a refusal: a sentence if it is one line of reasonable length that can be printed."""
        text = str(error)
        if text.isprintable() and 10 < len(text) < 600:
            self.sentence += 1
            self.sentences[text] += 1
        else:
            self.wrong.append(f"{what}: no sentence: {text[:200]!r}")


class LostError(Exception):
    """Work that was there is gone."""


def table(tallies: list[Tally]) -> str:
    """Return the table of a campaign."""
    lines = ["| knocks | tried | right | clear sentence | lost | wrong |", "|---|---|---|---|---|---|"]
    lines += [f"| {t.name} | {t.tried} | {t.right} | {t.sentence} | {len(t.lost)} | {len(t.wrong)} |" for t in tallies]
    return "\n".join(lines)
