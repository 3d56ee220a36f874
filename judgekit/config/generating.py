"""How a judge that writes is asked and trained: the method, its stages, and what reinforcement learning needs."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Method, Reward, Stage
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (generative judges)"


@dataclass(frozen=True, kw_only=True)
class GenerativeSettings(Settings):
    """Settings of the method, and of the methods that generate text."""

    method: Method = setting(
        "label",
        "Read the label where it would come next (label), have the judge write a probability for each label "
        "(verbalized), or reason to a verdict (rise). The last two take a causal LM and the extra 'generative'.",
        panel=_MORE,
    )
    stage: Stage = setting(
        "sft",
        "Of --method verbalized: learn texts with people's shares (sft), or learn from single annotations by rewards "
        "(rl). Of any method: leave a causal LM as it is, and calibrate what it says (none).",
        panel=_MORE,
    )
    begin_with: str | None = setting(
        None,
        "Begin with the adapter of this judge, of the same method, backbone and labels (default: with a fresh one). "
        "With --stage none it stays as it is, and is read and calibrated anew.",
        metavar="JUDGE",
        panel=_MORE,
    )
    rationale: bool = setting(False, "Have the judge think in words before it gives probabilities.", panel=_MORE)
    decimals: int = setting(2, "Decimals of a probability that the judge writes.", ge=1, le=4, panel=_MORE)
    answer_length: int = setting(256, "Most tokens of an answer with reasons.", ge=16, le=32_768, panel=_MORE)
    learn_from: str | None = setting(
        None,
        "Judgments that --method rise, and verbalized with --rationale, learn from: a file of judgekit synthesize, one "
        "JSON object per line.",
        metavar="FILE",
        panel=_MORE,
    )
    judgments: int = setting(
        8,
        "Judgments of --method rise that are drawn for each item; the shares of their verdicts are read. 0: write the "
        "likeliest one, and read how probable each label is as its verdict.",
        ge=0,
        le=1000,
        panel=_MORE,
    )
    reward: Reward = setting(
        "brier", "Reward of --stage rl: 1 - |p - y|^2 / 2 (brier), or the logarithm of p (log).", panel=_MORE
    )
    generations: int = setting(8, "Answers per annotation that --stage rl compares.", ge=2, panel=_MORE)
    sampling_temperature: float = setting(
        1.0, "Temperature at which a training samples answers.", gt=0, le=5, panel=_MORE
    )
    kl_weight: float = setting(
        0.01, "Weight of the divergence from where --stage rl began (beta of GRPO).", ge=0, panel=_MORE
    )

    @property
    def is_generative(self) -> bool:
        """Whether the judge writes its answer."""
        return self.method != "label"

    @property
    def trains_at_labels(self) -> bool:
        """Whether weights are trained for a judge that is read at its labels: then folds and a probe have a sense."""
        return self.method == "label" and self.stage != "none"

    @property
    def learns_items(self) -> bool:
        """Whether items are learned as they stand: judgments of a comparison are in both orders by themselves."""
        return self.stage != "none" and self.learn_from is None

    def method_problems(self) -> list[str]:
        """What of these settings belongs to another method."""
        problems: list[str] = []
        if self.method == "label":
            given = [f"--{name.replace('_', '-')}" for name in ("begin_with",) if getattr(self, name) is not None]
            given += ["--rationale"] if self.rationale else []
            given += ["--stage rl"] if self.stage == "rl" else []
            if given:
                problems.append(f"{', '.join(given)} needs --method verbalized")
        if self.method == "rise" and self.stage == "rl":
            problems.append("--stage rl is of --method verbalized; a reasoned judge is trained in both of its stages")
        if self.method == "rise" and self.stage == "sft" and self.learn_from is None:
            problems.append(
                "--method rise learns from judgments: name them with --learn-from, or omit the training "
                "with --stage none"
            )
        learns_thoughts = self.method == "verbalized" and self.rationale and self.stage == "sft"
        if self.learn_from is not None and not (learns_thoughts or (self.method == "rise" and self.stage == "sft")):
            problems.append("--learn-from is of --stage sft of --method rise, or verbalized with --rationale")
        if self.learn_from is None and learns_thoughts:
            problems.append(
                "annotations hold no reasons: with --rationale, --stage sft learns them from judgments, which "
                "--learn-from names; or choose --stage rl or none"
            )
        return problems
