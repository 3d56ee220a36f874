"""The settings of each verb: one frozen dataclass per verb, checked when it is made.

A setting's default, range and help text live here alone; the command line builds its options from these fields, so
every key is a flag. Values come from flag, environment (`JUDGEKIT_<VERB>_<KEY>`), `judgekit.toml` in the workspace,
or the default, in that order; `cli` resolves them and the manifest of a judge keeps the result.
"""

from judgekit.config.asking import ChatSettings, EndpointSettings
from judgekit.config.checking import CheckSettings
from judgekit.config.choices import (
    Adversary,
    Dtype,
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
    Split,
    StudyPlan,
    Targets,
    Tool,
)
from judgekit.config.estimating import EstimateSettings, QuestionSettings
from judgekit.config.exporting import ExportSettings
from judgekit.config.gating import GateSettings, PromiseSettings
from judgekit.config.ingesting import IngestSettings
from judgekit.config.planning import PlanSettings
from judgekit.config.reading import ReadingSettings
from judgekit.config.scoring import (
    AskSettings,
    ColumnSettings,
    EvaluateSettings,
    LoadSettings,
    MeasureSettings,
    PredictSettings,
    ScoreFileSettings,
    ScoreSettings,
)
from judgekit.config.selecting import DrawSettings, SelectSettings
from judgekit.config.serving import ListenSettings, ServeSettings
from judgekit.config.settings import Settings
from judgekit.config.studying import StudySettings
from judgekit.config.synthesizing import SynthesizeSettings
from judgekit.config.training import PRESETS, TrainSettings

__all__ = [
    "PRESETS",
    "Adversary",
    "AskSettings",
    "ChatSettings",
    "CheckSettings",
    "ColumnSettings",
    "DrawSettings",
    "Dtype",
    "EndpointSettings",
    "EstimateSettings",
    "EvaluateSettings",
    "ExportSettings",
    "GateSettings",
    "IngestSettings",
    "Keep",
    "LabelScoring",
    "Level",
    "ListenSettings",
    "LoadSettings",
    "MeasureSettings",
    "Method",
    "ModelKind",
    "OnTooLong",
    "Optimizer",
    "Part",
    "PlanSettings",
    "PredictSettings",
    "Preset",
    "Projection",
    "PromiseSettings",
    "QuestionSettings",
    "ReadingSettings",
    "ScoreFileSettings",
    "ScoreSettings",
    "SelectSettings",
    "ServeSettings",
    "Settings",
    "Split",
    "StudyPlan",
    "StudySettings",
    "SynthesizeSettings",
    "Targets",
    "Tool",
    "TrainSettings",
]
