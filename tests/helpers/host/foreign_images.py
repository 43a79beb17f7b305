"""Flash images that a board never had: forged, flipped, cut, shuffled, of other logs and boards."""

from __future__ import annotations

import random
from pathlib import Path

from pumplog.dose import Doses, doses
from pumplog.errors import PumplogError
from pumplog.patients import episode, observed_of
from pumplog.store import Store
from pumplog.sync.image import pull_image
from pumpwire import entries, page, records, seal

from helpers.host.bedside import KEY, LOG_ID, START_MS, Bedside
from helpers.host.made_log import board
from helpers.on_board.page_maker import PageMaker

HOUR = 3600
_KINDS = (records.MINUTE, records.MINUTE, records.MINUTE, records.BOLUS, records.DEMAND, records.ANCHOR,
          records.CALIBRATION, records.BOOT, records.ENTRY, records.BAG, records.RESERVOIR,
          records.SKIPPED, records.LOST, records.PUMP)


def foreign_image(number: int, pages: list[bytes], key: bytes) -> bytes:
    """Returns the image of that number; pages: of the true log, which end with its open page; key: the
    board's, which no forger has: it is only used to name it."""
    dice = random.Random(f"foreign {number}")
    kind = dice.choice(("forged", "flipped", "cut", "shuffled", "grown", "wrong key", "noise"))
    true = [data.ljust(4096, b"\xff") for data in pages]
    if kind == "flipped":
        image = bytearray(b"".join(true))
        for _ in range(dice.choice((1, 2, 30))):
            tail = dice.random() < 0.5  # the last bytes of a page: its seal
            at = dice.randrange(len(true)) * 4096 + (
                4096 - dice.randint(1, 35) if tail else dice.randrange(4096))
            image[at] ^= 1 << dice.randrange(8)
        return bytes(image)
    if kind == "cut":
        return b"".join(true)[: dice.randrange(20, 4096 * len(true))]
    if kind == "shuffled":
        dice.shuffle(true)
        return b"".join(dice.choices(true, k=dice.randint(1, len(true))))
    if kind == "noise":
        return true[0] + dice.randbytes(4096 * dice.randint(1, 3))
    log_id, last, _ = page.read_prefix(pages[-1])[1], page.read_prefix(pages[-1])[2], 0
    if kind == "grown":  # the true open page, and more behind it
        made = PageMaker(log_id, last, 1, 0)
        made.data[:] = pages[-1]
        made.seed = page.read_header(pages[-1]).seed
        _fill(dice, made, 4096 - len(pages[-1]) - 100)
        return bytes(made.data[: page.FOOTER_AT]).ljust(4096, b"\xff")
    made = PageMaker(dice.choice((log_id, log_id, dice.getrandbits(31))),
                     dice.choice((last, last + dice.randrange(400), dice.randrange(last + 1), 10**6)),
                     dice.choice((1, 1, 2, 9)), dice.randrange(864_000))
    _fill(dice, made, dice.randrange(200, 3500))
    if kind == "wrong key":
        other = dice.randbytes(32)
        name = dice.choice((seal.key_id(other), seal.key_id(key)))
        return made.closed(name, 0, dice.randbytes(8), other)
    if dice.random() < 0.4:
        return made.closed(0, 0, bytes(8))
    return bytes(made.data).ljust(4096, b"\xff")


def _fill(dice: random.Random, made: PageMaker, space: int) -> None:
    ticks, end = made._ticks, min(len(made.data) + max(0, space), page.FOOTER_AT - 120)
    while len(made.data) < end:
        kind = dice.choice(_KINDS)
        ticks = 0 if kind == records.BOOT else ticks + dice.choice((0, 1, 600, 600, 600))
        if kind == records.ENTRY:
            blob = entries.pack(dice.randbytes(16), b"XX", dice.randrange(1, 1 << 28),
                                190_000_000 + dice.randrange(10**6), 5, entries.BAG,
                                (dice.randrange(10**8), dice.randrange(10**8), 250_000))
            made.put(kind, ticks, (), blob)
        else:
            values = [dice.choice((0, 1, dice.randrange(60_000))) for _ in range(8)]
            if kind == records.MINUTE:
                values[0] = 60_000
            made.put(kind, ticks, values)


def ward(path: str = ":memory:") -> Bedside:
    """A patient's day on B01, attested; one bolus each four hours."""
    bed = Bedside(Store.open(path))
    bed.infuse(0, 24 * HOUR, "0.5")
    bed.bag(0, "1", "1")
    for hour in range(2, 24, 4):
        bed.bolus(hour * HOUR, "0.5")
    bed.write(24 * HOUR)
    return bed


def figures(store: Store, unproven: tuple[int, ...] = ()) -> Doses:
    patient = episode(store, "P01")
    return doses(patient, observed_of(store, patient, unproven), START_MS, START_MS + 24 * HOUR * 1000)


def said(found: Doses) -> dict[str, object]:
    """Returns the figures without what a reader is told beside them."""
    return {name: value for name, value in found.to_json().items()
            if name not in ("notes", "unproven_logs")}


def hold_foreign_images(tmp_path: Path, count: int) -> None:
    """Gives a ward images of every foreign kind; no figure, entry or next pull may differ."""
    bed = ward()
    bed.store.add_board(board(b"another key" * 3, "B02"))
    quiet = said(figures(bed.store))
    journal, wanted = bed.store.entries.all(), bed.store.holes.next_seq_wanted(LOG_ID)
    pages = [each.data for each in bed.store.pages.of(LOG_ID)]
    for number in range(count):
        if number and number % 50 == 0:  # else ever more lies in the store
            bed = ward()
            bed.store.add_board(board(b"another key" * 3, "B02"))
            journal = bed.store.entries.all()
        path = tmp_path / "foreign.flash"
        path.write_bytes(foreign_image(number, pages, KEY))
        try:
            pull_image(bed.store, str(path), "B01")
        except PumplogError as error:
            assert error.exit_code == 4, (number, error)
        assert said(figures(bed.store)) == quiet, number
        assert bed.store.entries.all() == journal, number
        assert bed.store.holes.next_seq_wanted(LOG_ID) == wanted, number
        assert bed.store.logs.board_of(LOG_ID) == "B01", number
