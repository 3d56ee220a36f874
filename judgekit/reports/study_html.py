"""The report of `study` as one HTML page that needs nothing else, in the design of all reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from judgekit.config import StudyPlan
from judgekit.reports import html
from judgekit.reports.drawing import inline
from judgekit.reports.study_page import TITLES, StudyTable, heading, origin, remarks, tables, winner
from judgekit.studies.result import Findings


def study_html(study: str, found: Findings, figures: Mapping[StudyPlan, str]) -> str:
    """The page.

    Args:
        study: its name.
        found: what it found.
        figures: an SVG element for each plan.
    """
    body = [
        *html.paragraphs([winner(found)], kind="headline"),
        *html.paragraphs([origin(found)]),
        *(element for table in tables(found) for element in _section(table, figures[table.plan])),
        html.heading("How to read this"),
        *html.paragraphs([*remarks(found), *found.notes]),
    ]
    return html.html_page(heading(study, found), body)


def _section(table: StudyTable, figure: str) -> Iterator[str]:
    words = TITLES[table.plan]
    yield html.heading(words)
    drawn = inline(figure, html.text(f"{words}; the numbers stand below."))
    yield f'<figure tabindex="0">{drawn}</figure>'
    yield html.table(table.headings, table.rows)
