"""Tables with a row for each respondent and a column for each item, as forms and surveys export them: turned, or asked.

Such a table is turned into one with a row for each annotation before its columns are given roles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.schema.column_kinds import names_a_person
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.layouts.wide import Wide, annotators
from judgekit.schema.question import Answer
from judgekit.tables.column_names import ANNOTATOR_NAMES, ITEM_NAMES, in_preference_order, words_of
from judgekit.tables.source import SourceTable, require_columns

LAYOUT, ITEM_TEXTS = "respondents", "texts.csv"
_FEWEST_ITEMS = 3
_DISTINCT_SHARE = 0.8
_WORDS_OF_A_TEXT, _CHARACTERS_OF_A_TEXT = 3, 15
_MARKS = ("[", " - ", ": ", "\n")
"""What stands between the question that all items share and the text of each."""
_ROLES = Roles(layout="long", item="item", annotator="annotator", label=("label",), text=("text",))


def ask_whether_turned(state: InferenceState, wide: Wide) -> None:
    """Ask whether the rows are respondents, where columns share a set of labels and none holds texts to judge.

    Raises:
        Question: they may be.
    """
    if not wide.groups or len(wide.groups[0]) < _FEWEST_ITEMS or state.roles.text or state.known_fields:
        return
    items = item_columns(state, wide)
    others = [name for name in state.free() if name not in items]
    named = [name for name in others if state.is_named_text(name) and not name.strip().endswith("?")]
    prose = [name for name in others if state.evidence[name].is_prose]
    prose = [name for name in prose if state.kind(name) in ("text", "other", "remark")]
    if named or any(_is_judged(state, name) for name in prose):
        return
    words = f"each row is a respondent, and {items[0]} … {items[-1]} are {len(items)} items"
    as_respondents, more = Answer(words, (("layout", LAYOUT),)), ""
    if not _are_texts(items):
        options = (*as_respondents.options, ("item_texts", ITEM_TEXTS))
        as_respondents = Answer(f"{words}, whose texts are in another table", options)
        more = f"{ITEM_TEXTS} needs a row for each item: its header in a column `item`, its text in a column `text`."
    answers = [as_respondents]
    for name in prose:
        reading = annotators(items, why=f", and {name!r} is the text that is judged")
        answers.append(reading._replace(options=(*reading.options, ("text", (name,)))))
    state.ask("whether a row is an item or a respondent", answers, more=more)


def _is_judged(state: InferenceState, name: str) -> bool:
    """Whether a column of texts may be what is judged, not what a respondent wrote as an answer to a question."""
    figures = state.evidence[name]
    if state.kind(name) == "remark":
        is_of_each = figures.filled == figures.rows and figures.distinct >= _DISTINCT_SHARE * figures.rows
        return len(words_of(name)) == 1 and is_of_each
    return not is_text(name)


def item_columns(state: InferenceState, wide: Wide) -> list[str]:
    """The columns whose cells are labels of one set; headers that are texts may hold any word."""
    labels = set[str]().union(*map(state.values, wide.groups[0]))
    return [
        name
        for name in state.free()
        if state.values(name) <= labels and state.kind(name) not in ("time", "contact", "person")
    ]


def is_text(header: str) -> bool:
    """Whether a header reads like a text or a question rather than like the name of a column."""
    plain = header.strip()
    return plain.endswith("?") or (
        len(plain) >= _CHARACTERS_OF_A_TEXT and len(re.findall(r"\w+", plain)) >= _WORDS_OF_A_TEXT
    )


def turned(source: SourceTable, given: Roles, texts: SourceTable | None = None) -> tuple[SourceTable, Roles]:
    """A table of respondents as one with a row for each annotation, and the user's word on the rest of it.

    Args:
        source: a row for each respondent.
        given: the user's word; of columns only the one that names the respondent.
        texts: a table with the header of each item and its text; without it the headers are the texts.

    Raises:
        DataError: no columns share a set of labels, or there are no texts.
    """
    state = InferenceState(source, Roles(annotator=given.annotator))
    wide = Wide(state)
    if not wide.groups:
        raise DataError(
            f"{source.name}: no two columns share a set of labels, as the answers of respondents do.",
            hint="Omit --layout to have the layout found.",
        )
    columns = [name for name in item_columns(state, wide) if name != given.annotator]
    text_of = _texts_of(source, columns, texts)
    person = given.annotator or _respondent(state)
    frame, rows = source.frame, np.repeat(np.arange(source.frame.height), len(columns))
    people = pl.Series([f"respondent {n + 1}" for n in range(frame.height)])
    if person:
        named = frame.get_column(person)
        people = pl.select(pl.when(named.str.strip_chars() != "").then(named).otherwise(people)).to_series()
    labels = pl.DataFrame([frame.get_column(name).alias(str(n)) for n, name in enumerate(columns)])
    long = pl.DataFrame(
        {
            "item": columns * frame.height,
            "text": [text_of[name] for name in columns] * frame.height,
            "annotator": people.gather(rows),
            "label": labels.transpose().unpivot().get_column("value"),
        }
    )
    note = f"The table was turned: {frame.height:,} respondents in rows, {len(columns):,} items in columns."
    lines = np.array([source.line_of(row) or row + 1 for row in range(frame.height)], dtype=np.int64)[rows]
    table = replace(source, frame=long, notes=(*source.notes, note), lines=lines, roles=_ROLES, members=())
    return table, replace(given, layout=None, annotator=None, annotator_columns=(), text=(), label=(), item=None)


def _respondent(state: InferenceState) -> str | None:
    """The column that says who answered: another value in every row."""
    free = [name for name in state.free() if state.evidence[name].distinct == state.evidence[name].rows]
    named = in_preference_order(free, ANNOTATOR_NAMES) + [name for name in free if names_a_person(name)]
    codes = [name for name in free if {"id", "pid", "token"} & set(words_of(name))]
    contacts = [name for name in free if state.kind(name) == "contact"]
    return next(iter([*named, *codes, *contacts]), None)


def _are_texts(headers: Sequence[str]) -> bool:
    return 2 * sum(map(is_text, headers)) >= len(headers)


def _texts_of(source: SourceTable, columns: Sequence[str], texts: SourceTable | None) -> Mapping[str, str]:
    """The text of each item: that of the second table, else its header without what all headers have in common."""
    if texts is not None:
        return _texts_of_table(columns, texts)
    if not _are_texts(columns):
        raise DataError(
            f"{source.name}: {', '.join(columns[:4])} … are codes, not the texts that were judged.",
            hint="Give a table with a row for each of them, its code in the column `item` and its text in the column "
            f"`text`: --layout respondents --item-texts {ITEM_TEXTS}",
        )
    first, last = min(columns), max(columns)  # what these share all share
    common = first[: next((n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)]
    ends = [common.rfind(mark) + len(mark) for mark in _MARKS if mark in common]
    start = common[: max(ends, default=0)]
    return {name: name.removeprefix(start).removesuffix("]" if "[" in start else "").strip() for name in columns}


def _texts_of_table(columns: Sequence[str], texts: SourceTable) -> Mapping[str, str]:
    names = texts.frame.columns
    key = next(iter(in_preference_order(names, ITEM_NAMES)), names[0])
    rest = [name for name in names if name != key]
    text = "text" if "text" in rest else rest[0] if rest else key
    found = dict(texts.frame.select(pl.col(key).str.strip_chars(), text).iter_rows())
    require_columns(texts, [text], what="the texts of the items", hint="Name the columns `item` and `text`.")
    if lacking := [name for name in columns if not found.get(name.strip(), "").strip()]:
        raise DataError(
            f"{texts.name} has no text for {len(lacking)} of the {len(columns)} items.",
            problems=[repr(name) for name in lacking],
            hint=f"Add a row for each, with its header in {key!r} and its text in {text!r}.",
        )
    return {name: found[name.strip()] for name in columns}
