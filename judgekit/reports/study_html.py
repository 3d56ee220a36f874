"""The report of `study` as one HTML page that needs nothing else: tables and inline SVG, no network.

Its colours follow the reader's system, and a table that is too wide scrolls by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from judgekit.config import StudyPlan
from judgekit.reports.study_page import TITLES, StudyTable, heading, origin, remarks, tables, winner
from judgekit.studies.result import Findings

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: break-word; color: CanvasText; background: Canvas; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid #8886; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
footer { margin-top: 2.5rem; font-size: .85rem; }
"""


def study_html(study: str, found: Findings, figures: Mapping[StudyPlan, str]) -> str:
    """The page.

    Args:
        study: its name.
        found: what it found.
        figures: an SVG element for each plan.
    """
    sections = "".join(_section(table, figures[table.plan]) for table in tables(found))
    below = "".join(f"<p>{escape(line)}</p>" for line in [*remarks(found), *found.notes])
    title = escape(heading(study, found))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{title}</h1>\n<p><strong>{escape(winner(found))}</strong></p>\n{sections}"
        f"<h2>How to read this</h2>{below}\n<footer>{escape(origin(found))}</footer>\n</body>\n</html>\n"
    )


def _section(table: StudyTable, figure: str) -> str:
    head = "".join(f"<th>{escape(words)}</th>" for words in table.headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    shown = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<h2>{escape(TITLES[table.plan])}</h2>\n<figure>{figure}</figure>\n<div class="table">{shown}</div>\n'
