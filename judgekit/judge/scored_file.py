"""What became of a file that was scored: the facts of the whole; the scores themselves are in the file written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from python_calamine import CalamineWorkbook

from judgekit.judge.table_files import file_kind, is_stream

if TYPE_CHECKING:
    import pandas as pd

_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    "jsonl": pl.read_ndjson,
    "parquet": pl.read_parquet,
    "xlsx": lambda path: _read_excel(path),
}


def _read_excel(path: Path) -> pl.DataFrame:
    names, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    return pl.DataFrame(rows, schema=[str(name) for name in names], orient="row", infer_schema_length=None)


@dataclass(frozen=True)
class ScoredFile:
    """A table of scores in a file.

    Examples:
        >>> scored = judge.predict_file("new.csv", output="labelled.csv")
        >>> len(scored), scored.output.name
        (2, 'labelled.csv')
        >>> scored.to_polars().columns[-3:]
        ['entropy', 'expected_score', 'truncated']
    """

    judge: str
    """Name of the judge."""
    labels: tuple[str, ...]
    """The K labels in their one order."""
    output: Path
    """The file; `-` for the standard output."""
    items: int
    columns: tuple[str, ...]
    """Of the table."""
    truncated: int
    """Items whose texts were too long and lost their middle."""
    label_shares: dict[str, float]
    """The mean of the predicted distributions."""
    mean_entropy: float | None
    """Of the predicted distributions, in nats."""
    mean_label_mass: float | None
    """Of causal LMs: the mean probability that the LM gives to the label set before it is renormalised."""
    mean_order_gap: float | None
    """With both orders."""
    for_review: int | None = None
    """Items that a person should look at; None where that was not asked for."""
    unparsed: int | None = None
    """Items whose written answers could not be read, so that their label tokens were; None where the judge writes
    none."""
    without_reasons: int | None = None
    """Cells for reasons that stayed empty; None where none were asked for."""
    engine: str = "torch"
    """What computed the forward passes."""

    def to_polars(self) -> pl.DataFrame:
        """The table, read from its file.

        Raises:
            ValueError: it was written to a stream.
        """
        if is_stream(self.output):
            raise ValueError(f"what was written to {self.output} cannot be read again")
        kind = file_kind(self.output)
        if kind in _READERS:
            return _READERS[kind](self.output)
        of_input = self.columns[: self.columns.index(f"prob_{self.labels[0]}")]  # texts, whatever they look like
        separator = "\t" if kind == "tsv" else ","
        texts = dict.fromkeys(of_input, pl.String)
        table = pl.read_csv(self.output, separator=separator, schema_overrides=texts, infer_schema_length=None)
        return table.with_columns(pl.col(of_input).fill_null(""))

    def to_pandas(self) -> pd.DataFrame:
        """The same as a pandas frame."""
        import pandas as pd  # takes long to import, and few want it

        return pd.DataFrame(self.to_polars().to_dict(as_series=False))

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values, without the scores themselves."""
        return {
            "output": str(self.output),
            "judge": self.judge,
            "items": self.items,
            "columns": list(self.columns),
            "truncated": self.truncated,
            "mean_label_mass": self.mean_label_mass,
            "mean_order_gap": self.mean_order_gap,
            "mean_entropy": self.mean_entropy,
            "label_shares": self.label_shares,
            "for_review": self.for_review,
            "unparsed": self.unparsed,
            "without_reasons": self.without_reasons,
            "engine": self.engine,
        }

    def __len__(self) -> int:
        return self.items


class Tally:
    """The facts of score tables as they come.

    Args:
        labels: of the judge.
    """

    _MEANS = ("entropy", "label_mass", "order_gap")

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels
        self.items = self.truncated = 0
        self._sums: dict[str, float] = {}
        self._for_review: int | None = None
        self._unparsed: int | None = None
        self._without_reasons: int | None = None

    def add(self, table: pl.DataFrame) -> None:
        """Enter some scored items."""
        if not table.width:
            return
        own = table[:, table.columns.index(f"prob_{self.labels[0]}") :]  # columns of the input may have any name
        self.items += own.height
        self.truncated += int(own.get_column("truncated").sum())
        if "review" in own.columns:
            self._for_review = (self._for_review or 0) + int(own.get_column("review").sum())
        if "parsed" in own.columns:
            self._unparsed = (self._unparsed or 0) + int((~own.get_column("parsed")).sum())
        for name in (one for one in own.columns if one.startswith("rationale")):
            empty = int((own.get_column(name).fill_null("") == "").sum())
            self._without_reasons = (self._without_reasons or 0) + empty
        for name in (*(f"prob_{label}" for label in self.labels), *self._MEANS):
            if name in own.columns:
                self._sums[name] = self._sums.get(name, 0.0) + float(own.get_column(name).sum())

    def result(self, judge: str, output: Path, columns: tuple[str, ...], engine: str) -> ScoredFile:
        """All facts."""
        means = {name: one / self.items for name, one in self._sums.items()}
        return ScoredFile(
            judge, self.labels, output, self.items, columns, self.truncated,
            {label: means[f"prob_{label}"] for label in self.labels}, *map(means.get, self._MEANS),
            for_review=self._for_review, unparsed=self._unparsed, without_reasons=self._without_reasons, engine=engine,
        )  # fmt: skip
