"""The settings of `judgekit train`, composed of its concerns, and the presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from judgekit.config.choices import Preset
from judgekit.config.generating import GenerativeSettings
from judgekit.config.loss import LossSettings
from judgekit.config.model import ModelSettings
from judgekit.config.optimisation import OptimisationSettings
from judgekit.config.prompt import PromptSettings
from judgekit.config.selection import SelectionSettings
from judgekit.config.settings import setting

# What arXiv 2505.12301 gives, and where it is silent the plainest choice. Its learning rate, 5e-5, is for causal LMs:
# an encoder's fresh head needs its own.
_PUBLISHED: dict[str, Any] = {
    "alpha": 0.8, "epsilon": 0.25, "adversary": "paper", "targets": "empirical", "epochs": 2, "warmup": 0.0,
    "averaging": 0.0, "calibrate": False, "evaluations": 1, "keep": "last", "swap": False,
    "folds": 0, "probe": False, "radius": "fixed", "lora_dropout": 0.0,
}  # fmt: skip
BEFORE_FOLDS = {"folds": 0, "probe": False, "radius": "fixed"}
"""What trainings of an older judgekit did, whose settings do not say so."""
PRESETS: dict[Preset, dict[str, Any]] = {
    "default": {},
    "paper": _PUBLISHED,
    "single-point": {**_PUBLISHED, "alpha": 0.0, "adversary": "off"},
}


@dataclass(frozen=True, kw_only=True)
class TrainSettings(
    SelectionSettings, OptimisationSettings, LossSettings, PromptSettings, ModelSettings, GenerativeSettings
):
    """Settings of `judgekit train`.

    Examples:
        >>> TrainSettings(preset="paper", epochs=1).adversary
        'paper'
        >>> TrainSettings(epochs=0)
        Traceback (most recent call last):
        ...
        judgekit.errors.SettingsError: ...
    """

    preset: Preset = setting(
        "default",
        "Start from judgekit's defaults, the published ones (arXiv 2505.12301), or those of its single-point baseline.",
    )

    def words_of_labels(self) -> dict[str, tuple[str, ...]]:
        """`label_words` by label."""
        pairs = (given.split("=", 1) for given in self.label_words)
        return {label: tuple(word.strip() for word in words.split(",")) for label, words in pairs}

    def cross_problems(self) -> list[str]:
        """The parts of the split leave room for a test part; the oracle projects only where something is projected."""
        problems = self.method_problems()
        for given in self.label_words:
            label, _, words = given.partition("=")
            if not label or not all(word.strip() for word in words.split(",")):
                problems.append(f"--label-words is {given!r}; expected LABEL=word,word")
        if self.micro_batch_size is not None and self.micro_batch_size > self.batch_size:
            problems.append(f"--micro-batch-size is {self.micro_batch_size}; it must be at most --batch-size")
        if self.train_share + self.validation_share > 1 - 1e-9:
            problems.append(
                "--train-share and --validation-share leave nothing for the test part; their sum must be below 1"
            )
        if self.folds == 1:
            problems.append("--folds is 1; two are the least that can predict each other, and 0 means none")
        if self.quick and not self.probe:
            problems.append("--quick fits the probe alone, and --no-probe omits it")
        if not self.trains_at_labels and (self.folds or self.quick):
            which = "--stage none" if self.stage == "none" else f"--method {self.method}"
            problems.append(f"--folds and --quick are not of {which}")
        if self.is_generative and self.annotator_weights and self.stage == "rl":
            problems.append("--stage rl learns from single annotations, which --annotator-weights cannot part")
        if self.projection == "cvxpy" and self.adversary != "paper":
            problems.append("--projection cvxpy needs --adversary paper: the search never leaves the feasible set")
        return problems


def _with_presets(plain: Callable[..., None]) -> Callable[..., None]:
    """The constructor, with the values of the preset where it is given no others."""

    @wraps(plain)
    def made(self: TrainSettings, **values: Any) -> None:
        chosen = values.get("preset", "default")
        plain(self, **{**(PRESETS[chosen] if chosen in list(PRESETS) else {}), **values})

    return made


TrainSettings.__init__ = _with_presets(TrainSettings.__init__)
