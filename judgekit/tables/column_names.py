"""Column names people use: which role a name suggests, and what to say when a name does not exist.

Names only; the evidence of the cells is `evidence.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from judgekit import wording

# Names are compared by `normalise`: `Item ID`, `item_id` and `itemId` are one name. The order is the preference.
ITEM_NAMES = (
    "itemid", "item", "exampleid", "example", "pairid", "uid", "questionid", "taskid", "task", "instanceid",
    "sampleid", "docid", "documentid", "sentenceid", "textid", "postid", "tweetid", "commentid", "promptid",
    "conversationid", "recordid", "unitid", "id", "guid", "idx", "index", "编号", "序号", "番号", "번호",
)  # fmt: skip
ANNOTATOR_NAMES = (
    "annotatorid", "annotator", "workerid", "worker", "raterid", "rater", "coderid", "coder", "labelerid", "labeler",
    "labellerid", "labeller", "reviewerid", "reviewer", "judgeid", "evaluatorid", "evaluator", "participantid",
    "participant", "annotatedby", "completedby", "labeledby", "labelledby", "userid", "user", "username", "expert",
    "annotateur", "annotatrice", "évaluateur", "anotador", "anotadora", "evaluador", "avaliador", "annotatore",
    "valutatore", "bewerter", "beurteiler", "kodierer", "beoordelaar", "codeur", "codificador", "anotator",
    "etiketleyen", "аннотатор", "разметчик", "асессор", "标注员", "标注者", "标注人", "評価者", "アノテーター",
    "평가자", "주석자", "المقيم",
)  # fmt: skip
LABEL_NAMES = (
    "label", "annotation", "vote", "rating", "winner", "judgment", "judgement", "verdict", "choice", "preference",
    "annotatorlabel", "labelid", "labelname", "étiquette", "etiqueta", "etichetta", "etikett", "etykieta", "etiket",
    "bewertung", "beurteilung", "évaluation", "valoración", "avaliação", "valutazione", "beoordeling", "ocena",
    "метка", "оценка", "разметка", "标签", "标注", "评分", "評価", "ラベル", "라벨", "레이블", "평가", "التصنيف",
)  # fmt: skip
WEAK_LABEL_NAMES = (
    "score", "answer", "class", "category", "decision", "response", "value", "grade", "sentiment", "stance", "emotion",
    "goldlabel", "majoritylabel", "target",
)  # fmt: skip
"""Names that mean a label in one file and a text or a topic in the next: taken only without a clearer column."""
LIST_LABEL_NAMES = (
    "labels", "annotations", "votes", "ratings", "judgments", "judgements", "verdicts", "annotatorlabels", "rawlabels",
    "labellist",
)  # fmt: skip
"""Names of a column that holds the labels of all annotators of a row."""
SPLIT_NAMES = ("split", "datasetsplit", "datasplit", "partition", "subset", "fold", "part", "set")
TEXT_NAMES = frozenset(
    {
        "text", "sentence", "sentence1", "sentence2", "premise", "hypothesis", "question", "answer", "answera",
        "answerb", "answer1", "answer2", "response", "responsea", "responseb", "response1", "response2",
        "context", "prompt", "completion", "completiona", "completionb", "instruction", "input", "output",
        "output1", "output2", "outputa", "outputb", "summary", "article", "document", "passage", "tweet",
        "post", "message", "query", "claim", "evidence", "dialogue", "dialog", "conversation", "title", "body",
        "content", "utterance", "source", "reference", "headline", "review", "abstract", "paragraph", "texta",
        "textb", "text1", "text2", "translation", "statement", "argument", "文本", "句子", "テキスト", "文章", "문장",
        "텍스트", "текст", "предложение", "النص", "الجملة", "cümle", "metin", "frase", "satz", "phrase", "zdanie",
    }
)  # fmt: skip
WEAK_TEXT_NAMES = frozenset({"source", "reference", "title", "answer", "document", "evidence", "response", "output"})
"""Names of texts that also name where a text comes from, or a label: the cells must read like prose."""
WEAK_ANNOTATOR_NAMES = frozenset({"user", "userid", "username", "expert", "participant", "participantid"})
"""Names that may also mean the author of a text."""
NOT_COUNTS = frozenset(
    {
        "turn", "year", "month", "day", "age", "round", "length", "page", "position", "seed", "split", "fold", "batch",
        "rank", "order", "rowid", "row", "line", "version", "duration", "leadtime", "timestamp", "wordcount", "tokens",
        "nwords", "ntokens", "words", "chars", "characters", "nchars", "charcount", "sentences", "likes", "retweets",
        "replies", "shares", "upvotes", "downvotes", "views", "followers", "comments", "seconds", "score",
    }
)  # fmt: skip
"""Whole-number columns that describe an item and never count its labels."""
TOTAL_NAMES = frozenset(
    {
        "total", "sum", "n", "nannotators", "numannotators", "annotators", "count", "totalvotes", "totalcount",
        "ntotal", "numtotal", "counttotal", "votes", "nvotes", "numvotes", "nannotations", "numannotations",
        "annotations", "numberofannotators", "numberofannotations",
        "nratings", "numratings", "all", "nall", "nlabels", "numlabels", "nraters", "numraters",
    }
)  # fmt: skip
LABEL_WORDS = frozenset(
    {
        "yes", "no", "maybe", "unsure", "unclear", "unknown", "true", "false", "tie", "both", "neither", "none",
        "other",
        "positive", "negative", "neutral", "mixed", "entailment", "contradiction", "hateful", "nonhateful", "hate",
        "offensive", "notoffensive", "toxic", "nontoxic", "normal", "abusive", "spam", "ham", "safe", "unsafe",
        "polite", "impolite", "rude", "agree", "disagree", "good", "bad", "fair", "poor", "relevant", "irrelevant",
        "notrelevant", "correct", "incorrect", "pass", "fail", "anger", "joy", "sadness", "fear", "disgust", "surprise",
        "favor", "against", "support", "oppose", "low", "medium", "high",
    }
)  # fmt: skip
"""Headers that are labels, never persons: whole numbers below several of them are counts."""

QUALITY_NAMES = frozenset(
    {
        "fluency", "coherence", "consistency", "relevance", "helpfulness", "harmlessness", "honesty", "correctness",
        "complexity", "verbosity", "informativeness", "naturalness", "adequacy", "faithfulness", "factuality",
        "grammaticality", "grammar", "clarity", "readability", "engagement", "engagingness", "specificity",
        "groundedness", "usefulness", "completeness", "conciseness", "simplicity", "creativity", "truthfulness",
        "appropriateness", "understandability", "quality", "overall", "valence", "arousal", "dominance",
    }
)  # fmt: skip
"""What a text is rated for: the header of a rating, never of a person and never of a label that is counted."""

_SETTLED_WORDS = frozenset(
    {
        "gold", "golden", "majority", "consensus", "adjudicated", "adjudication", "adjudicator", "aggregated",
        "aggregate", "truth", "final", "curated", "curation", "curator", "resolved", "resolution", "tiebreak",
        "tiebreaker", "agreed", "reconciled", "arbitrated", "arbitration", "median", "mode", "mean", "avg", "average",
        "averaged", "mittelwert", "durchschnitt", "mehrheit", "moyenne", "promedio", "combined", "merged", "original",
        "official", "harmonised", "harmonized", "settled", "verified", "modal", "plurality", "goldstandard", "konsens",
        "итог", "итоговая", "итоговый", "итоговое", "среднее", "медиана", "最终", "最終", "平均", "多数", "최종",
        "평균", "ortalama", "średnia", "mediana", "médiane", "gemiddelde", "mediaan", "gjennomsnitt",
        "schiedsrichter", "endurteil", "gesamt", "insgesamt", "gesamtwert", "gesamtscore", "gesamturteil", "gesamtnote",
        "schnitt", "endwert", "endnote", "ø", "genomsnitt", "snitt", "gennemsnit", "keskiarvo",
        "consenso", "mayoría", "maggioranza", "majorité", "meerderheid", "arbiter",
    }
)  # fmt: skip
_EARLIER_WORDS = frozenset({"old", "previous", "prev", "prior", "former", "earlier", "intended", "expected", "initial"})
"""Before a word for a label: what somebody else said, or what was meant, `old_label`."""
_SETTLED_NAMES = frozenset(
    {"groundtruth", "prediction", "predicted", "predictedlabel", "pred", "tiebreak", "agreement", "reviewer", "outcome"}
)
_SIDE_WORDS = frozenset(
    {
        "comment", "comments", "note", "notes", "remark", "remarks", "confidence", "certainty", "time", "duration",
        "seconds", "timestamp", "date", "age", "gender", "country", "rationale", "reason", "explanation", "difficulty",
        "split",
    }
)  # fmt: skip
_PERSON_WORDS = frozenset(
    {
        "annotator", "worker", "rater", "coder", "labeler", "labeller", "reviewer", "judge", "evaluator", "participant",
        "turker", "crowdworker", "grader", "assessor", "respondent", "person", "who", "user", "expert", "email",
    }
)  # fmt: skip
_METADATA_WORDS = frozenset(
    {
        "year", "month", "day", "age", "turn", "turns", "batch", "likes", "retweets", "replies", "upvotes", "downvotes",
        "views", "followers", "length", "size", "page", "pages", "round", "seed", "fold", "version", "timestamp",
        "duration", "seconds", "tokens", "words", "chars", "characters", "sentences", "thread", "comments",
    }
)  # fmt: skip
_COUNTED_WORDS = frozenset(
    {"like", "retweet", "reply", "upvote", "downvote", "view", "follower", "share", "turn", "word", "token", "char"}
)
"""These count only before a word that says so: `like_count`, but not `political_view`."""
_COUNTING_WORDS = frozenset({"n", "num", "number", "of", "count", "counts", "total", "id", "ids", "nr"})
_COUNT_WORDS = frozenset(
    {
        "count", "counts", "n", "num", "freq", "frequency", "size", "votes", "total", "anzahl", "häufigkeit", "nombre",
        "effectif", "cantidad", "conteo", "liczba", "aantal", "times", "tally", "cnt", "support",
    }
)  # fmt: skip
_ANNOTATION_WORDS = _PERSON_WORDS | {"annotation", "vote", "label", "rating", "judgment", "judgement", "answer"}

_PEOPLE = _PERSON_WORDS | {"crowd", "author", "member", "person", "student", "volunteer"}
_PERSON_STEMS = frozenset(
    {"a", "ann", "anno", "r", "person", "w", "u", "e", "crowd", "vote", "votes", "rating", "label", "member"}
)


def normalise(name: str) -> str:
    """The name without case, spaces and punctuation, as the lists above spell it."""
    return re.sub(r"[\W_]+", "", name.casefold())


def in_preference_order(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Those of `names` that are in `wanted`, the preferred first; file order among equals."""
    rank = {name: position for position, name in enumerate(wanted)}
    found = [name for name in names if normalise(name) in rank]
    return sorted(found, key=lambda name: rank[normalise(name)])


def is_known_name(name: str) -> bool:
    """Whether the name alone suggests a role: such a name in a row says that the row is a header."""
    plain = normalise(name)
    return plain in TEXT_NAMES or any(
        plain in names for names in (ITEM_NAMES, ANNOTATOR_NAMES, LABEL_NAMES, WEAK_LABEL_NAMES)
    )


def names_an_annotator(name: str) -> bool:
    """Whether a column name reads like one person: `rater 2`, `a3`, `label_annotator1`, `ann@example.org`."""
    if "@" in name:
        return True
    words = [word for word in re.split(r"[\W_\d]+", name.casefold()) if word]
    is_numbered = bool(re.search(r"\d", name)) or len(words) > 1
    return is_numbered and any(word in ANNOTATOR_NAMES or word in _PERSON_STEMS or word in _PEOPLE for word in words)


def is_of_people(name: str) -> bool:
    """Whether a name is that of a kind of people: `expert_1` and `turker 2`, not `label_1` or `rater1_conf`."""
    return stem_of(name) in _PEOPLE


def words_of(name: str) -> list[str]:
    """The words of a name in lower case: `Rater2_comment` is `rater`, `comment`."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return [word for word in re.split(r"[\W_\d]+", spaced.casefold()) if word]


def names_a_settled_label(name: str) -> bool:
    """Whether a name means a label that was made of the annotations, or by a model: `gold`, `majority_vote`."""
    words = words_of(name)
    is_earlier = bool(words) and words[0] in _EARLIER_WORDS and words[-1] in (*LABEL_NAMES, *WEAK_LABEL_NAMES, "code")
    return normalise(name) in _SETTLED_NAMES or is_earlier or any(word in _SETTLED_WORDS for word in words)


def names_a_side_remark(name: str) -> bool:
    """Whether a name means what goes with an annotation and is none: `rater_1_confidence`, `time`, `is_reply`."""
    words = words_of(name)
    return any(word in _SIDE_WORDS for word in words) or (len(words) > 1 and words[0] in ("is", "has"))


def names_a_metadata_number(name: str) -> bool:
    """Whether numbers below a name describe an item or count its annotations: `year`, `like_count`, `n_raters`.

    Such a column is never a label, nor an annotator's.
    """
    if normalise(name) in NOT_COUNTS | TOTAL_NAMES:
        return True
    words = [word for word in words_of(name) if len(word) > 1 or word == "n"]
    words = words[:-1] if words[-1:] == ["no"] else words  # a number behind `batch`, a label before `votes`
    telling = [word for word in words if word not in _COUNTING_WORDS]
    if not telling or telling[-1] in _METADATA_WORDS:
        return bool(telling)
    is_of_people = all(word.removesuffix("s") in _ANNOTATION_WORDS for word in telling)
    return len(telling) < len(words) and (is_of_people or (words[-1] != telling[-1] and telling[-1] in _COUNTED_WORDS))


def names_a_count(name: str) -> bool:
    """Whether a name means how many there are of something: `count`, `n_votes`, `Anzahl`, `size`, the `0` of pandas."""
    words = words_of(name)
    others = [word for word in words if word not in _COUNT_WORDS | _COUNTING_WORDS]
    is_count = not _COUNT_WORDS.isdisjoint(words) and all(
        word.removesuffix("s") in _ANNOTATION_WORDS for word in others
    )
    return normalise(name) in TOTAL_NAMES or is_count or name.strip() == "0"


def names_an_id(name: str) -> bool:
    """Whether a name ends like that of an id: `Thread ID`, `postId`."""
    return words_of(name)[-1:] == ["id"]


def mentions_a_person(name: str) -> bool:
    """Whether a word of the name means somebody who annotates: `coder_name`, `who`. Weaker than `ANNOTATOR_NAMES`."""
    return any(word in _PERSON_WORDS for word in words_of(name))


def stem_of(name: str) -> str:
    """The name without digits, case and punctuation: `label.1`, `label 2` and `Label` have one stem."""
    return re.sub(r"\d+", "", normalise(name))


def names_annotators(name: str) -> bool:
    """Whether a name means whoever annotated, one or all of a row: `worker`, `annotator_ids`."""
    plain = normalise(name)
    return plain in ANNOTATOR_NAMES or plain.removesuffix("s") in ANNOTATOR_NAMES


def strip_count_affix(names: Sequence[str]) -> list[str]:
    """The names without a counting prefix or suffix (`n_`, `count_`, `_votes` …), when all of them share it."""
    return _without_affix(names, "n|count|counts|num|votes|label|#", "count|counts|votes|n|annotations", "^#")


def strip_share_affix(names: Sequence[str]) -> list[str]:
    """The names without a prefix or suffix of shares (`p_`, `_share`, `%` …), when all of them share it."""
    shares = "p|prob|probs|probability|share|shares|pct|percent|percentage|freq"
    return _without_affix(names, shares, shares, r"[ _]*[(\[]?%[)\]]?[ _]*")


def _without_affix(names: Sequence[str], before: str, after: str, glued: str) -> list[str]:
    for pattern in (rf"^(?:{before})[ _.:-]+", rf"[ _.:-]+(?:{after})$", glued):
        stripped = [re.sub(pattern, "", name, flags=re.IGNORECASE) for name in names]
        shared = all(short and short != name for short, name in zip(stripped, names, strict=True))
        if shared and len(set(stripped)) == len(stripped):
            return stripped
    return list(names)


def did_you_mean(name: str, names: Sequence[str]) -> str:
    """` (did you mean …?)` with the nearest of `names`, or nothing."""
    return wording.did_you_mean(name, names, plain=normalise)
