"""One item as a judge reads it, for the terminal.

Whatever comes from a user's table goes in as `Text`: rich would read `[bold]` and `:tea:` in a plain string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.judge.results import PromptAsRead

JUDGMENT_MARK = "◀ the label is read here"
WORDS_SHOWN = 12


def prompt_page(prompt: PromptAsRead) -> RenderableType:
    """What `show prompt` found."""
    facts = prompt.to_json()
    parts: list[RenderableType] = [
        Text(f"Item {facts['item']} of {facts['dataset']} as it is read by {facts['reader']}", style="bold"),
        *_texts(facts),
        Text(""),
        Text(f"{len(facts['tokens']):,} tokens of at most {facts['max_length']:,}", style="bold"),
        _tokens(facts["tokens"], is_causal=facts["kind"] == "causal"),
    ]
    if facts["is_truncated"]:
        parts.append(Text("The item is too long: the middle of its longest text is cut out, where … stands.", "yellow"))
    if facts["has_special_tokens"]:
        parts.append(
            Text("A special token of the tokenizer stands in its texts; a space keeps it from acting as one.", "yellow")
        )
    parts += [Text(""), Text("Labels", style="bold"), Text(facts["reading"])]
    parts += [_words(label, words) for label, words in facts["words"].items()]
    return Group(*parts)


def _texts(facts: Mapping[str, Any]) -> list[Text]:
    """The text as it is: its lines are not broken where the terminal ends."""
    if facts["segments"] is None:
        lines = [facts["text"]]
    else:
        lines = [f"{name}: {text}" for name, text in zip("AB", facts["segments"], strict=True) if text is not None]
    return [Text(line, no_wrap=True, overflow="ignore") for line in lines]


def _tokens(tokens: Sequence[Mapping[str, Any]], *, is_causal: bool = False) -> Text:
    text = Text(overflow="fold")
    for token in tokens:
        text.append(_visible(token["token"]), "cyan").append(f"·{token['id']}", "dim").append("  ")
    return text.append(JUDGMENT_MARK, "bold green") if is_causal else text


def _words(label: str, words: Sequence[Mapping[str, Any]]) -> Text:
    line = Text(f"  {label}: ")
    for place, word in enumerate(words[:WORDS_SHOWN]):
        line.append(" or " if place else "").append(repr(word["text"])).append(" = ").append(_tokens(word["tokens"]))
        line.rstrip()
    return line.append(" or …") if len(words) > WORDS_SHOWN else line


def _visible(token: str) -> str:
    """A token with line breaks, tabs and spaces in it made visible."""
    return "".join("␣" if one == " " else one if one.isprintable() else repr(one)[1:-1] for one in token)
