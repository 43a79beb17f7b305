"""Puts made-up records into a store the way a board would: frames in sealed pages, through pumpwire."""

from __future__ import annotations

import binascii
from bisect import bisect_right
from fractions import Fraction
from uuid import UUID, uuid4

from pumplog.store import Attestation, Board, Entry, Store
from pumpwire import page, records, seal
from pumpwire.units import EPOCH_2020_S

from helpers.on_board.page_maker import PageMaker

START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
KINDS = {records.name_of(number): number for number in records.KINDS}
LOG_ID = 77
KEY = b"k" * 32


class Bedside:
    """A board B01 and a patient P01 whose log is written by hand; times in seconds from START.

    The board's clock is exact and told the time once, at the start, unless a test says more.
    """

    def __init__(self, store: Store, pl_per_count: int = 100_000, patient: str = "P01",
                 board: str = "B01", log_id: int = LOG_ID, minute_s: int = 60,
                 anchored: bool = True, calibrated: bool = True, cell_zero: int = 84_000) -> None:
        self.store, self.patient, self.board, self.log_id = store, patient, board, log_id
        store.add_board(Board(board, KEY, b"p" * 32, 123456, pl_per_count, 0, START_MS))
        store.logs.add(log_id, board)
        self.pl, self.minute_s, self.cell_zero = pl_per_count, minute_s, cell_zero
        self.events: list[tuple[float, str, list[int]]] = []
        self.rates: list[tuple[float, float, Fraction]] = []
        self.boluses: list[tuple[float, float, Fraction]] = []
        self.boots: list[float] = [0]  # when each boot began
        self.offs: list[tuple[float, float]] = []
        self.lost: list[tuple[float, float]] = []
        if anchored:
            self.anchor(0)
        if calibrated:
            self.add(0, "calibration", pl_per_count, 0, cell_zero, 420000)
        self.enter("patient_start", 0)

    def add(self, at_s: float, kind: str, *values: int) -> None:
        self.events.append((at_s, kind, list(values)))

    def anchor(self, at_s: float, error_s: float = 0, uncertainty_ms: int = 50,
               synced: int = 1) -> None:
        """A host tells the time, wrong by error_s."""
        utc_ms = START_MS + round((at_s + error_s) * 1000)
        self.add(at_s, "anchor", utc_ms // 1000 - EPOCH_2020_S, utc_ms % 1000, uncertainty_ms, 1, synced)

    def off(self, begin_s: float, end_s: float, anchored: bool = True) -> None:
        """Power is cut at begin_s; from end_s on the board runs again."""
        self.offs.append((begin_s, end_s))
        self.boots.append(end_s)
        self.add(end_s, "boot", len(self.boots), 1, 100)
        self.add(end_s, "calibration", self.pl, 0, self.cell_zero, 420000)
        if anchored:
            self.anchor(end_s)

    def lose(self, begin_s: float, end_s: float) -> None:
        """The records of [begin, end) never reach the store."""
        self.lost.append((begin_s, end_s))

    def enter(self, kind: str, at_s: float, **fields: int) -> Entry:
        entry = Entry(uuid4(), kind, self.patient, self.board, 5, "AB", START_MS,
                      START_MS + int(at_s * 1000), fields, simulated=False)
        self.store.entries.add(entry)
        return entry

    def bag(self, at_s: float, morphine_mg_ml: str, bupivacaine_mg_ml: str) -> Entry:
        return self.enter("bag", at_s, morphine_ug=int(Fraction(morphine_mg_ml) * 250_000),
                          bupivacaine_ug=int(Fraction(bupivacaine_mg_ml) * 250_000),
                          volume_ul=250_000)

    def infuse(self, begin_s: float, end_s: float, ml_h: str, told: bool = True) -> None:
        """Continuous infusion by the minute, and the pump's running unless not told."""
        if told:
            self.add(begin_s, "pump", records.PUMP_RUNNING, 0, 0)
            self.add(end_s, "pump", records.PUMP_STOPPED, 0, 0)
        self.rates.append((begin_s, end_s, Fraction(ml_h)))

    def bolus(self, at_s: float, ml: str, duration_s: int = 120, source: int = 1,
              inferred: int = 0, told: bool = True) -> None:
        self.boluses.append((at_s, duration_s, Fraction(ml)))
        counts = Fraction(ml) * 10**9 / self.pl
        assert counts.denominator == 1
        if told:
            self.add(at_s + duration_s, "bolus", duration_s * 1000, duration_s * 1000, int(counts),
                     0, source, 0, inferred)

    def write(self, until_s: float) -> Store:
        """Makes the minutes and pages, and hands them to the store with the board's word on the end."""
        ends = [begin for begin, _ in self.offs] + [until_s]
        for begin_s, end_s in zip(self.boots, ends, strict=True):
            self._minutes(begin_s, end_s, whole=end_s != until_s)
        self._pages(sorted(self.events, key=lambda event: event[0]))
        self.store.commit()
        return self.store

    def _minutes(self, begin_s: float, end_s: float, whole: bool) -> None:
        done, at_s = self._counts(begin_s), begin_s
        while at_s < end_s and not (whole and at_s + self.minute_s > end_s):
            next_s = min(at_s + self.minute_s, end_s)
            counts = self._counts(next_s)
            self.add(next_s, "minute", round((next_s - at_s) * 1000), counts - done, 0)
            done, at_s = counts, next_s

    def _counts(self, at_s: float) -> int:
        return int(self._volume_ul(Fraction(at_s)) * 1_000_000 / self.pl)

    def _volume_ul(self, at_s: Fraction) -> Fraction:
        volume = Fraction(0)
        for begin_s, end_s, ml_h in self.rates:
            volume += max(Fraction(0), min(at_s, Fraction(end_s)) - Fraction(begin_s)) * ml_h / 3600
        for begin_s, duration_s, ml in self.boluses:
            share = (at_s - Fraction(begin_s)) / Fraction(duration_s)
            volume += ml * min(max(Fraction(0), share), Fraction(1))
        return volume * 1000

    def _pages(self, events: list[tuple[float, str, list[int]]]) -> None:
        made: PageMaker | None = None
        seq, first_seq, last_boot, previous = 0, 0, 0, bytes(8)

        def close() -> None:
            nonlocal made, previous
            assert made is not None
            data = made.closed(seal.key_id(KEY), 0, previous, KEY)
            previous = data[page.FOOTER_AT + 19 :][:8]
            self.store.add_page_bytes(self.log_id, first_seq, 0, data)
            made = None

        for at_s, kind, values in events:
            boot = bisect_right(self.boots, at_s)
            if any(begin_s <= at_s < end_s for begin_s, end_s in self.lost):
                if made:
                    close()
                seq += 1
                continue
            if made and boot != last_boot:
                close()
            ticks = round((at_s - self.boots[boot - 1]) * 10)
            if made is None:
                first_seq = seq
                made = PageMaker(self.log_id, seq, boot, ticks)
            made.put(KINDS[kind], ticks, values + [0] * 8)
            last_boot = boot
            seq += 1
            if len(made.data) > page.FOOTER_AT - records.MAX_FRAME:
                close()
        data = bytes(made.data) if made else b""
        if made:
            self.store.add_page_bytes(self.log_id, first_seq, 0, data)
        nonce = bytes(seal.NONCE_BYTES)
        said = seal.attest(KEY, nonce, self.log_id, seq, first_seq if made else seq, len(data),
                           binascii.crc32(data), previous)
        assert self.store.take_word(self.log_id, Attestation(START_MS, nonce, said)) is None


def uuid(n: int) -> UUID:
    return UUID(int=n)
