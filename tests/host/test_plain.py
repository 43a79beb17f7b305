"""Text from outside is only text, in every encoding; names are alike if they look alike."""

from __future__ import annotations

import io
import json
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pumplog import plain
from pumplog.cli import screen
from pumplog.deploy.diagnosis import Diagnosis
from pumplog.errors import PartlyError

ENCODINGS = ["ascii", "cp1252", "cp437", "iso8859-2", "koi8-r", "shift_jis", "utf-8"]
HOSTILE = "a\x1b[2Jb\x9bc\u202ed\r\n\u2028e\udcfff\x00\x7f\u200b\ufeff"
ANY_TEXT = st.text(st.characters(codec=None), max_size=60)  # half characters too


def printable(line: str) -> bool:
    return all(c.isprintable() for c in line)


def printed(text: str, encoding: str, monkeypatch: pytest.MonkeyPatch | None = None) -> str:
    """Returns what `print_text` writes to a stream of that encoding, read back."""
    out = io.BytesIO()
    stream = io.TextIOWrapper(out, encoding, newline="\n")
    before, sys.stdout = sys.stdout, stream
    try:
        screen.prepare()
        screen.print_text(text)
        stream.flush()
    finally:
        sys.stdout = before
    return out.getvalue().decode(encoding)


def test_nothing_that_a_terminal_obeys_is_left() -> None:
    assert plain.in_a_line(HOSTILE) == (
        "a\\x1b[2Jb\\x9bc\\u202ed\\r\\n\\u2028e\\udcfff\\x00\\x7f\\u200b\\ufeff")
    assert plain.in_a_line("Zürich\u00a01") == "Zürich 1"
    assert plain.decoded(b"A\x1b]0;x\x07\xff\n") == "A\\x1b]0;x\\x07\ufffd\\n"


@given(ANY_TEXT)
@example(HOSTILE)
def test_any_text_is_printable_and_a_line_stays_a_line(text: str) -> None:
    assert printable(plain.in_a_line(text))
    assert plain.in_a_line(plain.in_a_line(text)) == plain.in_a_line(text)
    cleaned = plain.lines(text)
    assert cleaned.count("\n") == text.count("\n") and printable(cleaned.replace("\n", ""))


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=ANY_TEXT)
@example(HOSTILE)
@example("Łóżko 3")
@example("床 3 ± ½ 😀")
def test_any_text_is_printed_in_any_encoding(encoding: str, text: str) -> None:
    assert printable(printed(text, encoding).replace("\n", ""))


@pytest.mark.parametrize("encoding, shown", [
    ("utf-8", "Łóżko 3, Αθήνα, 床"), ("cp1252", "Lózko 3, \\u0391\\u03b8\\u03ae\\u03bd\\u03b1, \\u5e8a"),
    ("iso8859-2", "Łóżko 3, \\u0391\\u03b8\\u03ae\\u03bd\\u03b1, \\u5e8a"),
    ("ascii", "Lozko 3, \\u0391\\u03b8\\u03ae\\u03bd\\u03b1, \\u5e8a"),
])
def test_a_name_is_shown_as_well_as_the_terminal_can(encoding: str, shown: str) -> None:
    assert printed("Łóżko 3, Αθήνα, 床", encoding) == shown + "\n"


@given(st.recursive(ANY_TEXT | st.integers() | st.none(),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(ANY_TEXT, inner, max_size=3)))
@example({"a\udc80": ["\ud83d", "\ud83d\ude00", "\\ud83d", "\x1b\x9b"]})
def test_json_is_ascii_and_loses_nothing_but_half_characters(value: object) -> None:
    out = io.StringIO()
    before, sys.stdout = sys.stdout, out
    try:
        screen.print_json(value)
    finally:
        sys.stdout = before
    text = out.getvalue()
    assert text.isascii() and printable(text.removesuffix("\n"))
    came = json.loads(text)
    json.dumps(came, ensure_ascii=False).encode()  # any strict reader takes it
    if plain.whole(repr_of := json.dumps(value, ensure_ascii=False)) == repr_of:
        assert came == value


@pytest.mark.parametrize("name, other", [
    ("Zürich 1", "Zu\u0308rich 1"), ("3a", "3A"), ("STRASSE 5", "Straße 5"), ("Å1", "\u212b1"),
    ("３Ａ", "3a"), ("bed  4", "bed 4"), ("bed\u00a04", "bed 4"), ("3\ufe0f", "3"), ("be\u00add", "bed"),
    ("Ǆ", "dž"), ("ΌΣ", "όσ"), ("ᾳ", "ΑΙ"), ("3\u3164", "3"), ("ﬁ 2", "FI 2"),
])
def test_names_that_look_alike_are_alike(name: str, other: str) -> None:
    assert plain.alike(name, [other]) and plain.alike(other, ["x", name])


@pytest.mark.parametrize("name, other", [("3a", "3b"), ("Zürich", "Zurich"), ("Łóżko", "Lozko"),
                                         ("", ""), ("\u3164", "\u200b"), ("1", "11")])
def test_other_names_are_not(name: str, other: str) -> None:
    assert not plain.alike(name, [other])


@given(st.text(max_size=12))
def test_a_name_is_alike_however_it_is_composed_and_written(name: str) -> None:
    if not plain.key(name):
        return
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        other = unicodedata.normalize(form, name)
        assert plain.alike(name, [other]) and plain.alike(name, [other.casefold()]), form
    assert plain.alike(name, [name.upper()]) or name.upper().casefold() != name.casefold()
    assert plain.key(plain.key(name)) == plain.key(name)


def test_an_error_is_a_sentence_whatever_it_repeats() -> None:
    error = PartlyError(f"this is board {HOSTILE}, not B01", f"look at {HOSTILE}")
    assert printable(str(error)) and printable(error.what) and printable(error.do)


def test_what_a_board_tells_doctor_is_a_line() -> None:
    told = Diagnosis("micropython", None, f"MicroPython {HOSTILE}, which is not known.")
    assert printable(told.to_text()) and told.to_json()["sentence"] == told.sentence


def test_the_very_name_is_meant_before_those_alike() -> None:
    assert plain.meant("3a", ["3A", "3a", "4"]) == ["3a"]
    assert plain.meant("3a", ["3A", "4"]) == ["3A"]
    assert plain.meant("Zürich", ["Zu\u0308rich", "ZÜRICH"]) == ["Zu\u0308rich"]
    assert plain.meant("zürich", ["Zürich", "ZÜRICH"]) == ["Zürich", "ZÜRICH"]
