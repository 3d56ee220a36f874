"""Annotators who seem to choose labels without looking at the items.

Each annotation is held against the label that the *other* annotators of its item point to, under Dawid-Skene's model,
and a flag needs annotations enough to tell. A flag is a reason to look, never one to delete.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.special import chdtrc, gammaincc, logsumexp

from judgekit.annotators.dawid_skene import AnnotatorModel, FloatArray, IntArray

CONSTANT_SHARE, MISSED_SHARE = 0.9, 0.2
INFORMED_SHARE, Z = 0.4, 1.28
CHANCE = 1e-3
FEWEST_SHARED = 30


def flags(model: AnnotatorModel, labels: Sequence[str]) -> list[str]:
    """Why the labels of each annotator look careless, `[W]`; empty where they do not, or where nobody can tell.

    near-constant: one label makes up 90 % of the annotations, and of the occasions on which the others' label and the
    average annotator's habits call for another one, at most a fifth was taken, which befalls a careful annotator once
    in 1,000 times (Poisson). Where one label is right nearly always, hardly another is due and nobody is flagged.

    near-uniform: the rows of the confusion matrix are alike (Raykar and Yu 2012: it is of rank one). The annotator
    meets the others' label hardly more often than labels drawn from the annotator's own shares would; with each meeting
    counted as one over the label's frequency (informedness), the surplus is less than 40 % of the average annotator's
    at both ends of an 80 % interval. Yet the rows of one who mistakes labels systematically, as on a reversed scale,
    differ, and one of a minority that sees the items another way agrees with somebody: neither is flagged.
    """
    others = _told_by_others(model)
    has_others = np.bincount(model.item, model.count)[model.item] > model.count
    weight = np.where(has_others, model.count, 0)
    row = np.arange(len(model.item))
    people = len(model.names)

    def per_annotator(values: FloatArray) -> FloatArray:
        return np.bincount(model.annotator, values * weight, minlength=people).astype(np.float64)

    table = np.zeros_like(model.confusion)  # by the others' label and the chosen one, [W, K, K]
    np.add.at(table.transpose(0, 2, 1), (model.annotator, model.label), others * weight[:, None])
    total = table.sum(axis=(1, 2))
    shares = table.sum(axis=1) / np.maximum(total, 1)[:, None]
    drawn = shares[model.annotator]  # [M, K]: what an annotator's own shares would choose
    average = _average_rows(model)
    usual = others @ average  # [M, K]: what the average annotator would choose

    worth = others / (others.mean(axis=0) + 1e-9)  # [M, K]: of each label, if chosen
    by_chance = (drawn * worth).sum(axis=1)
    surplus = per_annotator(worth[row, model.label] - by_chance)
    usual_surplus = per_annotator((usual * worth).sum(axis=1) - by_chance)
    half_width = Z * np.sqrt(np.maximum(per_annotator((drawn * worth**2).sum(axis=1) - by_chance**2), 0))
    is_uniform = np.abs(surplus) + half_width < INFORMED_SHARE * usual_surplus
    is_uniform &= _spread_of_rows(table) < INFORMED_SHARE * _spread_of_rows(table.sum(axis=0))

    top = shares.argmax(axis=1)
    is_top = np.arange(len(labels)) == top[model.annotator][:, None]  # [M, K]
    calls = np.where(is_top, 0, others)
    due = per_annotator(np.where(is_top, 0, calls @ average).sum(axis=1))
    taken = per_annotator(calls.sum(axis=1) * ~is_top[row, model.label])
    # The regularised gamma function is Poisson's P(X <= taken), for a number that need not be whole.
    is_constant = (taken <= MISSED_SHARE * due) & (gammaincc(taken + 1, due) < CHANCE)

    found = [""] * people
    for w in np.flatnonzero((shares.max(axis=1) >= CONSTANT_SHARE) & is_constant):
        found[w] = (
            f"near-constant: {shares[w, top[w]]:.0%} of {total[w]:,.0f} annotations are {labels[top[w]]!r}; of about "
            f"{due[w]:,.0f} other labels that were due, {taken[w]:,.0f} were chosen"
        )
    for w in np.flatnonzero((shares.max(axis=1) < CONSTANT_SHARE) & is_uniform):
        if not _agrees_with_somebody(model, int(w)):
            found[w] = (
                f"near-uniform: {total[w]:,.0f} annotations follow the items "
                f"{max(surplus[w], 0) / usual_surplus[w]:.0%} as well as the average annotator's do"
            )
    return found


def _told_by_others(model: AnnotatorModel) -> FloatArray:
    """Probability of each label to be the true one by the annotations of all others of the item, `[M, K]`."""
    # Two annotations of the average annotator with each true label keep small confusion matrices from certainty.
    rows = model.confusion + 2 * _average_rows(model)
    rows /= rows.sum(axis=2, keepdims=True)
    evidence = np.log(rows).transpose(0, 2, 1)[model.annotator, model.label] * model.count[:, None]
    evidence_by_all = np.zeros_like(model.truth)
    np.add.at(evidence_by_all, model.item, evidence)
    others = np.log(model.prior + 1e-9) + evidence_by_all[model.item] - evidence
    return np.exp(others - logsumexp(others, axis=1, keepdims=True))


def _average_rows(model: AnnotatorModel) -> FloatArray:
    """The confusion matrix of the average annotator, `[K, K]`, rows sum to 1."""
    table = model.confusion.sum(axis=0) + 1e-6
    return table / table.sum(axis=1, keepdims=True)


def _spread_of_rows(table: FloatArray) -> FloatArray:
    """How far the rows of tables `[..., K, K]` are apart, `[...]`: 0 where they are alike, 1 for a diagonal."""
    sums = np.maximum(table.sum(axis=-1, keepdims=True), 1e-9)
    share = sums / sums.sum(axis=-2, keepdims=True)
    apart = table / sums - (share * table / sums).sum(axis=-2, keepdims=True)
    return (share * apart**2).sum(axis=(-2, -1)) / np.maximum(1 - (share**2).sum(axis=(-2, -1)), 1e-9)


def _agrees_with_somebody(model: AnnotatorModel, w: int) -> bool:
    """Whether the labels of an annotator depend on those of another on the items of both (chi-squared, Bonferroni)."""
    people, k = model.confusion.shape[:2]
    n = len(model.truth)
    mine = model.annotator == w

    def chosen(rows: IntArray, column: IntArray, columns: int) -> csr_array:
        return csr_array((np.ones(len(rows)), (model.item[rows], column)), shape=(n, columns))

    own = chosen(np.flatnonzero(mine), model.label[mine], k)
    rest = chosen(np.flatnonzero(~mine), (model.annotator * k + model.label)[~mine], people * k)
    tables = (own.T @ rest).toarray().reshape(k, people, k).transpose(1, 0, 2)
    tables = tables[tables.sum(axis=(1, 2)) >= FEWEST_SHARED]
    one, two = tables.sum(axis=2, keepdims=True), tables.sum(axis=1, keepdims=True)
    expected = one * two / np.maximum(tables.sum(axis=(1, 2), keepdims=True), 1)
    distance = np.divide((tables - expected) ** 2, expected, out=np.zeros_like(tables), where=expected > 0)
    freedom = np.maximum(((one > 0).sum(axis=(1, 2)) - 1) * ((two > 0).sum(axis=(1, 2)) - 1), 1)
    return bool((chdtrc(freedom, distance.sum(axis=(1, 2))) * len(tables) < CHANCE).any())
