"""What the benchmarks share: calling peers in turns, and printing figures beside the bars they are held to."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

_SPREADS: dict[str, float] = {}
"""Of each peer that has taken turns, the range of what it returned as a share of the median."""


class Bar(NamedTuple):
    """A figure and the limit it is held to."""

    figure: str
    """Key of the figure among those measured."""
    least: float | None = None
    most: float | None = None

    def holds(self, figures: Mapping[str, Any]) -> bool:
        """Whether the figure keeps within the limit."""
        value = figures[self.figure]
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def __str__(self) -> str:
        """The limit in words."""
        return f"at least {self.least:g}" if self.least is not None else f"at most {self.most:.4g}"


def take_turns(peers: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, float]:
    """The median of what each peer returns; all of them run once per round, so that a slow minute hits all alike.

    Args:
        peers: functions that return what they measured, by name.
        rounds: how often each is called; every second round goes backwards.
    """
    found: dict[str, list[float]] = {name: [] for name in peers}
    for number in range(rounds):
        for name in list(peers)[:: -1 if number % 2 else 1]:
            found[name].append(peers[name]())
    medians = {name: statistics.median(values) for name, values in found.items()}
    _SPREADS.update({f"spread_of_{name}": (max(found[name]) - min(found[name])) / medians[name] for name in peers})
    return medians


def seconds_of(function: Callable[[], Any]) -> Callable[[], float]:
    """The function as one that returns how long it took."""

    def timed() -> float:
        started = time.perf_counter()
        function()
        return time.perf_counter() - started

    return timed


def report(figures: Mapping[str, Any], bars: Sequence[Bar], *, as_json: bool) -> int:
    """Print the figures, as lines or as one JSON object.

    Returns:
        The exit code: 0 if every bar holds, else 1.
    """
    figures = {**figures, **_SPREADS}
    missed = [bar for bar in bars if not bar.holds(figures)]
    if as_json:
        print(json.dumps({**figures, "bars": {bar.figure: str(bar) for bar in bars}, "meets_the_bars": not missed}))
        return int(bool(missed))
    limits = {bar.figure: bar for bar in bars}
    width = max(map(len, figures))
    for name, value in figures.items():
        shown = f"{value:.4g}" if isinstance(value, float) else f"{value}"
        bar = limits.get(name)
        print(f"{name:{width}}  {shown}" + (f"   ({bar}: {'missed' if bar in missed else 'met'})" if bar else ""))
    return int(bool(missed))
