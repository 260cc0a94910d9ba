"""``python -m validate``."""

from validate.command_line import app

if __name__ == "__main__":  # processes that measure import this module again
    app(prog_name="python -m validate")
