"""judgekit: from a multi-annotator table to a judge that predicts the distribution of human labels.

    from judgekit import Judge, ingest, train

    ingest("votes.csv")
    judge = train(epochs=3)
    judge.predict([{"text": "Shut it."}])[0].probabilities

Each verb of the command line is a function here, and a trained judge is a `Judge`; they return objects and print
nothing. The names are loaded on first use, so that importing judgekit costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from judgekit.version import __version__ as __version__

if TYPE_CHECKING:
    from judgekit.checks.result import CheckResult as CheckResult
    from judgekit.config import CheckSettings as CheckSettings
    from judgekit.config import EstimateSettings as EstimateSettings
    from judgekit.config import EvaluateSettings as EvaluateSettings
    from judgekit.config import ExportSettings as ExportSettings
    from judgekit.config import GateSettings as GateSettings
    from judgekit.config import IngestSettings as IngestSettings
    from judgekit.config import LoadSettings as LoadSettings
    from judgekit.config import MeasureSettings as MeasureSettings
    from judgekit.config import PlanSettings as PlanSettings
    from judgekit.config import PredictSettings as PredictSettings
    from judgekit.config import ScoreFileSettings as ScoreFileSettings
    from judgekit.config import ScoreSettings as ScoreSettings
    from judgekit.config import SelectSettings as SelectSettings
    from judgekit.config import StudySettings as StudySettings
    from judgekit.config import SynthesizeSettings as SynthesizeSettings
    from judgekit.config import TrainSettings as TrainSettings
    from judgekit.dataset.result import IngestResult as IngestResult
    from judgekit.decisions.estimate import EstimateResult as EstimateResult
    from judgekit.decisions.gate import GateResult as GateResult
    from judgekit.decisions.plan import PlanResult as PlanResult
    from judgekit.decisions.select import SelectResult as SelectResult
    from judgekit.errors import JudgekitError as JudgekitError
    from judgekit.errors import TrainingStopped as TrainingStopped
    from judgekit.judge.export import ExportResult as ExportResult
    from judgekit.judge.overview import WorkspaceContents as WorkspaceContents
    from judgekit.judge.scored_file import ScoredFile as ScoredFile
    from judgekit.judge.scores import Score as Score
    from judgekit.judge.scores import Scores as Scores
    from judgekit.reports.judge import Judge as Judge
    from judgekit.studies.result import StudyResult as StudyResult
    from judgekit.synthesis.result import SynthesisResult as SynthesisResult
    from judgekit.training.reporter import Reporter as Reporter
    from judgekit.training.result import TrainResult as TrainResult
    from judgekit.trust.evaluated import EvaluatedItems as EvaluatedItems
    from judgekit.trust.evaluated import EvaluateResult as EvaluateResult
    from judgekit.trust.report import ReportResult as ReportResult
    from judgekit.verbs.check import check as check
    from judgekit.verbs.estimate import estimate as estimate
    from judgekit.verbs.evaluate import evaluate as evaluate
    from judgekit.verbs.export import export as export
    from judgekit.verbs.gate import gate as gate
    from judgekit.verbs.ingest import ingest as ingest
    from judgekit.verbs.init import init as init
    from judgekit.verbs.plan import plan as plan
    from judgekit.verbs.report import report as report
    from judgekit.verbs.score import score as score
    from judgekit.verbs.select import select as select
    from judgekit.verbs.show import show as show
    from judgekit.verbs.study import study as study
    from judgekit.verbs.synthesize import synthesize as synthesize
    from judgekit.verbs.train import train as train

_HOMES = {
    "judgekit.checks.result": ("CheckResult",),
    "judgekit.config": (
        "CheckSettings", "EstimateSettings", "EvaluateSettings", "ExportSettings", "GateSettings", "IngestSettings",
        "LoadSettings", "MeasureSettings", "PlanSettings", "PredictSettings", "ScoreFileSettings", "ScoreSettings",
        "SelectSettings", "StudySettings", "SynthesizeSettings", "TrainSettings",
    ),
    "judgekit.dataset.result": ("IngestResult",),
    "judgekit.decisions.estimate": ("EstimateResult",),
    "judgekit.decisions.gate": ("GateResult",),
    "judgekit.decisions.plan": ("PlanResult",),
    "judgekit.decisions.select": ("SelectResult",),
    "judgekit.errors": ("JudgekitError", "TrainingStopped"),
    "judgekit.trust.evaluated": ("EvaluatedItems", "EvaluateResult"),
    "judgekit.judge.export": ("ExportResult",),
    "judgekit.reports.judge": ("Judge",),
    "judgekit.judge.overview": ("WorkspaceContents",),
    "judgekit.trust.report": ("ReportResult",),
    "judgekit.judge.scored_file": ("ScoredFile",),
    "judgekit.judge.scores": ("Score", "Scores"),
    "judgekit.studies.result": ("StudyResult",),
    "judgekit.synthesis.result": ("SynthesisResult",),
    "judgekit.training.reporter": ("Reporter",),
    "judgekit.training.result": ("TrainResult",),
    **{f"judgekit.verbs.{verb}": (verb,) for verb in (
        "check", "estimate", "evaluate", "export", "gate", "ingest", "init", "plan", "report", "score",
        "select", "show", "study", "synthesize", "train",
    )},
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
__all__ = [
    "CheckResult", "CheckSettings", "EstimateResult", "EstimateSettings", "EvaluateResult", "EvaluateSettings",
    "EvaluatedItems", "ExportResult", "ExportSettings", "GateResult", "GateSettings", "IngestResult",
    "IngestSettings", "Judge", "JudgekitError", "LoadSettings", "MeasureSettings", "PlanResult", "PlanSettings",
    "PredictSettings", "ReportResult", "Reporter", "Score", "ScoreFileSettings", "ScoreSettings", "ScoredFile",
    "Scores", "SelectResult", "SelectSettings", "StudyResult", "StudySettings", "SynthesisResult", "SynthesizeSettings",
    "TrainResult", "TrainSettings", "TrainingStopped", "WorkspaceContents",
    "__version__", "check", "estimate", "evaluate", "export", "gate", "ingest", "init", "plan", "report", "score",
    "select", "show", "study", "synthesize", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'judgekit' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
