"""docs/LOG_FORMAT.md says all that is needed to read a log, and says it as the firmware does."""

from __future__ import annotations

import ast
import random
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway import recovery
from gateway.clock import Uptime
from gateway.event_log import EventLog
from gateway.slots import READY, RETIRED, SPENT, Slots
from helpers.docs import log_format_doc, log_format_reader
from helpers.docs.made_blocks import made_anew
from helpers.docs.ring_properties import hold_cut_rings, hold_flipped_rings, same_ring
from helpers.on_board.log_vectors import NAMES, SIMULATED, load, records_of, unhex
from helpers.on_board.nor import Nor
from helpers.on_board.nor import random as random_bytes
from helpers.on_board.places import VECTORS
from pumpwire import check, decoding, entries, page, records, seal, varint

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
    decayed = bool(said["footer"] and said["footer"]["flags"] & page.FLAG_DECAYED)
    assert found.decayed == decayed  # the board closed it so: no damage, though a frame of it is bad
    assert (found.closed, found.damaged) == ((True, False) if decayed else
                                             (said["closed"], said["error"] is not None))
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


def test_the_reader_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(log_format_reader.__file__ or "").read_text())
    modules = {(node.module or "").split(".")[0] for node in ast.walk(tree)
               if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name.split(".")[0] for node in ast.walk(tree)
                if isinstance(node, ast.Import) for alias in node.names}
    assert modules - set(sys.stdlib_module_names) - {"__future__"} == {"helpers"}  # where the page lies


def test_entries_in_the_table_are_the_codecs() -> None:
    assert {kind: (name, list(fields)) for kind, (name, fields) in entries.KINDS.items()} == (
        log_format_reader.ENTRY_KINDS)
    rng = random.Random(11)
    for kind in [*entries.KINDS, 200]:
        values = [rng.choice((0, 7, 1 << 31, 0xFFFFFFFF)) for _ in entries.KINDS.get(kind, ("", ()))[1]]
        head = struct.pack(entries.HEAD, rng.randbytes(16), b"AB", 5, 2**32 - 1, 77, kind, 0)
        data = head + struct.pack(f"<{len(values)}I", *values)
        uuid, author, entered, effective, assignment, _, fields = entries.unpack(data)
        said = log_format_reader.entry(data + b"later fields")
        assert said == {"uuid": uuid, "author": author, "entered_at": entered, "kind": kind,
                        "effective_at": effective, "assignment": assignment, "fields": fields,
                        "name": entries.KINDS.get(kind, ("",))[0]}


def test_an_entry_ends_with_its_zeros() -> None:
    (shown,) = re.findall(r"```entry\n(.*?)\n```", TEXT, re.DOTALL)
    data = bytes.fromhex("".join(line[6:53] for line in shown.splitlines()))
    assert data.endswith(bytes(2)) and log_format_reader.entry(data)["fields"] == {"volume_ul": 1500}
    worked = log_format_reader.read_page(load(log_format_doc.EXAMPLE)[0])
    assert [fields["entry"] for *_, kind, _, _, fields in worked.records if kind == records.ENTRY] == [
        data]


def test_epoch_in_the_text_is_the_codecs() -> None:
    from pumpwire.units import EPOCH_2020_S

    assert log_format_reader.EPOCH_UNIX_S == EPOCH_2020_S


def test_slots_in_the_text_are_what_the_board_takes_them_for() -> None:
    shown = re.findall(r"^    ((?:[0-9A-F]{2} ){16}) +(ready|taken back)", TEXT, re.MULTILINE)
    assert [name for _, name in shown] == ["ready", "taken back"]
    flash = Nor(3)
    slots = Slots(flash)
    slots.claim(0x5EED1234)
    for slot, (data, name) in enumerate(shown):
        flash.program(slot, 0, bytes.fromhex(data))
        assert slots.look(slot) == (READY, SPENT)[slot]
        assert slots.cleared(slot) == (name == "taken back")
        assert log_format_reader.slot_kind(bytes.fromhex(data)) == (name, 0x5EED1234)
    flash.program(2, 0, bytes(16))
    assert slots.look(2) == RETIRED and log_format_reader.slot_kind(bytes(16)) == ("retired", 0)


def test_rings_that_power_cut_anywhere_read_the_same() -> None:
    assert hold_cut_rings(40) > 60


def test_rings_with_bits_flipped_read_the_same() -> None:
    assert hold_flipped_rings(60) > 20


def test_the_days_of_the_bench_read_the_same() -> None:
    """Two pages that the firmware wrote of a day on the bench."""
    cells = bytearray(b"\xff" * 8 * 4096)
    with open(VECTORS + "/reference_day/pages.hex", encoding="ascii") as file:
        for line in file:
            if line[0] != "#":
                slot, offset, data = line.split()
                at = int(slot) * 4096 + int(offset)
                for n, byte in enumerate(bytes.fromhex(data)):
                    cells[at + n] &= byte
    (log,) = same_ring(bytes(cells), b"k" * 32).values()
    assert len(log.records) > 1700 and not log.missing
    assert {log_format_reader.slot_kind(cells[at : at + 16])[0]
            for at in range(0, len(cells), 4096)} == {"page", "ready", "erased"}


def test_of_several_logs_each_is_read_on_its_own_and_the_board_keeps_the_others() -> None:
    cells = bytearray()
    for log_id, minutes, slots in ((0x11111111, 1500, 3), (0x22222222, 3000, 5)):
        flash, uptime = Nor(slots), Uptime()
        log = EventLog(flash, uptime, lambda n, log_id=log_id: log_id.to_bytes(4, "little"))
        log.mount(1, 100)
        _minutes(log, uptime, minutes)
        cells += flash.cells
    before = log_format_reader.read_ring(bytes(cells))
    assert {log_id: len(log.records) > 1000 for log_id, log in before.items()} == {
        0x11111111: True, 0x22222222: True}
    flash, uptime = Nor(8, bytes(cells)), Uptime()
    log = EventLog(flash, uptime, random_bytes)
    log.mount(1, 100)
    assert log.log_id == 0x22222222 and "hold something else" in log.trouble
    _minutes(log, uptime, 9000)
    after = log_format_reader.read_ring(bytes(flash.cells))
    assert after[0x11111111].records == before[0x11111111].records
    assert after[0x22222222].records[-1][0] == log.next_seq - 1 and not after[0x22222222].missing
    middle = after[0x22222222].pages[1]
    without = bytes(flash.cells).replace(middle.raw, b"\xff" * 4096)
    assert log_format_reader.read_ring(without)[0x22222222].missing == [
        (middle.first_seq, middle.records[-1][0])]


def _minutes(log: EventLog, uptime: Uptime, n: int) -> None:
    for k in range(n):
        uptime.advance((k + 1) * 60000 & (1 << 30) - 1)
        for at, value in enumerate((60000, k * 37 % 977, 0)):
            log.values[at] = value
        assert log.append(records.MINUTE) >= 0
        log.service()


def test_attestations_read_the_same() -> None:
    rng = random.Random(2)
    for key in (bytes(range(32)), None):
        nonce, previous = rng.randbytes(16), rng.randbytes(8)
        data = seal.attest(key, nonce, 0x5EED1234, 42, 40, 99, 0xCAFEBABE, previous)
        said = log_format_reader.attestation(data, key, nonce)
        assert said.pop("fits") and said == decoding.read_attestation(data)
        assert not log_format_reader.attestation(data, b"another" if key else None,
                                                 nonce if key else nonce)["fits"] or key is None
    assert not log_format_reader.attestation(data[:43] + b"1", None, nonce)["fits"]


def test_a_log_draws_no_id_under_which_a_slot_without_a_page_reads_as_one() -> None:
    assert "draws no log_id under which" in TEXT
    for rest in (bytes(6), b"\xff" * 6):
        for log_id in range(1, 1 << 18):
            mark = b"PL\2\0" + log_id.to_bytes(4, "little") + rest
            if check.crc16(mark, 0, 14) == int.from_bytes(rest[:2], "little"):
                break
        draws = [log_id.to_bytes(4, "little"), b"\x07\0\0\0"]
        slots = Slots(Nor(2))
        recovery.new_id(slots, lambda n, draws=draws: draws.pop(0))
        assert slots.log_id == 7 and not draws
