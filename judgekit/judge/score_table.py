"""Where the score table is written, and where it must not be. Its columns are those of `Scores.to_polars`."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import polars as pl

from judgekit.errors import DataError
from judgekit.judge.scores import Scores
from judgekit.training.reporter import SILENT, Reporter
from judgekit.wording import counted
from judgekit.workspace.atomic import replaced_file

_ELSEWHERE = "Write elsewhere with -o FILE."
_OWN_STREAMS = {"/dev/stdout": 1, "/dev/stderr": 2}
# What a spreadsheet calculates when it opens a CSV: not a plain number, and not a mark that stands alone.
_FORMULA = r"(?s)^[=+\-@\t\r].*[\w\"'(]"
_NUMBER = r"^[+\-]?[0-9][0-9.,]*([eE][+\-]?[0-9]+)?%?$"


def write_scores(scores: Scores, output: Path, reporter: Reporter = SILENT, *, force: bool = False) -> Scores:
    """Write the score table as `write_table` does.

    Returns:
        The scores with the place of the file.
    """
    table = scores.to_polars()
    own = table.columns[scores.ids.width if scores.formulas_are_given else 0 :]
    write_table(table, output, own=own, reporter=reporter, force=force)
    return replace(scores, output=output)


def write_table(
    table: pl.DataFrame, output: Path, *, own: Sequence[str], reporter: Reporter = SILENT, force: bool = False
) -> None:
    """Write a table as CSV, whole or not at all; into a device or a pipe it is written as it comes.

    No text becomes a formula that was none in the data: an apostrophe then stands in front of it.

    Args:
        table: what to write.
        output: the file.
        own: the columns in which a spreadsheet would find no formula yet.
        reporter: gets a note on texts that a spreadsheet would have calculated.
        force: whether a file that is there is replaced.

    Raises:
        DataError: a file has come to that place meanwhile, and `force` is false.
    """
    table = table.rename({name: f"'{name}" for name in own if _is_formula(pl.Series([name])).item()})
    for name in table.select(pl.selectors.string()).columns:
        column = table.get_column(name)
        found = _is_formula(column)
        if found.any() and name.removeprefix("'") in own:
            quoted = pl.when(found).then(pl.lit("'") + pl.col(name)).otherwise(pl.col(name))
            table = table.with_columns(quoted.alias(name))
            reporter.note(
                f"{counted(int(found.sum()), 'cell')} of {name!r} would be calculated by a spreadsheet, such as "
                f"{column.filter(found)[0]!r}; an apostrophe is written in front."
            )
    if _is_stream(output):
        # Opened by its name, a stdout that leads to a file would begin at its start again.
        handle = _OWN_STREAMS.get(str(output))
        with output.open("wb") if handle is None else os.fdopen(os.dup(handle), "wb") as stream:
            table.write_csv(stream)
        return
    try:
        with replaced_file(output, replace=force) as temporary:
            table.write_csv(temporary)
    except FileExistsError as error:
        raise _exists(output) from error


def _is_stream(output: Path) -> bool:
    """Whether a place is written into and never replaced: a pipe, a terminal, `/dev/stdout` wherever that leads."""
    with suppress(OSError):
        mode = output.stat().st_mode
        return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or str(output) in _OWN_STREAMS
    return False


def _exists(output: Path) -> DataError:
    return DataError(f"{output} already exists.", hint=f"Replace it with --force. {_ELSEWHERE}")


def _is_formula(texts: pl.Series) -> pl.Series:
    """Which texts a spreadsheet would calculate."""
    return texts.str.contains(_FORMULA) & ~texts.str.contains(_NUMBER)


def output_beside(path: Path) -> Path:
    """Where the scores of a file go by default: `new.scores.csv` beside `new.csv`."""
    return path.with_name(f"{path.stem}.scores.csv")


def check_output(output: Path, *, read: Path | None, force: bool) -> None:
    """Refuse a place that cannot or must not be written to, before any work is done.

    Args:
        output: the place.
        read: the file that is scored; None where it is data in memory.
        force: whether a file that is there is replaced.

    Raises:
        DataError: it is refused.
    """
    folder = output.absolute().parent
    if not folder.is_dir():
        raise DataError(f"The folder {folder} for the output does not exist.", hint=f"Create it. {_ELSEWHERE}")
    if _is_stream(output):
        return
    try:
        mode = output.stat().st_mode
    except FileNotFoundError:  # a link that leads nowhere is written through
        mode, folder = None, Path(os.path.realpath(output)).parent
    except OSError as error:
        raise DataError(f"The output {output} cannot be written: {error.strerror}.", hint=_ELSEWHERE) from error
    if not os.access(folder, os.W_OK):
        raise DataError(f"The folder {folder} for the output cannot be written to.", hint=_ELSEWHERE)
    if mode is None:
        return
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "what is no file"
        raise DataError(f"The output {output} would replace {what}.", hint=_ELSEWHERE)
    if read is not None and read.exists() and output.samefile(read):
        raise DataError(f"The output {output} would replace the input.", hint=_ELSEWHERE)
    if not force:
        raise _exists(output)
