"""What identifies a backbone wherever it lies. This file loads no torch, so that manifests can hold it."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import JudgeKind


@dataclass(frozen=True)
class BackboneIdentity:
    """A pretrained model by its content."""

    name: str
    """`starter`, `starter-lm`, the whole path of a local folder, or a hub id."""
    revision: str | None
    """The commit of a hub model; None for a local folder."""
    sha256: str
    """Of the weights."""
    kind: JudgeKind
    """encoder or causal, or endpoint: then there are no weights, and the hash is of its address and name."""
