"""Sphinx settings of the site: reference pages, a course whose chapters are executed, and the API from docstrings."""

import hashlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import GenericAlias

from jupyter_cache import get_cache
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
# Kernels that execute the chapters import the packages of this checkout, installed or not, on one thread each: chapters
# run side by side.
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

project = "dual-modes"
author = "the dual-modes authors"
html_show_copyright = False

extensions = [
    "myst_nb",
    "sphinx_exercise",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_togglebutton",
]
exclude_patterns = ["_build", "_templates", "examples"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = "dual-modes"
# MathJax comes from a package, so pages need no network. (As an extension it would forbid to read pages in parallel.)
html_static_path = ["_static", str(Path(find_spec("sphinx-mathjax-offline").origin).parent / "static")]
mathjax_path = "mathjax/tex-chtml.js"
html_css_files = ["course.css"]
html_show_sphinx = False
# Formulas of the reference pages are indented text, which is not Python.
highlight_language = "none"
copybutton_exclude = ".linenos, .gp, .go"

# --- pages and chapters ---

myst_enable_extensions = ["amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 1200
nb_execution_show_tb = True
nb_merge_streams = True


def fingerprint(*more: str) -> str:
    """Return a digest of the code that chapters import: what they printed is kept only as long as it stands."""
    digest = hashlib.sha256()
    for folder in ("theory", "model", "validate", *more):
        for path in sorted(path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".js", ".html")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


nb_execution_cache_path = str(Path(__file__).parent / "_build" / "executed" / fingerprint())
_ = get_cache(nb_execution_cache_path).db  # made here, once: two chapters that both found none would both make it

# --- API from numpydoc docstrings ---

autosummary_generate = True
autodoc_mock_imports = ["nnsight", "torch", "transformer_lens"]  # what adapters need and the site does not
autosummary_mock_imports = [*autodoc_mock_imports, "theory.__main__", "validate.__main__"]  # these run when imported
autodoc_default_options = {"members": True, "member-order": "bysource", "ignore-module-all": True}
autodoc_typehints = "none"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./([^)#]*)\)")
CODE = re.compile(r"(``.*?``|`[^`]*`_?)")


def name_files(app: Sphinx, docname: str, source: list[str]) -> None:
    """Show links to source files, which stand outside the site, as the names of the files."""
    if not docname.startswith("course/"):
        source[0] = OUTSIDE.sub(lambda link: f"`{link[2]}`", source[0])


def plain_docstring(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Let docstrings stay plain text: indented formulas become literal blocks, and bars and stars are no markup."""
    result: list[str] = []
    in_head, literal = True, False
    for i, line in enumerate(lines):
        in_head = in_head and not (i + 1 < len(lines) and line.strip() and re.fullmatch(r"\s*-{3,}\s*", lines[i + 1]))
        indented = line.startswith("    ")
        if in_head and indented and not literal and not (result and result[-1].strip()):
            if not any(before.strip() and before.rstrip().endswith("::") for before in result[-2:]):
                result += ["::", ""]
            literal = True
        elif line.strip() and not indented:
            if literal and result[-1].strip():
                result.append("")
            literal = False
        result.append(line if literal else "".join(map(_escaped, CODE.split(line))))
    lines[:] = result


def _escaped(text: str) -> str:
    return text if text.startswith("`") else re.sub(r"([|*]|(?<=\w)_(?=\W|$))", r"\\\1", text)


def skip_foreign(app: Sphinx, what: str, name: str, thing: object, skip: bool, options: object) -> bool | None:
    """Leave out what is not ours: classes of libraries, and names of types such as dict[str, Array]."""
    foreign = isinstance(thing, type) and thing.__module__.split(".")[0] not in ("theory", "model", "validate")
    return True if foreign or isinstance(thing, GenericAlias) else None


def add_explorable(app: Sphinx) -> None:
    """Put the explorable page into the site; its networks are trained again only if code has changed."""
    folder = ROOT / "docs" / "_build" / "explorable" / fingerprint("docs/explorable")
    page, unfinished = folder / "explorable.html", folder / ".unfinished"
    if app.builder.format == "html" and not page.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(ROOT / "docs/explorable/explorable.py"), str(unfinished)], check=True)
        unfinished.replace(page)
    app.config.html_extra_path = [str(folder)]


def setup(app: Sphinx) -> None:
    """Connect what this site adds to Sphinx."""
    app.connect("builder-inited", add_explorable)
    app.connect("source-read", name_files)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("autodoc-process-docstring", plain_docstring, priority=100)  # before numpydoc
