"""A file of any size scored into a file: read in pieces, asked in windows, kept in parts, put together at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import polars as pl

from judgekit.config import PredictSettings, ScoreFileSettings
from judgekit.dataset.score_input import ROW_COLUMN, ScorePlan, plan_scoring
from judgekit.errors import DataError, JudgekitError
from judgekit.judge.manifest import SETS_FILE, JudgeManifest
from judgekit.judge.score_parts import ScoredParts, scored_parts
from judgekit.judge.score_table import write_table
from judgekit.judge.scored_file import ScoredFile, Tally
from judgekit.judge.scores import Scores
from judgekit.judge.table_files import TextTables, check_excel, file_kind, is_stream, open_stream
from judgekit.tables.files import ReadOptions
from judgekit.tables.pieces import Pieces, read_pieces
from judgekit.training.reporter import Reporter
from judgekit.training.too_long import NothingLeftError
from judgekit.version import __version__
from judgekit.wording import counted
from judgekit.workspace.manifest import file_hash
from judgekit.workspace.store import Entry

# Items that are sorted by length together, and that a killed run loses at most: seconds of an encoder's work, and
# minutes of a large causal LM's. What an endpoint answers is kept by itself.
WINDOW_ITEMS = {"encoder": 4_096, "causal": 256, "endpoint": 65_536}
T = TypeVar("T")
Answer = pl.DataFrame | JudgekitError
"""The scored rows of some items, or why there are none."""
_NAMES = "\x00name"  # no column of a file holds a NUL


class Asked(Protocol):
    """A judge, as far as scoring a file knows it."""

    @property
    def entry(self) -> Entry[JudgeManifest]:
        """Its folder and manifest."""
        ...

    @property
    def computes_on(self) -> str:
        """Device, number format and engine."""
        ...

    @property
    def engine(self) -> str:
        """What computes its forward passes."""
        ...

    def expect(self, items: int, *, is_asked: bool = True) -> None:
        """Choose the engine for so many items; `is_asked`: here, and in no other process."""
        ...

    def ask(self, window: Window, settings: PredictSettings, reporter: Reporter) -> Scores:
        """What it says of some items, whose rows are counted within them."""
        ...


class Window(NamedTuple):
    """Some items that are asked together."""

    front: pl.DataFrame
    """What stands in front of their scores."""
    names: list[str]
    """Of the items, for messages."""
    texts: pl.DataFrame
    """The judge's fields."""


Answers = Callable[[Iterator[Window]], Iterator[tuple[Window, Answer]]]
"""What answers windows, in their order."""


def score_file(
    judge: Asked,
    path: Path,
    output: Path,
    settings: ScoreFileSettings,
    *,
    fresh: bool,
    force: bool,
    reporter: Reporter,
    threshold: float | None = None,
    elsewhere: Callable[[int], AbstractContextManager[Answers]] | None = None,
) -> ScoredFile:
    """Score every item of a file; a run that was killed is gone on with.

    Args:
        judge: what is asked.
        path: the file.
        output: where to write; `check_output` has allowed it.
        settings: how the file is read and its items are shown.
        fresh: begin anew, whatever a killed run has left.
        force: whether a file that is there is replaced.
        reporter: gets notes and progress.
        threshold: of a gate, which adds the column `decision`.
        elsewhere: what answers so many items in other processes; None asks the judge here.

    Raises:
        DataError: the file cannot be read or lacks a column; nothing is written.
    """
    kind, manifest = file_kind(output), judge.entry.manifest
    renamed = settings.column_of_field(manifest.fields)
    pieces = read_pieces(path, ReadOptions.of(settings))
    plan = plan_scoring(
        pieces.whole, pieces.again(), fields=manifest.fields, columns=renamed, item_column=manifest.columns.item,
        strict=settings.strict, most_set_aside=settings.most_set_aside,
    )  # fmt: skip
    for note in plan.notes:
        reporter.note(note)
    front = _in_front(plan, pieces, settings, reporter)
    judge.expect(plan.count, is_asked=elsewhere is None)
    size = WINDOW_ITEMS[manifest.backbone.kind]
    if kind == "xlsx":
        for piece in pieces.again():
            check_excel(piece.frame.select(name for name in front if name != ROW_COLUMN), plan.count)
    tally = Tally(manifest.labels)
    work = _Work(judge, settings, reporter, tally, plan.count, threshold, elsewhere and elsewhere(plan.count))
    windows = _ahead(_windows(pieces, plan, front, size))
    # In a text file a spreadsheet read `=1+1` as a formula before.
    own_from = len(front) if pieces.whole.unit == "line" else 0
    if is_stream(output):
        columns = _stream(work, windows, output, own_from, reporter)
    elif plan.count <= size:
        (table,) = work.tables(windows)
        columns = table.columns
        write_table(table, output, own=columns[own_from:], reporter=reporter, force=force)
    else:
        with scored_parts(output, _facts(judge, pieces, settings, size, threshold), fresh=fresh) as parts:
            columns = _in_parts(work, windows, parts, reporter)
            write_table(parts.full, output, own=columns[own_from:], reporter=reporter, force=force)
    if work.dropped:
        what = counted(work.dropped, "item is", "items are")
        reporter.note(f"{what} longer than {manifest.max_length:,} tokens and left out.")
    return work.tally.result(judge.entry.name, output, tuple(columns), judge.engine + " on ray" * bool(elsewhere))


def _in_front(plan: ScorePlan, pieces: Pieces, settings: ScoreFileSettings, reporter: Reporter) -> list[str]:
    """The columns in front of the scores: those of the input, and the rows' numbers where nothing names the items."""
    of_item = [ROW_COLUMN] if plan.id_column is None else [plan.id_column]
    if settings.only_scores:
        return of_item
    every = pieces.whole.frame.columns
    kept = {*of_item, *plan.columns.values()}
    left = [name for name in every if name not in kept] if plan.repeats else []
    if left:
        reporter.note(f"Left out, as they are of single rows and not of items: {', '.join(map(repr, left))}.")
    names = [name for name in every if name not in left]
    return names if plan.id_column is not None else [ROW_COLUMN, *names]


def _windows(pieces: Pieces, plan: ScorePlan, front: Sequence[str], size: int) -> Iterator[Window]:
    """All items, `size` at a time whatever the pieces are."""
    waiting, start = pl.DataFrame(), 0
    for piece in pieces.again():
        found, cells = plan.items(piece, start)
        start += piece.frame.height
        if plan.id_column is None:
            cells = cells.drop(ROW_COLUMN, strict=False).with_columns(found.ids.to_series())
        names = found.ids.to_series(0).cast(pl.String).alias(_NAMES)
        texts = found.texts.rename(lambda field: f"{_NAMES}{field}")
        rows = cells.select(front).hstack([names, *texts.get_columns()])
        waiting = waiting.vstack(rows) if waiting.width else rows
        while waiting.height >= size:
            yield _window(waiting[:size], len(front))
            waiting = waiting[size:]
    if waiting.height:
        yield _window(waiting, len(front))


def _window(rows: pl.DataFrame, front: int) -> Window:
    cells = rows.get_columns()
    texts = pl.DataFrame([column.alias(column.name[len(_NAMES) :]) for column in cells[front + 1 :]])
    return Window(pl.DataFrame(cells[:front]), cells[front].to_list(), texts)


@dataclasses.dataclass
class _Work:
    """Asks the judge window by window, and keeps count."""

    judge: Asked
    settings: ScoreFileSettings
    reporter: Reporter
    tally: Tally
    total: int
    threshold: float | None = None
    elsewhere: AbstractContextManager[Answers] | None = None
    done: int = 0
    dropped: int = 0

    def tables(self, windows: Iterator[Window]) -> Iterator[pl.DataFrame]:
        """The scored rows of each window; a table without columns where all its items are dropped.

        Raises:
            DataError: all items of the file are too long.
            JudgekitError: what other processes have raised.
        """
        if self.elsewhere is None:
            yield from (self._entered(window, answer) for window, answer in self._here(windows))
            return
        with self.elsewhere as answers:
            for window, answer in answers(windows):
                yield self._entered(window, answer)
                self.reporter.items(self.done, self.total)

    def _here(self, windows: Iterator[Window]) -> Iterator[tuple[Window, Answer]]:
        for window in windows:
            try:
                scores = self.judge.ask(window, self.settings, _Shifted(self.reporter, self.done, self.total))
                answer: Answer = dataclasses.replace(scores, threshold=self.threshold).to_polars()
            except NothingLeftError as error:
                answer = error
            yield window, answer

    def _entered(self, window: Window, answer: Answer) -> pl.DataFrame:
        if isinstance(answer, JudgekitError):
            error = answer
            if not isinstance(error, NothingLeftError):
                raise error
            if self.done + len(window.names) >= self.total and not self.tally.items:
                raise DataError(
                    f"All {self.total:,} items are longer than the judge reads, so dropping leaves none.",
                    hint=error.hint,
                ) from error
            answer = pl.DataFrame()
        self.count(answer, len(window.names))
        return answer

    def count(self, table: pl.DataFrame, asked: int) -> None:
        """Enter the scored rows of some items."""
        self.done += asked
        self.dropped += asked - table.height
        self.tally.add(table)


def _stream(work: _Work, windows: Iterator[Window], output: Path, own_from: int, reporter: Reporter) -> list[str]:
    text: TextTables | None = None
    columns: list[str] = []
    with open_stream(output) as stream:
        for table in filter(lambda one: one.width, work.tables(windows)):
            columns = table.columns
            text = text or TextTables(columns[own_from:])
            text.write(table, stream)
            stream.flush()
    if text is not None:
        text.say(reporter)
    return columns


def _in_parts(work: _Work, windows: Iterator[Window], parts: ScoredParts, reporter: Reporter) -> list[str]:
    done = len(parts.paths)
    for path, window in zip([*parts.paths], windows, strict=False):
        work.count(pl.read_ipc(path), len(window.names))
    if done and work.done < work.total:
        reporter.note(f"Goes on where it stopped, after {work.done:,} of {work.total:,} items (--fresh begins anew).")
    for table in work.tables(windows):
        parts.put(table)
    return list(pl.read_ipc_schema(parts.full[0]))


def _facts(
    judge: Asked, pieces: Pieces, settings: ScoreFileSettings, size: int, threshold: float | None
) -> dict[str, Any]:
    """What decides on every byte of a part."""
    # Of what is in memory, not of what another training may have put there meanwhile.
    manifest = judge.entry.manifest.checksum
    asks_sets = settings.sets is not None or settings.review is not None
    return {
        "judgekit": __version__,
        "judge": manifest,
        "sets": file_hash(judge.entry.path / SETS_FILE) if asks_sets else None,
        "input": pieces.sha256,
        "settings": {item.name: getattr(settings, item.name) for item in dataclasses.fields(ScoreFileSettings)},
        "computes_on": judge.computes_on,
        "window": size,
        "threshold": threshold,
    }


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items, each made while the one before it is worked on."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, items, None)
        while (item := waiting.result()) is not None:
            waiting = pool.submit(next, items, None)
            yield item


class _Shifted(Reporter):
    """Progress in one window as progress in the file."""

    def __init__(self, reporter: Reporter, done: int, total: int) -> None:
        self._of_file: Callable[[int, int], None] = reporter.items
        self._done, self._total = done, total

    def items(self, done: int, total: int) -> None:
        """So many more of the file are scored."""
        self._of_file(self._done + done, self._total)
