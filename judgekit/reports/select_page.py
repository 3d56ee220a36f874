"""The page of `select`: which items were drawn, and why."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.decisions.select import SelectResult
from judgekit.reports.blocks import facts, heading, point
from judgekit.wording import counted

SHOWN = 5


def select_page(result: SelectResult) -> RenderableType:
    """The items in short, and what to keep in mind."""
    known = f"; {result.trained_on:,} more the judge was trained on" if result.trained_on else ""
    more = result.mean_gain / result.random_gain if result.random_gain > 0 else 1.0
    return Group(
        heading(f"To annotate next: {len(result.chosen):,} of {counted(result.items, 'item')} of {result.source}"),
        facts(
            [
                ("from", f"{counted(result.items, 'item')}{known}"),
                ("an annotation tells", f"{result.mean_gain:.3f} nats each, {more:.2f} times what random items would"),
            ]
        ),
        Text(""),
        facts((one.item_id, one.reason) for one in result.chosen[:SHOWN]),
        Text(""),
        point(
            "Keep the column inclusion_probability in what people annotate: with it an estimate knows that these items "
            "are no random sample."
        ),
    )
