"""The settings as keyword arguments of the Python API, so that editors and type checkers know every one of them.

One TypedDict per settings class, with the fields of that class; defaults, ranges and help texts stay there.
"""

from __future__ import annotations

from os import PathLike
from typing import TypeAlias, TypedDict

from judgekit.config.choices import (
    Adversary,
    Dtype,
    Engine,
    ExportFormat,
    Keep,
    LabelScoring,
    Level,
    Method,
    ModelKind,
    OnTooLong,
    Optimizer,
    Part,
    Preset,
    Projection,
    Radius,
    Rationale,
    Reward,
    Split,
    Stage,
    Targets,
    Tool,
)

Texts: TypeAlias = str | list[str] | tuple[str, ...]
"""One text or several."""
Place: TypeAlias = str | PathLike[str]
"""A name or a path."""


class ReadingKeywords(TypedDict, total=False):
    """Fields of `ReadingSettings`."""

    strict: bool
    most_set_aside: float
    format: str | None
    sheet: str | None
    delimiter: str | None
    encoding: str | None


class IngestKeywords(ReadingKeywords, total=False):
    """Fields of `IngestSettings`."""

    item: str | None
    annotator: str | None
    label: Texts
    text: Texts
    counts: Texts
    number: str | None
    separator: str | None
    annotator_columns: Texts
    group: str | None
    split: str | None
    layout: str | None
    item_texts: str | None
    labels: str | None
    label_map: Texts
    drop_label: Texts
    merge_spellings: bool
    keep_annotator_ids: bool
    near_duplicates: bool
    template: str | None


class CheckKeywords(TypedDict, total=False):
    """Fields of `CheckSettings`."""

    min_alpha: float | None
    min_agreement: float | None
    min_annotations: float | None
    min_items: int | None
    max_noise_floor: float | None
    max_flagged: int | None
    max_leakage: int | None
    names: str | None
    level: Level
    precision: float
    confidence: float
    resamples: int
    seed: int
    backbone: Place
    max_length: int


class FineTuningKeywords(TypedDict, total=False):
    """Fields of `TrainSettings` without its presets."""

    backbone: Place
    revision: str | None
    model_kind: ModelKind
    trust_remote_code: bool
    load_in_4bit: bool
    gradient_checkpointing: bool | None
    max_length: int
    dtype: Dtype
    device: str
    chat: bool
    label_scoring: LabelScoring
    label_words: Texts
    on_too_long: OnTooLong
    alpha: float
    epsilon: float
    radius: Radius
    adversary: Adversary
    projection: Projection
    targets: Targets
    annotator_weights: bool
    swap: bool
    epochs: int | None
    batch_size: int
    micro_batch_size: int | None
    learning_rate: float | None
    optimizer: Optimizer
    weight_decay: float
    warmup: float
    averaging: float
    seed: int
    lora_r: int
    lora_alpha: int | None
    lora_dropout: float | None
    target_modules: Texts
    evaluations: int
    patience: int
    keep: Keep
    split: Split
    train_share: float
    validation_share: float
    calibrate: bool
    split_seed: int | None


class TrainKeywords(FineTuningKeywords, total=False):
    """Fields of `TrainSettings`."""

    method: Method
    stage: Stage
    begin_with: str | None
    rationale: bool
    decimals: int
    answer_length: int
    learn_from: str | None
    judgments: int
    reward: Reward
    generations: int
    sampling_temperature: float
    kl_weight: float
    folds: int | None
    probe: bool
    quick: bool
    preset: Preset


class StudyKeywords(FineTuningKeywords, total=False):
    """Fields of `StudySettings`, whose variants are the presets."""

    plan: Texts
    seeds: int
    train_items: int | None


class LoadKeywords(TypedDict, total=False):
    """Fields of `LoadSettings`."""

    backbone: Place | None
    trust_remote_code: bool
    dtype: Dtype
    device: str
    engine: Engine


class AskKeywords(ReadingKeywords, total=False):
    """Fields of `AskSettings`."""

    batch_size: int
    both_orders: bool
    on_too_long: OnTooLong


class PredictKeywords(AskKeywords, total=False):
    """Fields of `PredictSettings`."""

    sets: float | None
    review: float | None


class ColumnKeywords(TypedDict, total=False):
    """Fields of `ColumnSettings`."""

    column: Texts


class ScoreFileKeywords(ColumnKeywords, PredictKeywords, total=False):
    """Fields of `ScoreFileSettings`."""

    only_scores: bool
    rationale: tuple[Rationale, ...]


class ChatKeywords(TypedDict, total=False):
    """Fields of `ChatSettings`."""

    endpoint_model: str | None
    most_calls: int
    concurrency: int
    timeout_seconds: float
    attempts: int
    price_in: float
    price_out: float


class ScoreKeywords(LoadKeywords, ScoreFileKeywords, ChatKeywords, total=False):
    """Fields of `ScoreSettings`."""

    workers: int | None


class EndpointKeywords(TypedDict, total=False):
    """Fields of `EndpointSettings`."""

    model: str | None
    instructions: str | None
    price: float | None
    most_calls: int
    call_seconds: float


class MeasureKeywords(AskKeywords, EndpointKeywords, total=False):
    """Fields of `MeasureSettings`."""

    part: Part
    confidence: float
    resamples: int
    seed: int
    by: str | None
    against: str | None
    names: str | None
    advantage: float
    require: Texts


class EvaluateKeywords(LoadKeywords, MeasureKeywords, ChatKeywords, total=False):
    """Fields of `EvaluateSettings`."""


class QuestionKeywords(TypedDict, total=False):
    """Fields of `QuestionSettings`."""

    annotations: str | None
    by: str | None
    against: str | None
    confidence: float


class EstimateKeywords(LoadKeywords, AskKeywords, ColumnKeywords, QuestionKeywords, total=False):
    """Fields of `EstimateSettings`."""


class PromiseKeywords(TypedDict, total=False):
    """Fields of `PromiseSettings`."""

    error: float
    annotations: str | None
    confidence: float
    seed: int


class GateKeywords(LoadKeywords, AskKeywords, PromiseKeywords, total=False):
    """Fields of `GateSettings`."""


class PlanKeywords(TypedDict, total=False):
    """Fields of `PlanSettings`."""

    budget: int | None
    level: Level
    confidence: float
    seed: int


class SynthesizeKeywords(TypedDict, total=False):
    """Fields of `SynthesizeSettings`."""

    teacher: str | None
    teacher_model: str | None
    items: int | None
    samples: int
    temperature: float
    answer_length: int
    languages: Texts
    concurrency: int
    timeout_seconds: float
    attempts: int
    price_in: float
    price_out: float
    seed: int


class DrawKeywords(TypedDict, total=False):
    """Fields of `DrawSettings`."""

    items: int
    tool: Tool
    again: bool
    cost: str | None
    random_share: float
    seed: int


class SelectKeywords(LoadKeywords, AskKeywords, ColumnKeywords, DrawKeywords, total=False):
    """Fields of `SelectSettings`."""


class ExportKeywords(TypedDict, total=False):
    """Fields of `ExportSettings`."""

    format: ExportFormat
    tolerance: float | None
    backbone: Place | None
    dtype: Dtype
    batch_size: int
    trust_remote_code: bool
    device: str


class ListenKeywords(TypedDict, total=False):
    """Fields of `ListenSettings`."""

    host: str
    port: int
    batch_size: int
    most_items: int
    most_bytes: int
    most_waiting: int
    slowest: float
    stop_seconds: float


class ServeKeywords(LoadKeywords, ListenKeywords, total=False):
    """Fields of `ServeSettings`."""
