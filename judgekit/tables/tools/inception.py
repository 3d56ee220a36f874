"""INCEpTION and WebAnno: their documents hold spans of single annotators, and no labels of whole items: refused."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.errors import DataError
from judgekit.tables.encoding import DOCUMENTS_HINT
from judgekit.tables.json_records.records import Records
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format

_FEATURES = "%FEATURE_STRUCTURES"


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    raise DataError(f"{records.path.name} is an annotated document of INCEpTION (UIMA CAS).", hint=DOCUMENTS_HINT)


INCEPTION = Format(
    "inception", "a document of INCEpTION", lambda records: all(_FEATURES in record for record in records), _read
)
