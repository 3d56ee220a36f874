"""`judgekit doctor`: what judgekit runs on here, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from judgekit.judge.installation import Installation, installation
from judgekit.models.loading import choose_device, choose_dtype
from judgekit.reports.doctor_page import doctor_page as doctor_page


def doctor(*, workspace: str | Path | None = None) -> Installation:
    """Look at packages, device, workspace and settings; change nothing, and use no network.

    Args:
        workspace: its folder; None finds one.
    """
    device = choose_device("auto")
    dtype = str(choose_dtype("auto", device)).removeprefix("torch.")
    return installation(None if workspace is None else Path(workspace), device=f"{device}, in {dtype}")
