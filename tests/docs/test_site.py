"""Every page of docs has its place in the site: the build takes a page that has none for an error."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def test_every_page_is_in_a_table_of_contents() -> None:
    """Names in the toctrees of index and reference are the pages there are, each once."""
    named: list[str] = []
    for page in ("index.md", "reference.md"):
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / page).read_text(), flags=re.DOTALL):
            named += [line for line in tree.splitlines() if line and not line.startswith(":") and "/" not in line]
    pages = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    assert sorted(named) == sorted(pages)
