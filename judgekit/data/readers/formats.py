"""The formats judgekit knows by their content: what tools and published datasets write. One module per tool."""

from __future__ import annotations

from judgekit.data.readers.argilla import ARGILLA, ARGILLA_TABLE
from judgekit.data.readers.doccano import DOCCANO, DOCCANO_TABLE
from judgekit.data.readers.format import RecordFormat, TableFormat
from judgekit.data.readers.label_studio import LABEL_STUDIO, LABEL_STUDIO_TABLE
from judgekit.data.readers.lewidi import LEWIDI
from judgekit.data.readers.mt_bench import MT_BENCH
from judgekit.data.readers.nli import CHAOSNLI, SNLI
from judgekit.data.readers.pandalm import PANDALM
from judgekit.data.readers.prodigy import PRODIGY
from judgekit.data.readers.summeval import SUMMEVAL

RECORD_FORMATS: tuple[RecordFormat, ...] = (
    SNLI,
    CHAOSNLI,
    LEWIDI,
    MT_BENCH,
    PANDALM,
    SUMMEVAL,
    LABEL_STUDIO,
    ARGILLA,
    PRODIGY,
    DOCCANO,
)
TABLE_FORMATS: tuple[TableFormat, ...] = (LABEL_STUDIO_TABLE, ARGILLA_TABLE, DOCCANO_TABLE)
