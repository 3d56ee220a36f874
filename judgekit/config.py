"""The settings of each verb: one frozen dataclass per verb, checked when it is made.

A setting's default, range and help text live here alone; the command line builds its options from these fields, so
every key is a flag. Values come from flag, environment (`JUDGEKIT_<VERB>_<KEY>`), `judgekit.toml` in the workspace,
or the default, in that order; `cli` resolves them and the manifest of a judge keeps the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from judgekit.errors import SettingsError
from judgekit.settings import Settings, setting


class ModelKind(StrEnum):
    """How a backbone is read."""

    auto = "auto"
    encoder = "encoder"
    causal = "causal"


class Adversary(StrEnum):
    """How the worst-case target is found."""

    search = "search"
    paper = "paper"
    off = "off"


class Projection(StrEnum):
    """Which solver projects onto simplex and ball in the paper's ascent."""

    exact = "exact"
    cvxpy = "cvxpy"


class Targets(StrEnum):
    """What the loss aligns to before it is perturbed."""

    empirical = "empirical"
    bayes = "bayes"


class Split(StrEnum):
    """Where training, validation and test part come from."""

    auto = "auto"
    random = "random"


class Dtype(StrEnum):
    """Number format of the matrix products."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"


class LabelScoring(StrEnum):
    """What a causal LM is read at: one token per word, one code per label, or whole sequences of tokens."""

    auto = "auto"
    tokens = "tokens"
    codes = "codes"
    sequences = "sequences"


class OnTooLong(StrEnum):
    """What becomes of an item that is longer than the backbone may read."""

    cut = "cut"
    drop = "drop"
    error = "error"


class Preset(StrEnum):
    """A set of defaults of training."""

    default = "default"
    paper = "paper"
    single_point = "single-point"


class Optimizer(StrEnum):
    """What moves the weights; paged keeps its state in memory that the GPU may move to the CPU."""

    adamw = "adamw"
    paged = "paged"


class Keep(StrEnum):
    """Which adapter a training ends with."""

    best = "best"
    last = "last"


class Level(StrEnum):
    """How far apart two labels are, for Krippendorff's alpha."""

    auto = "auto"
    nominal = "nominal"
    ordinal = "ordinal"
    interval = "interval"


class Part(StrEnum):
    """A part of the split."""

    train = "train"
    validation = "validation"
    test = "test"


@dataclass(frozen=True, kw_only=True)
class IngestSettings(Settings):
    """Settings of `judgekit ingest`: what the columns mean, where the guess is wrong."""

    item: str | None = setting(None, "Column that identifies the item.")
    annotator: str | None = setting(None, "Column that names the annotator (long layout).")
    label: tuple[str, ...] = setting((), "Column that holds the label; repeat to make a dataset of each column.")
    text: tuple[str, ...] = setting((), "Column whose text the judge reads; repeat for several.")
    counts: tuple[str, ...] = setting(
        (), "Column that counts one label (counts layout), or holds its share (probabilities); repeat for each label."
    )
    number: str | None = setting(
        None, "Column with the number of annotators of each row, or that number itself (probabilities layout)."
    )
    separator: str | None = setting(None, "What separates the labels that stand in one cell (list layout).")
    annotator_columns: tuple[str, ...] = setting((), "Column of one annotator (wide layout); repeat for each.")
    group: str | None = setting(None, "Column whose equal values must stay on one side of the split.")
    split: str | None = setting(None, "Column that says which part of a given split an item belongs to.")
    layout: str | None = setting(None, "long, wide, counts, list or probabilities, to insist.")
    labels: str | None = setting(None, "The labels in their order, separated by commas; makes the scale ordinal.")
    label_map: tuple[str, ...] = setting(
        (), "Read one label as another, as in Hate=hateful; repeat for each.", panel="Labels and annotators"
    )
    drop_label: tuple[str, ...] = setting(
        (), "Label that is no judgment, as skip; such annotations are set aside.", panel="Labels and annotators"
    )
    keep_annotator_ids: bool = setting(
        False, "Keep annotator ids as they stand in the file, instead of pseudonyms.", panel="Labels and annotators"
    )
    near_duplicates: bool = setting(
        True, "Keep items with nearly the same text on one side of a split.", panel="Labels and annotators"
    )
    strict: bool = setting(False, "Refuse rows that would be set aside.", panel="File")
    most_set_aside: float = setting(
        0.1, "Refuse the file if a larger share of its rows is faulty.", ge=0, le=1, panel="File"
    )
    format: str | None = setting(
        None, "Format of the files, to insist (`judgekit ingest --formats` lists them).", panel="File"
    )
    sheet: str | None = setting(None, "Sheet of an Excel file (default: the only one that has a table).", panel="File")
    delimiter: str | None = setting(None, "Delimiter of the file, to insist.", panel="File")
    encoding: str | None = setting(None, "Encoding of the file, to insist.", panel="File")
    template: str | None = setting(None, "Built-in template to start from (single, pair, pairwise, rating, fields).")

    def cross_problems(self) -> list[str]:
        """The layout is one of five; every `--label-map` names two labels."""
        problems: list[str] = []
        if self.layout not in (None, "long", "wide", "counts", "list", "probabilities"):
            problems.append(f"--layout is {self.layout!r}; expected long, wide, counts, list or probabilities")
        wrong = [pair for pair in self.label_map if not all(pair.partition("=")[::2])]
        problems += [f"--label-map is {pair!r}; expected OLD=NEW" for pair in wrong]
        return problems


# What arXiv 2505.12301 gives, and where it is silent the plainest choice. Its learning rate, 5e-5, is for causal LMs:
# an encoder's fresh head needs its own.
_PUBLISHED: dict[str, Any] = {
    "alpha": 0.8, "epsilon": 0.25, "adversary": "paper", "targets": "empirical", "epochs": 2, "warmup": 0.0,
    "averaging": 0.0, "calibrate": False, "evaluations": 1, "keep": "last", "swap": False,
}  # fmt: skip
PRESETS: dict[Preset, dict[str, Any]] = {
    Preset.default: {},
    Preset.paper: _PUBLISHED,
    Preset.single_point: {**_PUBLISHED, "alpha": 0.0, "adversary": "off"},
}


@dataclass(frozen=True, kw_only=True)
class TrainSettings(Settings):
    """Settings of `judgekit train`."""

    preset: Preset = setting(
        Preset.default,
        "Defaults: judgekit's own, the published ones (arXiv 2505.12301), or its single-point baseline.",
        panel="Loss",
    )
    backbone: str = setting(
        "starter", "Pretrained model: starter, a local folder, or a Hugging Face hub id.", panel="Model"
    )
    revision: str | None = setting(None, "Revision of a hub model (branch, tag or commit).", panel="Model")
    model_kind: ModelKind = setting(
        ModelKind.auto, "Encoder with a label head, or causal LM read at the label tokens.", panel="Model"
    )
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", panel="Model")
    load_in_4bit: bool = setting(
        False, "Keep a causal LM's frozen weights in 4 bits (NF4, double quantisation).", panel="Model"
    )
    gradient_checkpointing: bool | None = setting(
        None, "Compute activations twice instead of keeping them (default: where memory is short).", panel="Model"
    )
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
    alpha: float = setting(0.8, "Loss = alpha KL + (1 - alpha) CE.", ge=0, le=1, panel="Loss")
    epsilon: float = setting(0.25, "L2 radius within which the target may be perturbed.", ge=0, le=1.4143, panel="Loss")
    adversary: Adversary = setting(
        Adversary.search, "Worst-case target: search, the paper's ascent, or off.", panel="Loss"
    )
    projection: Projection = setting(
        Projection.exact, "Projection of the paper's ascent: exact, or the cvxpy oracle.", panel="Loss"
    )
    targets: Targets = setting(Targets.empirical, "Vote shares, or shares shrunk by the number of votes.", panel="Loss")
    annotator_weights: bool = setting(
        False, "Let the votes of less reliable annotators count less in training.", panel="Loss"
    )
    swap: bool = setting(False, "Train on both orders of a pairwise comparison, with mirrored targets.", panel="Loss")
    epochs: int | None = setting(
        None, "Passes over the training items (default: 3, more on small datasets).", ge=1, panel="Optimisation"
    )
    batch_size: int = setting(32, "Items per optimiser step.", ge=1, panel="Optimisation")
    micro_batch_size: int | None = setting(
        None, "Items per forward pass (default: the batch size); fewer need less memory.", ge=1, panel="Optimisation"
    )
    learning_rate: float | None = setting(
        None, "Peak learning rate (default: by model kind).", gt=0, panel="Optimisation"
    )
    optimizer: Optimizer = setting(
        Optimizer.adamw, "adamw, or paged: AdamW of bitsandbytes in paged memory, on CUDA.", panel="Optimisation"
    )
    weight_decay: float = setting(0.01, "Weight decay of AdamW.", ge=0, panel="Optimisation")
    warmup: float = setting(0.06, "Share of the steps with a rising learning rate.", ge=0, lt=1, panel="Optimisation")
    averaging: float = setting(
        0.99,
        "Decay of the running mean of the weights, which is evaluated and kept; 0 keeps the weights themselves.",
        ge=0,
        lt=1,
        panel="Optimisation",
    )
    lora_r: int = setting(16, "Rank of the LoRA matrices.", ge=1, panel="LoRA")
    lora_alpha: int | None = setting(
        None, "The update is scaled by lora_alpha / lora_r (default: twice lora_r).", ge=1, panel="LoRA"
    )
    lora_dropout: float = setting(0.0, "Dropout before the LoRA matrices.", ge=0, lt=1, panel="LoRA")
    target_modules: tuple[str, ...] = setting(
        ("auto",), "Layers that get LoRA matrices, by the end of their names; auto: every linear layer.", panel="LoRA"
    )
    max_length: int = setting(512, "Most tokens of one item; longer texts lose their middle.", ge=8, panel="Model")
    evaluations: int = setting(
        8, "How often the validation KL is taken in a whole training.", ge=1, panel="Split and checkpoint"
    )
    patience: int = setting(
        3, "Stop after so many evaluations without a better validation KL.", ge=1, panel="Split and checkpoint"
    )
    keep: Keep = setting(
        Keep.best, "Keep the adapter with the best validation KL, or the last one.", panel="Split and checkpoint"
    )
    split: Split = setting(
        Split.auto, "The split that came with the data, if any (auto), or a random one.", panel="Split and checkpoint"
    )
    train_share: float = setting(0.8, "Share of the items to train on.", gt=0, lt=1, panel="Split and checkpoint")
    validation_share: float = setting(
        0.1,
        "Share of the items to choose the checkpoint on; the rest is the test part.",
        gt=0,
        lt=1,
        panel="Split and checkpoint",
    )
    calibrate: bool = setting(
        True, "Fit one temperature on the validation part after training.", panel="Split and checkpoint"
    )
    dtype: Dtype = setting(Dtype.auto, "Number format; auto takes bfloat16 where the hardware has it.", panel="Model")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1, mps …", panel="Model")
    seed: int = setting(0, "Seed of split, initial weights, batches and dropout.", ge=0, panel="Optimisation")
    split_seed: int | None = setting(
        None, "Seed of the split alone (default: the seed).", ge=0, panel="Split and checkpoint"
    )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Settings from a mapping; what it does not name comes from its preset, then from the defaults.

        Raises:
            SettingsError: a key is not a setting of this verb, or a value is out of range.
        """
        chosen = str(values.get("preset", Preset.default))
        return super().from_json({**PRESETS.get(Preset(chosen), {}), **values} if chosen in list(Preset) else values)

    def words_of_labels(self) -> dict[str, tuple[str, ...]]:
        """`label_words` by label."""
        pairs = (given.split("=", 1) for given in self.label_words)
        return {label: tuple(word.strip() for word in words.split(",")) for label, words in pairs}

    def cross_problems(self) -> list[str]:
        """The parts of the split leave room for a test part; the oracle projects only where something is projected."""
        problems: list[str] = []
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
        if self.projection == Projection.cvxpy and self.adversary != Adversary.paper:
            problems.append("--projection cvxpy needs --adversary paper: the search never leaves the feasible set")
        return problems


@dataclass(frozen=True, kw_only=True)
class ScoreSettings(Settings):
    """Settings of `judgekit score`."""

    batch_size: int = setting(128, "Most items per forward pass.", ge=1)
    both_orders: bool = setting(False, "Show a pairwise comparison in both orders and average the predictions.")
    on_too_long: OnTooLong = setting(
        OnTooLong.cut, "Items that are too long: cut the middle of their longest text, drop them, or stop."
    )
    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.")
    trust_remote_code: bool = setting(False, "Run code that comes with the model.")
    dtype: Dtype = setting(Dtype.auto, "Number format; auto takes bfloat16 where the hardware has it.")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1, mps …")


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(ScoreSettings):
    """Settings of `judgekit evaluate`."""

    part: Part = setting(Part.test, "Part of the judge's own dataset to evaluate on when no file is given.")
    confidence: float = setting(0.95, "Level of the bootstrap intervals.", gt=0, lt=1)
    resamples: int = setting(1000, "Bootstrap resamples over items.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap.", ge=0)


class StudyPlan(StrEnum):
    """Which of the paper's questions a study asks."""

    table1 = "table1"
    ablation = "ablation"
    alpha = "alpha"
    epsilon = "epsilon"
    robustness = "robustness"
    budget = "budget"
    all = "all"


@dataclass(frozen=True, kw_only=True)
class StudySettings(TrainSettings):
    """Settings of `judgekit study`: those of training, which its variants change, and what to compare."""

    plan: tuple[str, ...] = setting(
        ("table1", "ablation"),
        "table1, ablation, alpha, epsilon, robustness, budget or all; repeat for several.",
        panel="Study",
    )
    seeds: int = setting(3, "Trainings of each variant, with seeds from --seed on.", ge=1, panel="Study")
    train_items: int | None = setting(
        None, "Most training items, drawn at random (default: all).", ge=10, panel="Study"
    )

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Settings from a mapping.

        Raises:
            SettingsError: a preset is given, a key is not a setting of this verb, or a value is out of range.
        """
        if "preset" in values:
            raise SettingsError(
                "--preset cannot be set for a study: its variants are the presets.", hint="Leave it away."
            )
        return super().from_json(values)

    def cross_problems(self) -> list[str]:
        """Every plan is one of the plans."""
        wrong = [name for name in self.plan if name not in list(StudyPlan)]
        return super().cross_problems() + [
            f"--plan is {name!r}; expected one of {', '.join(StudyPlan)}" for name in wrong
        ]


@dataclass(frozen=True, kw_only=True)
class CheckSettings(Settings):
    """Settings of `judgekit check`: the thresholds of the user, who gets exit code 3 where one is missed."""

    min_alpha: float | None = setting(None, "Least Krippendorff's alpha.", ge=-1, le=1, panel="Thresholds")
    min_agreement: float | None = setting(
        None, "Least share of pairs of annotations of one item that agree.", ge=0, le=1, panel="Thresholds"
    )
    min_annotations: float | None = setting(None, "Fewest annotations per item, on average.", gt=0, panel="Thresholds")
    min_items: int | None = setting(None, "Fewest items.", ge=1, panel="Thresholds")
    max_noise_floor: float | None = setting(
        None, "Highest KL in nats that a perfect judge would show against the annotations.", gt=0, panel="Thresholds"
    )
    max_flagged: int | None = setting(None, "Most annotators flagged as likely spammers.", ge=0, panel="Thresholds")
    max_leakage: int | None = setting(
        None, "Most groups of items on both sides of a given split.", ge=0, panel="Thresholds"
    )
    level: Level = setting(
        Level.auto, "Distance of labels in alpha; auto: interval for numbers, ordinal for steps, else nominal."
    )
    precision: float = setting(0.05, "KL in nats to which the test set that is advised shall be exact.", ge=0.001, le=1)
    confidence: float = setting(EvaluateSettings.confidence, "Level of the bootstrap interval.", gt=0, lt=1)
    resamples: int = setting(EvaluateSettings.resamples, "Bootstrap resamples over items.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap and of the random halves.", ge=0)
    backbone: str = setting(TrainSettings.backbone, "Model whose tokens are counted, to find texts that are too long.")
    max_length: int = setting(TrainSettings.max_length, "Most tokens of one item.", ge=8)


@dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """Settings of `judgekit export`."""

    tolerance: float | None = setting(
        None,
        "Largest shift of a probability that is accepted (default: 0.0001 for weights in float32, 0.01 for others).",
        gt=0,
        le=1,
    )
    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.")
    dtype: Dtype = setting(Dtype.auto, "Number format of the saved weights; auto takes the backbone's own.")
    batch_size: int = setting(ScoreSettings.batch_size, "Most items of the sample per forward pass.", ge=1)
    trust_remote_code: bool = setting(False, "Run code that comes with the model.")
    device: str = setting("auto", "Where it is merged and checked: auto, cpu, cuda, cuda:1, mps …")
