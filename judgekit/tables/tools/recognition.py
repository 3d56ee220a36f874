"""The formats judgekit knows by their content: which one each file is, and the table that it makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from judgekit.errors import DataError
from judgekit.tables.flags import with_numbers_for_flags
from judgekit.tables.header import has_import_ids
from judgekit.tables.json_records.records import Records
from judgekit.tables.json_records.table import read_json_table
from judgekit.tables.source import SourceTable
from judgekit.tables.structured_columns import read_structures
from judgekit.tables.tools.argilla import ARGILLA
from judgekit.tables.tools.argilla_one import ARGILLA_ONE
from judgekit.tables.tools.doccano import DOCCANO
from judgekit.tables.tools.figure_eight import FIGURE_EIGHT
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.ground_truth import GROUND_TRUTH
from judgekit.tables.tools.inception import INCEPTION
from judgekit.tables.tools.label_studio import LABEL_STUDIO
from judgekit.tables.tools.lewidi import LEWIDI
from judgekit.tables.tools.lighttag import LIGHTTAG
from judgekit.tables.tools.mt_bench import MT_BENCH
from judgekit.tables.tools.mturk import MTURK
from judgekit.tables.tools.nli import CHAOSNLI, SNLI
from judgekit.tables.tools.pandalm import PANDALM
from judgekit.tables.tools.potato import POTATO
from judgekit.tables.tools.prodigy import PRODIGY
from judgekit.tables.tools.summeval import SUMMEVAL
from judgekit.tables.tools.surveys import read_qualtrics, without_unfinished
from judgekit.tables.tools.toloka import TOLOKA
from judgekit.tables.totals import without_totals

FORMATS: tuple[Format, ...] = (
    SNLI,
    CHAOSNLI,
    LEWIDI,
    MT_BENCH,
    PANDALM,
    SUMMEVAL,
    LABEL_STUDIO,
    ARGILLA,
    ARGILLA_ONE,
    PRODIGY,
    DOCCANO,
    LIGHTTAG,
    GROUND_TRUTH,
    MTURK,
    TOLOKA,
    FIGURE_EIGHT,
    POTATO,
    INCEPTION,
)
PLAIN = "plain"
"""In place of the name of a format: no file is to be recognised as one's."""
_RECORDS_SEEN = 20
"""Records that a format is recognised by."""


def tables_of(
    opened: Mapping[int, SourceTable | Records], name: str | None
) -> tuple[dict[int, SourceTable], list[DataError]]:
    """Make a table of every file, and let the formats say what they know about it.

    Args:
        opened: the files by their number; those of JSON as records.
        name: of the format that all files have, or `PLAIN`; None to find out.

    Returns:
        The tables by the number of the file, without the files that were read into others, and all problems.
    """
    opened = _together(opened)
    records = {n: one for n, one in opened.items() if isinstance(one, Records)}
    formats = {n: _format_of(found, name) for n, found in records.items()}
    companions = {
        n: known
        for known in dict.fromkeys(known for known in formats.values() if known)
        for n, found in records.items()
        if formats[n] is not known and known.is_companion(found.records[:_RECORDS_SEEN])
    }
    made: dict[int, SourceTable] = {}
    problems: list[DataError] = []
    for n, one in opened.items():
        try:
            if isinstance(one, SourceTable):
                made[n] = _refined(one, name)
            elif (known := formats[n]) is not None and n not in companions:
                made[n] = _read(one, known, [records[m] for m, of in companions.items() if of is known])
            elif n not in companions:
                made[n] = _refined(read_json_table(one).below(one.notes, set_aside=one.set_aside), name)
        except DataError as error:
            problems.append(error)
    return made, problems


def _together(opened: Mapping[int, SourceTable | Records]) -> Mapping[int, SourceTable | Records]:
    """The files with those of one folder that hold one object each as one: a tool writes a file for each item."""
    alone: dict[tuple[Path, frozenset[str]], list[int]] = {}
    for n, one in opened.items():
        if not isinstance(one, Records) or one.unit != "record" or len(one.records) != 1:
            continue
        if not one.keys and not one.set_aside:
            alone.setdefault((one.path.parent, frozenset(one.records[0])), []).append(n)
    found = dict(opened)
    for (folder, _), numbers in alone.items():
        parts = [one for n in numbers if isinstance(one := found[n], Records)]
        if len(parts) > 1:
            found[numbers[0]] = Records(
                folder,
                [record for one in parts for record in one.records],
                np.arange(1, len(parts) + 1),
                "file",
                notes=tuple(dict.fromkeys(note for one in parts for note in one.notes)),
                given=tuple(dict.fromkeys(given for one in parts for given in one.given)),
            )
            found = {n: one for n, one in found.items() if n not in numbers[1:]}
    return found


def _format_of(found: Records, name: str | None) -> Format | None:
    """The format of a JSON file, None where it is no tool's."""
    head = found.records[:_RECORDS_SEEN]
    if name is None:
        return next((known for known in FORMATS if known.matches(head)), None)
    named = (known for known in FORMATS if known.name == name)
    return next((known for known in named if not known.is_companion(head) or known.matches(head)), None)


def _read(found: Records, known: Format, beside: Sequence[Records]) -> SourceTable:
    said = [f"The format is that of {known.title}."]
    if beside:
        said += [f"Joined to it: {', '.join(companion.path.name for companion in beside)}."]
    said += [note for companion in beside for note in companion.notes]
    return known.read(found, beside).below([*found.notes, *said], set_aside=found.set_aside)


def _refined(table: SourceTable, name: str | None) -> SourceTable:
    """A table with what its format says, where it has one."""
    if name is None:
        table = without_unfinished(read_qualtrics(table) if has_import_ids(table.frame) else table)
    for known in FORMATS:
        if known.matches_columns is None:
            continue
        if known.name == name or (name is None and known.matches_columns(table.frame.columns)):
            return known.read_table(table)
    if name in (None, PLAIN):
        return read_structures(with_numbers_for_flags(without_totals(table)))
    raise DataError(f"{table.name} is a table, and --format {name} reads JSON.", hint="Omit --format.")
