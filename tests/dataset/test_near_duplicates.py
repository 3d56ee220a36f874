"""Near-duplicates: copies with small changes are joined, texts with another decisive word are not."""

from __future__ import annotations

import random
from itertools import combinations

import polars as pl
import pytest
from made_up_votes import WORDS

from judgekit.dataset import near_duplicates
from judgekit.dataset.near_duplicates import LEAST_OVERLAP, NearDuplicates, group_near_duplicates

REVIEW = "The room was clean and the staff were kind, but the soup came late and the bread was cold."


def grouped(*texts: str | tuple[str, ...], groups: list[str] | None = None) -> NearDuplicates:
    """The outcome for some texts, or tuples of fields, each in a group of its own."""
    rows = [text if isinstance(text, tuple) else (text,) for text in texts]
    fields = pl.DataFrame(rows, schema=[f"field{n}" for n in range(len(rows[0]))], orient="row")
    return group_near_duplicates(fields, pl.Series("group", groups or [f"g{n}" for n in range(len(rows))]))


def sentence(choose: random.Random, words: int) -> str:
    return " ".join(choose.choices(WORDS, k=words))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Hello, world!!", "hello world"),
        ("Good\n", " good."),
        (REVIEW, REVIEW.replace("kind", "knid")),
        (REVIEW, REVIEW + " Never again."),
        (
            "これは昨日届いた電気ケトルの感想です。とても静かで気に入りました。",
            "これは昨日届いた電気ケトルの感想です!とても静かで気に入りましたね",
        ),
    ],
)
def test_copies_with_small_changes_are_joined(one: str, two: str) -> None:
    found = grouped(one, "The lamp by the stair is loud.", two)
    assert found.groups.to_list() == ["g0", "g1", "g0"]
    assert (found.items, found.largest, found.is_skipped) == (2, 2, False)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("good", "not good"),
        ("very good", "very goods"),
        (":)", ":("),
        ("I hate women", "I hate men"),
        ("This soup is far too warm for me", "This soup is far too cold for me"),
        ((REVIEW, "The guest was content with the room."), (REVIEW, "The guest had no soup.")),
        ((REVIEW, "bad"), (REVIEW + "!", "good")),
        ("", "x"),
    ],
)
def test_a_decisive_word_keeps_texts_apart(one: str, two: str) -> None:
    found = grouped(one, two)
    assert found.groups.to_list() == ["g0", "g1"]
    assert found[1:] == (0, 0, 0, False)


def test_every_field_must_be_nearly_the_same() -> None:
    found = grouped((REVIEW, "Was it dear?"), (REVIEW.upper(), "was it dear"), (REVIEW, "Was it cheap?"))
    assert found.groups.to_list() == ["g0", "g0", "g2"]


def test_given_groups_are_joined_as_wholes_under_their_smallest_key() -> None:
    found = grouped(REVIEW, "Soup.", "Bread.", REVIEW.lower(), groups=["z", "b", "z", "b"])
    assert found.groups.to_list() == ["b", "b", "b", "b"]
    assert (found.items, found.largest) == (4, 4)
    apart = grouped(REVIEW, "Soup.", "Bread.", "Tea.", groups=["z", "b", "z", "b"])
    assert apart.groups.to_list() == ["z", "b", "z", "b"]


def test_row_order_has_no_say() -> None:
    choose = random.Random(5)
    texts = [sentence(choose, 18) for _ in range(60)]
    texts += [text.replace(" ", "  ", 3) + "s" for text in texts[:20]] + [text + " tea" for text in texts[:10]]
    keys = [f"g{n:03d}" for n in range(len(texts))]
    found = grouped(*texts, groups=keys)
    assert (found.items, found.largest) == (50, 3)
    order = choose.sample(range(len(texts)), len(texts))
    shuffled = grouped(*[texts[n] for n in order], groups=[keys[n] for n in order])
    assert shuffled.groups.to_list() == [found.groups[n] for n in order]


def test_the_share_of_pieces_decides() -> None:
    """Held to all pairs counted one by one, but for those within 0.1 of the threshold, where the estimate may err."""
    choose = random.Random(7)
    texts: list[str] = []
    for _ in range(40):
        words = choose.choices(WORDS, k=60)
        texts.append(" ".join(words))
        for changed in (1, 2, 12):
            other = list(words)
            for at in choose.sample(range(60), changed):
                other[at] = choose.choice(WORDS)
            texts.append(" ".join(other))
    groups = grouped(*texts).groups.to_list()
    pieces = [{text[n : n + 5] for n in range(len(text) - 4)} for text in texts]
    clear = 0
    for one, two in combinations(range(len(texts)), 2):
        share = len(pieces[one] & pieces[two]) / len(pieces[one] | pieces[two])
        if share > LEAST_OVERLAP + 0.1:
            assert groups[one] == groups[two]
            clear += 1
        if share < LEAST_OVERLAP - 0.1:
            assert groups[one] != groups[two]
    assert clear >= 40


def test_a_template_does_not_collapse_the_items_into_one_group() -> None:
    choose = random.Random(11)
    prompt = "Read the message of a guest below and say whether the guest would come again to our house by the lake. "
    texts = [f"{prompt * 2}{sentence(choose, 4)} {number}" for number in range(200)]
    copy = texts[17].replace("Read the", "Read  the") + "!"
    found = grouped(*texts, copy)
    assert found.groups[200] == found.groups[17]
    assert found.largest <= 20


def test_above_a_limit_nothing_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "MOST_ITEMS", 2)
    assert grouped(REVIEW, REVIEW.lower(), "Tea.").is_skipped
    assert grouped(REVIEW, REVIEW.lower()).items == 2
