"""A flash image: whatever the last record's bytes are, it is read."""

from __future__ import annotations

from pathlib import Path

from pumplog.links.file_link import pull_image
from pumplog.store import Store
from pumpwire import page, records

ERASED = b"\xff"


def open_page(last_check_byte: int) -> bytes:
    """An open page of three minutes, the last of which ends in this byte."""
    data = bytearray(page.build_header(7, 0, 1, 0, 0, 0))
    seed = page.read_header(data).seed
    frame = bytearray(records.MAX_FRAME)
    for _ in range(2):
        n = records.encode(frame, records.MINUTE, 60000, (60000, 5, 0), None, seed)
        data += frame[:n]
    for counts in range(100_000):
        n = records.encode(frame, records.MINUTE, 60000, (60000, counts, 0), None, seed)
        if frame[n - 1] == last_check_byte:
            data += frame[:n]
            return bytes(data)
    raise AssertionError("no such record")


def pulled(image: bytes, tmp_path: Path) -> tuple[Store, int]:
    path = tmp_path / "log.flash"
    path.write_bytes(image.ljust(4096, ERASED) + ERASED * 4096)
    store = Store.open(":memory:")
    pull_image(store, str(path), "B01")
    return store, len(list(store.records(7)))


def test_a_record_that_ends_like_erased_flash_is_read(tmp_path: Path) -> None:
    for byte in (0x00, 0xFE, 0xFF):
        assert pulled(open_page(byte), tmp_path)[1] == 3, byte


def test_the_page_may_grow_behind_such_a_record(tmp_path: Path) -> None:
    begun = open_page(0xFF)
    store, _ = pulled(begun, tmp_path)
    frame = bytearray(records.MAX_FRAME)
    seed = page.read_header(begun).seed
    n = records.encode(frame, records.MINUTE, 60000, (60000, 1, 0), None, seed)
    path = tmp_path / "log.flash"
    path.write_bytes((begun + bytes(frame[:n])).ljust(4096, ERASED))
    pull_image(store, str(path), "B01")
    assert len(list(store.records(7))) == 4
