"""What the manifest of a judge says: all that scoring needs, and where the judge comes from. Loads no torch."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import PlainSerializer

from judgekit.config import Method, TrainSettings
from judgekit.config.choices import ExportFormat, JudgeKind
from judgekit.config.roles import Roles
from judgekit.config.training import BEFORE_FOLDS
from judgekit.core.calibration import Calibration
from judgekit.dataset.manifest import LOOKS_FILE
from judgekit.judge.soundness import (
    answer_problems,
    calibration_problems,
    file_problems,
    probe_problems,
    reading_problems,
)
from judgekit.models.identity import BackboneIdentity
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.chat import ChatFrame
from judgekit.prompts.verbalizer import Verbalizer
from judgekit.workspace.layout import JUDGES_FOLDER
from judgekit.workspace.manifest import Manifest, Section
from judgekit.workspace.store import Kind, Workspace

ADAPTER_FOLDER = "adapter"
TEMPLATE_FILE = "template.j2"
LOG_FILE = "log.jsonl"
EVALUATION_FILE = "evaluation.json"
PROBE_FILE = "probe.safetensors"
HELD_OUT_FILE = "held_out.parquet"
"""What judges that had not seen an item say of it, for every item that this one was trained on."""
SETS_FILE = "label_sets.json"
ITEMS_FILE = "items.parquet"
"""What is known of the items it was trained on: hashes and label counts, no text."""
FILES_BESIDE = (ITEMS_FILE, HELD_OUT_FILE)
"""Files that a judge is not read from, and that must be its own where it has them."""
_OF_ENCODERS = f"{ADAPTER_FOLDER}/head.safetensors"
_OF_ALL = (f"{ADAPTER_FOLDER}/adapter_config.json", f"{ADAPTER_FOLDER}/adapter_model.safetensors", TEMPLATE_FILE)


def judge_files(kind: JudgeKind, *, probe: bool = False) -> tuple[str, ...]:
    """The files that a judge is read from, besides its manifest."""
    if kind == "endpoint":
        return (TEMPLATE_FILE,)
    own = (*_OF_ALL, _OF_ENCODERS) if kind == "encoder" else _OF_ALL
    return (*own, PROBE_FILE) if probe else own


def _as_object(value: NamedTuple | None) -> dict[str, Any] | None:
    return None if value is None else value._asdict()


class TrainedOn(Section):
    """The dataset of a judge."""

    name: str
    content_hash: str
    annotations: int | None = None
    """None in a judge of an older judgekit."""


class ResolvedSettings(Section):
    """What was decided where the settings left it open."""

    learning_rate: float
    epochs: int


class PartSizes(Section):
    """Items of each part of the split."""

    train: int
    validation: int
    test: int


class AnnotatorWeights(Section):
    """The weights of the annotators whose annotations did not all count 1."""

    annotators: int
    min: float
    mean: float


class ProbeFacts(Section):
    """What the probe of a judge reads of the backbone as it is."""

    fields: tuple[str, ...]
    """Columns, each read by itself; of a causal LM none, as it reads the prompt."""
    pairs: tuple[tuple[str, str], ...]
    """Columns that are compared."""
    penalty: float | None
    """Ridge penalty; None where it is infinite."""
    layers: tuple[int, ...]
    """Behind which layers its states are read; none for the last hidden state."""


class Machine(Section):
    """What computed a judge: packages and hardware, nothing personal."""

    judgekit: str
    python: str
    packages: dict[str, str]
    system: str
    device: str
    threads: int
    dtype: str


class TrainingMetrics(Section):
    """The figures of a training on its validation items; KL in nats."""

    validation_kl: float
    validation_prior_kl: float
    best_step: int
    label_mass: float | None = None
    parsed: float | None = None
    """Share of the validation items whose answers could be read; None where the judge writes none."""


def _with_columns_and_calibration(values: dict[str, Any]) -> dict[str, Any]:
    """Version 1 kept the temperature as a number, and the columns in words of its own."""
    then = values.get("vote_columns")
    if isinstance(then, dict):
        label = [then["label"]] if then.get("label") else []
        values = {**values, "columns": {**then, "label": label, "item": values.get("item_column")}}
    return {**values, "calibration": {"temperature": values.get("temperature")}}


def _without_hashes(values: dict[str, Any]) -> dict[str, Any]:
    """Version 2 did not say which files belong to a judge."""
    return {**values, "files": None}


def _with_alone(values: dict[str, Any]) -> dict[str, Any]:
    """Version 4 knew neither folds nor a probe."""
    then = values.get("settings")
    settings = {**BEFORE_FOLDS, **then} if isinstance(then, dict) else then
    return {**values, "settings": settings, "alone": values.get("calibration"), "probe": None}


def _of_labels(values: dict[str, Any]) -> dict[str, Any]:
    """Version 5 knew only judges that are read at their labels."""
    return {**values, "method": "label"}


class ReadingManifest(Manifest):
    """What is needed to read items as a judge does."""

    method: Method = "label"
    """How it gives its distribution."""
    answer: Annotated[AnswerForm | None, PlainSerializer(_as_object)] = None
    """What it is asked to write; None where it is read at its labels."""
    backbone: BackboneIdentity
    labels: tuple[str, ...]
    scale: Literal["nominal", "ordinal"]
    values: tuple[float, ...]
    """The numbers of ordinal labels; empty on a nominal scale."""
    verbalizer: Annotated[Verbalizer | None, PlainSerializer(_as_object)] = None
    """How a causal LM is read; None for an encoder, and in a judge of an older judgekit."""
    chat: Annotated[ChatFrame | None, PlainSerializer(_as_object)] = None
    """What the chat template puts around a prompt; None where there is none."""
    fields: tuple[str, ...]
    """Columns that the template reads."""
    max_length: int
    """Tokens of a prompt at most."""
    class_prior: tuple[float, ...]
    """Label shares of the training items."""

    def problems(self) -> list[str]:
        """What cannot be so."""
        return [*reading_problems(self), *answer_problems(self)]


class JudgeManifest(ReadingManifest):
    """All that scoring needs, and where the judge comes from."""

    VERSION = 6
    UPGRADES: ClassVar = (
        _with_columns_and_calibration, _without_hashes, dict, _with_alone, _of_labels,  # 3 hashed fewer files
    )  # fmt: skip
    SEALED_SINCE = 3

    dataset: TrainedOn
    columns: Roles
    """What the other columns meant in training."""
    target_strength: float | None = None
    """Of empirical-Bayes targets, in annotations."""
    annotator_weights: AnnotatorWeights | None = None
    """None where all annotations count 1."""
    calibration: Calibration
    alone: Calibration
    """The same for the fine-tuned judge by itself, as a temperature and a bias: what an export carries."""
    probe: ProbeFacts | None
    """What the probe reads; None where it has no weight."""
    settings: TrainSettings
    resolved: ResolvedSettings
    items: PartSizes
    machine: Machine
    metrics: TrainingMetrics
    run: str | None = None
    """Id of the training run; None in a judge of an older judgekit."""
    files: dict[str, str] | None
    """SHA-256 of each of `judge_files` and of `FILES_BESIDE` where they are there, by its path in the folder; None in a
    judge of an older judgekit."""
    tokens: str | None = None
    """SHA-256 of the tokens of a made-up item, as `LoadedJudge` reads it; None in a judge of an older judgekit."""

    def problems(self) -> list[str]:
        """What cannot be so."""
        return [
            *super().problems(),
            *calibration_problems("calibration", self.calibration, len(self.labels)),
            *calibration_problems("alone", self.alone, len(self.labels)),
            *probe_problems(self.calibration, self.probe, self.fields, reads_prompts=self.backbone.kind == "causal"),
            *file_problems(self.files, judge_files(self.backbone.kind, probe=self.probe is not None), FILES_BESIDE),
        ]


class ExportManifest(ReadingManifest):
    """What the folder of an export says: all that reading it takes, by judgekit or without it."""

    judgekit: str
    name: str
    temperature: float
    """What the logits are divided by; 1 for an encoder, whose label head is calibrated already."""
    bias: tuple[float, ...] = ()
    """What is added to them then, `[K]`; nothing for an encoder."""
    shown_labels: tuple[str, ...]
    """The label set as the prompt lists it."""
    separator: str
    """What stands between the texts of an encoder's second segment."""
    dtype: str
    """Number format of the weights."""
    files: dict[str, str] | None = None
    """What judgekit wrote into the folder, with what each file is known by; None in an export of an older judgekit."""
    format: ExportFormat = "merged"
    probe_fields: tuple[str, ...] = ()
    """Columns whose texts the graph of a judge also takes by themselves, in this order; none in other formats."""
    pad_id: int = 0
    """Token id that fills a batch."""

    @property
    def is_graph(self) -> bool:
        """Whether it is one graph of the whole judge."""
        return self.format in ("onnx", "openvino")


JUDGES = Kind(
    "judge",
    JUDGES_FOLDER,
    JudgeManifest,
    made_by="judgekit train",
    option="--judge",
    files=(
        ADAPTER_FOLDER,
        TEMPLATE_FILE,
        PROBE_FILE,
        LOG_FILE,
        EVALUATION_FILE,
        ITEMS_FILE,
        HELD_OUT_FILE,
        SETS_FILE,
        LOOKS_FILE,
    ),
)


def runs_of_judges(place: Workspace) -> dict[str, str | None]:
    """The training run that made each judge of a workspace, by the judge's name; a damaged judge is passed over."""
    return {entry.name: entry.manifest.run for entry in place.readable(JUDGES)[0]}
