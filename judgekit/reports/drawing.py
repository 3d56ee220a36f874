"""How figures look: drawn with matplotlib, readable in grey, in the colour of the text around them."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple

from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the colour of the page's text, light or dark, which matplotlib does not know."""
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "judgekit",  # the same facts, the same bytes
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#888888",
    "grid.alpha": 0.35,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "savefig.transparent": True,
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
}
# Distinguished by marker and dash as well as by shade; to be seen on white and on black.
SERIES = [
    {"color": "#3b7dc4", "marker": "o", "linestyle": "-"},
    {"color": "#d5692a", "marker": "s", "linestyle": "--"},
    {"color": "#43995b", "marker": "^", "linestyle": "-."},
    {"color": "#9a6fc0", "marker": "D", "linestyle": (0, (3, 1, 1, 1))},
    {"color": "#a08a1c", "marker": "v", "linestyle": (0, (5, 2))},
]


class Drawn(NamedTuple):
    """A figure and its numbers."""

    name: str
    """Of its files."""
    title: str
    words: str
    """What is drawn, for who does not see it."""
    figure: Figure
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def as_svg(figure: Figure) -> str:
    """The figure as an SVG element without the head of an XML file, in the colour of the text around it."""
    text = as_file(figure, "svg").decode()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def as_file(figure: Figure, kind: str) -> bytes:
    """The figure as a file of its own, `svg` or `pdf`, with black for the text; the same figure, the same bytes."""
    file = io.BytesIO()
    dates = {"Date": None, "Creator": None} if kind == "svg" else {"CreationDate": None, "Creator": None}
    figure.savefig(file, format=kind, metadata=dates)
    return file.getvalue()


def inline(svg: str, words: str) -> str:
    """An SVG element inside a page: without addresses of standards, which a page needs not, and with words for it.

    Args:
        svg: of `as_svg`.
        words: escaped text that says what is drawn.
    """
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{words}"', 1)


def short_name(name: str) -> str:
    """A name that leaves room for the figure; `$` would begin a formula."""
    name = name.replace("$", r"\$")
    return name if len(name) <= 24 else f"{name[:23]}…"
