"""``python -m validate``."""

from validate.command_line import app

app(prog_name="python -m validate")
