"""docs/BLE.md is enough: readers made of it alone agree with the firmware, to the byte.

The radio's side of it, with pairing: tests/end_to_end/test_ble_doc.py.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import random
import re
import struct
import sys
from pathlib import Path

import pytest
from gateway.serial_peer import SerialPeer
from helpers.docs import ble_doc, ble_example, ble_reader, log_format_reader
from helpers.docs.ble_example import (
    CHECK_CODE,
    HOST_ID,
    KEY,
    LOG_ID,
    NONCE,
    READING,
    TAG,
    ExampleBoard,
)
from helpers.docs.ble_properties import Air, Dealer, hold_answers, hold_reports, pull
from helpers.docs.ble_reader import Report, Said, Told, examples, takes
from helpers.docs.made_blocks import made_anew
from helpers.host.loop_link import LoopBoard, session_of
from pumplog.store import key_file
from pumplog.store.boards import Board
from pumplog.store.keys import Key
from pumpwire import commands, entries, page, racp, receiving, serial_frame, stream, uuids
from pumpwire.errors import WireError

TEXT = ble_doc.DOC.read_text()
CONVERSATION = examples("example")


def test_the_page_is_fresh() -> None:
    assert made_anew(TEXT, ble_doc.MADE) == TEXT, "run python tests/helpers/docs/ble_doc.py"


def test_the_reader_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(ble_reader.__file__ or "").read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}
    assert {name for name in modules if name.split(".")[0] not in sys.stdlib_module_names} == {
        "helpers.docs.log_format_reader", "helpers.paths"}


# ---- the example


def test_a_board_answers_as_the_page_says_byte_for_byte() -> None:
    told = dict(CONVERSATION)
    board = ExampleBoard()
    asked = [what for what in told if re.match("PROVE|TIME|ANCHOR|ENTRY|the same entry|ATTEST|UNPAIR",
                                               what)]
    assert len(asked) == 7
    for n, what in enumerate(asked, 1):
        board.at({2: 61200}.get(n, 60000 if n < 2 else 61500))
        if what == "ATTEST":
            sent = board.ask(uuids.RACP, told["report >= 2, tag 5, to RACP"])
            assert [data for _, data in sent] == [
                data for name, data in CONVERSATION if name.startswith("LOG, packet")]
            assert board.ask(uuids.FLOW, told["FLOW: all that there is, tag 5"]) == [
                (uuids.RACP, told["done"])]
        assert board.ask(uuids.COMMAND, told[what]) == [(uuids.COMMAND, told[f"answer to {n}"])]


def test_the_reader_makes_and_proves_what_the_example_says() -> None:
    told = dict(CONVERSATION)
    assert told["device key, and pairing key"] == KEY and told["nonce in PAIRING"] == NONCE
    assert f"the passkey is then {ble_reader.passkey(KEY, NONCE):06}" in told
    answer = told["answer to 1"][3:]
    assert ble_reader.board_proves(KEY, told["PROVE"][6:], answer)
    assert not ble_reader.board_proves(bytes(32), told["PROVE"][6:], answer)
    nonce = answer[:16]
    time = told["answer to 2"][3:]
    anchor = struct.pack("<IHHIB", 185000100, 250, 40, HOST_ID, 1) + time
    for what, op, number, code, counter, body in (
            ("ANCHOR, counter 1", 2, 3, 0, 1, anchor),
            ("ENTRY, counter 2, code 123456", 3, 4, CHECK_CODE, 2, READING),
            ("the same entry, counter 3", 3, 5, CHECK_CODE, 3, READING),
            ("UNPAIR, counter 4", 6, 7, 0, 4, b"\0")):
        head = ble_reader.request(op, number, code)
        assert told[what] == head + ble_reader.sealed(KEY, nonce, HOST_ID, counter, head, body), what
    assert told["answer to 5"][2] == 5 and len(told["answer to 5"]) == 3
    assert ble_reader.entry(READING)["fields"] == {"volume_ul": 1500}
    report = Report(TAG)
    for what, data in CONVERSATION:
        if what.startswith("LOG, packet"):
            report.take(data)
    assert report.told == [told["FLOW: all that there is, tag 5"]]
    ((first_seq, offset, data),), end = report.segments()
    assert report.stream == told["the stream in them: a segment"] + told["and the closing segment"]
    assert (first_seq, end) == (0, (0, offset + len(data)))
    attested = ble_reader.attestation(told["answer to 6"][3:], KEY, bytes(16))
    assert attested["fits"] and attested["log_id"] == LOG_ID and attested["used"] == end[1]


def test_records_in_the_example_are_the_anchor_told_and_the_entry() -> None:
    board = ExampleBoard()
    for what, data in CONVERSATION:
        if what[:5] in ("PROVE", "ENTRY") or what.startswith("TIME"):
            board.ask(uuids.COMMAND, data)
        if what == "TIME":
            board.at(61500)
        if what.startswith("ANCHOR"):
            board.ask(uuids.COMMAND, data)
    cells = bytes(board.flash_page())
    records = log_format_reader.read_page(cells).records
    assert [record[1] for record in records] == [1, 3, 2, 9]
    anchor, entered = records[2], records[3]
    assert anchor[3] == 61500 and records[3][4]["entry"] == READING
    told_ms = 185000100 * 1000 + 250
    assert anchor[4]["epoch_s"] * 1000 + anchor[4]["epoch_ms"] - told_ms == 300  # from TIME to ANCHOR
    assert entered[3] == 61500


# ---- reports


def test_reports_of_any_mtu_over_bad_links_are_put_together_as_they_lie_on_flash() -> None:
    hold_reports(12)


def test_a_packet_is_made_and_checked_as_the_page_says() -> None:
    rng = random.Random(8)
    for _ in range(300):
        index, tag, body = rng.randrange(70000), rng.randrange(256), rng.randbytes(rng.randrange(1, 240))
        packet = bytearray(1) + body + bytes(2)
        stream.seal_packet(packet, index, tag, len(body) + 1)
        report = Report(tag, expected=index)
        report.take(bytes(packet))
        assert report.stream == body and report.expected == index + 1
        other = Report(tag ^ 1, expected=index)
        other.take(bytes(packet))
        assert not other.stream and other.told
    assert f"| WINDOW, packets | {ble_reader.WINDOW} |" in TEXT
    assert (ble_reader.SEGMENT_HEAD, ble_reader.TELL_EVERY) == (stream.SEGMENT_HEAD, stream.ACK_EVERY)


def test_where_reports_start_and_end_as_the_page_says() -> None:
    board = LoopBoard()
    board.minutes(3000)
    rng = random.Random(1)
    pages = [first for slot in range(8) for first, used, _ in [board.log.page_at(slot)] if used]
    second = sorted(pages)[1]
    report, _ = pull(board, b"\1\3\1" + struct.pack("<I", second), rng, 247)
    (first_seq, offset, footer), *_ = report.segments()[0]
    assert (first_seq, offset, len(footer)) == (0, page.FOOTER_AT, page.FOOTER_BYTES)  # it comes alone
    for asked, code in ((board.log.next_seq, 6), (board.log.next_seq + 5, 6)):
        board.log.seal()
        assert pull(board, b"\1\3\1" + struct.pack("<I", asked), rng, 247)[1] == bytes((6, 0, 1, code))


def test_flow_that_fits_no_report_is_ignored() -> None:
    board = LoopBoard()
    board.minutes(2000)
    air = Air(random.Random(1), 23)
    session = session_of(board, air)
    session.written(uuids.RACP, b"\3\0")
    session.pump()
    assert air.arrived == [(uuids.RACP, b"\6\0\3\1")]  # an abort without a report
    session.written(uuids.RACP, b"\1\1")
    session.pump()
    sent = len(air.arrived)
    for flow in (receiving.flow(16, False, 9), receiving.flow(65, False), b"\x10\0\0"):
        session.written(uuids.FLOW, flow)
        session.pump()
        assert len(air.arrived) == sent  # the window is full, and nothing was told
    session.written(uuids.FLOW, receiving.flow(16, False))
    session.pump()
    assert len(air.arrived) > sent


# ---- the cable


def test_cable_frames_of_the_page_are_the_boards() -> None:
    told = dict(examples("cable"))
    assert ble_reader.frames(told["read INFO"]) == [(uuids.INFO | 0x80, b"")]
    assert ble_reader.frames(told["C0, DB and 03 on LOG"]) == [(uuids.LOG, b"\xc0\xdb\x03")]
    for name, number in (("INFO", uuids.INFO), ("STATUS", uuids.STATUS), ("RACP", uuids.RACP),
                         ("LOG", uuids.LOG), ("FLOW", uuids.FLOW), ("COMMAND", uuids.COMMAND)):
        assert f"| {number} | {name} |" in TEXT
    rng = random.Random(6)
    for _ in range(300):
        channel = rng.randrange(1, 256)
        data = bytes(rng.choices((0xC0, 0xDB, 3, 7, 0xDC), k=rng.randrange(60)))
        line = b"text of the console" + ble_reader.frame(channel, data)
        assert ble_reader.frame(channel, data) == bytes(serial_frame.wrap(channel, data))
        assert ble_reader.frames(line) == serial_frame.FrameReader().feed(line) == [(channel, data)]
        spoilt = bytearray(line)
        spoilt[-2] ^= 1
        assert ble_reader.frames(bytes(spoilt)) == serial_frame.FrameReader().feed(bytes(spoilt))


def test_a_board_on_a_cable_answers_the_frames_of_the_page() -> None:
    told = dict(examples("cable"))
    sent: list[bytes] = []

    class _Port:
        def __init__(self) -> None:
            self.came = [b"boot text", told["read INFO"], ble_reader.frame(uuids.PAIRING | 0x80, b"")]

        def read(self) -> bytes | None:
            return self.came.pop(0) if self.came else None

        def write(self, data: bytes) -> None:
            sent.append(bytes(data))

    class _Handler:
        def read(self, peer: object, channel: int) -> bytes | None:
            info = struct.pack(commands.INFO_BODY, commands.PROTOCOL, 1, b"B01")
            return info if channel == uuids.INFO else None

    SerialPeer(_Port(), _Handler()).service()
    assert sent == [told["its value"]]
    assert f"{SerialPeer.packet_bytes} bytes" in TEXT


def test_a_key_file_opens_as_the_page_says() -> None:
    from cryptography.fernet import Fernet

    board = Board("B01", KEY, NONCE * 2, CHECK_CODE, 1000, 10, 5)
    phrase = key_file.new_passphrase()
    text = json.loads(key_file.close([key_file.BoardKeys(board, (Key(KEY, 5),))], phrase))
    assert (text["format"], text["version"], len(phrase.replace("-", ""))) == ("pumplog-keys", 1, 20)
    secret = hashlib.scrypt(phrase.replace("-", "").encode(), salt=bytes.fromhex(text["salt"]),
                            n=text["n"], r=text["r"], p=text["p"], dklen=32)
    (inside,) = json.loads(Fernet(base64.urlsafe_b64encode(secret)).decrypt(text["closed"].encode()))
    assert inside["name"] == "B01" and bytes.fromhex(inside["device_key"]) == KEY
    assert bytes.fromhex(inside["pairing_key"]) == NONCE * 2 and inside["check_code"] == CHECK_CODE
    assert inside["keys"] == [{"device_key": KEY.hex(), "since_ms": 5}]


# ---- commands


def test_every_request_and_answer_of_the_control_point_block_is_the_codecs() -> None:
    told = examples("control examples")
    assert racp.read_request(dict(told)["report 42..57"]) == (racp.REPORT, 42, 57, 0)
    tagged = [data for what, data in told if what == "the same, tag 5"]
    assert [racp.read_request(data)[3] for data in tagged] == [0, 0]


@pytest.mark.parametrize("op", [*range(1, 8), 0, 9])
def test_what_a_board_answers_stands_in_the_page(op: int) -> None:
    hold_answers(op, 120)


def test_a_board_without_a_key_asks_for_none_and_takes_the_button_alone() -> None:
    for button in (False, True):
        board = ExampleBoard(247, button=button)
        board.config.device_key, board.config.provisioned = None, False
        for code in (0, CHECK_CODE):
            request = ble_reader.request(3, 1, code, READING)
            assert board.ask(uuids.COMMAND, request)[0][1][2] == (0 if button and not code else
                                                                  5 if button else 1)
        proof = board.ask(uuids.COMMAND, ble_reader.request(5, 2, 0, bytes(20)))[0][1]
        assert proof[-16:] == bytes(16)


def test_which_times_a_board_takes_stands_in_the_page() -> None:
    rng = random.Random(9)
    taken = 0
    for _ in range(40):
        dealer, last, uptime_ms = Dealer(False, Said()), None, 61200
        for _ in range(20):
            uptime_ms += rng.choice((100, 7000, 500_000, 40_000_000))
            dealer.board.at(uptime_ms)
            epoch_ms = 185000100_000 + uptime_ms + rng.choice((0, 0, 60, -1000, 90_000))
            told = Told(epoch_ms, rng.choice((20, 50, 55, 3000)), rng.randrange(3), uptime_ms)
            body = struct.pack("<IHHIBIIH", epoch_ms // 1000, epoch_ms % 1000, told.uncertainty_ms,
                               HOST_ID, told.synced, 1, uptime_ms // 1000, uptime_ms % 1000)
            wanted = takes(last, told)
            assert dealer.send(ble_reader.ANCHOR, body) == (0 if wanted else 5)
            last = told if wanted else last
            taken += wanted
    assert 100 < taken < 700


def test_prove_again_ends_what_was_made_before_and_begins_counting_anew() -> None:
    dealer = Dealer(False, Said())
    assert dealer.send(6, b"\0") == 0
    dealer.board.ask(uuids.COMMAND, ble_reader.request(5, 9, 0, bytes(19)))  # malformed: changes nothing
    assert dealer.send(6, b"\0") == 0
    dealer.board.nonce = bytes(range(48, 64))
    dealer.prove()
    assert dealer.send(6, b"\0") == 7
    dealer.nonce, dealer.counter = dealer.board.nonce, 0
    assert dealer.send(6, b"\0") == 0


def test_a_request_too_short_is_answered_as_the_page_says() -> None:
    assert "answered `80 00 02`" in TEXT
    for size in range(6):
        assert ExampleBoard().ask(uuids.COMMAND, bytes(size))[0][1] == bytes.fromhex("800002")


def test_entries_of_any_kind_are_taken_and_known_again_64_entries_long() -> None:
    dealer = Dealer(False, Said())

    def enter(n: int, kind: int) -> int:
        fields = bytes(4 * len(entries.KINDS.get(kind, ("", ()))[1]))
        return dealer.send(3, struct.pack(entries.HEAD, n.to_bytes(16, "big"), b"AB", 5, 5, 77, kind, 0)
                           + fields)

    for n in range(64):
        assert enter(n, (n + 1) % 12) == 0  # 10, 11 and 0 among them
    assert [enter(n, 5) for n in (0, 63)] == [5, 5]
    assert enter(64, 5) == 0 and enter(0, 5) == 0 and enter(2, 5) == 5


def test_a_link_that_is_not_secured_hears_nothing() -> None:
    board = ExampleBoard(247)
    board.secured = False  # type: ignore[misc]
    for channel, data in ((uuids.RACP, b"\1\1"), (uuids.COMMAND, dict(CONVERSATION)["PROVE"]),
                          (uuids.FLOW, bytes(4)), (uuids.RACP, b"\3\0")):
        assert board.ask(channel, data) == []


def test_the_smallest_mtu_that_the_page_names_holds_every_command() -> None:
    longest = max(34 + 4 * len(fields) for _, fields in entries.KINDS.values())
    assert f"longest needs {6 + longest + 20 + 3}," in TEXT
    assert f"needs an MTU of {6 + 128 + 20 + 3};" in TEXT and f"ATTEST's answer {3 + 44 + 3}." in TEXT
    assert ble_example.SMALLEST_MTU == 23 and "The smallest MTU, 23," in TEXT
    with pytest.raises(WireError):
        receiving.open_packet(b"\0\0", 0)
