"""`judgekit show prompt`: the exact text of one item that a judge reads, its tokens, and where the label is read.

Loads a tokenizer, and no weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from judgekit.config import LoadSettings, TrainSettings
from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.errors import SettingsError
from judgekit.judge.loading import judge_backbone, judge_prompts, judge_verbalizer
from judgekit.judge.manifest import JUDGES
from judgekit.judge.results import PromptAsRead, Token, Word
from judgekit.models.loading import load_tokenizer
from judgekit.prompts.verbalizer import Verbalizer
from judgekit.reports.prompt_page import prompt_page as prompt_page
from judgekit.training.batches import TokenizedPrompts
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
    defaults: Mapping[str, Any] | None = None,
    **settings: Any,
) -> PromptAsRead:
    """What a judge reads of one item, from its manifest; or what a backbone would, were it trained with these settings.

    Args:
        item: its id; None takes the first.
        dataset: whose item; None takes the judge's own dataset, or the newest.
        judge: its name. None takes the newest judge if there is one and no setting is given.
        workspace: its folder; None finds one.
        offline: never ask the hub.
        defaults: settings of a training that hold where no judge reads the prompt and `settings` do not say otherwise.
        settings: fields of `TrainSettings`, to see what a training with them would read.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    place = open_workspace(workspace)
    if judge is not None and settings:
        raise SettingsError(
            f"The judge {judge!r} keeps how it reads its prompts; that cannot be changed by {', '.join(settings)}.",
            hint="Leave --judge away to see what a training with these settings would read.",
        )
    if judge is not None or (not settings and place.names(JUDGES)):
        return _as_a_judge(place, judge, dataset, item, offline)
    chosen = TrainSettings.from_json({**(defaults or {}), **settings})
    data = open_dataset(place, dataset)
    backbone = wanted_backbone(chosen, offline=offline)
    setup = set_up(data, backbone, chosen)
    return _as_read(f"backbone {backbone.name}, before training", data, item, setup.prompts, setup.verbalizer)


def _as_a_judge(
    place: Workspace, judge: str | None, dataset: str | None, item: str | None, offline: bool
) -> PromptAsRead:
    entry = place.open(JUDGES, judge)
    data = open_dataset(place, dataset or entry.manifest.dataset.name)
    wants_code = entry.manifest.settings.trust_remote_code
    backbone = judge_backbone(entry, LoadSettings(trust_remote_code=wants_code), offline=offline)
    prompts = judge_prompts(entry.path, entry.manifest, load_tokenizer(backbone))
    prompts.template.check(data.items.fields)
    return _as_read(f"judge {entry.name}", data, item, prompts, judge_verbalizer(entry))


def _as_read(
    reader: str, data: Dataset, item: str | None, prompts: TokenizedPrompts, verbalizer: Verbalizer | None
) -> PromptAsRead:
    row = row_of(data, item)
    fields = data.items.texts.row(row, named=True)
    encoded = prompts.encode([fields])
    read = [prompts.fields_as_read(fields)]

    def tokens(ids: list[int]) -> list[Token]:
        return [Token(*pair) for pair in zip(ids, map(str, prompts.tokenizer.convert_ids_to_tokens(ids)), strict=True)]

    words: dict[str, list[Word]] = {}
    if verbalizer is not None:
        for label, texts, found in zip(prompts.labels, verbalizer.texts, verbalizer.words, strict=True):
            words[label] = [Word(text, tokens(list(ids))) for text, ids in zip(texts, found, strict=True)]
    ids = encoded.input_ids[0].tolist()
    return PromptAsRead(
        reader=reader,
        dataset=data.name,
        item=data.items.item_ids[row],
        kind="encoder" if prompts.for_encoder else "causal",
        text=None if prompts.for_encoder else prompts.texts(read)[0],
        segments=prompts.segments(read)[0] if prompts.for_encoder else None,
        tokens=tokens(ids),
        judgment_position=None if prompts.for_encoder else len(ids) - 1,
        max_length=prompts.max_length,
        is_truncated=bool(encoded.is_truncated[0]),
        has_special_tokens=bool(prompts.special_in_text([fields])),
        reading="A label head reads the mean of the tokens."
        if verbalizer is None
        else verbalizer.describe(prompts.labels),
        words=words,
    )
