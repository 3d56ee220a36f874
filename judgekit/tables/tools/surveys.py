"""Surveys: the three header rows of Qualtrics, and the answers that a survey itself does not count.

A row is a respondent; `--layout respondents` turns such a table.
"""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from judgekit.tables.account import SetAside
from judgekit.tables.column_names import normalise
from judgekit.tables.source import SourceTable

_NOT_ASKED = ("preview", "test", "survey preview", "survey test", "spam")
_ABOUT = re.compile(r"(start|end|recorded)?_?date|status|ipaddress|progress|duration.*|finished|responseid|recipient.*")


def read_qualtrics(table: SourceTable) -> SourceTable:
    """The answers below the questions' texts; previews and surveys that were not finished are set aside."""
    questions, frame = table.frame.row(0), table.frame.slice(2)
    names = [
        question.strip() if question.strip() and not _ABOUT.fullmatch(name.casefold().replace(" ", "")) else name
        for name, question in zip(frame.columns, questions, strict=True)
    ]
    if len(set(names)) < len(names):
        names = [name if name == said else f"{name}: {said}" for name, said in zip(frame.columns, names, strict=True)]
    lines = None if table.lines is None else table.lines[2:]
    note = "The export is Qualtrics': its second header row names the questions, and the third was left out."
    source = replace(table, frame=frame.rename(dict(zip(frame.columns, names, strict=True))), lines=lines)
    return replace(source, notes=(*table.notes, note))


def without_unfinished(table: SourceTable) -> SourceTable:
    """A survey's table without previews, tests and answers that were not finished; any other table as it is.

    Qualtrics says it in `Finished`, `Status` and `DistributionChannel`, LimeSurvey in `submitdate` beside `lastpage`.
    """
    plain = {normalise(name.split(".")[0]): name for name in table.frame.columns}
    checks: list[tuple[str, pl.Expr]] = []
    if {"finished", "responseid"} <= plain.keys():
        checks.append(("the survey was not finished", _words(plain["finished"]).is_in(["false", "0"])))
        for name in ("status", "distributionchannel"):
            if name in plain:
                checks.append(("it is a preview or a test of the survey", _words(plain[name]).is_in(_NOT_ASKED)))
    if {"submitdate", "lastpage"} <= plain.keys():
        checks.append(("the survey was not submitted", _words(plain["submitdate"]) == ""))
    lost, asides = pl.repeat(False, table.frame.height, eager=True), list[SetAside]()
    for reason, check in checks:
        wrong = table.frame.select(check).to_series() & ~lost
        if rows := wrong.arg_true().to_list():
            asides.append(SetAside(reason, len(rows), table.where(rows)))
            lost |= wrong
    if not asides or lost.all():
        return table
    lines = None if table.lines is None else table.lines[(~lost).to_numpy()]
    return replace(table, frame=table.frame.filter(~lost), lines=lines, set_aside=(*table.set_aside, *asides))


def _words(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().str.to_lowercase()
