"""The fuzzers' kept corpus, run again; and proof that faults are seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import ANY

import pytest
from gateway import open_page, slots
from helpers.fuzz.hang import HangError, bounded
from helpers.fuzz.mutants import one
from helpers.fuzz.targets import CORPUS, TARGETS
from pumplog.verify import evidence, order
from pumpwire import decoding, frames, page, receiving
from pumpwire.errors import WireError

TRIES = 4000  # mutations within which a fault must be seen


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_corpus_raises_nothing(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())
    assert inputs
    for file in inputs:
        TARGETS[target](file.read_bytes())


def test_the_kept_corpus_is_small() -> None:
    assert sum(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()) < 300_000
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)


def _unchecked(data: Any, at: int, end: int, seed: int) -> int:
    """frames.frame_length as if it had forgotten the frame's check."""
    try:
        return frames.frame_length(data, at, end, seed)
    except WireError as wrong:
        if wrong.what != "record check does not match":
            raise
        body = frames._minute_bytes if data[at] & 0x80 else frames._record_bytes
        return int(body(data, at, end)) + 2


def _past_the_end(data: Any, at: int, end: int) -> tuple[int, int]:
    """varint.get_uint as if it had forgotten where the data end."""
    value = shift = 0
    while True:
        value |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return value, at


FAULTS: dict[str, tuple[str, object, str, Any]] = {
    "any seal fits": ("pages", decoding, "sealed", lambda data, footer, key: True),
    "no check sum is looked at": ("pages", decoding, "check_footer", lambda data, footer: None),
    "no frame's check is looked at": ("pages", page, "frame_length", _unchecked),
    "a varint runs on": ("records", decoding, "get_uint", _past_the_end),
    "any attestation holds": ("attestations", decoding, "attested", lambda data, key, nonce: True),
    "any page follows any": ("logs", evidence.HeldPage, "link", ANY),
    "no end is missed": ("logs", order, "_add_missing", lambda *_: None),
    "segments forget how far they are": (
        "wire", receiving, "segment_head", lambda seq, offset, n: page.struct.pack("<IHH", seq, 0, n)),
    "nothing is programmed, and all is well": ("flash", open_page.OpenPage, "_program", lambda *_: True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_seen_by_the_mutations(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    what, where, name, instead = FAULTS[fault]
    monkeypatch.setattr(where, name, instead)
    for seed in range(TRIES):
        try:
            one(what, seed)
        except Exception as error:
            assert not isinstance(error, WireError)
            return
    raise AssertionError(f"{TRIES} mutations, and nothing was seen")


@pytest.mark.parametrize("fault", ["any seal fits", "no check sum is looked at"])
def test_a_fault_is_seen_by_the_kept_corpus(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, where, name, instead = FAULTS[fault]
    monkeypatch.setattr(where, name, instead)
    with pytest.raises(AssertionError):
        for file in sorted((CORPUS / "page").iterdir()):
            TARGETS["page"](file.read_bytes())


def test_what_never_ends_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    walk = decoding.walk

    def over_and_over(data: Any, header: Any) -> Iterator[tuple[int, int]]:
        while True:
            yield from walk(data, header)

    monkeypatch.setattr(decoding, "walk", over_and_over)
    with pytest.raises(HangError), bounded(100_000):
        for seed in range(10):
            one("records", seed)


def test_a_board_that_reads_for_ever_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.fuzz.flash_targets import EndlessError

    def again(self: Any, slot: int, start: int) -> bool:
        while True:
            self.look(slot)

    monkeypatch.setattr(slots.Slots, "blank", again)
    with pytest.raises(EndlessError):
        for seed in range(10):
            one("flash", seed)
