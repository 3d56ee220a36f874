"""JSON and JSONL to records: a list of objects, each with its place in the file; numbers keep their spelling."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from judgekit.data.source import Unit

Record = Mapping[str, Any]


class Records(NamedTuple):
    """The objects of one JSON or JSONL file, before anybody has decided what tool wrote them."""

    path: Path
    records: list[dict[str, Any]]
    """Scalars are str (numbers as they were written), bool or None."""
    positions: npt.NDArray[np.int64]
    """Line (JSONL) or number (JSON) of each record, from 1, `[records]`."""
    unit: Unit
    keys: tuple[str, ...] = ()
    """Where the file is one object of objects: the key of each record; else empty."""
    notes: tuple[str, ...] = ()
