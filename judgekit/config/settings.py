"""What a settings class is: a frozen dataclass whose values are checked when it is made, all problems at once.

Knows no verb; the other modules of the package have the settings of each.
"""

from __future__ import annotations

import dataclasses
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from types import NoneType, UnionType
from typing import Any, Literal, Self, cast, get_args, get_origin, get_type_hints

from judgekit.errors import SettingsError


def setting(
    default: Any,
    help: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    panel: str = "Settings",
    metavar: str | None = None,
    runs_code: bool = False,
    reaches_out: Callable[[str], bool] | None = None,
    init: bool = True,
    short: str | None = None,
) -> Any:
    """A field of a settings class, with its help text and the range that is checked when the object is made.

    Args:
        default: None means that the data or the backbone decide; the range is then not checked.
        help: what the setting does, as a sentence that begins with it, with its unit.
        ge: least value.
        gt: lower bound, excluded.
        le: greatest value.
        lt: upper bound, excluded.
        panel: heading in `--help`; the settings that matter most stand under the first.
        metavar: what a text stands for in `--help`, as COLUMN.
        runs_code: whether it lets code of somebody else run; then no file of a workspace can set it.
        reaches_out: which of its values send texts to another machine, or let other machines in; none of these can a
            file of a workspace set.
        init: whether it can be set at all; a verb may fix a setting that it inherits.
        short: a short option beside the long one, as `-n`.
    """
    limits = {name: value for name, value in (("ge", ge), ("gt", gt), ("le", le), ("lt", lt)) if value is not None}
    about = {
        "help": help, "panel": panel, "metavar": metavar, "runs_code": runs_code, "reaches_out": reaches_out,
        "short": short,
    }  # fmt: skip
    return field(default=default, init=init, metadata={**about, **limits})


def names_address(value: str) -> bool:
    """Whether a setting names an address, and not something on this machine."""
    return "://" in value


_CHECKS: dict[str, tuple[Callable[[float, float], bool], str]] = {
    "ge": (operator.ge, "at least"),
    "gt": (operator.gt, "above"),
    "le": (operator.le, "at most"),
    "lt": (operator.lt, "below"),
}


def range_in_words(item: dataclasses.Field[Any]) -> str:
    """The range of a setting, as in `at least 0, at most 1`; empty where there is none."""
    return ", ".join(f"{words} {item.metadata[key]:g}" for key, (_, words) in _CHECKS.items() if key in item.metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Base of all settings: ranges and choices are checked, and all problems are raised at once."""

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            SettingsError: some values are out of range or not among the choices; all of them are listed.
        """
        hints = get_type_hints(type(self))
        fields = dataclasses.fields(self)
        mistyped = {item.name: found for item in fields if (found := self._type_problem(item, hints[item.name]))}
        ranges = [found for item in fields if item.name not in mistyped for found in self._range_problems(item)]
        problems = [*mistyped.values(), *ranges, *([] if mistyped else self.cross_problems())]
        if problems:
            raise SettingsError("These settings cannot be used:", problems=problems)

    def _type_problem(self, item: dataclasses.Field[Any], wanted: Any) -> str:
        """What is wrong with the kind of a value, or an empty text."""
        value = getattr(self, item.name)
        return "" if _is_of(wanted, value) else f"{_flag(item)} is {value!r}; expected {_words_of(wanted)}"

    def _range_problems(self, item: dataclasses.Field[Any]) -> list[str]:
        value = getattr(self, item.name)
        if value is None:
            return []
        return [
            f"{_flag(item)} is {value}; it must be {words} {item.metadata[key]}"
            for key, (holds, words) in _CHECKS.items()
            if key in item.metadata and not holds(value, item.metadata[key])
        ]

    def cross_problems(self) -> list[str]:
        """What is wrong between settings, one sentence each; overridden where settings can contradict each other."""
        return []

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values, keys as in the class."""
        return {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Settings from a mapping.

        Raises:
            SettingsError: a key is not a setting of this verb, or a value is out of range.
        """
        known = {item.name for item in dataclasses.fields(cls) if item.init}
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(
                f"Unknown settings: {', '.join(unknown)}.", hint=f"The settings are: {', '.join(sorted(known))}."
            )
        hints = get_type_hints(cls)
        return cls(**{name: _plain(hints[name], value) for name, value in values.items()})

    def options(self) -> list[str]:
        """What differs from the defaults, as words of a command line."""
        words: list[str] = []
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            if isinstance(value, bool):
                words += [] if value == item.default else [_flag(item) if value else f"--no-{_flag(item)[2:]}"]
            elif value != item.default:
                several = cast("tuple[str, ...]", value) if isinstance(value, tuple) else (value,)
                words += [word for one in several for word in (_flag(item), str(one))]
        return words

    @classmethod
    def running_code(cls) -> set[str]:
        """The settings that let code of somebody else run."""
        return {item.name for item in dataclasses.fields(cls) if item.metadata["runs_code"]}

    @classmethod
    def reaching_out(cls, values: Mapping[str, object]) -> set[str]:
        """The settings whose values send texts to another machine, or let other machines in.

        Args:
            values: by the names of settings, as a file gives them.
        """
        asked = {item.name: item.metadata["reaches_out"] for item in dataclasses.fields(cls)}
        return {name for name, value in values.items() if (tells := asked.get(name)) and tells(str(value))}

    @classmethod
    def chosen(cls, settings: Self | None, keywords: Mapping[str, object]) -> Self:
        """The settings of a call that takes them as an object, as keywords, or as both; then the keywords win.

        Raises:
            SettingsError: the object is of another verb, a keyword is not a setting, or a value is out of range.
        """
        if settings is None:
            return cls.from_json(dict(keywords))
        if not isinstance(settings, cls):
            raise SettingsError(f"The settings are {type(settings).__name__}; expected {cls.__name__}.")
        if not keywords:
            return settings
        own = {item.name: getattr(settings, item.name) for item in dataclasses.fields(settings)}
        given = {item.name: own[item.name] for item in dataclasses.fields(settings) if own[item.name] != item.default}
        return type(settings).from_json({**given, **keywords})


_WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list of texts",
    NoneType: "none",
}


def _flag(item: dataclasses.Field[Any]) -> str:
    return "--" + item.name.replace("_", "-")


def _plain(wanted: Any, value: Any) -> Any:
    """A path as its text, a list as a tuple, and one text as a tuple where several may stand."""
    if isinstance(value, PathLike):
        value = str(cast("PathLike[str]", value))
    if isinstance(value, list):
        return tuple(cast("list[Any]", value))
    return (value,) if get_origin(wanted) is tuple and isinstance(value, str) else value


def _is_of(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, UnionType):
        return any(_is_of(one, value) for one in get_args(wanted))
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    if get_origin(wanted) is tuple:
        return isinstance(value, tuple) and all(
            _is_of(get_args(wanted)[0], one) for one in cast("tuple[Any, ...]", value)
        )
    if wanted in (int, float):  # Python counts True as 1, and 3 as no float
        is_number = isinstance(value, int if wanted is int else int | float) and not isinstance(value, bool)
        return is_number and (isinstance(value, int) or math.isfinite(value))
    return isinstance(value, wanted)


def _words_of(wanted: Any) -> str:
    if get_origin(wanted) is Literal:
        return f"one of {', '.join(get_args(wanted))}"
    if get_origin(wanted) is tuple and wanted not in _WORDS:
        return f"some of {', '.join(get_args(get_args(wanted)[0]))}"
    kinds = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    return " or ".join(_WORDS[kind] for kind in kinds if kind is not NoneType)
