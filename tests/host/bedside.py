"""Puts made-up records into a store the way a board would: frames in pages, through pumpwire."""

from __future__ import annotations

from fractions import Fraction
from uuid import UUID, uuid4

from pumplog.entries import Entry
from pumplog.store import Board, Store
from pumpwire import page, records
from pumpwire.units import EPOCH_2020_S

START_MS = 1_767_600_000_000  # 2026-01-05T08:00:00Z
KINDS = {name: number for number, (name, *_) in records.KINDS.items()}
LOG_ID = 77


class Bedside:
    """A board B01 and a patient P01 whose log is written by hand; times in seconds from START."""

    def __init__(self, store: Store, pl_per_count: int = 100_000, patient: str = "P01",
                 board: str = "B01", log_id: int = LOG_ID) -> None:
        self.store, self.patient, self.board, self.log_id = store, patient, board, log_id
        store.add_board(Board(board, b"k" * 32, b"p" * 32, 123456, pl_per_count, 0, START_MS))
        store.add_log(log_id, board)
        self.pl = pl_per_count
        self.events: list[tuple[float, str, list[int]]] = []
        epoch_s = START_MS // 1000 - EPOCH_2020_S
        self.add(0, "anchor", epoch_s, 0, 50, 1, 1)
        self.add(0, "calibration", pl_per_count, 0, 0, 420000)
        self.enter("patient_start", 0)

    def add(self, at_s: float, kind: str, *values: int) -> None:
        self.events.append((at_s, kind, list(values)))

    def enter(self, kind: str, at_s: float, **fields: int) -> Entry:
        entry = Entry(uuid4(), kind, self.patient, self.board, 5, "AB", START_MS,
                      START_MS + int(at_s * 1000), fields, simulated=False)
        self.store.add_entry(entry)
        return entry

    def bag(self, at_s: float, morphine_mg_ml: str, bupivacaine_mg_ml: str) -> None:
        self.enter("bag", at_s, morphine_ug=int(Fraction(morphine_mg_ml) * 250_000),
                   bupivacaine_ug=int(Fraction(bupivacaine_mg_ml) * 250_000), volume_ul=250_000)

    def infuse(self, begin_s: int, end_s: int, ml_h: str) -> None:
        """Continuous infusion by the minute, and the pump's running."""
        self.add(begin_s, "pump", records.PUMP_RUNNING, 0, 0)
        self.add(end_s, "pump", records.PUMP_STOPPED, 0, 0)
        self.rates = [*getattr(self, "rates", []), (begin_s, end_s, Fraction(ml_h))]

    def bolus(self, at_s: int, ml: str, duration_s: int = 120, source: int = 1) -> None:
        self.boluses = [*getattr(self, "boluses", []), (at_s, duration_s, Fraction(ml), source)]
        counts = Fraction(ml) * 10**9 / self.pl
        assert counts.denominator == 1
        self.add(at_s + duration_s, "bolus", duration_s * 1000, duration_s * 1000, int(counts),
                 0, source, 0, 0)

    def write(self, until_s: int) -> Store:
        """Makes the minutes, then pages, then hands them to the store."""
        done = 0
        for end_s in range(60, until_s + 60, 60):
            counts = int(self._volume_ul(min(end_s, until_s)) * 1_000_000 / self.pl)
            span_s = min(end_s, until_s) - (end_s - 60)
            self.add(min(end_s, until_s), "minute", span_s * 1000, counts - done, 0)
            done = counts
        self._pages(sorted(self.events, key=lambda event: event[0]))
        self.store.commit()
        return self.store

    def _volume_ul(self, at_s: int) -> Fraction:
        volume = Fraction(0)
        for begin_s, end_s, ml_h in getattr(self, "rates", []):
            volume += max(0, min(at_s, end_s) - begin_s) * ml_h / 3600
        for begin_s, duration_s, ml, _ in getattr(self, "boluses", []):
            volume += ml * min(max(0, at_s - begin_s), duration_s) / duration_s
        return volume * 1000

    def _pages(self, events: list[tuple[float, str, list[int]]]) -> None:
        frame = bytearray(records.MAX_FRAME)
        data, seq, first_seq, last_ms = bytearray(), 0, 0, 0
        for at_s, kind, values in events:
            if not data:
                first_seq = seq
                data = page.build_header(self.log_id, seq, 1, last_ms // 1000, last_ms % 1000, 0)
                seed = page.read_header(data).seed
            at_ms = int(at_s * 1000)
            n = records.encode(frame, KINDS[kind], at_ms - last_ms, values, None, seed)
            data += frame[:n]
            last_ms = at_ms
            seq += 1
            if len(data) > page.FOOTER_AT - records.MAX_FRAME:
                used = len(data)
                data += b"\xff" * (page.FOOTER_AT - used)
                data += page.build_footer(data, used, seq - first_seq)
                self.store.add_page_bytes(self.log_id, first_seq, 0, bytes(data))
                data = bytearray()
        if data:
            self.store.add_page_bytes(self.log_id, first_seq, 0, bytes(data))


def uuid(n: int) -> UUID:
    return UUID(int=n)
