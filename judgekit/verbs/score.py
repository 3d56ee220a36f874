"""`judgekit score`: a table of new items becomes a table of distributions."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.config import ScoreSettings
from judgekit.core.distributions import entropy, expected_score
from judgekit.dataset.opening import open_workspace
from judgekit.dataset.score_input import read_score_items
from judgekit.errors import DataError
from judgekit.judge.judge import Predictions, open_judge
from judgekit.judge.manifest import JUDGES, JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.judge.results import ScoreResult
from judgekit.prompts.mirror import require_mirror
from judgekit.reports.score_page import score_page as score_page
from judgekit.tables.files import read_files
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.atomic import replaced_file

# Enough digits to lose nothing of a float32 logit, few enough to read; rows still sum to 1 within 1e-8.
SIGNIFICANT_DIGITS = 9


def score(
    path: str | Path,
    *,
    output: str | Path | None = None,
    judge: str | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    **settings: Any,
) -> ScoreResult:
    """Predict the distribution of human labels for every item of a table, and write it beside the table.

    Args:
        path: a CSV file with the columns the judge's template reads; rows that repeat an item count once.
        output: where to write; None writes `new.scores.csv` beside `new.csv`.
        judge: its name; None takes the newest.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        offline: never ask the hub.
        reporter: told about notes and progress.
        settings: fields of `ScoreSettings`.

    Raises:
        DataError: a column is missing, the table is empty, or the output is there already; nothing is written.
        WorkspaceError: there is no such judge.
        BackboneError: the judge's backbone is missing or has changed.
        LabelError: both orders are asked for and the judge compares no two sides.
    """
    chosen = ScoreSettings.from_json(settings)
    path = Path(path)
    place = Path(output) if output is not None else path.with_name(f"{path.stem}.scores.csv")
    entry = open_workspace(workspace).open(JUDGES, judge)
    _check_output(place, path, force)
    mirror = None
    if chosen.both_orders:
        mirror = require_mirror(entry.manifest.fields, entry.manifest.labels, option="--both-orders")
    source = read_files([path])
    columns = read_score_items(source, fields=entry.manifest.fields, item_column=entry.manifest.columns.item)
    not_scored = [f"{aside.rows:,} rows are not scored: {aside.reason} ({aside.where})." for aside in source.set_aside]
    for note in (*columns.notes, *not_scored):
        reporter.note(note)
    opened = open_judge(
        entry,
        dtype=chosen.dtype,
        device=chosen.device,
        offline=offline,
        backbone_name=chosen.backbone,
        trust_remote_code=chosen.trust_remote_code,
    )
    items, names, gap = columns.texts.to_dicts(), _names(columns.ids), None
    how: dict[str, Any] = {"on_too_long": chosen.on_too_long, "batch_size": chosen.batch_size, "reporter": reporter}
    if mirror is None:
        predictions = opened.predict(items, names, **how)
    else:
        _, predictions, gap = predict_both_orders(opened, mirror, items, names, **how)
    left_out = columns.ids.height - len(predictions.rows)
    if left_out:
        reporter.note(f"{left_out:,} items are longer than {opened.prompts.max_length:,} tokens and are left out.")
    scores = _as_table(columns.ids[predictions.rows], entry.manifest, predictions, gap)
    with replaced_file(place) as temporary:
        scores.write_csv(temporary)
    return ScoreResult(place, entry.name, entry.manifest.labels, scores)


def _names(ids: pl.DataFrame) -> list[str]:
    """What the items are called in messages: their first id column."""
    return ids.to_series(0).cast(pl.String).to_list()


def _check_output(place: Path, path: Path, force: bool) -> None:
    folder = place.absolute().parent
    if not folder.is_dir():
        raise DataError(f"The folder {folder} for the output does not exist.", hint="Make it first.")
    if not os.access(folder, os.W_OK):
        raise DataError(f"The folder {folder} for the output cannot be written to.", hint="Write elsewhere: -o FILE.")
    is_input = place.exists() and path.exists() and place.samefile(path)
    if place.is_dir() or is_input:
        raise DataError(
            f"The output {place} would replace {'the input' if is_input else 'a folder'}.",
            hint="Write elsewhere: -o FILE.",
        )
    if place.exists() and not force:
        raise DataError(f"{place} is there already.", hint="Replace it with --force, or write elsewhere with -o FILE.")


def _as_table(
    ids: pl.DataFrame, judge: JudgeManifest, predictions: Predictions, gap: NDArray[np.float64] | None
) -> pl.DataFrame:
    q = predictions.q
    columns = [pl.Series(f"prob_{label}", q[:, k]) for k, label in enumerate(judge.labels)]
    columns += [
        pl.Series("label", np.asarray(judge.labels, dtype=object)[q.argmax(1)].tolist(), dtype=pl.String),
        pl.Series("entropy", entropy(q)),
    ]
    if judge.values:
        columns.append(pl.Series("expected_score", expected_score(q, np.asarray(judge.values))))
    if predictions.label_mass is not None:
        columns.append(pl.Series("label_mass", predictions.label_mass, dtype=pl.Float64))
    if gap is not None:
        columns.append(pl.Series("order_gap", gap))
    columns.append(pl.Series("truncated", predictions.is_truncated))
    clashes = set(ids.columns) & {column.name for column in columns}
    ids = ids.rename({name: f"input_{name}" for name in clashes})
    return ids.with_columns(columns).with_columns(pl.selectors.float().round_sig_figs(SIGNIFICANT_DIGITS))
