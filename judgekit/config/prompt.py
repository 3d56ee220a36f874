"""What a judge is shown, and where its labels are read."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import LabelScoring, OnTooLong
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class PromptSettings(Settings):
    """Settings of prompt and label reading."""

    chat: bool = setting(True, "Put the prompt into the tokenizer's chat template, where it has one.", panel="Prompt")
    label_scoring: LabelScoring = setting(
        LabelScoring.auto,
        "How a causal LM is read: one token per word, a code per label, or whole sequences.",
        panel="Prompt",
    )
    label_words: tuple[str, ...] = setting(
        (),
        "Words of one token that count as a label, as in contradiction=contra,contradict; repeat for each label.",
        panel="Prompt",
    )
    on_too_long: OnTooLong = setting(
        OnTooLong.cut,
        "Items that are too long: cut the middle of their longest text, drop them, or stop.",
        panel="Prompt",
    )
