"""The choices that settings offer, one enum each: what a user types is what is stored."""

from __future__ import annotations

from enum import StrEnum


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


class StudyPlan(StrEnum):
    """Which of the paper's questions a study asks."""

    table1 = "table1"
    ablation = "ablation"
    alpha = "alpha"
    epsilon = "epsilon"
    robustness = "robustness"
    budget = "budget"
    all = "all"
