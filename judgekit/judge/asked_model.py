"""A chat model that nobody trained, as a judge of a dataset: it writes probabilities, which annotations calibrate.

It is kept as a judge, so that it stands in every comparison, and is made anew only where dataset or model have changed.
"""

from __future__ import annotations

import re
from pathlib import Path

from judgekit.config import LoadSettings
from judgekit.config.keywords import TrainKeywords
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import open_workspace
from judgekit.judge.making import make_judge
from judgekit.judge.manifest import JUDGES
from judgekit.models.backbones import find_backbone
from judgekit.training.beginning import Request
from judgekit.training.reporter import Reporter
from judgekit.workspace.layout import check_name
from judgekit.workspace.store import Workspace


def judge_of_model(
    workspace: str | Path | None,
    model: str,
    dataset: str | None,
    settings: LoadSettings,
    *,
    offline: bool,
    reporter: Reporter,
) -> str:
    """The name of the judge that asks a model for the labels of a dataset; it is made where it is not there.

    Args:
        workspace: its folder; None finds one.
        model: a causal LM: a local folder, or an id on the hub.
        dataset: its name; None takes the newest.
        settings: where the model is loaded, and in which number format.
        offline: never ask the hub.
        reporter: gets notes and progress.

    Raises:
        SettingsError: the model is no causal LM.
        BackboneError: it cannot be found.
    """
    place = open_workspace(workspace)
    entry = place.open(DATASETS, dataset)
    backbone = find_backbone(model, offline=offline, trust_remote_code=settings.trust_remote_code)
    name = name_of_asked(place, entry.name, backbone.name)
    if place.exists(JUDGES, name):
        found = place.open(JUDGES, name).manifest
        is_same = found.dataset.content_hash == entry.manifest.content_hash
        if is_same and found.backbone.sha256 == backbone.sha256:
            return name
    keywords: TrainKeywords = {
        "method": "verbalized",
        "stage": "none",
        "backbone": model,
        "device": settings.device,
        "dtype": settings.dtype,
        "trust_remote_code": settings.trust_remote_code,
    }
    reporter.note(f"The judge {name!r} asks {model} as it is; annotations of {entry.name} calibrate it.")
    request = Request(entry.name, name, None, keywords, resume=False, force=True, offline=offline)
    make_judge(place.root, request, reporter)
    return name


def name_of_asked(place: Workspace, dataset: str, model: str) -> str:
    """A name of its own that never is that of a judge somebody trained."""
    short = re.sub(r"[^a-z0-9]+", "-", Path(model).name.lower()).strip("-")[:40] or "model"
    name = check_name(f"{dataset[:40]}-asked-{short}")
    if place.exists(JUDGES, name) and place.open(JUDGES, name).manifest.settings.stage != "none":
        return place.free_name(JUDGES, name)
    return name
