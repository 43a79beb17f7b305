"""docs/LOG_FORMAT.md says all that is needed to read a log, and says it as the firmware does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.docs import log_format_doc, log_format_reader
from helpers.docs.made_blocks import made_anew
from helpers.on_board.log_vectors import NAMES, SIMULATED, load, records_of, unhex
from pumpwire import check, decoding, page, records, varint

TEXT = log_format_doc.DOC.read_text()
ALL = NAMES + SIMULATED
UNREADABLE = ("newer_version", "retired")


def _block(name: str) -> Iterator[tuple[str, str]]:
    """Yields the two halves of each line of a fenced block."""
    block = re.search(rf"```{name}\n(.*?)\n```", TEXT, re.DOTALL)
    assert block
    for line in block[1].splitlines():
        left, right = re.split(r" = | {3,}", line, maxsplit=1)
        yield left, right


def test_tables_and_worked_page_are_fresh() -> None:
    assert made_anew(TEXT, log_format_doc.MADE) == TEXT, (
        "run python tests/helpers/docs/log_format_doc.py")


def test_every_kind_and_number_is_in_the_tables() -> None:
    assert {kind: [(name, ord(code)) for name, code in fields]
            for kind, fields in log_format_reader.KINDS.items()} == {
        kind: records.fields_of(kind) for kind in records.KINDS}


@pytest.mark.parametrize("name", [name for name in ALL if name not in UNREADABLE])
def test_a_reader_made_of_this_document_reads_the_vectors(name: str) -> None:
    data, said = load(name)
    found = log_format_reader.read_page(data)
    assert found.records == records_of(said)
    assert (found.closed, found.damaged) == (said["closed"], said["error"] is not None)
    assert (found.log_id, found.first_seq) == (said["header"]["log_id"], said["header"]["first_seq"])
    footer = said["footer"] and {key: _bytes(value) for key, value in said["footer"].items()}
    assert found.footer == footer
    if said["device_key"]:
        key = unhex(said["device_key"])
        assert log_format_reader.sealed(data, key)
        assert log_format_reader.key_id(key) == footer["key_id"]


def _bytes(value: Any) -> Any:
    return bytes.fromhex(value) if isinstance(value, str) else value


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_reader_made_of_this_document_leaves_what_it_cannot_read(name: str) -> None:
    data, _ = load(name)
    with pytest.raises(log_format_reader.UnreadableError):
        log_format_reader.read_page(data)


def test_varints_and_folds_in_the_text() -> None:
    for number, said in _block("varint"):
        made = bytearray(8)
        made = made[: varint.put_uint(made, 0, int(number))]
        assert made == bytes.fromhex(said)
        assert varint.get_uint(made, 0, len(made))[0] == int(number)
    for number, said in _block("fold"):
        assert varint.fold(int(number)) == int(said) and varint.unfold(int(said)) == int(number)


def test_frames_in_the_text_are_frames_of_the_worked_page() -> None:
    data, _ = load(log_format_doc.EXAMPLE)
    there = {data[at : at + n] for at, n in page.walk(data, page.read_header(data))}
    shown = [bytes.fromhex(left.replace("|", "")) for left, _ in _block("frame")]
    assert len(shown) == 7 and set(shown) <= there


def test_check_values_in_the_text() -> None:
    assert check.crc16(b"123456789", 0, 9) == log_format_reader.crc16(b"123456789") == 0x29B1
    assert "0x29B1" in TEXT and "0xCBF43926" in TEXT
    assert log_format_reader.binascii.crc32(b"123456789") == 0xCBF43926


def test_offsets_in_the_byte_map_are_the_codecs() -> None:
    at = {int(a): int(n) for a, n in re.findall(r"^ {6,9}(\d+) +(\d+)   \S", TEXT, re.MULTILINE)}
    assert at[0] == 2 and at[page.FOOTER_AT] == 2 and at[4080] == page.SEAL_BYTES
    assert at[4068] == page.PREVIOUS_BYTES and 4080 + page.SEAL_BYTES == page.PAGE_BYTES
    assert sum(n for a, n in at.items() if a < page.HEADER_BYTES) == page.HEADER_BYTES
    assert sum(n for a, n in at.items() if a >= page.FOOTER_AT) == page.FOOTER_BYTES


def test_both_readers_prove_the_same_seal() -> None:
    data, said = load(log_format_doc.EXAMPLE)
    key = unhex(said["device_key"])
    footer = page.read_footer(data)
    assert decoding.sealed(data, footer, key)
    assert log_format_reader.sealed(data, key) and not log_format_reader.sealed(data, b"another")
