"""What a column is on its own: a text, a time, a remark, a settled label …; by its name, its figures and a sample.

Evidence only: nothing here knows the other columns, a layout or a role, and no decision is taken.
"""

from __future__ import annotations

import re
from typing import Literal

import polars as pl

from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    LABEL_NAMES,
    QUALITY_NAMES,
    TEXT_NAMES,
    WEAK_TEXT_NAMES,
    mentions_a_person,
    names_a_metadata_number,
    names_a_settled_label,
    names_a_side_remark,
    names_an_id,
    normalise,
    stem_of,
    words_of,
)
from judgekit.tables.evidence import MOST_LABELS, ColumnEvidence

Kind = Literal[
    "time", "contact", "person", "structure", "list", "remark", "model", "settled", "number", "text", "other"
]
"""`text` is what is named like one; an unnamed text is `other`."""
WHY: dict[Kind, str] = {
    "time": "it holds times",
    "contact": "it holds addresses of people",
    "person": "its name means a person",
    "structure": "it holds structured cells",
    "list": "its cells are lists of a few labels",
    "remark": "its name means what somebody remarked while annotating",
    "model": "its name means the answer of a model",
    "settled": "its name means a label that was made of the annotations",
    "number": "it holds numbers, not texts",
}
SAMPLE_ROWS = 1_000
_MOST_SHARE = 0.9
_MONTH = r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-zä]*\.?"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
_TIMES = "|".join(
    (
        rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}(?:[ T,]+{_CLOCK}.*)?",
        rf"\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})(?:[ T,]+{_CLOCK}.*)?",
        rf"(?:\d+ days? )?{_CLOCK}(?: ?[ap]\.?m\.?)?",
        rf"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? .*{_CLOCK}.*",
        rf"\d{{1,2}}\.?[ -]{_MONTH}[ -]\d{{2,4}}.*",
        rf"{_MONTH} \d{{1,2}},? \d{{4}}.*",
    )
)
_TIME = rf"(?i)^\s*(?:{_TIMES})\s*$"
_EMAIL = r"^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$"
_STRUCTURE = r"(?s)^\s*(?:\{.*\}|\[\s*(?:[\[{(].*)?\]|\(.*,.*\))\s*$"
_MOST_WORDS = 6
_BRACKETED = r"^\s*(?:\[.*\]|\{.*\})\s*$"
_MOST_CHARACTERS, _MEMBER_CHARACTERS, _FEWEST_LISTS = 200, 40, 3
_BRACKETS = "[]()\"'"
_CHAT = r"['\"](?:role|content|from|speaker|utterance)['\"]\s*:"
"""A conversation is a text, though its cells are objects."""
_REMARK_WORDS = frozenset(
    {
        "comment", "comments", "note", "notes", "remark", "remarks", "rationale", "rationales", "reason", "reasons",
        "reasoning", "explanation", "explanations", "justification", "justifications", "feedback", "thoughts", "why",
        "highlight", "highlights", "span", "spans", "observation", "observations", "motivation", "correction",
        "kommentar", "kommentare", "bemerkung", "bemerkungen", "anmerkung", "anmerkungen", "notiz", "notizen",
        "begründung", "begruendung", "hinweis", "hinweise", "commentaire", "commentaires", "remarque", "remarques",
        "comentario", "comentarios", "observaciones", "nota", "notas", "motivo", "razón", "commento", "commenti",
        "opmerking", "opmerkingen", "toelichting", "uwagi", "komentarz", "备注", "理由", "コメント",
    }
)  # fmt: skip
_MODEL_WORDS = frozenset(
    {
        "gpt", "chatgpt", "openai", "gemini", "llama", "mixtral", "qwen", "deepseek",
        "palm", "grok", "falcon", "vicuna", "alpaca", "davinci", "copilot", "llm", "llms",
        "roberta", "deberta", "xgboost", "svm", "vader", "textblob", "classifier", "predicted", "prediction",
        "predictions", "pred", "preds", "automatic", "auto", "machine", "ai", "ml", "nlp", "model", "models", "modell",
        "modelo", "modèle", "modello", "baseline", "heuristic", "synthetic", "perspective", "bot", "sonnet", "haiku",
        "opus", "kimi", "cohere", "system", "vorhersage", "prédiction", "predicción", "previsione", "voorspelling",
    }
)  # fmt: skip
_MODELS_LIKE_PEOPLE = frozenset({"claude", "bert", "gemma", "bard", "phi", "mistral"})
"""Names of models that are also first names: with another word or a digit they are those of models."""
_PERSON_NAMES = frozenset(
    {
        "name", "fullname", "firstname", "lastname", "surname", "nickname", "yourname", "prolificpid", "prolificid",
        "email", "emailaddress", "ipaddress", "initials", "nachname", "vorname", "nom", "prénom", "nombre",
    }
)  # fmt: skip
_NAMING_WORDS = frozenset({"id", "ids", "name", "names", "no", "nr", "number", "num", "code", "index", "key", "email"})
_TEXT_WORDS = TEXT_NAMES | {
    "texts", "phrase", "satz", "beitrag", "nachricht", "frage", "antwort", "texto", "texte", "testo", "tekst", "frase",
    "mensaje", "pregunta", "respuesta", "question", "caption", "transcript", "snippet", "excerpt", "description",
    "reply", "story", "news", "quote", "email", "mail", "subject",
}  # fmt: skip
_ID_WORDS = frozenset(
    {"id", "ids", "no", "nr", "num", "number", "code", "key", "ref", "reference", "ticket", "case", "nummer", "uuid"}
)


def kind_of(name: str, figures: ColumnEvidence, sample: pl.Series) -> Kind:
    """What a column is on its own.

    Args:
        name: as the header has it.
        figures: of its cells.
        sample: some of its filled cells, white space stripped.
    """
    if _holds(sample, _TIME):
        return "time"
    if _holds(sample, _EMAIL):
        return "contact"
    if len(words_of(name)) > _MOST_WORDS:  # a text itself, of which single words say nothing
        return "other"
    is_person = names_a_person(name)
    if is_person and not names_a_text(name):
        return "person"
    is_short = _holds(sample, _BRACKETED) and figures.most_characters <= _MOST_CHARACTERS
    if (is_short or _holds(sample, _STRUCTURE)) and not sample.str.contains(_CHAT).any():
        return "structure"
    if names_a_remark(name):
        return "remark"
    if _is_list(sample):
        return "list"
    is_prose = figures.is_prose and not figures.is_category
    if names_a_text(name) and (is_prose or not (normalise(name) in WEAK_TEXT_NAMES or names_a_model(name))):
        return "text"
    if names_a_model(name):
        return "model"
    if names_a_settled_label(name):
        return "settled"
    if figures.is_number and (names_a_metadata_number(name) or names_an_id(name)):
        return "number"
    return "other"


def is_beside_labels(name: str, kind: Kind) -> bool:
    """Whether a column, whatever its values, is no annotator's own column of labels."""
    return kind not in ("text", "other", "list") or names_a_side_remark(name)


def names_a_text(name: str) -> bool:
    """Whether a name is that of a text that is judged: `Customer message`, `Input.text`, but not `label text`."""
    if normalise(name) in TEXT_NAMES:
        return True
    words = words_of(name)
    is_of_labels = any(word in LABEL_NAMES or mentions_a_person(word) for word in words)
    return bool(words) and words[-1] in _TEXT_WORDS and not is_of_labels


def names_a_remark(name: str) -> bool:
    """Whether a name means what an annotator wrote beside the label; `comment_text` is a comment that is judged."""
    words = words_of(name)
    return any(word in _REMARK_WORDS for word in words) and words[-2:] != ["comment", "text"]


def names_a_model(name: str) -> bool:
    """Whether a name means what a model answered: `gpt4_label`, `LLM`; not a model's quality that a person rated."""
    words = set(words_of(re.sub(r"([A-Z]{2,})(?=\d|$)", r" \1 ", name)))
    words.add(stem_of(name))  # `DeepSeek`
    is_model = bool(words & _MODEL_WORDS) or bool(re.search(r"(?i)\bo\d[\W_]?(?:mini|pro|preview)\b", name))
    is_model |= bool(words & _MODELS_LIKE_PEOPLE) and (len(words) > 1 or bool(re.search(r"\d", name)))
    return is_model and not words & QUALITY_NAMES


def names_a_person(name: str) -> bool:
    """Whether a name means who somebody is: `Annotator`, `Your name`, `coder_id`."""
    words = words_of(name)
    is_kind = mentions_a_person(name) and all(word in _NAMING_WORDS or mentions_a_person(word) for word in words)
    return (
        normalise(name) in _PERSON_NAMES
        or normalise(name) in ANNOTATOR_NAMES
        or (is_kind and not re.search(r"\d", name))
    )


def names_a_number_of_items(name: str) -> bool:
    """Whether a name means the number or code of a row: `Ticket #`, `No.`, `Case number`."""
    return "#" in name or "№" in name or bool(_ID_WORDS & set(words_of(name)))


def _holds(sample: pl.Series, pattern: str) -> bool:
    return sample.len() > 0 and int(sample.str.contains(pattern).sum()) >= _MOST_SHARE * sample.len()


def holds_several_objects(cells: pl.Series) -> bool:
    """Whether most of the filled cells are lists of several objects or lists."""
    sample = sample_of(cells)
    several = r"(?s)^\[\s*[\[{(].*[\]})]\s*,\s*[\[{(].*\]$"
    return sample.len() > 0 and 2 * int(sample.str.contains(several).sum()) > sample.len()


def _is_list(sample: pl.Series) -> bool:
    """Whether nearly all cells are several short members of a small set: labels of another question, or people."""
    if sample.n_unique() < _FEWEST_LISTS:
        return False
    for mark in ("|", ";", ","):
        members = sample.str.split(mark).list.eval(pl.element().str.strip_chars(" " + _BRACKETS))
        several = members.filter(members.list.len() > 1)
        if several.len() < _MOST_SHARE * sample.len():
            continue
        found = several.explode()
        later = set(several.list.slice(1).explode().to_list())
        is_small = found.n_unique() <= min(MOST_LABELS, found.len() / 3) and max(map(len, found)) <= _MEMBER_CHARACTERS
        if is_small and later.intersection(several.list.first().to_list()):
            return True
    return False


def sample_of(cells: pl.Series) -> pl.Series:
    """Some of the filled cells of a column, white space stripped."""
    head = cells.head(20 * SAMPLE_ROWS).str.strip_chars()
    return head.filter(head != "").head(SAMPLE_ROWS)
