"""Results as JSON values: named tuples become objects, their fields the keys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, cast


def json_values(value: Any) -> Any:
    """A result, and whatever it is made of, as values that JSON has; a number that is not finite becomes null.

    Examples:
        >>> json_values({"shares": (0.5, float("nan")), "folder": PurePath("a")})
        {'shares': [0.5, None], 'folder': 'a'}
    """
    if isinstance(value, tuple) and hasattr(cast("Any", value), "_asdict"):
        value = cast("Any", value)._asdict()
    if isinstance(value, Mapping):
        return {key: json_values(one) for key, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [json_values(one) for one in cast("Sequence[Any]", value)]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, PurePath) else value
