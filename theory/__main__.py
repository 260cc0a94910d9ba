"""``python -m theory``."""

from theory.command_line import app

app(prog_name="python -m theory")
