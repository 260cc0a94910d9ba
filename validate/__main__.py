"""``python -m validate``."""

import sys

from validate.command_line import app

if __name__ == "__main__":  # processes that measure import this module again
    # A terminal of ASCII shows a ? for what it does not have.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app(prog_name="python -m validate")
