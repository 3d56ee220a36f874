"""How much of a table may be lost: what was set aside is accepted, or the table is refused with all of it listed."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.tables.account import SetAside
from judgekit.tables.source import SourceTable, TableAccount


def refuse_losses(
    account: TableAccount,
    *,
    strict: bool,
    most_set_aside: float,
    unknown: Sequence[str] = (),
    is_ingest: bool = True,
) -> None:
    """Refuse the table where too much of it would be lost.

    Args:
        account: what was set aside.
        strict: whether nothing may be set aside but empty rows and what the user asked to drop.
        most_set_aside: share of the rows read that may be faulty; 0 allows no contradiction at all.
        unknown: labels that are not in the label set, one sentence each; none is allowed.
        is_ingest: whether the command has options that name columns and labels.

    Raises:
        DataError: more is set aside than is allowed; all of it is listed.
    """
    aside, source = account.aside, account.source
    faulty = sum(one.rows for one in aside if one.is_fault)
    refused = [one for one in aside if one.is_fault or (strict and one.reason not in account.allowed)]
    is_exact = strict or most_set_aside == 0
    contradictions = account.contradictions if is_exact else []
    is_too_much = refused if is_exact else faulty > most_set_aside * source.rows_read
    if not unknown and not contradictions and not is_too_much:
        return
    found = list(dict.fromkeys([*(line for one in refused for line in _lines(source, one)), *contradictions]))
    rows = sum(one.rows for one in refused)
    what = f"{rows:,} of {source.rows_read:,} rows cannot be used as they are"
    if refused and not is_exact:
        what += f", more than the share of {most_set_aside:g} that may be set aside"
    elif not refused:
        what = "the annotations cannot be used as they are"
    columns = ", or name other columns with --item, --annotator, --label or --text" if is_ingest else ""
    hints = [f"Correct these lines{columns}."] * bool(found)
    if found and strict:
        hints.append("Without --strict they are set aside.")
    elif refused and not is_exact:
        hints.append(f"--most-set-aside {min(faulty / source.rows_read + 0.01, 1):.2f} would set them aside.")
    if unknown and is_ingest:
        hints.append("--label-map OLD=NEW reads one label as another, --drop-label OLD sets it aside.")
    raise DataError(
        f"{source.name}: {what}; nothing was {'ingested' if is_ingest else 'written'}.",
        problems=[*found, *unknown],
        hint=" ".join(hints),
    )


def _lines(source: SourceTable, aside: SetAside) -> list[str]:
    """What is wrong with single rows; the whole group where only the first few of it are known."""
    place = aside.where if source.members else f"{source.name} {aside.where}"
    whole = [f"{place}: {aside.reason}"]
    return whole if not aside.details else [*aside.details, *whole * (len(aside.details) == MOST_PROBLEMS_SHOWN)]
