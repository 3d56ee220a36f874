"""Where the score table is written, and where it must not be. Its columns are those of `Scores.to_polars`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from judgekit.errors import DataError
from judgekit.judge.scores import Scores
from judgekit.workspace.atomic import replaced_file


def write_scores(scores: Scores, output: Path) -> Scores:
    """Write the score table as CSV, whole or not at all; returns the scores with the place of the file."""
    with replaced_file(output) as temporary:
        scores.to_polars().write_csv(temporary)
    return replace(scores, output=output)


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
    elsewhere = "Write elsewhere with -o FILE."
    folder = output.absolute().parent
    if not folder.is_dir():
        raise DataError(f"The folder {folder} for the output does not exist.", hint=f"Create it. {elsewhere}")
    if not os.access(folder, os.W_OK):
        raise DataError(f"The folder {folder} for the output cannot be written to.", hint=elsewhere)
    if output.is_dir():
        raise DataError(f"The output {output} would replace a folder.", hint=elsewhere)
    if read is not None and output.exists() and read.exists() and output.samefile(read):
        raise DataError(f"The output {output} would replace the input.", hint=elsewhere)
    if output.exists() and not force:
        raise DataError(f"{output} already exists.", hint=f"Replace it with --force. {elsewhere}")
