"""Bytes of a file to UTF-8: byte order mark, strict UTF-8, then a guess that is said; binary files refused by name."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from judgekit.errors import DataError

_CHUNK_BYTES = 1 << 20
_GUESS_BYTES = 1 << 18
_IN_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LATIN = r"cp(125[0247]|437|85\d)|iso8859_([12349]|1[03456])$"
_IN_USE = r"cp(125\d|437|85\d|866|1125|874|93\d|949|950)|iso8859|koi8|mac_(roman|cyrillic)|shift|euc|gb|big5|tis"
"""Encodings that tables are saved in; a guess beyond them is not believed."""
_FEW_LETTERS = 3
_WITHOUT_FORMAT = "Omit --format: the file is then read as what it is."
_BINARY_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "an Excel file or another zip archive", _WITHOUT_FORMAT),
    (b"\x1f\x8b", "gzip-compressed", "Decompress it first: gunzip."),
    (b"BZh", "bzip2-compressed", "Decompress it first: bunzip2."),
    (b"\xfd7zXZ\x00", "xz-compressed", "Decompress it first: unxz."),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "Decompress it first: unzstd."),
    (b"PAR1", "a Parquet file", _WITHOUT_FORMAT),
    (b"ARROW1", "an Arrow file", _WITHOUT_FORMAT),
    (b"%PDF", "a PDF file", "Give the table as CSV UTF-8."),
    (b"SQLite format 3\x00", "an SQLite database", "Export the table as CSV UTF-8."),
)
DOCUMENTS_HINT = (
    "Its documents hold spans. For labels of whole texts, write a table with a row for each text and annotator: the "
    "text, the annotator's name, and the value of the document's metadata."
)
_OTHER_TEXT_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (rb'(?:\xef\xbb\xbf)?\s*\[?\s*\{\s*"[^"]*"\s*:', "JSON", _WITHOUT_FORMAT),
    (rb"#FORMAT=WebAnno", "a document of INCEpTION or WebAnno", DOCUMENTS_HINT),
    (rb"\s*(?:<\?xml[^>]*>\s*)?<xmi:XMI", "a document of INCEpTION or of another UIMA tool", DOCUMENTS_HINT),
    (rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml)", "a web page or XML", "Download the table itself as CSV."),
)
# The UTF-32 marks begin like the UTF-16 ones, so they come first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Utf8Content(NamedTuple):
    """The content of a file as UTF-8 without a byte order mark."""

    content: bytes
    notes: tuple[str, ...] = ()
    warning: str = ""
    """What was guessed."""


def as_utf8(path: Path, content: bytes, encoding: str | None = None) -> Utf8Content:
    """The content of a text file in UTF-8, whatever its encoding.

    Args:
        path: the file, for messages.
        content: its bytes.
        encoding: the user's word for it, which is then not questioned; None to find out.

    Raises:
        DataError: the file is empty, binary, or not text in the given encoding.
    """
    if not content.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise DataError(f"{path.name} is empty.", hint="It needs a header line and one line per row.")
    for magic, kind, hint in _BINARY_KINDS:
        if content.startswith(magic):
            raise DataError(f"{path.name} is not delimited text: it is {kind}.", hint=hint)
    for pattern, kind, hint in _OTHER_TEXT_KINDS:
        if re.match(pattern, content, re.IGNORECASE):
            raise DataError(f"{path.name} is not delimited text: it is {kind}.", hint=hint)
    if encoding is not None:
        return Utf8Content(decode_as(path, content, encoding))
    for mark, name in _MARKS:
        if content.startswith(mark):
            return _decode_marked(path, content, name)
    _refuse_nul(path, content)
    broken_at = _first_byte_not_utf8(content)
    if broken_at is None:
        return Utf8Content(content)
    return _decode_by_guess(path, content, broken_at)


def _refuse_nul(path: Path, content: bytes) -> None:
    position = content.find(b"\x00")
    if position >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise DataError(
            f"{path.name} line {line}: a NUL byte, which text does not contain; the file is binary or damaged.",
            hint="If it is UTF-16 without a byte order mark, say --encoding utf-16-le; else save it as CSV UTF-8.",
        )


def _first_byte_not_utf8(content: bytes) -> int | None:
    """Offset of the first byte that is not UTF-8, or None; in chunks, so that the text is never in memory whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    for start in range(0, max(len(content), 1), _CHUNK_BYTES):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start : start + _CHUNK_BYTES], final=start + _CHUNK_BYTES >= len(content))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None


def decode_as(path: Path, content: bytes, encoding: str) -> bytes:
    """The bytes of a text in UTF-8 without a byte order mark.

    Raises:
        DataError: there is no such encoding, or the bytes are not in it.
    """
    try:
        codecs.lookup(encoding)
        text = content.decode(encoding)
    except LookupError as error:
        raise DataError(
            f"There is no encoding called {encoding!r}.", hint="Common ones: utf-8, utf-16, cp1252, latin-1, shift_jis."
        ) from error
    except UnicodeError as error:
        start = error.start if isinstance(error, UnicodeDecodeError) else 0
        line = content.count(b"\n", 0, start) + 1
        raise DataError(
            f"{path.name} line {line}: the bytes are not {encoding}.", hint="Omit --encoding to have it detected."
        ) from error
    utf8 = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")
    _refuse_nul(path, utf8)
    return utf8


def _decode_marked(path: Path, content: bytes, encoding: str) -> Utf8Content:
    try:
        utf8 = content.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path.name} line {line}: the file starts with the byte order mark of "
            f"{encoding.removesuffix('-sig')}, but byte {error.start:,} is not valid in it.",
            hint="Save the file as CSV UTF-8, or name its true encoding with --encoding.",
        ) from error
    _refuse_nul(path, utf8)
    if encoding == "utf-8-sig":
        return Utf8Content(utf8, ("The file starts with a byte order mark (UTF-8); it was left out.",))
    return Utf8Content(utf8, (f"The file is {encoding.upper()}, as its byte order mark says.",))


def _decode_by_guess(path: Path, content: bytes, broken_at: int) -> Utf8Content:
    # Imported here because its 66 ms would be paid by every start and is needed by the rare file that is not UTF-8.
    from charset_normalizer import from_bytes

    line = content.count(b"\n", 0, broken_at) + 1
    # The guess looks around the first odd byte: the head of a long file may be plain ASCII and tell nothing.
    start = max(0, broken_at - _GUESS_BYTES // 4)
    matches = [
        match for match in from_bytes(content[start : start + _GUESS_BYTES]) if re.match(_IN_USE, match.encoding)
    ]
    guesses = [match.encoding for match in matches[:3]]
    # Measured: a few accented letters in cp1252 are guessed as cp1250, cp850 or cp1125 with nearly the same score. The
    # common Western encoding wins every tie, and never against a better score (cp1251, cp1254, shift_jis keep theirs).
    for match in matches:
        is_near = match.chaos <= matches[0].chaos + 0.05 and match.coherence >= matches[0].coherence - 0.03
        if is_near and "cp1252" in (match.encoding, *match.could_be_from_charset):
            guesses.insert(0, "cp1252")
    before = content[max(0, broken_at - _GUESS_BYTES) : broken_at]
    for guess in guesses or ["cp1252"]:
        try:
            text = content.decode(guess)
        except (UnicodeDecodeError, LookupError):
            continue
        if guess == "cp1252" and re.search(r"[^\W\d_][^\w\s\x00-\x7f’][^\W\d_]", text):
            continue  # a sign within a word is a letter in another encoding
        # All before the first odd byte is UTF-8, and in any other encoding has no letters but a few by chance. In the
        # Latin ones the pairs that letters become in UTF-8 are a capital and a sign, which no text has.
        is_latin = re.match(_LATIN, guess) is not None
        if len(_IN_UTF8.findall(before)) >= _FEW_LETTERS or (is_latin and _IN_UTF8.search(content)):
            raise DataError(
                f"{path.name} line {line}: the bytes are not UTF-8, but others of the file are; it was cut, or its "
                "parts were saved in different encodings.",
                hint="Save all parts as CSV UTF-8 and join them again.",
            )
        utf8 = text.encode("utf-8")
        _refuse_nul(path, utf8)
        shown = text[len(content[:broken_at].decode(guess, "replace")) :][:1]
        warning = (
            f"{path.name} is not UTF-8 (line {line}); it was read as {guess}, which is a guess: the first such letter "
            f"became {shown!r}. If that is wrong, name the encoding with --encoding."
        )
        return Utf8Content(utf8, warning=warning)
    raise DataError(
        f"{path.name} line {line}: the bytes are not UTF-8 and no other encoding fits them.",
        hint="Save the file as CSV UTF-8, or name its encoding with --encoding.",
    )
