"""How files are read, whatever for: the same options in every verb that takes a table."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(Settings):
    """Settings of reading a table."""

    strict: bool = setting(False, "Refuse rows that would be set aside.", panel="File")
    most_set_aside: float = setting(
        0.1, "Refuse the file if a larger share of its rows is faulty.", ge=0, le=1, panel="File"
    )
    format: str | None = setting(
        None, "Format of the files, to insist (`judgekit ingest --formats` lists them).", panel="File"
    )
    sheet: str | None = setting(None, "Sheet of an Excel file (default: the only one that has a table).", panel="File")
    delimiter: str | None = setting(None, "Delimiter of the file, to insist.", panel="File")
    encoding: str | None = setting(None, "Encoding of the file, to insist.", panel="File")
