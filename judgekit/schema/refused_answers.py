"""Answers that a table itself says do not count: rejected, discarded, a draft, of somebody who failed a check.

Only what leaves no doubt: a column of the annotation or the annotator whose name means that, and whose cells are all
words for it. A column that marks items, as one of test questions does, is a warning: a known label is not a bad one.
"""

from __future__ import annotations

import polars as pl

from judgekit.schema.schema import Schema
from judgekit.tables.column_names import words_of
from judgekit.tables.source import ROW, TableAccount
from judgekit.tables.tools.judgments import FALSE, TRUE

_STATUS_WORDS = frozenset({"status", "state", "approval", "validity", "review"})
_REFUSED = frozenset(
    {
        "rejected", "reject", "discarded", "draft", "expired", "returned", "abandoned", "cancelled", "canceled",
        "invalid", "declined", "skipped", "excluded", "deleted", "tainted", "withdrawn",
    }
)  # fmt: skip
_COUNTED = frozenset(
    {
        "accepted", "accept", "approved", "submitted", "completed", "complete", "done", "finished", "valid", "ok",
        "kept", "included", "reviewed", "validated", "paid", "active", "pending", "awaiting review", "published",
    }
)  # fmt: skip
_FLAG_WORDS = frozenset(
    {"rejected", "discarded", "draft", "cancelled", "canceled", "excluded", "deleted", "tainted", "skipped", "invalid"}
)
_CHECK_WORDS = frozenset({"check", "checks", "attention", "control"})
_PASSED_WORDS, _FAILED_WORDS = frozenset({"pass", "passed", "ok", "valid"}), frozenset({"fail", "failed", "fails"})
_TEST_WORDS = frozenset({"gold", "golden", "honeypot", "control", "catch", "trap", "attention"})
_BESIDE_WORDS = frozenset({"is", "was", "has", "item", "question", "task", "unit", "row", "trial", "check", "test"})


def refused_words(name: str, values: set[str]) -> set[str]:
    """Those of a column's values, in lower case, that say that an answer does not count.

    Args:
        name: of the column.
        values: all its values that are not blank, in lower case and without white space at the ends.
    """
    words = set(words_of(name))
    if words & _STATUS_WORDS and values <= _REFUSED | _COUNTED:
        return values & _REFUSED
    if not values <= TRUE | FALSE:
        failed = values & {"failed", "fail"}
        return failed if words & _CHECK_WORDS and values <= {"failed", "fail", "passed", "pass"} else set()
    if words & _FLAG_WORDS or (words & _CHECK_WORDS and words & _FAILED_WORDS):
        return values & TRUE
    return values & FALSE if words & _CHECK_WORDS and words & _PASSED_WORDS else set()


def marks_test_items(name: str, values: set[str]) -> bool:
    """Whether a column says which items are test questions; `values` as above."""
    words = words_of(name)
    is_named = bool(_TEST_WORDS & set(words)) and all(word in _TEST_WORDS | _BESIDE_WORDS for word in words)
    return (is_named or "".join(words) == "testquestion") and values <= TRUE | FALSE and len(values) > 1


def in_lower_case(cells: pl.Series) -> pl.Series:
    """Cells as the words above spell them."""
    return cells.str.strip_chars().str.to_lowercase()


def without_refused(
    annotations: pl.DataFrame, schema: Schema, rows: pl.DataFrame, account: TableAccount
) -> pl.DataFrame:
    """The annotations without those that a column of the annotation or the annotator refuses, which are set aside.

    Args:
        annotations: one a row of the table, with `ROW`.
        schema: says which columns belong to annotations and annotators.
        rows: the columns of the source and `ROW`.
        account: gets the rows that are set aside.
    """
    for name in (*schema.of_annotation, *schema.of_annotator):
        if name not in rows.columns:  # of a further round
            continue
        said = in_lower_case(rows.get_column(name))
        for word in sorted(refused_words(name, set(said.unique().to_list()) - {""})):
            out = rows.select(ROW).filter(said == word)
            lost = annotations.join(out, on=ROW, how="semi", maintain_order="left").get_column(ROW)
            account.set_aside(f"{name!r} is {word}: the answer does not count", lost)
            annotations = annotations.join(out, on=ROW, how="anti", maintain_order="left")
    return annotations
