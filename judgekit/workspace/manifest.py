"""JSON files that say what a folder holds: typed, and checked whole when they are read.

The floor that owns a kind of folder names its fields in a subclass of `Manifest`, with a format version and upgrades
of its own; this file knows none of them. The manifest is written last: a folder without one is unfinished.
"""

from __future__ import annotations

import hashlib
import json
import reprlib
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from judgekit.errors import JudgekitError, WorkspaceError
from judgekit.workspace import atomic

RESTORE = "Restore it from a copy, or delete its folder."
MOST_BYTES = 64 * 2**20
CHECKSUM = "checksum"

Upgrade: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""JSON values of one format version to those of the next. What is damaged passes through, to be reported afterwards."""


def now() -> str:
    """The time of writing, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Section(BaseModel):
    """Part of a JSON file: fields that are checked when the object is made, and never change.

    Frozen dataclasses and named tuples may be fields too. A field with a default may be missing in an older file.
    """

    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The same from JSON values; what no field asks for is ignored.

        Raises:
            ValueError: a field is missing or of another type.
        """
        # From JSON, because only there a list is a tuple and a text is a choice, and nothing else is converted.
        return cls.model_validate_json(json.dumps(values))

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return self.model_dump(mode="json")


class Document(Section):
    """A JSON file without a version."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file's content.

        Raises:
            WorkspaceError: the file is missing or damaged; all damaged fields are listed.
        """
        return cls._checked(read_json(path), path)

    @classmethod
    def _checked(cls, values: Mapping[str, Any], path: Path) -> Self:
        try:
            found = cls.from_json(values)
            if not (problems := found.problems()):
                return found
        except ValidationError as error:
            problems = [_problem(tuple(found["loc"]), found["type"], found["msg"], found["input"])
                        for found in error.errors(include_url=False)]  # fmt: skip
        except JudgekitError as error:  # settings check themselves
            problems = error.problems or [error.message]
        raise WorkspaceError(f"{path} is damaged:", problems=problems, hint=RESTORE)

    def problems(self) -> list[str]:
        """What is wrong with the content although every field is of its type, each with the field's name."""
        return []

    def write(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        write_json(path, self.to_json())


class Manifest(Document):
    """A JSON file of a format version, with the time it was made.

    The file ends with a checksum of its own content: a field that was changed by hand or by accident is noticed. Who
    wrote the file it does not prove.
    """

    VERSION: ClassVar[int] = 1
    UPGRADES: ClassVar[tuple[Upgrade, ...]] = ()
    """The first makes version 2 of version 1, the next version 3 of that, and so on up to `VERSION`."""
    SEALED_SINCE: ClassVar[int | None] = None
    """The version from which on the checksum must be there; None only compares it where it is."""

    created: str
    """When it was made: see `now`."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file's content, upgraded in memory if an older judgekit wrote it.

        Raises:
            WorkspaceError: the file is missing, damaged (all damaged fields are listed), or of a newer judgekit.
        """
        values = read_json(path)
        version = checked_version(path, values, cls.VERSION)
        must_be_there = cls.SEALED_SINCE is not None and version >= cls.SEALED_SINCE
        if (must_be_there or CHECKSUM in values) and values.get(CHECKSUM) != checksum(values):
            raise WorkspaceError(
                f"{path} has changed since judgekit wrote it: its content does not fit its checksum.", hint=RESTORE
            )
        for upgrade in cls.UPGRADES[version - 1 :]:
            values = upgrade(values)
        return cls._checked(values, path)

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values, and the version of their format."""
        return {"format_version": self.VERSION, **super().to_json()}

    def write(self, path: Path) -> None:
        """Write the file with its checksum, whole or not at all."""
        write_json(path, {**self.to_json(), CHECKSUM: self.checksum})

    @property
    def checksum(self) -> str:
        """SHA-256 of its JSON values, hexadecimal."""
        return checksum(self.to_json())


def checksum(values: Mapping[str, Any]) -> str:
    """SHA-256 of all JSON values but the checksum itself, whatever their order, hexadecimal."""
    rest = {key: value for key, value in values.items() if key != CHECKSUM}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _problem(place: tuple[int | str, ...], kind: str, message: str, found: object) -> str:
    field = ".".join(str(part) for part in place)
    return f"{field} is missing" if kind == "missing" else f"{field}: {message}, not {reprlib.repr(found)}"


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as readable JSON, whole or not at all."""
    atomic.write_text(path, json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def check_own_file(path: Path, folder: Path, *, hint: str = RESTORE) -> None:
    """Refuse what is no file of a folder: a link out of it, a device, a pipe that never ends.

    Args:
        path: of the file.
        folder: which it lies in, or in a folder of it.
        hint: what to do where it is missing.

    Raises:
        WorkspaceError: it is missing, or something else than a file of that folder.
    """
    if not path.exists():
        raise WorkspaceError(f"{path} is missing.", hint=hint)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise WorkspaceError(
            f"{path} is no file of that folder but leads out of it, to {path.resolve()}.",
            hint=f"Copy the folder with its files: cp -rL {folder} COPY",
        )
    _check_regular(path)


def _check_regular(path: Path) -> int:
    """The bytes of a file that ends; a pipe or a device has no end."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise WorkspaceError(f"{path} is no regular file.", hint=RESTORE)
    return found.st_size


def file_hash(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        WorkspaceError: the file is missing, no file, or does not hold a JSON object; it is never replaced in silence.
    """
    try:
        if (size := _check_regular(path)) > MOST_BYTES:
            raise WorkspaceError(f"{path} has {size:,} bytes; at most {MOST_BYTES:,} are read.", hint=RESTORE)
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path} is missing.") from error
    except (ValueError, RecursionError) as error:  # no JSON, no UTF-8, a number of 5,000 digits, 10,000 brackets
        raise WorkspaceError(f"{path} is not readable JSON: {error}.", hint=RESTORE) from error
    if not isinstance(values, dict):
        raise WorkspaceError(f"{path} holds no JSON object.", hint=RESTORE)
    return cast("dict[str, Any]", values)


def checked_version(path: Path, values: Mapping[str, Any], newest: int) -> int:
    """The format version of a file's values.

    Raises:
        WorkspaceError: it has none, or one above `newest`.
    """
    version = values.get("format_version")
    if type(version) is not int or version < 1:
        raise WorkspaceError(f"{path} has no format version.", hint=RESTORE)
    if version > newest:
        raise WorkspaceError(
            f"{path} has format version {version}; this judgekit reads up to {newest}.",
            hint="Update judgekit: pip install --upgrade annotation-judgekit",
        )
    return version
