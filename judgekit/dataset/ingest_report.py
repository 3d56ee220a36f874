"""What became of every row: kept, set aside with a reason and its first lines, and what the user should know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from judgekit.tables.account import SetAside


@dataclass(frozen=True)
class IngestReport:
    """The account of one ingest: `rows_read == rows_kept + sum(aside.rows for aside in set_aside)`."""

    rows_read: int
    rows_kept: int
    items: int
    annotations: int
    annotators: int | None
    """Distinct annotators; None where the table does not name them."""
    annotations_per_item: tuple[int, float, int]
    """Fewest, mean, most."""
    single_annotation_items: int
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()
    """What was found or decided and is no cause for worry."""
    warnings: tuple[str, ...] = ()
    """What may be a mistake in the data."""

    def to_json(self) -> dict[str, Any]:
        """A dict of plain JSON values."""
        stored = asdict(self)
        stored["set_aside"] = [aside._asdict() for aside in self.set_aside]
        stored["annotations_per_item"] = list(self.annotations_per_item)
        return stored | {"notes": list(self.notes), "warnings": list(self.warnings)}
