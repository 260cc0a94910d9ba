"""``python -m theory``."""

import sys

from theory.command_line import app

# A terminal of ASCII shows a ? for what it does not have.
for stream in (sys.stdout, sys.stderr):
    stream.reconfigure(errors="replace")  # type: ignore[union-attr]
app(prog_name="python -m theory")
