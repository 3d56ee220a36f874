"""judgekit: from a multi-annotator table to a judge that predicts the distribution of human labels.

    from judgekit import ingest, train, score, evaluate

Each verb of the command line is a function here; they return objects and print nothing. The names are loaded on first
use, so that importing judgekit costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from judgekit.version import __version__ as __version__

if TYPE_CHECKING:
    from judgekit.errors import JudgekitError as JudgekitError
    from judgekit.training.reporter import Reporter as Reporter
    from judgekit.verbs.check import check as check
    from judgekit.verbs.evaluate import evaluate as evaluate
    from judgekit.verbs.export import export as export
    from judgekit.verbs.ingest import ingest as ingest
    from judgekit.verbs.init import init as init
    from judgekit.verbs.score import score as score
    from judgekit.verbs.show import show as show
    from judgekit.verbs.study import study as study
    from judgekit.verbs.train import train as train

_VERBS = ("check", "evaluate", "export", "ingest", "init", "score", "show", "study", "train")
_HOMES = {
    "JudgekitError": "judgekit.errors",
    "Reporter": "judgekit.training.reporter",
    **{verb: f"judgekit.verbs.{verb}" for verb in _VERBS},
}
__all__ = [
    "JudgekitError", "Reporter", "__version__", "check", "evaluate", "export", "ingest", "init", "score", "show",
    "study", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'judgekit' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
