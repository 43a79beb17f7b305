"""Successions of commands over wrong clocks, hostile pages and damaged stores, each from a seed.

`run(seed, folder)` makes a store, harms it, and runs a few commands in this process. It raises what no
command may end with: an error, an exit code that the contract lacks, a control character on the screen.
"""

from __future__ import annotations

import contextlib
import io
import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

from pumplog import cli
from pumplog.errors import IntegrityError
from pumplog.store import Attestation, Entry, Pull, Store
from pumplog.sync import round as round_of_the_ward
from pumpwire import entries, names, page, records, seal
from pumpwire.errors import WireError

from helpers.host.bedside import KEY, START_MS, Bedside
from helpers.host.loop_link import LoopBoard
from helpers.host.named_link import NamedLink
from helpers.on_board.page_maker import PageMaker

YEAR_MS = 31_556_952_000
FROM_1970_TO_2199_MS = 229 * YEAR_MS
HOURS_S = 5 * 3600
VALUES = (0, 1, 2, 3, 60, 100, 1000, 60_000, 1 << 16, 1 << 20, (1 << 30) - 1, 534_406_758)
WRONG: tuple[Any, ...] = (
    None, 0, -1, 1, 1 << 31, 1 << 53, (1 << 63) - 1, -(1 << 63), 1.5, float("inf"), "", "x", "P01",
    "\x1b[2J\r\n\x07", "\u202e", "{}", "[]", "null", '{"counts": "\\u001b"}', '{"a": 1e999}', "[" * 5000,
    b"", b"\xff\x1b", b"PL" + bytes(30))


# ---- a store

@cache
def sound_store(folder: Path) -> bytes:
    """Returns the file of a small ward: two boards, three patients, bags, pulls, keys."""
    path = folder / "sound.db"
    with Store.open(path) as store:
        for n, code in enumerate(("P01", "P02"), 1):
            bed = Bedside(store, patient=code, board=f"B0{n}", log_id=70 + n)
            bed.bag(0, "0.40", "0.20")
            bed.enter("regimen", 0, rate_ul_h=500, bolus_ul=500, lockout_s=900, lockout_from_end=0)
            bed.infuse(0, HOURS_S, "0.5")
            bed.bolus(3600, "0.5")
            bed.add(7000, "reservoir", 200_000, 500)
            bed.add(7200, "demand", 500, records.DENIED, records.LOCKOUT, 0)
            bed.add(7300, "signature", records.OCCLUSION, records.BEGAN, 600, 90, 10)
            bed.add(7400, "relief", 100, 3700, 0)
            bed.add(7500, "check", 1000, 20_000, 5000)
            bed.add(7600, "bag", 1000, 2000, 60_000, 250_000, 0)
            if n == 1:
                bed.off(3 * 3600, 3 * 3600 + 600)
            bed.write(HOURS_S)
            end = store.holes.next_seq_reached(70 + n)
            status = dict.fromkeys(names.STATUS_FIELDS, 7) | {"next_seq": end, "oldest_seq": 0}
            store.pulls.add(Pull(f"B0{n}", 70 + n, START_MS + HOURS_S * 1000, "made", end, end,
                                 "complete", status))
            store.attestations.add(70 + n, Attestation(START_MS, b"n" * seal.NONCE_BYTES, bytes(44)))
        store.entries.add(Entry(UUID(int=5), "patient_start", "P03", "B03", 9, "AB", START_MS, START_MS,
                                bed="3a"))
        store.pages.quarantine(71, 3, b"quarantined", "for a test")
        store.commit()
    return path.read_bytes()


# ---- harm

def flip_bits(dice: random.Random, data: bytearray) -> None:
    """Changes a few bits anywhere in a file."""
    for _ in range(dice.choice((1, 1, 2, 8, 40))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def spoil_rows(dice: random.Random, path: Path) -> None:
    """Puts wrong values into rows, as another program or a decayed disk might."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for _ in range(dice.choice((1, 1, 2, 5))):
            table = dice.choice(tables)
            column = dice.choice([row[1] for row in db.execute(f"PRAGMA table_info({table})")])
            keys = db.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()
            if keys:
                with contextlib.suppress(sqlite3.Error, OverflowError):
                    db.execute(f"UPDATE {table} SET {column}=? WHERE {column} IS ?",
                               (dice.choice(WRONG), dice.choice(keys)[0]))
        if dice.random() < 0.2:
            table = dice.choice(tables)
            db.execute(f"DELETE FROM {table} WHERE {dice.randrange(2)}")
        db.commit()


def hostile_page(dice: random.Random, log_id: int, first_seq: int, keyed: bool) -> bytes:
    """Returns a page that is good to the last bit and says anything."""
    base = dice.choice((0, 100, 1 << 20, (1 << 30) - 1))
    made, ticks = PageMaker(log_id, first_seq, dice.choice((1, 1, 2, 5, 1 << 20)), base), base
    for _ in range(dice.choice((3, 20, 60))):
        ticks += dice.choice((0, 1, 600, 600, 600, 36_000, 1 << 20))
        kind = dice.choice((*records.KINDS, records.MINUTE, records.MINUTE, records.ANCHOR, records.BAG))
        with contextlib.suppress(WireError, ValueError, IndexError):
            _put(dice, made, kind, ticks)
        if len(made.data) > page.FOOTER_AT - 2 * records.MAX_FRAME:
            break
    return made.closed(seal.key_id(KEY), 0, bytes(8), KEY) if keyed else bytes(made.data)


def _put(dice: random.Random, made: PageMaker, kind: int, ticks: int) -> None:
    blob = None
    values = [dice.choice(VALUES) for _ in range(records.MAX_FIELDS)]
    if kind == records.ANCHOR and dice.random() < 0.7:
        values = [189_763_200 + ticks // 10, 0, 50, 77, 1] + [0] * 3
    elif kind == records.MINUTE and dice.random() < 0.5:
        values = [60_000, dice.randrange(90), 0] + [0] * 5
    elif kind == records.ENTRY:
        number = dice.choice((*entries.KINDS, 77))
        blob = entries.pack(
            dice.randbytes(16), dice.choice((b"AB", b"\x1b[2J", b"\n\rOK", b"\xff\xfe")),
            *(dice.choice((0, 189_763_200, 0xFFFFFFFF)) for _ in range(2)), dice.choice((5, 9, 1 << 31)),
            number, [dice.choice((*VALUES, 0xFFFFFFFF)) for _ in entries.KINDS[number][1]],
        ) if number in entries.KINDS else dice.randbytes(dice.choice((0, 20, 60)))
    made.put(kind, ticks, values, blob)


def take_pages(dice: random.Random, path: Path) -> None:
    """Has a store take hostile pages that its own board sealed."""
    with Store.open(path) as store:
        log_id = dice.choice((71, 72, 4100))
        store.logs.add(log_id, dice.choice(("B01", "B02")))
        for _ in range(dice.choice((1, 2))):
            first_seq = dice.choice((store.pages.end(log_id), 0, 1 << 20))
            with contextlib.suppress(IntegrityError):
                data = hostile_page(dice, log_id, first_seq, keyed=dice.random() < 0.8)
                store.add_page_bytes(log_id, first_seq, 0, data)
        store.commit()


# ---- commands

BAG = ("--morphine", "100 mg", "--bupivacaine", "50 mg", "--volume", "250 mL")
COMMANDS: Sequence[tuple[str, ...]] = (
    ("status",), ("status", "--json"), ("doses", "P01"), ("doses", "P01", "--json"), ("doses", "P02"),
    ("events", "P01"), ("events", "P02", "--json"), ("events",), ("verify",), ("verify", "P01"),
    ("table",), ("table", "--json"), ("bag", "list"), ("bag", "list", "--json"), ("regimen", "show"),
    ("regimen", "show", "P01", "--json"), ("patient", "list"), ("patient", "list", "--json"),
    ("keys", "list"), ("keys", "list", "--json"), ("bag", "hang", "P01", *BAG, "--confirm"),
    ("bag", "hang", "P02", *BAG, "--ago", "2 h", "--json"),
    ("regimen", "set", "P01", "--rate", "0.5 mL/h", "--bolus", "0.5 mL", "--lockout", "15 min",
     "--confirm"),
    ("patient", "start", "P09", "--board", "B02"), ("patient", "move", "P01", "--bed", "4"),
    ("patient", "end", "P02"), ("patient", "withdraw", "P03"), ("pull", "P03"), ("pull", "P01"),
    ("pull", "--all"), ("pull", "--all", "--json"), ("pull", "P01", "--link", "file:image"),
    ("pull", "P02", "--link", "file:image", "--json"), ("bag", "hang", "P03", *BAG, "--link", "ble"),
)


def run(seed: int, folder: Path) -> tuple[str, list[int]]:
    """Runs one succession; returns what was done to the store, and the exit codes."""
    dice = random.Random(seed)
    path, image = folder / "store.db", folder / "image"
    data = bytearray(sound_store(folder))
    harm = dice.choice(("none", "flips", "flips", "rows", "rows", "pages", "pages", "all"))
    if harm in ("flips",):
        flip_bits(dice, data)
    for left in folder.glob("store.db*"):
        left.unlink()
    path.write_bytes(data)
    if harm in ("pages", "all"):
        take_pages(dice, path)
    if harm in ("rows", "all"):
        spoil_rows(dice, path)
    page_of_another = hostile_page(dice, dice.choice((71, 4100)), 0, dice.random() < 0.5)
    image.write_bytes(page_of_another.ljust(4096, b"\xff"))
    board = LoopBoard()
    board.minutes(5)
    codes = []
    clock = _clock(dice)
    with _ward(board, lambda: clock[0], random.Random(seed)):
        for _ in range(dice.choice((2, 3, 5))):
            words = [f"file:{image}" if word == "file:image" else word for word in dice.choice(COMMANDS)]
            codes.append(_command([*words, "--db", str(path), "--initials", "AB"]))
            if dice.random() < 0.4:
                clock = _clock(dice)
    return harm, codes


def _clock(dice: random.Random) -> list[int]:
    if dice.random() < 0.5:
        return [START_MS + HOURS_S * 1000 + dice.randrange(86_400_000)]
    return [dice.choice((0, dice.randrange(FROM_1970_TO_2199_MS), FROM_1970_TO_2199_MS))]


class HostileLink(NamedLink):
    """A link to a board that says what no board says."""

    def __init__(self, board: LoopBoard, name: str, dice: random.Random) -> None:
        super().__init__(board, name)
        self._of_hostile, self._share = dice, dice.choice((0.02, 0.2, 0.6))

    def read(self, channel: int) -> bytes:
        """Reads a value, or what is in its place."""
        return self._changed(super().read(channel))

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next, or what is in its place."""
        arrived = super().receive(timeout_s)
        return None if arrived is None else (arrived[0], self._changed(arrived[1]))

    def _changed(self, data: bytes) -> bytes:
        dice = self._of_hostile
        if dice.random() >= self._share:
            return data
        changed = bytearray(data)
        what = dice.choice(("cut", "grow", "flip", "other", "empty"))
        if what == "cut":
            return data[: dice.randrange(len(data) + 1)]
        if what == "grow":
            return data + dice.randbytes(dice.choice((1, 30)))
        if what == "other" or not data:
            return dice.randbytes(dice.choice((1, len(data), 60)))
        if what == "flip":
            changed[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            return bytes(changed)
        return b""


@contextlib.contextmanager
def _ward(board: LoopBoard, now_ms: Callable[[], int], dice: random.Random) -> Iterator[None]:
    """Sets the clock and the radio, and lets no error pass as foreseen."""
    def open_link(spec: str, name: str, *_: object) -> NamedLink:
        return HostileLink(board, name, dice) if dice.random() < 0.5 else NamedLink(board, name)

    def told(error: Exception) -> IntegrityError:
        raise Unforeseen(f"{type(error).__name__}: {error}") from error

    with mock.patch("pumplog.host.utc_now_ms", now_ms), \
            mock.patch("pumplog.sync.delivery.open_link", open_link), \
            mock.patch.object(cli, "unforeseen", told), \
            mock.patch.object(round_of_the_ward, "unforeseen", told):
        yield


class Unforeseen(BaseException):
    """An error came to the last resort: nothing foresaw it."""


def _command(words: Sequence[str]) -> int:
    """Runs a command as a user does; returns its exit code."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(list(words))
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException as error:
        error.add_note(f"pumplog {' '.join(words)}")
        raise
    said = out.getvalue() + err.getvalue()
    wrong = {character for character in said if not character.isprintable() and character != "\n"}
    assert code in (0, 1, 2, 3, 4) and not wrong, (words, code, wrong)
    assert said or code == 0, (words, code, "nothing said")
    return code


