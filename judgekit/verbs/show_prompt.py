"""`judgekit show prompt`: the exact text of one item that a judge reads, its tokens, and where the label is read.

Loads a tokenizer, and weights only where a training would choose how its labels are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from judgekit.config import LoadSettings, TrainSettings
from judgekit.config.keywords import TrainKeywords
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.errors import SettingsError
from judgekit.judge.loading import judge_backbone, judge_prompts, judge_verbalizer
from judgekit.judge.manifest import JUDGES
from judgekit.judge.prompt_as_read import PromptAsRead, prompt_as_read
from judgekit.reports.prompt_page import prompt_page as prompt_page
from judgekit.training.setup import set_up, wanted_backbone
from judgekit.verbs.show import row_of
from judgekit.workspace.store import Workspace


def show_prompt(
    item: str | None = None,
    *,
    dataset: str | None = None,
    judge: str | None = None,
    workspace: str | Path | None = None,
    offline: bool = False,
    defaults: TrainSettings | None = None,
    **keywords: Unpack[TrainKeywords],
) -> PromptAsRead:
    """What a judge reads of one item, from its manifest; or what a backbone would, were it trained with these settings.

    Args:
        item: its id; None takes the first.
        dataset: whose item; None takes the judge's own dataset, or the newest.
        judge: its name. None takes the newest judge if there is one and no keyword is given.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        defaults: settings of a training that hold where no judge reads the prompt and `keywords` do not say otherwise.
        keywords: fields of `TrainSettings`, to see what a training with them would read.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    place = open_workspace(workspace)
    other = [name for name in keywords if name != "trust_remote_code"]
    if judge is not None and other:
        raise SettingsError(
            f"The judge {judge!r} keeps how it reads its prompts; that cannot be changed by {', '.join(other)}.",
            hint="Omit --judge to see what a training with these settings would read.",
        )
    if judge is not None or (not other and place.names(JUDGES)):
        loading = LoadSettings(trust_remote_code=keywords.get("trust_remote_code", False))
        return _as_a_judge(place, judge, dataset, item, loading, offline=offline)
    chosen = TrainSettings.chosen(defaults, keywords)
    data = open_dataset(place, dataset)
    setup = set_up(data, wanted_backbone(chosen, offline=offline), chosen)
    reader = f"backbone {setup.backbone.name}, before training"
    return prompt_as_read(reader, data, row_of(data, item), setup.prompts, setup.verbalizer)


def _as_a_judge(
    place: Workspace, judge: str | None, dataset: str | None, item: str | None, settings: LoadSettings, *, offline: bool
) -> PromptAsRead:
    entry = place.open(JUDGES, judge)
    manifest = entry.manifest
    data = open_dataset(place, dataset or manifest.dataset.name)
    backbone = judge_backbone(entry, settings, offline=offline)
    prompts = judge_prompts(entry.path, manifest, backbone)
    prompts.template.check(data.items.fields)
    return prompt_as_read(f"judge {entry.name}", data, row_of(data, item), prompts, judge_verbalizer(entry))
