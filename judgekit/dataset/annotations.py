"""The annotations of a table, whatever its layout: one row per item, annotator and label; and the rows without one."""

from __future__ import annotations

import polars as pl

from judgekit.dataset.item_rows import item_ids
from judgekit.dataset.tallies import tallied
from judgekit.errors import MOST_PROBLEMS_SHOWN
from judgekit.schema.label_names import apply_told_labels
from judgekit.schema.layouts.lists import annotator_separator, split_cells
from judgekit.schema.schema import Schema
from judgekit.tables.evidence import Groups
from judgekit.tables.source import ITEM, ROW, TableAccount

_MEMBERS, _PEOPLE = "\x00members", "\x00people"


def collect_votes(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """The annotations of `rows`; rows without one are set aside, and so are those that contradict each other.

    Args:
        schema: what each column means.
        rows: the columns of the source, `ROW` and `ITEM`.
        account: gets the rows that are set aside.

    Returns:
        `ROW`, `ITEM`, `annotator` (null where unnamed), `label`, `count` (Int64, positive), in file order.
    """
    if schema.layout in ("counts", "probabilities"):
        cells = tallied(schema, rows, account)
    else:
        cells = _CELLS[schema.layout](schema, rows, account)
        if schema.annotator and (nameless := cells.get_column("annotator").null_count()):
            account.warnings.append(
                f"{nameless:,} annotations do not name their annotator ({schema.annotator} is empty)."
            )
    votes = apply_told_labels(cells, schema, account)
    if schema.layout in ("counts", "probabilities"):
        # columns may be read as one label
        return votes.group_by(ROW, ITEM, "annotator", "label", maintain_order=True).agg(pl.col("count").sum())
    return _one_per_annotator(schema, votes, account)


def _of_long(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    annotator = pl.lit(None, dtype=pl.String)
    if schema.annotator:
        named = rows.get_column(schema.annotator)
        is_blank = named.str.strip_chars() == ""
        annotator = pl.when(~is_blank).then(named) if is_blank.any() else named
    cells = rows.select(ROW, ITEM, annotator=annotator, label=rows.get_column(schema.label or ""))
    return _filled(cells, "the label is empty", account)


def _of_wide(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    people = list(schema.annotator_columns)
    # the columns may have any name, `label` and `annotator` among them
    cells = rows.select(ROW, ITEM, *people).unpivot(
        on=people, index=[ROW, ITEM], variable_name=_PEOPLE, value_name=_MEMBERS
    )
    order = {name: n for n, name in enumerate(people)}
    cells = cells.sort(ROW, pl.col(_PEOPLE).replace_strict(order, return_dtype=pl.Int64))
    votes = _filled(cells.rename({_PEOPLE: "annotator", _MEMBERS: "label"}), _NOBODY, account)
    if empty := cells.height - votes.height:
        account.notes.append(f"{empty:,} cells of annotators are empty: not everybody labelled every item.")
    return votes


def _of_list(schema: Schema, rows: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    labels = rows.get_column(schema.label or "")
    members = split_cells(labels, schema.separator)
    cells = rows.select(ROW, ITEM).with_columns(members.alias(_MEMBERS))
    is_no_list = members.is_null()
    wrong = rows.filter(is_no_list)
    details = (
        f"{account.source.place([row])}: {schema.label} must be a list of labels, found {cell!r}"
        for row, cell in zip(wrong.get_column(ROW), labels.filter(is_no_list), strict=True)
    )
    account.set_aside("the cell is no list of labels", wrong.get_column(ROW), is_fault=True, details=details)
    if schema.annotator is None:
        cells = cells.filter(~is_no_list).with_columns(pl.lit(None, dtype=pl.String).alias("annotator"))
        return _filled(cells.explode(_MEMBERS).rename({_MEMBERS: "label"}), _NOBODY, account)
    named = rows.get_column(schema.annotator)
    people = split_cells(named, annotator_separator(named, members, schema.separator)[0])
    cells = cells.with_columns(people.alias(_PEOPLE)).filter(~is_no_list)
    has_labels = pl.col(_MEMBERS).list.eval(pl.element() != "").list.any()
    number, wanted = pl.col(_PEOPLE).list.len().fill_null(0), pl.col(_MEMBERS).list.len()
    is_parallel = (number == wanted) | ~has_labels.fill_null(False)
    wrong = cells.filter(~is_parallel).with_columns(number.alias("number"), wanted.alias("wanted"))
    details = (
        f"{account.source.place([row])}: {of_labels:,} labels ({schema.label}), but {of_people:,} annotators "
        f"({schema.annotator})"
        for row, of_labels, of_people in wrong.select(ROW, "wanted", "number").iter_rows()
    )
    reason = "there are not as many labels as annotators"
    account.set_aside(reason, wrong.get_column(ROW), is_fault=True, details=details)
    cells = cells.filter(is_parallel)
    # rows without any label may have lists of other lengths, which explode would refuse
    empty = cells.filter(~has_labels.fill_null(False)).get_column(ROW)
    account.set_aside(_NOBODY, empty)
    votes = cells.filter(has_labels.fill_null(False)).explode(_MEMBERS, _PEOPLE).filter(pl.col(_MEMBERS) != "")
    annotator = pl.when(pl.col(_PEOPLE).str.strip_chars() != "").then(pl.col(_PEOPLE))
    return votes.select(ROW, ITEM, annotator.alias("annotator"), pl.col(_MEMBERS).alias("label"), count=_ONE)


_NOBODY = "no annotator labelled the item"
_ONE = pl.lit(1, dtype=pl.Int64)
_CELLS = {"long": _of_long, "wide": _of_wide, "list": _of_list}


def _filled(cells: pl.DataFrame, reason: str, account: TableAccount) -> pl.DataFrame:
    """The annotations that have a label; rows without any are set aside."""
    is_blank = cells.get_column("label").str.strip_chars() == ""
    votes = cells
    if is_blank.any():
        votes = cells.filter(~is_blank)
        rest = cells.join(votes, on=ROW, how="anti", maintain_order="left").get_column(ROW)
        account.set_aside(reason, rest.unique(maintain_order=True))
    return votes.select(ROW, ITEM, "annotator", "label", count=_ONE)


def _one_per_annotator(schema: Schema, votes: pl.DataFrame, account: TableAccount) -> pl.DataFrame:
    """Repeated annotations collapsed where they agree; where an annotator contradicts herself none is kept."""
    pair = [ITEM, "annotator"]
    if not Groups(votes.drop_nulls("annotator"), pair).repeat:
        return votes
    is_repeat = pl.col("annotator").is_not_null() & pl.struct(pair).is_first_distinct().not_()
    repeats = votes.filter(is_repeat)
    several = votes.join(repeats.select(pair).unique(), on=pair, how="semi", maintain_order="left")
    by_pair = several.group_by(pair, maintain_order=True).agg(ROW, "label")
    unsure = by_pair.filter(pl.col("label").list.n_unique() > 1)
    kept = votes.filter(~is_repeat).join(unsure, on=pair, how="anti", maintain_order="left")
    shown = unsure.head(MOST_PROBLEMS_SHOWN)
    details = [
        f"{account.source.place(rows)}: annotator {annotator!r} labels item {item!r} {len(rows)} times, differently: "
        + ", ".join(map(repr, dict.fromkeys(labels)))
        for item, (_, annotator, rows, labels) in zip(
            item_ids(account.source, schema, shown.get_column(ITEM)), shown.iter_rows(), strict=True
        )
    ]
    withdrawn = votes.join(unsure, on=pair, how="semi", maintain_order="left")
    lost = withdrawn.join(kept, on=ROW, how="anti", maintain_order="left").get_column(ROW).unique(maintain_order=True)
    reason = "the annotator gave the same item several labels"
    account.set_aside(reason, lost, is_fault=True, details=details)
    beside = withdrawn.join(kept, on=ROW, how="semi", maintain_order="left").get_column(ROW)
    account.leave_out(reason, beside, details)
    again = repeats.join(unsure, on=pair, how="anti", maintain_order="left")
    gone = again.join(pl.concat([kept.select(ROW), withdrawn.select(ROW)]), on=ROW, how="anti", maintain_order="left")
    account.set_aside(
        "the same annotator gave the same item the same label before",
        gone.get_column(ROW).unique(maintain_order=True),
    )
    if cells := again.height - gone.height:
        account.notes.append(f"{cells:,} cells repeat a label that the same annotator gave the same item before.")
    return kept
