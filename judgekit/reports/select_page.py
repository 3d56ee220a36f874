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
    again = f", {result.again:,} of them annotated before" if result.again else ""
    drawn_again = sum(one.annotations > 0 for one in result.chosen)
    more = result.mean_gain / result.random_gain if result.random_gain > 0 else 1.0
    words = "items of the dataset" if result.again == result.items else "new items"
    rows = [
        ("from", f"{counted(result.items, 'item')}{again}{known}"),
        ("an annotation teaches", f"{more:.2f} times what one of random {words} would"),
    ]
    if result.again and result.again < result.items:
        new = len(result.chosen) - drawn_again
        rows.append(("one more annotation of", f"{counted(drawn_again, 'old item')}; {new:,} are new"))
    if result.cost is not None:
        rows.append(("cost", f"{result.cost:,.6g} for one annotation of each"))
    return Group(
        heading(f"To annotate next: {len(result.chosen):,} of {counted(result.items, 'item')} of {result.source}"),
        facts(rows),
        Text(""),
        facts((one.item_id, one.reason) for one in result.chosen[:SHOWN]),
        Text(""),
        point(
            "Keep the column inclusion_probability in what people annotate: with it an estimate knows that these items "
            "are no random sample."
        ),
    )
