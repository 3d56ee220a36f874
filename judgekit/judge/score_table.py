"""Where a table of results is written, and where it must not be."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from judgekit.errors import DataError
from judgekit.judge.scores import Scores
from judgekit.judge.table_files import Table, TextTables, file_kind, is_stream, open_stream, write_as
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.atomic import replaced_file

_ELSEWHERE = "Write elsewhere with -o FILE."


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
    table: Table, output: Path, *, own: Sequence[str], reporter: Reporter = SILENT, force: bool = False
) -> None:
    """Write a table as what its ending says, whole or not at all; into a device or a pipe it is written as it comes.

    Args:
        table: what to write.
        output: the file.
        own: the columns in which a spreadsheet would find no formula yet.
        reporter: gets a note on texts that a spreadsheet would have calculated.
        force: whether a file that is there is replaced.

    Raises:
        DataError: a file has come to that place meanwhile, and `force` is false.
    """
    kind = file_kind(output)
    if is_stream(output):
        assert isinstance(table, pl.DataFrame)
        text = TextTables(own)
        with open_stream(output) as stream:
            text.write(table, stream)
        text.say(reporter)
        return
    try:
        with replaced_file(output, replace=force) as temporary:
            write_as(table, temporary, kind, own=own, reporter=reporter)
    except FileExistsError as error:
        raise already_there(output) from error


def already_there(output: Path, elsewhere: str = _ELSEWHERE) -> DataError:
    """The refusal to replace a file."""
    return DataError(f"{output} already exists.", hint=f"Replace it with --force. {elsewhere}")


def output_beside(path: Path) -> Path:
    """Where the scores of a file go by default: `new.scores.csv` beside `new.csv`."""
    return path.with_name(f"{path.stem}.scores.csv")


def check_output(output: Path, *, read: Path | None, force: bool, elsewhere: str = _ELSEWHERE) -> None:
    """Refuse a place that cannot or must not be written to, before any work is done.

    Args:
        output: the place.
        read: the file that is scored; None where it is data in memory.
        force: whether a file that is there is replaced.
        elsewhere: how another place is named.

    Raises:
        DataError: it is refused.
    """
    if is_stream(output):
        return
    folder = output.absolute().parent
    if not folder.is_dir():
        raise DataError(f"The folder {folder} for the output does not exist.", hint=f"Create it. {elsewhere}")
    try:
        mode = output.stat().st_mode
    except FileNotFoundError:  # a link that leads nowhere is written through
        mode, folder = None, Path(os.path.realpath(output)).parent
    except OSError as error:
        raise DataError(f"The output {output} cannot be written: {error.strerror}.", hint=elsewhere) from error
    if not os.access(folder, os.W_OK):
        raise DataError(f"The folder {folder} for the output cannot be written to.", hint=elsewhere)
    if mode is None:
        return
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "what is no file"
        raise DataError(f"The output {output} would replace {what}.", hint=elsewhere)
    if read is not None and read.exists() and output.samefile(read):
        raise DataError(f"The output {output} would replace the input.", hint=elsewhere)
    if not force:
        raise already_there(output, elsewhere)
