"""A flash image: whatever the last record's bytes are, it is read."""

from __future__ import annotations

from pathlib import Path

from page_maker import PageMaker
from pumplog.links.file_link import pull_image
from pumplog.store import Store
from pumpwire import records

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
    return store, len(list(store.records(7)))


def test_a_record_that_ends_like_erased_flash_is_read(tmp_path: Path) -> None:
    for byte in (0x00, 0xFE, 0xFF):
        assert pulled(bytes(open_page(byte).data), tmp_path)[1] == 3, byte


def test_the_page_may_grow_behind_such_a_record(tmp_path: Path) -> None:
    begun = open_page(0xFF)
    store, _ = pulled(bytes(begun.data), tmp_path)
    begun.put(records.MINUTE, 1900, (60000, 1, 0))
    path = tmp_path / "log.flash"
    path.write_bytes(bytes(begun.data).ljust(4096, ERASED))
    pull_image(store, str(path), "B01")
    assert len(list(store.records(7))) == 4
