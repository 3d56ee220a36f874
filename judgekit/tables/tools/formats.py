"""The formats judgekit knows by their content: what tools and published datasets write. One module per tool."""

from __future__ import annotations

from judgekit.tables.tools.argilla import ARGILLA, ARGILLA_TABLE
from judgekit.tables.tools.doccano import DOCCANO, DOCCANO_TABLE
from judgekit.tables.tools.format import RecordFormat, TableFormat
from judgekit.tables.tools.label_studio import LABEL_STUDIO, LABEL_STUDIO_TABLE
from judgekit.tables.tools.lewidi import LEWIDI
from judgekit.tables.tools.mt_bench import MT_BENCH
from judgekit.tables.tools.nli import CHAOSNLI, SNLI
from judgekit.tables.tools.pandalm import PANDALM
from judgekit.tables.tools.prodigy import PRODIGY
from judgekit.tables.tools.summeval import SUMMEVAL

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
