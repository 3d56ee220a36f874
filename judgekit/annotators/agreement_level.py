"""At which level Krippendorff's alpha measures how far two labels are apart."""

from __future__ import annotations

from typing import Literal

from judgekit.config import Level
from judgekit.dataset.items import ItemTable
from judgekit.errors import SettingsError
from judgekit.schema.scales import numeric_values


def level_of_alpha(chosen: Level, items: ItemTable) -> Literal["nominal", "ordinal", "interval"]:
    """The level of alpha: numbers have distances, steps of a scale an order, other labels neither."""
    if chosen == "auto":
        is_number = numeric_values(items.labels) is not None
        return "nominal" if items.scale == "nominal" else "interval" if is_number else "ordinal"
    if chosen != "nominal" and not items.values:
        raise SettingsError(
            f"--level is {chosen}, but the labels have no order: {', '.join(items.labels)}.",
            hint="Declare it: judgekit ingest FILE --labels LOWEST,…,HIGHEST --force",
        )
    return chosen
