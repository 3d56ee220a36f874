"""How files are read, whatever for: the same options in every verb that takes a table."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.settings import Settings, setting

_FILE = "Reading the file"


@dataclass(frozen=True, kw_only=True)
class ReadingSettings(Settings):
    """Settings of reading a table."""

    strict: bool = setting(False, "Refuse the file where rows would be set aside.", panel=_FILE)
    most_set_aside: float = setting(
        0.1, "Refuse the file if a larger share of its rows is faulty.", ge=0, le=1, panel=_FILE
    )
    format: str | None = setting(
        None, "Read the files as this format (`judgekit ingest --formats` lists them).", metavar="FORMAT", panel=_FILE
    )
    sheet: str | None = setting(
        None, "Read this sheet of an Excel file (default: the only one that has a table).", metavar="NAME", panel=_FILE
    )
    delimiter: str | None = setting(
        None, "Split the cells of a text file at this character (default: detected).", metavar="CHARACTER", panel=_FILE
    )
    encoding: str | None = setting(
        None, "Decode a text file as this, such as utf-8 or cp1252 (default: detected).", metavar="NAME", panel=_FILE
    )
