"""A flash image: whatever power cut in a write, what the board would send of it is taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.loop_link import LoopBoard
from helpers.host.made_log import KEY, LOG_ID, MadeLog, newer, store_with_board
from helpers.on_board.page_maker import PageMaker
from pumplog.cli import main
from pumplog.errors import IntegrityError
from pumplog.store import Store
from pumplog.sync.image import as_synced, pull_image
from pumpwire import page, records

ERASED = b"\xff"


def open_page(last_check_byte: int) -> PageMaker:
    """An open page of three minutes, the last of which ends in this byte."""
    for counts in range(100_000):
        made = PageMaker(7, 0)
        for _ in range(2):
            made.put(records.MINUTE, 600, (60000, 5, 0))
        if made.put(records.MINUTE, 1201, (60000, counts, 0))[-1] == last_check_byte:
            return made
    raise AssertionError("no such record")


def pulled(image: bytes, tmp_path: Path) -> tuple[Store, int]:
    path = tmp_path / "log.flash"
    path.write_bytes(image.ljust(4096, ERASED) + ERASED * 4096)
    store = Store.open(":memory:")
    pull_image(store, str(path), "B01")
    return store, len(list(store.records.of(7)))


def test_a_record_that_ends_but_a_bit_like_erased_flash_is_read(tmp_path: Path) -> None:
    for byte in (0x00, 0x7F, 0xFE):  # none ends in FF (pumpwire.check)
        assert pulled(bytes(open_page(byte).data), tmp_path)[1] == 3, byte


def test_the_page_may_grow_behind_such_a_record(tmp_path: Path) -> None:
    begun = open_page(0xFE)
    store, _ = pulled(bytes(begun.data), tmp_path)
    begun.put(records.MINUTE, 1900, (60000, 1, 0))
    path = tmp_path / "log.flash"
    path.write_bytes(bytes(begun.data).ljust(4096, ERASED))
    pull_image(store, str(path), "B01")
    assert len(list(store.records.of(7))) == 4


def image_of(log: MadeLog, path: Path) -> str:
    """Writes a log's pages to a file, the open one filled up with erased bytes."""
    path.write_bytes(b"".join(data.ljust(4096, ERASED) for data in log.pages.values()) + ERASED * 4096)
    return str(path)


def test_an_image_gives_what_a_pull_gives_byte_for_byte(tmp_path: Path) -> None:
    log, pulled_store, store = MadeLog(), store_with_board(), store_with_board()
    log.into(pulled_store, attest=False)
    pull_image(store, image_of(log, tmp_path / "log.flash"), "B01")
    assert list(store.pages.of(LOG_ID)) == list(pulled_store.pages.of(LOG_ID))


def test_a_torn_record_is_left_out_and_the_page_may_go_on_differently(tmp_path: Path) -> None:
    log = MadeLog(n=1)
    for torn in (b"\x83", b"\xff\x41\x17", bytes(200)[:7] + b"\x03"):
        data = as_synced((log.pages[0] + torn).ljust(4096, ERASED), True)
        store = store_with_board()
        store.logs.add(LOG_ID, "B01")
        store.add_page_bytes(LOG_ID, 0, 0, data)
        kept = next(store.pages.of(LOG_ID)).data
        assert kept[: len(log.pages[0])] == log.pages[0] and not kept[len(log.pages[0]) :].strip(b"\0")
        filled = log.pages[0] + bytes(64)
        store.add_page_bytes(LOG_ID, 0, len(log.pages[0]), filled[len(log.pages[0]) :])
        assert next(store.pages.of(LOG_ID)).data == filled and not store.pages.quarantined(LOG_ID)


def test_a_footer_half_written_leaves_its_page_open(tmp_path: Path) -> None:
    log = MadeLog(n=1)
    closed = log.close(log.made)
    torn = closed[: page.FOOTER_AT + 9].ljust(4096, ERASED)
    assert as_synced(torn, True) == log.pages[0]
    assert as_synced(torn, False) == torn  # in the middle of the log nobody was writing


def image_cut_in_its_erase(cut: bool, given_up: bool = True) -> bytes:
    """Returns a ring as power leaves it in the erase of the oldest page; given_up False: of another page
    than that which the log gave up."""
    board = LoopBoard(4)
    images: list[bytes] = []

    def erases(slot: int, offset: int, data: bytes | None) -> None:
        cells = board.flash.cells
        if data is None and cells[slot * 4096] != 0xFF:
            image = bytearray(cells)
            at = (slot if given_up else (slot + 1) % 4) * 4096
            for each in range(at + 1000, at + 3000, 2) if cut else ():
                image[each] = 0xFF
            images.append(bytes(image))

    board.flash.before = erases
    while not images:
        board.minutes(1)
    return images[0]


def test_a_page_half_erased_that_the_log_gave_up_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "log.flash"
    for cut in (False, True):
        path.write_bytes(image_cut_in_its_erase(cut))
        with Store.open(":memory:") as store:
            pull_image(store, str(path), "B01")
            ((log_id, _),) = store.logs.all()
            assert not store.pages.quarantined(log_id) and not store.pages.bad(log_id)
            assert not store.holes.of(log_id)
    path.write_bytes(image_cut_in_its_erase(True, given_up=False))
    with Store.open(":memory:") as store, pytest.raises(IntegrityError, match="quarantine"):
        pull_image(store, str(path), "B01")


def test_what_lies_between_records_and_footer_means_nothing() -> None:
    closed = MadeLog().pages[0]
    dirty = bytearray(closed)
    dirty[3000:3004] = b"torn"
    assert as_synced(bytes(dirty), False) == closed


def test_a_changed_byte_of_a_closed_page_is_no_torn_footer(tmp_path: Path) -> None:
    log, store = MadeLog(n=2), store_with_board()
    data = bytearray(log.pages[0])
    data[100] ^= 1
    log.pages[0] = bytes(data)
    with pytest.raises(IntegrityError, match="quarantine"):
        pull_image(store, image_of(log, tmp_path / "log.flash"), "B01")
    assert store.pages.bad(LOG_ID) == 1


def test_the_command_says_which_pages_it_cannot_read_or_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, db = MadeLog(), tmp_path / "a.db"
    log.pages[50] = newer(log, 50)
    link = f"file:{image_of(log, tmp_path / 'log.flash')}"
    store_with_board(path=str(db)).commit()
    assert main(["pull", "B01", "--link", link, "--db", str(db)]) == 1
    said = capsys.readouterr().out
    assert f"format version {page.VERSION + 1}: 1" in said and "update pumplog" in said
    assert main(["pull", "B01", "--link", link, "--db", str(db), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["unread_pages"] == {str(page.VERSION + 1): 1} and told["gaps"] == []
    assert main(["verify", "--db", str(db)]) == 1
    assert "records 50 to 99" in capsys.readouterr().out
    other = tmp_path / "b.db"
    store_with_board(KEY[::-1] + b"!", str(other)).commit()
    assert main(["pull", "B01", "--link", link, "--db", str(other)]) == 1
    assert "a key that this store lacks: 2" in capsys.readouterr().out


def test_the_command_says_what_came_no_more_and_when_that_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db = tmp_path / "a.db"
    store_with_board(path=str(db)).commit()
    first, then = MadeLog(), MadeLog(first_seq=400, given_up=((0, 399),))
    for log, code in ((first, 0), (then, 1), (then, 0)):
        link = f"file:{image_of(log, tmp_path / 'log.flash')}"
        assert main(["pull", "B01", "--link", link, "--db", str(db)]) == code
    said = unfolded(capsys.readouterr().out)
    assert said.count("UNKNOWN from") == 1 and "records 170 to 399" in said
