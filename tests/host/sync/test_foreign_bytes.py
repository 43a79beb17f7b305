"""Bytes that the board's key does not vouch for change no figure, whoever brings them, and how."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import KEY, START_MS
from helpers.host.foreign_images import HOUR, figures, hold_foreign_images, said, ward
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import MadeLog, board, store_with_board
from helpers.on_board.page_maker import PageMaker
from helpers.scale import scaled
from pumplog.cli import main
from pumplog.errors import IntegrityError
from pumplog.store import Store
from pumplog.sync.client import Client
from pumplog.sync.image import pull_image
from pumpwire import decoding, entries, page, records, stream, uuids
from pumpwire.units import EPOCH_2020_S


def forged(log_id: int = 99, first_seq: int = 0, hours: int = 10, counts: int = 500) -> bytes:
    """An open page in the stay, as anybody can write it: good checks, no seal."""
    made = PageMaker(log_id, first_seq, 1, 0)
    made.put(records.BOOT, 3, (1, 1, 100))
    made.put(records.CALIBRATION, 3, (100_000, 0, 0, 420_000))
    made.put(records.ANCHOR, 50, (START_MS // 1000 - EPOCH_2020_S, 0, 50, 7, 1))
    made.put(records.ENTRY, 60, (), entries.pack(
        bytes(range(16)), b"XX", START_MS // 1000 - EPOCH_2020_S, START_MS // 1000 - EPOCH_2020_S, 5,
        entries.BAG, (250_000_000, 250_000_000, 250_000)))
    made.put(records.SIGNATURE, 62, (1, 1, 600, 0, 0, 0, 0, 0))
    for k in range(hours * 60):
        made.put(records.MINUTE, 53 + 600 * (k + 1), (60_000, counts, 0))
    return bytes(made.data)


def file_of(tmp_path: Path, *pages: bytes) -> str:
    path = tmp_path / "log.flash"
    path.write_bytes(b"".join(data.ljust(4096, b"\xff") for data in pages))
    return str(path)


def test_a_page_that_no_key_vouches_for_is_in_no_figure_unless_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "a.db"
    bed = ward(str(db))
    before = figures(bed.store)
    link = f"file:{file_of(tmp_path, forged())}"
    assert main(["pull", "P01", "--link", link, "--db", str(db)]) == 1
    told = unfolded(capsys.readouterr().out)
    assert "possible" not in told
    assert "in no figure: 605 records of log 00000063, for nothing proves" in told
    assert said(figures(bed.store)) == said(before)
    assert len(bed.store.entries.all()) == 2  # the forged bag is not in the journal
    assert main(["doses", "P01", "--window", "0+1", "--db", str(db)]) == 0
    told = unfolded(capsys.readouterr().out)
    assert "605 records of log 00000063 are in no figure" in told and "UNPROVEN" not in told
    assert main(["events", "B01", "--db", str(db), "--json"]) == 0
    of_the_page = [line for line in map(json.loads, capsys.readouterr().out.splitlines())
                   if line["log_id"] == "00000063"]
    assert len(of_the_page) == 605 and not any(line["proven"] for line in of_the_page)
    assert of_the_page[-1]["utc"] is not None  # it can be looked at
    for command in (["doses", "P01", "--window", "0+1"], ["table", "--baseline", "0+1"]):
        assert main([*command, "--db", str(db), "--unproven", "00000063"]) == 0
        assert "UNPROVEN" in capsys.readouterr().out
    bed.store.database.close()


def test_two_logs_of_a_board_over_the_same_minutes_are_withheld(tmp_path: Path) -> None:
    bed = ward()
    pull_image(bed.store, file_of(tmp_path, forged(hours=10)), "B01")
    named = figures(bed.store, (99,))
    assert abs(named.withheld_ms - 10 * HOUR * 1000) < 60_000
    assert named.observed_ms == 24 * HOUR * 1000 - named.withheld_ms
    assert any("two logs of board B01 have the same minutes" in note for note in named.notes)


def test_the_board_itself_brings_what_a_file_said_otherwise(tmp_path: Path) -> None:
    """A file's claim on a place in the board's log gives way to the board, and is kept aside."""
    for forge in (150, 160, 120, 10_000):
        log, store = MadeLog(), store_with_board()
        log.into(store, 0, 50, attest=False)
        try:
            pull_image(store, file_of(tmp_path, forged(7, forge, hours=1)), "B01")
        except IntegrityError:
            raise AssertionError(forge) from None
        assert store.holes.next_seq_wanted(7) == 100
        log.into(store, 100, 150)
        proven = [record for record in store.records.of(7) if record.seq < log.next_seq]
        assert len(proven) == log.next_seq and {record.kind for record in proven} == {"minute"}
        assert all(first >= log.next_seq for first, _ in store.pages.unproven(7)), forge
        assert store.holes.next_seq_wanted(7) == log.next_seq


def test_a_file_lies_over_nothing_that_the_board_sent(tmp_path: Path) -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store)
    before = list(store.records.of(7))
    for forge in (0, 20, 150, 160):
        with pytest.raises(IntegrityError):
            pull_image(store, file_of(tmp_path, forged(7, forge, hours=1)), "B01")
        assert list(store.records.of(7)) == before and store.pages.unproven(7) == []


@pytest.mark.parametrize("at", [-1, -5, -17, page.FOOTER_AT, 40, 100])
def test_a_flip_in_a_file_costs_nothing_once_the_good_page_comes(tmp_path: Path, at: int) -> None:
    """Also in the seal, which is the last that a page has."""
    log, store = MadeLog(), store_with_board()
    flipped = bytearray(log.pages[100])
    flipped[at] ^= 4
    pages = {**log.pages, 100: bytes(flipped)}
    try:
        pull_image(store, file_of(tmp_path, *pages.values()), "B01")
    except IntegrityError:
        pass
    assert {seq for first, end in store.pages.unproven(7) for seq in range(first, end)} >= {
        record.seq for record in store.records.of(7) if 100 <= record.seq < 150}
    again = store_with_board()
    for source in (store, again):
        log.into(source, *(() if source is again else (100, 150)))
        assert source.pages.unproven(7) == [] and len(list(source.records.of(7))) == 170
    pull_image(again, file_of(tmp_path, *log.pages.values()), "B01")
    assert store.holes.next_seq_wanted(7) == again.holes.next_seq_wanted(7) == 170


def test_what_the_board_attested_once_is_proven_in_a_file_too(tmp_path: Path) -> None:
    """A store that lost its pages, and a board that no longer answers."""
    log, store = MadeLog(n=1), store_with_board()
    log.into(store)
    for table in ("pages", "records", "pulls"):
        store.database.connection.execute(f"DELETE FROM {table}")
    log.grow(3)
    pull_image(store, file_of(tmp_path, *log.pages.values()), "B01")
    assert store.pages.unproven(7) == [(20, 23)]
    flipped = bytearray(log.pages[0])
    flipped[60] ^= 1
    other = store_with_board()
    log.into(other)
    before = list(other.records.of(7))
    with pytest.raises(IntegrityError):
        pull_image(other, file_of(tmp_path, bytes(flipped)), "B01")
    assert list(other.records.of(7)) == before and other.pages.unproven(7) == []


def test_what_a_broken_pull_left_open_counts_once_the_board_has_given_its_word() -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store, attest=False)
    assert store.pages.unproven(7) == [(150, 170)]
    log.into(store)
    assert store.pages.unproven(7) == []


class Relay(LoopLink):
    """Somebody between: hands on all that a board says, with one byte of its open page changed."""

    changes = 1

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        arrived = super().receive(timeout_s)
        if arrived and arrived[0] == uuids.LOG and self.changes:
            self.changes -= 1
            body = bytearray(arrived[1][1:-2])
            (length,) = struct.unpack_from("<6xH", body)  # of the segment, which begins the report
            body[8 : 8 + length] = self.forge(bytes(body[8 : 8 + length]))
            packet = bytearray(len(body) + 8)
            packet[1 : 1 + len(body)] = body
            length = stream.seal_packet(packet, arrived[1][0], self.tag, 1 + len(body))
            return uuids.LOG, bytes(packet[:length])
        return arrived

    tag = 0

    def write(self, channel: int, data: bytes) -> None:
        if channel == uuids.RACP:
            self.tag = data[-1]  # anybody hears it
        super().write(channel, data)

    def forge(self, piece: bytes) -> bytes:
        """Returns a page's first bytes with other counts in it, and good checks."""
        header, found, _, _ = decoding.decode_page(piece)
        made = PageMaker(header.log_id, header.first_seq, header.boot, header.base_s * 10)
        for record in found:
            values = list(record.fields.values())
            if record.kind == records.MINUTE:
                values[1] += 20
            made.put(record.kind, record.uptime_ms // 100, values + [0] * (8 - len(values)))
        assert len(made.data) == len(piece) and made.data != piece
        return bytes(made.data)


def test_a_relay_that_changes_the_open_page_behind_right_proofs_is_found_at_the_pull() -> None:
    looped, store = LoopBoard(), store_with_board(KEY)
    looped.log.set_key(KEY)
    looped.minutes(20)
    log_id = looped.log.log_id
    store.logs.add(log_id, "B01")
    with pytest.raises(IntegrityError, match="is not what the board has") as error:
        Client(Relay(looped)).pull(store, log_id)
    assert "in no figure" in error.value.do
    held = sum(end - first for first, end in store.pages.unproven(log_id))
    assert held == len(list(store.records.of(log_id)))
    Client(LoopLink(looped)).pull(store, log_id)
    assert store.pages.unproven(log_id) == []
    assert [record.fields["counts"] for record in store.records.of(log_id, "minute")] == [
        *range(1, 21)]


def test_a_log_given_under_a_wrong_name_goes_to_whom_its_seal_names(tmp_path: Path) -> None:
    log, store = MadeLog(), store_with_board()
    store.add_board(board(b"another key" * 3, "B02"))
    image = file_of(tmp_path, *log.pages.values())
    with pytest.raises(IntegrityError, match="is the log of board B01, not of B02"):
        pull_image(store, image, "B02")
    assert store.logs.all() == [] and list(store.pages.of(7)) == []
    pull_image(store, image, "B01")
    assert store.logs.board_of(7) == "B01" and store.pages.unproven(7) == [(150, 170)]


def test_a_wrong_name_without_proof_is_undone_by_the_right_name_or_by_the_board(
    tmp_path: Path
) -> None:
    """Before the keys came, a nurse gave the image under a wrong patient's name."""
    log = MadeLog()
    image = file_of(tmp_path, *log.pages.values())
    for by_board in (False, True):
        store = store_with_board(b"another key" * 3)  # B01 here is another board
        pull_image(store, image, "B01")
        assert store.logs.board_of(7) == "B01" and store.pages.unproven(7) == [(150, 170)]
        store.add_board(board(name="B02"))  # the right board's keys are imported
        if by_board:
            assert store.claim_log(7, "B02")
            log.into(store)
        else:
            pull_image(store, image, "B02")
        assert store.logs.board_of(7) == "B02"
        assert [record.seq for record in store.records.of(7)] == list(range(170))
        assert store.pages.quarantined(7) == [] and store.pages.bad(7) == 0
        with pytest.raises(IntegrityError, match="is the log of board B02, not of B01"):
            pull_image(store, image, "B01")
        assert not store.claim_log(7, "B01")


@pytest.mark.parametrize("cut", [1, 100, 2000, 4095])
def test_a_file_that_is_cut_within_a_page_says_so_and_keeps_what_is_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], cut: int
) -> None:
    log, db = MadeLog(), tmp_path / "a.db"
    store_with_board(path=str(db)).commit()
    image = b"".join(data.ljust(4096, b"\xff") for data in log.pages.values())
    path = tmp_path / "log.flash"
    path.write_bytes(image[: 2 * 4096 + cut])
    assert main(["pull", "B01", "--link", f"file:{path}", "--db", str(db)]) == 1
    assert f"the file is cut: it ends {cut} bytes into a page" in unfolded(capsys.readouterr().out)
    with Store.open(db) as store:
        held = [record.seq for record in store.records.of(7)]
        assert held[:100] == list(range(100)) and held == list(range(len(held)))
        assert len(held) - 100 == {1: 0, 100: 21, 2000: 50, 4095: 50}[cut]
        path.write_bytes(image)
        pull_image(store, str(path), "B01")
        assert [record.seq for record in store.records.of(7)] == list(range(170))
        assert store.pages.quarantined(7) == []


def test_foreign_images_change_nobody(tmp_path: Path) -> None:
    hold_foreign_images(tmp_path, scaled(60, 60))
