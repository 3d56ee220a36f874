"""Gzip and zip to bytes: damage, passwords and bombs are refused by name, and nothing is written to disk."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from judgekit.errors import DataError

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK_BYTES = 1 << 20
_SMALL_BYTES = 256 << 20
_MOST_GROWTH = 100
"""A file may grow to `_SMALL_BYTES`, or to so many times its size: tables seldom pass 20, bombs reach 1,000."""
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
_AGAIN = "Download or copy it again."


def unpack_gzip(path: Path, content: bytes) -> bytes:
    """What a gzip file, named by its path in messages, unpacks to.

    Raises:
        DataError: it is damaged, cut off, or grows beyond all measure.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
            return _bounded(packed, len(content), path.name)
    except _DAMAGE as error:
        raise DataError(f"{path.name} is a gzip file, and damaged or cut off ({error}).", hint=_AGAIN) from error


class Archive(NamedTuple):
    """The files of a zip archive, by their names in it."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]
    """Raises DataError where the file is damaged."""


def open_zip(path: Path, content: bytes) -> Archive:
    """Look into a zip archive, named by its path in messages.

    Raises:
        DataError: it is damaged, has a password or a name that leads out of it, or unpacks to beyond all measure.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        infos = [info for info in archive.infolist() if info.filename and not info.filename.endswith("/")]
    except _DAMAGE as error:
        raise DataError(f"{path.name} is a zip archive and damaged ({error}).", hint=_AGAIN) from error
    if any(info.flag_bits & 1 for info in infos):
        raise DataError(f"{path.name} has a password.", hint="Unpack it and give the folder.")
    members = {info.filename: info for info in infos}
    astray = [name for name in members if name.startswith("/") or ".." in PurePosixPath(name.replace("\\", "/")).parts]
    if astray or len(members) < len(infos):
        what = f"a file named {astray[0]!r}, which leads out of it" if astray else "two files of one name"
        raise DataError(f"{path.name} holds {what}.", hint="Make the archive anew.")
    packed = sum(member.compress_size for member in members.values())
    if sum(member.file_size for member in members.values()) > _most(packed):
        raise _bomb(path.name)

    def read(name: str) -> bytes:
        try:
            with archive.open(members[name]) as member:
                return _bounded(member, packed, name)
        except (*_DAMAGE, RuntimeError) as error:
            raise DataError(f"{path.name}: {name} in it is damaged ({error}).", hint=_AGAIN) from error

    return Archive(tuple(members), read)


def _most(packed_bytes: int) -> int:
    return max(_SMALL_BYTES, _MOST_GROWTH * packed_bytes)


def _bounded(file: IO[bytes] | gzip.GzipFile, packed_bytes: int, name: str) -> bytes:
    content = io.BytesIO()
    while chunk := file.read(_CHUNK_BYTES):
        content.write(chunk)
        if content.tell() > _most(packed_bytes):
            raise _bomb(name)
    return content.getvalue()


def _bomb(name: str) -> DataError:
    return DataError(
        f"{name} unpacks to more than {_SMALL_BYTES >> 20} MiB and more than {_MOST_GROWTH} times its size.",
        hint="Tables do not do that. If it is what you expect, unpack it and give the unpacked file.",
    )
