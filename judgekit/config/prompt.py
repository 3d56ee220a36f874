"""What a judge is shown, and where its labels are read."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import LabelScoring, OnTooLong
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (prompt)"


@dataclass(frozen=True, kw_only=True)
class PromptSettings(Settings):
    """Settings of prompt and label reading."""

    chat: bool = setting(True, "Put the prompt into the tokenizer's chat template where it has one.", panel=_MORE)
    label_scoring: LabelScoring = setting(
        "auto",
        "Read a causal LM at one token per word, at a code per label, or at whole sequences.",
        panel=_MORE,
    )
    label_words: tuple[str, ...] = setting(
        (),
        "Words of one token that count as a label; repeat it for each label.",
        metavar="LABEL=WORD,WORD",
        panel=_MORE,
    )
    on_too_long: OnTooLong = setting(
        "cut",
        "Cut the middle of the longest text of an item that is too long, drop the item, or stop.",
        panel=_MORE,
    )
