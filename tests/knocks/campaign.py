"""The whole campaign: ``python tests/knocks/campaign.py [--seed S] [--kills N] ...``; `make knocks` runs it in full.

Prints what was tried and how it ended, and every knock that was lost or wrong, as it goes on. Exit status 1 if any was.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "validate"), str(HERE.parent.parent)]

SIZES = {"kills": 200, "doubles": 50, "disks": 50, "malformed": 1000, "whole": 60, "damaged": 1000, "calls": 500}


def main() -> int:
    """Run the campaign."""
    import damaged
    import hostile_calls
    import kills
    import malformed
    from tally import Tally, table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1000)
    for name, size in SIZES.items():
        parser.add_argument(f"--{name}", type=int, default=size)
    wanted = parser.parse_args()
    warnings.simplefilter("ignore", RuntimeWarning)
    tallies: list[Tally] = []

    def done(tally: Tally) -> None:
        tallies.append(tally)
        print("\n".join([table([tally]).splitlines()[-1], *tally.lost, *tally.wrong]), flush=True)

    with tempfile.TemporaryDirectory() as temporary:
        for name in ("kills", "doubles", "disks", "damaged"):
            (Path(temporary) / name).mkdir()
        if wanted.kills:
            done(kills.kills(wanted.kills, wanted.seed, Path(temporary) / "kills"))
        if wanted.doubles:
            done(kills.doubles(wanted.doubles, wanted.seed, Path(temporary) / "doubles"))
        if wanted.disks:
            done(kills.full_disks(wanted.disks, wanted.seed, Path(temporary) / "disks"))
        if wanted.damaged:
            done(damaged.campaign(wanted.damaged, wanted.seed, Path(temporary) / "damaged"))
    if wanted.malformed:
        done(malformed.campaign(wanted.malformed, wanted.seed, wanted.whole))
    if wanted.calls:
        done(hostile_calls.campaign(wanted.calls))
    print(f"\n{table(tallies)}")
    return any(tally.lost or tally.wrong for tally in tallies)


if __name__ == "__main__":
    sys.exit(main())
