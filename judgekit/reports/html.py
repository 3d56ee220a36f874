"""HTML pages of one design that need nothing else: their frame, tables, and figures with the numbers behind them.

Nothing is loaded from elsewhere, and a page forbids itself to. Whatever comes from the data is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from matplotlib import rc_context

from judgekit.reports.drawing import STYLE, Drawn, as_svg, inline
from judgekit.wording import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def html_page(title: str, body: Iterable[str], *, script: str = "") -> str:
    """The whole page.

    Args:
        title: as text.
        body: elements, in their order.
        script: the name of a script beside this file; empty for none.
    """
    run = f"<script>{_beside(script)}</script>" if script else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><style>{_beside("page.css")}</style></head>\n<body><main>\n'
        + "\n".join([f"<h1>{text(title)}</h1>", *body])
        + f"\n</main>{run}</body>\n</html>\n"
    )


def text(words: str) -> str:
    """Escaped, with what no page may obey made visible."""
    return escape(visible(words))


def heading(words: str) -> str:
    """The title of a part."""
    return f"<h2>{text(words)}</h2>"


def paragraphs(sentences: Iterable[str], *, kind: str = "") -> Iterator[str]:
    """A paragraph each; `headline` and `warning` are kinds."""
    name = f' class="{kind}"' if kind else ""
    return (f"<p{name}>{text(sentence)}</p>" for sentence in sentences)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, is_text: bool = False) -> str:
    """A table whose first column names the rows; wider than a phone it scrolls, by the keyboard too.

    Args:
        headings: of the columns; may be empty.
        rows: the cells.
        is_text: whether the cells are texts, which stand to the left and wrap.
    """
    head = "".join(f'<th scope="col">{text(words)}</th>' if words else "<td></td>" for words in headings)
    body = "".join(
        f'<tr><th scope="row">{text(name)}</th>{"".join(f"<td>{text(cell)}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    )
    kind = ' class="facts"' if is_text else ""
    made = f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="group" aria-label="table">{made}</div>'


def facts(rows: Iterable[Sequence[str]]) -> str:
    """Names of facts beside the facts."""
    return table(["what", "value"], rows, is_text=True)


def hidden(summary: str, content: str) -> str:
    """What is shown on request."""
    return f"<details><summary>{text(summary)}</summary>{content}</details>"


def figure(drawn: Drawn) -> Iterator[str]:
    """A figure under its title, with its numbers behind it."""
    yield heading(drawn.title)
    with rc_context(STYLE):
        svg = inline(as_svg(drawn.figure), text(drawn.words))
    yield f'<figure tabindex="0">{svg}<figcaption>{text(drawn.words)}</figcaption></figure>'
    yield hidden("The numbers", table(drawn.headings, drawn.rows))


def _beside(name: str) -> str:
    return (files("judgekit") / "reports" / name).read_text("utf-8")
