"""What the manifest of a study says: what all its runs have in common."""

from __future__ import annotations

from judgekit.config import StudySettings
from judgekit.models.identity import BackboneIdentity
from judgekit.workspace.manifest import Manifest


class StudyManifest(Manifest):
    """What all runs of a study have in common; they could not be compared if it changed."""

    dataset: str
    content_hash: str
    template: str
    """Source of the dataset's template."""
    backbone: BackboneIdentity
    settings: StudySettings
    """As first given; `preset`, `plan` and `seeds` may grow from call to call."""
