"""The account of a table's rows while its items are built: what was set aside and why, and whether that is too much."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import polars as pl

from judgekit.errors import MOST_PROBLEMS_SHOWN, DataError
from judgekit.tables.ingest_report import EMPTY_ROW, SetAside
from judgekit.tables.source import SourceTable


class Account:
    """The rows of a source that became no annotation; whoever sets rows aside takes them out of the table.

    Args:
        source: the table, with the rows that its reader set aside.
    """

    def __init__(self, source: SourceTable) -> None:
        self.source = source
        self.aside: list[SetAside] = list(source.set_aside)
        self.notes: list[str] = []
        self.warnings: list[str] = []
        self._told = {EMPTY_ROW}
        self._contradictions: list[str] = []

    def set_aside(
        self,
        reason: str,
        rows: pl.Series,
        *,
        is_fault: bool = False,
        is_told: bool = False,
        details: Iterable[str] = (),
    ) -> None:
        """Take note of rows that are set aside.

        Args:
            reason: why, in words.
            rows: their positions in the source; none are no entry.
            is_fault: whether they contradict the file or themselves.
            is_told: whether the user asked for it, which `--strict` does not refuse.
            details: what is wrong with single rows, each with its place; the first few are kept.
        """
        if rows.len() == 0:
            return
        first = tuple(islice(details, MOST_PROBLEMS_SHOWN))
        self.aside.append(SetAside(reason, rows.len(), self.source.where(rows), is_fault, first))
        if is_told:
            self._told.add(reason)

    def leave_out(self, reason: str, rows: pl.Series, details: Iterable[str]) -> None:
        """Take note of contradicting annotations in rows whose other annotations are kept.

        Args:
            reason: why, in words.
            rows: the row of each annotation.
            details: as for `set_aside`; they may name annotators, so they are told in a refusal only.
        """
        if rows.len():
            self._contradictions += islice(details, MOST_PROBLEMS_SHOWN)
            where = self.source.where(rows.unique(maintain_order=True))
            self.warnings.append(f"{rows.len():,} annotations are left out of rows that are kept ({where}): {reason}.")

    def settle(self, *, strict: bool, most_set_aside: float, unknown: Sequence[str]) -> None:
        """Refuse the table where too much of it would be lost.

        Args:
            strict: whether nothing may be set aside but empty rows and what the user asked to drop.
            most_set_aside: share of the rows read that may be faulty; 0 allows no contradiction at all.
            unknown: labels that are not in the label set, one sentence each; none is allowed.

        Raises:
            DataError: more is set aside than is allowed; all of it is listed.
        """
        faulty = sum(aside.rows for aside in self.aside if aside.is_fault)
        refused = [aside for aside in self.aside if aside.is_fault or (strict and aside.reason not in self._told)]
        is_exact = strict or most_set_aside == 0
        contradictions = self._contradictions if is_exact else []
        if not unknown and not contradictions and not (refused if is_exact else faulty > most_set_aside * self._read):
            return
        rows = sum(aside.rows for aside in refused)
        found = list(dict.fromkeys([*(line for aside in refused for line in self._lines(aside)), *contradictions]))
        what = f"{rows:,} of {self._read:,} rows cannot be used as they stand"
        if refused and not is_exact:
            what += f", more than the share of {most_set_aside:g} that may be set aside"
        elif not refused:
            what = "the annotations cannot be used as they stand"
        hints = ["Correct these lines, or name other columns with --item, --annotator, --label or --text."] * bool(
            found
        )
        if found and strict:
            hints.append("Without --strict they are set aside.")
        elif refused and not is_exact:
            hints.append(f"--most-set-aside {min(faulty / self._read + 0.01, 1):.2f} would set them aside.")
        if unknown:
            hints.append("--label-map OLD=NEW reads one label as another, --drop-label OLD sets it aside.")
        raise DataError(
            f"{self.source.name}: {what}; nothing was ingested.", problems=[*found, *unknown], hint=" ".join(hints)
        )

    @property
    def _read(self) -> int:
        return self.source.rows_read

    def _lines(self, aside: SetAside) -> list[str]:
        place = aside.where if self.source.members else f"{self.source.name} {aside.where}"
        whole = [f"{place}: {aside.reason}"]
        return whole if not aside.details else [*aside.details, *whole * (len(aside.details) == MOST_PROBLEMS_SHOWN)]
