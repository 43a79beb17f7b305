"""Rings that power cut anywhere, or whose bits flipped: the page's own reader against pumplog."""

from __future__ import annotations

import random
from collections.abc import Callable

from pumplog.store.page_reading import read_page
from pumplog.store.page_states import BAD, Keyring
from pumplog.sync.image import as_synced
from pumpwire import decoding, page
from pumpwire.errors import WireError

from helpers.docs import log_format_reader
from helpers.on_board import dice
from helpers.on_board.log_lives import live
from helpers.on_board.nor import TEARS, Nor
from helpers.on_board.power_cuts import KEY, Bed, Life


def _same_page(image_page: log_format_reader.Page, newest: bool, key: bytes = KEY) -> None:
    """Holds a page that the document's reader found in an image against pumplog's."""
    try:
        page.read_header(image_page.raw)
    except WireError:
        assert image_page.damaged and not image_page.records
        return
    _, found, _, _ = decoding.decode_page(image_page.raw)
    want = [(r.seq, r.kind, r.boot, r.uptime_ms, r.fields) for r in found]
    if image_page.decayed:
        want = want[: len(image_page.records)]
    assert image_page.records == want
    judged = read_page(as_synced(image_page.raw, newest), Keyring((key,)))
    assert (judged.state == BAD) == image_page.damaged, (judged.error, image_page.torn_bytes)


def same_ring(image: bytes, key: bytes = KEY) -> dict[int, log_format_reader.Log]:
    """Holds each page of an image; returns the logs in it, as the document's reader finds them."""
    logs = log_format_reader.read_ring(image)
    for log in logs.values():
        for n, each in enumerate(log.pages):
            _same_page(each, n >= len(log.pages) - 2, key)
    return logs


def _images(seed: int, cuts: int, look: Callable[[bytes], None]) -> Bed:
    """Lets a log live on a small ring, with power cut at so many of its operations and in the boots
    that follow; `look` is given the flash as it lies then, and after whole boots."""
    dice.seed(seed)
    left = [cuts]

    def tear(bed: Bed, slot: int, offset: int, data: bytes | None) -> None:
        if not left[0] or dice.bits(6) or bed.log is None:
            return
        left[0] -= 1
        flash = bed.flash.copy()
        flash.tear, flash.torn_bytes = dice.bits(8) % TEARS, dice.bits(6)
        if data is None:
            flash.torn_erase(slot)
        else:
            flash.torn_program(slot, offset, bytes(data))
        look(bytes(flash.cells))
        life = Life(bed, flash)
        for _ in range(dice.bits(1)):
            flash.cut(dice.bits(3), dice.bits(6), dice.bits(8) % TEARS)
            life.run(dice.bits(3))
            look(bytes(flash.cells))
        life.run(3)
        look(bytes(flash.cells))

    bed = Bed(Nor(4), tear)
    live(bed, cuts * 40, reboot_every=97, entry_every=31)
    return bed


def hold_cut_rings(cuts: int, seed: int = 5) -> int:
    """Holds the flash of a log cut so often against pumplog's reading and what the log had
    acknowledged; returns how many images that were."""
    images: list[int] = []
    torn: list[int] = []
    closing: list[log_format_reader.Page] = []

    def look(image: bytes) -> None:
        logs = same_ring(image)
        images.append(len(logs))
        torn.extend(each.torn_bytes for log in logs.values() for each in log.pages if each.torn_bytes)
        for log in logs.values():
            spoilt = [each for each in log.pages if each.damaged and not each.given_up]
            assert not spoilt or spoilt == log.pages[-1:] and spoilt[0].footer  # of DECAYED, torn
            closing.extend(spoilt)

    bed = _images(seed, cuts, look)
    assert len(images) > cuts and torn and set(images) == {1} and len(closing) <= len(images) // 10
    (log,) = log_format_reader.read_ring(bytes(bed.flash.cells)).values()
    assert not log.missing
    kept = {seq: held for seq, held in bed.acknowledged.items() if seq >= log.pages[0].first_seq}
    assert {seq: (kind, boot, uptime_ms) for seq, kind, boot, uptime_ms, _ in log.records
            if seq in kept} == {seq: held[:3] for seq, held in kept.items()}
    return len(images)


def hold_flipped_rings(flips: int) -> int:
    """Holds flash of which a bit flipped, so often; returns how many pages were damaged by it."""
    bed = _images(7, 0, lambda image: None)
    live(bed, 3000, reboot_every=97, entry_every=31)
    whole = bytes(bed.flash.cells)
    rng = random.Random(3)
    damaged = 0
    for _ in range(flips):
        image = bytearray(whole)
        image[rng.randrange(len(image))] ^= 1 << rng.randrange(8)
        for log in log_format_reader.read_ring(bytes(image)).values():
            for each in log.pages:
                if each.raw in whole:
                    continue
                damaged += each.damaged
                _, found, _, _ = decoding.decode_page(each.raw) if each.records else (0, [], 0, 0)
                assert [record[0] for record in each.records] == [r.seq for r in found]
    return damaged


def hold_torn_erases(minutes: int) -> int:
    """Holds the flash as each erase of a log's life leaves it if power cuts it; returns how many pages
    were half erased, each named by a LOST."""
    half_erased = 0

    def tear(bed: Bed, slot: int, offset: int, data: bytes | None) -> None:
        nonlocal half_erased
        for kind in range(TEARS) if data is None and bed.log is not None else ():
            flash = bed.flash.copy()
            flash.tear, flash.torn_bytes = kind, dice.bits(12)
            flash.torn_erase(slot)
            for log in same_ring(bytes(flash.cells)).values():
                damaged = [each for each in log.pages if each.damaged]
                assert all(each.given_up for each in damaged)
                half_erased += len(damaged)

    dice.seed(3)
    live(Bed(Nor(4), tear), minutes, reboot_every=97, entry_every=31)
    return half_erased
