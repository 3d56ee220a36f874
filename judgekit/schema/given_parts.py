"""What files call the parts of a split that came with them."""

from __future__ import annotations

_WORDS = {
    "train": ("train", "training", "trn"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development", "tune"),
    "test": ("test", "testing", "tst", "eval", "evaluation", "heldout"),
}
_PART_OF = {word: part for part, words in _WORDS.items() for word in words}


def normalise_part(name: str) -> str | None:
    """The part that a file's own name of it means, as `Dev` or `held-out`; None where it means none that is known."""
    return _PART_OF.get("".join(filter(str.isalpha, name)).lower().removesuffix("set").removesuffix("split"))
