"""Text from outside is only text: what a board, a stranger's radio, a file or a library says.

It may hold what a terminal obeys, what turns a line around, or what this terminal cannot show. `decoded`
and `in_a_line` clean it as it comes in, `lines` as it goes out (cli.screen). `key` is what names are
compared by: a bed may be typed composed or decomposed, in capitals or not.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable

_BACKSLASHED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASE = dict(zip("ØøŁłĐđÐðĦħŦŧı–—−‘’", "OoLlDdDdHhTti---''", strict=True)) | {  # what NFKD leaves whole
    "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "ẞ": "SS", "Þ": "Th", "þ": "th", "±": "+-"}
_INVISIBLE = re.compile(  # letters and marks that show nothing; format characters are a category
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def in_a_line(text: str) -> str:
    """Returns a text from outside with nothing but printable characters; others as an escape, such as
    \\x1b."""
    if text.isprintable():
        return text
    return "".join(map(_printable, text))


def lines(text: str) -> str:
    """Returns a text of several lines with nothing but printable characters in each."""
    return "\n".join(map(in_a_line, text.split("\n")))


def decoded(data: bytes, encoding: str = "ascii") -> str:
    """Returns bytes from outside as text in one line; what is no text is shown as �."""
    return in_a_line(data.decode(encoding, "replace"))


def whole(text: str) -> str:
    """Returns a text that every encoding of Unicode takes: half a character becomes �."""
    return _SURROGATE.sub("\ufffd", text)


def key(name: str) -> str:
    """Returns what two names have in common that look alike or differ in capitals or spaces only."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFD", name).casefold())
    folded = unicodedata.normalize("NFKC", folded.casefold())
    visible = "".join(c for c in _INVISIBLE.sub("", folded) if unicodedata.category(c) != "Cf")
    return " ".join(visible.split())


def alike(name: str, names: Iterable[str]) -> bool:
    """Returns whether any of these names looks like the name, or differs in capitals or spaces only."""
    wanted = key(name)
    return bool(wanted) and any(wanted == key(each) for each in names)


def meant(name: str, names: Iterable[str]) -> list[str]:
    """Returns which of these names a person means who typed this name: the very name, else those
    alike."""
    found = [each for each in names if alike(name, [each])]
    return [each for each in found if as_typed(name, [each])] or found


def as_typed(name: str, names: Iterable[str]) -> bool:
    """Returns whether any of these names is the very name, however its marks were typed."""
    wanted = unicodedata.normalize("NFC", name)
    return any(wanted == unicodedata.normalize("NFC", each) for each in names)


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    if unicodedata.category(character) == "Zs":
        return " "
    return _BACKSLASHED.get(character) or _escaped(character)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def _shown(error: UnicodeError) -> tuple[str, int]:
    """Returns what is written for characters that an encoding lacks: the letter without its marks, else
    an escape, which no other character has."""
    assert isinstance(error, UnicodeEncodeError)
    out = []
    for character in error.object[error.start : error.end]:
        base = _BASE.get(character) or "".join(
            _BASE.get(c, c) for c in unicodedata.normalize("NFKD", character)
            if not unicodedata.combining(c))
        out.append(base if base.isascii() and base else _escaped(character))
    return "".join(out), error.end


SHOWN = "pumplog-shown"  # what a stream's `errors` is set to
codecs.register_error(SHOWN, _shown)
