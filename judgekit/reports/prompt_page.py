"""The page of `show prompt`: one item as a judge reads it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from judgekit.judge.prompt_as_read import PromptAsRead, Token, Word
from judgekit.reports.blocks import as_it_is, heading
from judgekit.wording import counted

JUDGMENT_MARK = "◀ the label is read here"
WORDS_SHOWN = 12


def prompt_page(prompt: PromptAsRead) -> RenderableType:
    """What `show prompt` found."""
    parts: list[RenderableType] = [
        heading(f"Item {prompt.item} of {prompt.dataset} as it is read by {prompt.reader}"),
        *map(as_it_is, _texts(prompt)),
        Text(""),
        heading(f"{counted(len(prompt.tokens), 'token')} of at most {prompt.max_length:,}"),
        _tokens(prompt.tokens, is_causal=prompt.kind == "causal"),
    ]
    if prompt.is_truncated:
        parts.append(Text("The item is too long: the middle of its longest text is cut out, at the ….", "yellow"))
    if prompt.has_special_tokens:
        parts.append(
            Text("Its texts hold a special token of the tokenizer; a space keeps it from acting as one.", "yellow")
        )
    parts += [Text(""), heading("Labels"), Text(prompt.reading)]
    return Group(*parts, *(_words(label, words) for label, words in prompt.words.items()))


def _texts(prompt: PromptAsRead) -> list[str]:
    if prompt.segments is None:
        return [prompt.text or ""]
    return [f"{name}: {text}" for name, text in zip("AB", prompt.segments, strict=True) if text is not None]


def _tokens(tokens: Sequence[Token], *, is_causal: bool = False) -> Text:
    text = Text(overflow="fold")
    for token in tokens:
        text.append(_visible(token.token), "cyan").append(f"·{token.id}", "dim").append("  ")
    return text.append(JUDGMENT_MARK, "bold green") if is_causal else text


def _words(label: str, words: Sequence[Word]) -> Text:
    line = Text(f"  {label}: ")
    for place, word in enumerate(words[:WORDS_SHOWN]):
        line.append(" or " if place else "").append(repr(word.text)).append(" = ").append(_tokens(word.tokens))
        line.rstrip()
    return line.append(" or …") if len(words) > WORDS_SHOWN else line


def _visible(token: str) -> str:
    """A token with line breaks, tabs and spaces in it made visible."""
    return "".join("␣" if one == " " else one if one.isprintable() else repr(one)[1:-1] for one in token)
