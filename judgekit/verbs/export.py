"""`judgekit export`: a judge becomes one folder that plain transformers reads, with a model card; never uploads it."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import Dtype, ExportSettings, OnTooLong
from judgekit.core.calibration import Calibration
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import BackboneError, DataError, JudgekitError
from judgekit.judge.export_facts import CARD_FILE, card_facts, exported_facts
from judgekit.judge.judge import (
    ADAPTER_FOLDER,
    TEMPLATE_FILE,
    LoadedJudge,
    judge_backbone,
    judge_prompts,
    judge_verbalizer,
    open_judge,
)
from judgekit.judge.manifest import JUDGES, ExportManifest, JudgeManifest
from judgekit.judge.results import ExportResult
from judgekit.models.loading import Backbone, check_4bit, choose_device, load_tokenizer
from judgekit.models.merged import load_merged, own_dtype, save_merged
from judgekit.reports.export_page import export_page as export_page
from judgekit.reports.model_card import model_card
from judgekit.training.reporter import SILENT, Reporter
from judgekit.workspace.atomic import replaced_folder, write_text
from judgekit.workspace.store import Entry, Workspace

FACTS_FILE = "judgekit.json"
SAMPLE_ITEMS = 64
EXACT_TOLERANCE, ROUNDED_TOLERANCE = 1e-4, 1e-2


class _Sample(NamedTuple):
    texts: list[dict[str, str]]
    source: str


def export(
    judge: str | None = None,
    *,
    merged: str | Path,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    **settings: Any,
) -> ExportResult:
    """Write a judge as one model in the Hugging Face layout, with tokenizer, template and model card.

    The folder is made whole or not at all. A sample of items is scored by the judge and through the written folder.

    Args:
        judge: its name; None takes the newest.
        merged: the folder to make.
        workspace: its folder; None finds one.
        force: replace the folder if it is an earlier export.
        offline: never ask the hub.
        reporter: told about notes and progress.
        settings: fields of `ExportSettings`.

    Raises:
        DataError: the folder is there already, or cannot be made.
        BackboneError: the backbone is missing, has changed or cannot be merged into, or the merged model predicts
            something else than the judge; nothing is left behind.
        WorkspaceError: there is no such judge.
    """
    chosen = ExportSettings.from_json(settings)
    folder = Path(merged).expanduser()
    _check_folder(folder, force)
    place = open_workspace(workspace)
    entry = place.open(JUDGES, judge)
    backbone = judge_backbone(entry, chosen.backbone, offline=offline, trust_remote_code=chosen.trust_remote_code)
    device = choose_device(chosen.device)
    was_4bit = entry.manifest.settings.load_in_4bit
    if was_4bit:
        check_4bit(backbone, device)
    own = own_dtype(backbone)
    dtype = own if chosen.dtype is Dtype.auto else getattr(torch, chosen.dtype.value)
    sample = _sample(place, entry)
    before = _predict(_before(entry, chosen, dtype, offline), sample, chosen, reporter)
    is_exact = dtype == torch.float32 and not was_4bit
    tolerance = chosen.tolerance or (EXACT_TOLERANCE if is_exact else ROUNDED_TOLERANCE)
    with replaced_folder(folder) as staged:
        save_merged(
            backbone,
            entry.path / ADAPTER_FOLDER,
            staged,
            label_words=_words(entry),
            device=device,
            dtype=dtype,
            in_4bit=was_4bit,
        )
        facts = exported_facts(entry, backbone, dtype)
        write_text(staged / TEMPLATE_FILE, (entry.path / TEMPLATE_FILE).read_text(encoding="utf-8"))
        facts.write(staged / FACTS_FILE)
        after = _predict(_after(staged, chosen, device), sample, chosen, reporter)
        shift = dict(zip(facts.labels, np.abs(after - before).max(axis=0).tolist(), strict=True))
        _check_shift(shift, tolerance, dtype, was_4bit)
        card = card_facts(entry, backbone, facts, trust_remote_code=chosen.trust_remote_code) | {
            "dtype": str(dtype).removeprefix("torch."),
            "was_4bit": was_4bit,
            "sample_items": len(sample.texts),
            "largest_shift": max(shift.values()),
        }
        write_text(staged / CARD_FILE, model_card(card))
        sizes = {path.name: path.stat().st_size for path in sorted(staged.iterdir())}
    return ExportResult(entry.name, folder, sizes, card["dtype"], sample.source, len(sample.texts), shift, tolerance)


def _check_folder(folder: Path, force: bool) -> None:
    parent = folder.absolute().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise DataError(f"The folder {parent} to export into does not exist or cannot be written to.")
    if not folder.exists():
        return
    if not folder.is_dir() or not (folder / FACTS_FILE).is_file():
        raise DataError(f"{folder} is there already and no export of judgekit.", hint="Name another folder: --merged")
    if not force:
        raise DataError(f"{folder} is there already.", hint="Replace it with --force, or name another: --merged DIR")


def _before(entry: Entry[JudgeManifest], settings: ExportSettings, dtype: torch.dtype, offline: bool) -> LoadedJudge:
    """The judge as it is, in the number format of the weights to be, so that merging alone makes a difference."""
    return open_judge(
        entry,
        dtype=Dtype.bfloat16 if dtype == torch.bfloat16 else Dtype.float32,
        device=settings.device,
        offline=offline,
        backbone_name=settings.backbone,
        trust_remote_code=settings.trust_remote_code,
    )


def _after(folder: Path, settings: ExportSettings, device: torch.device) -> LoadedJudge:
    """The judge that the written folder holds, from nothing but the folder."""
    written = ExportManifest.read(folder / FACTS_FILE)
    kind, trust = written.backbone.kind, settings.trust_remote_code
    words = None if written.verbalizer is None else written.verbalizer.words
    model = load_merged(folder, kind=kind, label_words=words, device=device, trust_remote_code=trust)
    tokenizer = load_tokenizer(Backbone(str(folder), folder, None, kind, trust))
    return LoadedJudge(model, judge_prompts(folder, written, tokenizer), Calibration(written.temperature))


def _predict(judge: LoadedJudge, sample: _Sample, settings: ExportSettings, reporter: Reporter) -> NDArray[np.float64]:
    ids = [str(n) for n in range(len(sample.texts))]
    found = judge.predict(
        sample.texts, ids, on_too_long=OnTooLong.cut, batch_size=settings.batch_size, reporter=reporter
    )
    return found.q


def _check_shift(shift: dict[str, float], tolerance: float, dtype: torch.dtype, was_4bit: bool) -> None:
    if all(found <= tolerance for found in shift.values()):  # not max: it may pass over a nan
        return
    what = str(dtype).removeprefix("torch.")
    raise BackboneError(
        f"The merged model predicts something else than the judge: probabilities move by up to "
        f"{np.max([*shift.values()]):.2g}, more than the tolerance of {tolerance:g}. Nothing was written.",
        problems=[f"{label}: {found:.2g}" for label, found in shift.items()],
        hint="Save with more digits (--dtype float32), or accept it with --tolerance."
        if dtype != torch.float32
        else f"Weights in {what} should be exact" + (" up to the judge's 4 bits" if was_4bit else "") + "; to accept "
        "it all the same: --tolerance",
    )


def _sample(place: Workspace, entry: Entry[JudgeManifest]) -> _Sample:
    """Items of the judge's own dataset if it is there and unchanged, else texts of the bundled sample."""
    trained_on, fields = entry.manifest.dataset, entry.manifest.fields
    if place.exists(DATASETS, trained_on.name):
        try:
            dataset = open_dataset(place, trained_on.name)
        except JudgekitError:  # a damaged dataset is no reason to keep a judge in
            dataset = None
        if dataset is not None and dataset.content_hash == trained_on.content_hash:
            return _Sample(dataset.items.texts.head(SAMPLE_ITEMS).to_dicts(), f"items of the dataset {trained_on.name}")
    bundled = (files("judgekit") / "sample" / "new.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(bundled, newline="")))[:SAMPLE_ITEMS]
    texts = [max(row.values(), key=len) for row in rows]
    made = [{field: texts[(n + k) % len(texts)] for k, field in enumerate(fields)} for n in range(len(texts))]
    return _Sample(made, "texts of the bundled sample, as the judge's dataset is gone or has changed")


def _words(entry: Entry[JudgeManifest]) -> Sequence[Sequence[Sequence[int]]] | None:
    verbalizer = judge_verbalizer(entry)
    return None if verbalizer is None else verbalizer.words
