"""The report of `study` as one HTML page that needs nothing else: tables and inline SVG, no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from judgekit.reports.study_page import TITLES, heading, remarks, table_of
from judgekit.studies.result import StudyResult

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #222;
  background: #fff; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
thead th { border-bottom: 2px solid #222; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; }
"""


def study_html(result: StudyResult, figures: Mapping[str, str]) -> str:
    """The page.

    Args:
        result: of a finished study.
        figures: an SVG element for each plan.
    """
    facts = result.to_json()
    sections = [_section(plan, facts, figures[plan]) for plan in facts["plans"]]
    below = "".join(f"<p>{escape(line)}</p>" for line in [*remarks(facts), *facts["notes"]])
    title = escape(heading(facts))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{title}</h1>\n{''.join(sections)}<h2>How to read this</h2>{below}\n</body>\n</html>\n"
    )


def _section(plan: str, facts: Mapping[str, Any], figure: str) -> str:
    headings, rows = table_of(plan, facts["plans"][plan], facts)
    head = "".join(f"<th>{escape(words)}</th>" for words in headings)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h2>{escape(TITLES[plan])}</h2>\n<figure>{figure}</figure>\n{table}\n"
