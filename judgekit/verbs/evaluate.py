"""`judgekit evaluate`: how near a judge comes to what people chose, beside baselines and the noise floor."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from judgekit.config import EvaluateSettings, Part
from judgekit.config.roles import Roles
from judgekit.core.metrics import baselines, bootstrap_interval, evaluate_distributions, noise_floor
from judgekit.dataset.building import build_items
from judgekit.dataset.items import ItemTable
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import WorkspaceError
from judgekit.judge.judge import EVALUATION_FILE, open_judge
from judgekit.judge.manifest import JUDGES, JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.judge.results import EvaluateResult
from judgekit.prompts.mirror import find_mirror, require_mirror
from judgekit.reports.evaluate_page import evaluate_page as evaluate_page
from judgekit.schema.inference import infer_schema
from judgekit.tables.files import read_files
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.training_data import split_parts
from judgekit.workspace.manifest import stamp, write_json
from judgekit.workspace.store import Entry, Workspace


def evaluate(
    path: str | Path | None = None,
    *,
    judge: str | None = None,
    workspace: str | Path | None = None,
    offline: bool = False,
    reporter: Reporter = SILENT,
    **settings: Any,
) -> EvaluateResult:
    """Compare a judge with human annotations it was not trained on; the judge keeps the figures for its model card.

    A judge of pairwise comparisons is asked in both orders, for its order gap.

    Args:
        path: a multi-annotator CSV in any layout with the judge's columns and labels; None takes the test part of the
            dataset the judge was trained on.
        judge: its name; None takes the newest.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        reporter: told about notes and progress.
        settings: fields of `EvaluateSettings`.

    Raises:
        DataError: the table cannot be read, lacks columns, or has labels the judge does not know.
        LabelError: both orders are asked for and the judge compares no two sides.
        WorkspaceError: there is no such judge, or its dataset is gone or has changed.
    """
    chosen = EvaluateSettings.from_json(settings)
    place = open_workspace(workspace)
    entry = place.open(JUDGES, judge)
    find = partial(require_mirror, option="--both-orders") if chosen.both_orders else find_mirror
    mirror = find(entry.manifest.fields, entry.manifest.labels)
    if path is None:
        items, source = _own_items(place, entry, chosen.part.value)
    else:
        items, source = _items_of_file(Path(path), entry, reporter), Path(path).name
    opened = open_judge(
        entry,
        dtype=chosen.dtype,
        device=chosen.device,
        offline=offline,
        backbone_name=chosen.backbone,
        trust_remote_code=chosen.trust_remote_code,
    )
    texts, ids, gap = items.texts.to_dicts(), items.item_ids.to_list(), None
    how: dict[str, Any] = {"on_too_long": chosen.on_too_long, "batch_size": chosen.batch_size, "reporter": reporter}
    if mirror is None:
        predictions = opened.predict(texts, ids, **how)
    else:
        as_given, averaged, gap = predict_both_orders(opened, mirror, texts, ids, **how)
        predictions = averaged if chosen.both_orders else as_given
    dropped = len(items) - len(predictions.rows)
    if dropped:
        items = items.take(predictions.rows)
    values = np.asarray(entry.manifest.values) if entry.manifest.values else None
    bootstrap: dict[str, Any] = {
        "seed": chosen.seed,
        "confidence": chosen.confidence,
        "resamples": chosen.resamples,
    }
    metrics = evaluate_distributions(predictions.q, items.counts, values=values, **bootstrap)
    if gap is not None:
        metrics["order_gap"] = bootstrap_interval(gap, **bootstrap)
    result = EvaluateResult(
        judge=entry.name,
        source=source,
        items=len(items),
        annotations=int(items.counts.sum()),
        truncated=int(predictions.is_truncated.sum()),
        dropped=dropped,
        label_mass=None if predictions.label_mass is None else float(predictions.label_mass.mean()),
        both_orders=chosen.both_orders,
        metrics=metrics,
        baselines=baselines(items.counts, np.asarray(entry.manifest.class_prior), values=values),
        noise_floor=noise_floor(items.counts),
        confidence=chosen.confidence,
    )
    if path is not None or chosen.part is Part.test:  # figures on other parts would flatter it
        _keep(result, entry, reporter)
    return result


def _keep(result: EvaluateResult, entry: Entry[JudgeManifest], reporter: Reporter) -> None:
    """Leave the figures with the judge, whose model card shows the newest."""
    if os.access(entry.path, os.W_OK):
        write_json(entry.path / EVALUATION_FILE, stamp(result.to_json()))
    else:
        reporter.note(f"{entry.path} cannot be written to: these figures are not kept for the judge's model card.")


def _own_items(place: Workspace, entry: Entry[JudgeManifest], part: str) -> tuple[ItemTable, str]:
    trained_on = entry.manifest.dataset
    dataset = open_dataset(place, trained_on.name)
    if dataset.content_hash != trained_on.content_hash:
        raise WorkspaceError(
            f"The dataset {dataset.name!r} has changed since the judge {entry.name!r} was trained on it, so its "
            "held-out items can no longer be told from the others.",
            hint="Evaluate on a file of its own (judgekit evaluate FILE), or train again.",
        )
    parts = split_parts(dataset.items, entry.manifest.settings)
    return dataset.items.take(parts == part), f"{part} part of {dataset.name}"


def _items_of_file(path: Path, entry: Entry[JudgeManifest], reporter: Reporter) -> ItemTable:
    manifest = entry.manifest
    source = read_files([path])
    roles = _roles_of_training(manifest, source.frame.columns)
    schema = infer_schema(source, roles, known_labels=manifest.labels, known_fields=manifest.fields)
    ingested = build_items(source, schema)
    items = f"{schema.item!r} tells the items" if schema.item else "equal texts are one item"
    reporter.note(f"{path.name} is read as {schema.layout}; {items}.")
    for aside in ingested.report.set_aside:
        reporter.note(f"{aside.rows:,} rows are set aside: {aside.reason} ({aside.where}).")
    for warning in ingested.report.warnings:
        reporter.note(warning)
    return ingested.items


def _roles_of_training(manifest: JudgeManifest, columns: Sequence[str]) -> Roles:
    """What the columns meant in training, where the file has them all: then nothing must be guessed or told anew.

    A file without annotators' names may hold counts beside a column of majority labels; its layout is found out anew.
    """
    then = dataclasses.replace(manifest.columns, item=None, text=(), group=None, split=None, labels=())
    item = manifest.columns.item if manifest.columns.item in columns else None
    if set(then.named()) <= set(columns) and (then.layout != "long" or then.annotator):
        return dataclasses.replace(then, item=item)
    return Roles(item=item, label_map=then.label_map, drop_labels=then.drop_labels)
