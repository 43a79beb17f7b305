"""Boards are found by name, by one scan at a time, and what it told serves all who were waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from pumplog.errors import AbsentError
from pumplog.links.search import Search


@dataclass(frozen=True)
class Told:
    name: str
    rssi_dbm: int
    address: str = ""


class Ears:
    """A scan that hears what is on the air; it does not end before `others` look for boards too."""

    def __init__(self, air: list[Told], others: int = 0) -> None:
        self.air, self.others, self.scans, self.under_way = air, others, 0, 0
        self.search: Search[Told] = Search(self.scan)
        self._asked = threading.Semaphore(0)

    def scan(self, board: str | None) -> list[Told]:
        self.scans += 1
        self.under_way += 1
        assert self.under_way == 1, "two scans at once"
        for _ in range(self.others):
            self._asked.acquire()
        self.others = 0
        self.under_way -= 1
        names = [each.name for each in self.air]
        return self.air[: names.index(board) + 1] if board and board in names else self.air

    def look(self, board: str) -> Told | None:
        """Looks for a board as a pull does; None if it is absent."""
        try:
            with self.search.turn(board) as heard:
                assert self.under_way == 0, "scanned while a link was made"
                return next(heard)
        except AbsentError:
            return None

    def look_together(self, first: str, *boards: str) -> list[Told | None]:
        """Looks for the first, and for the others while its scan lasts."""
        asking = AskingLock(self.search._turn, self._asked.release)
        self.search._turn = asking  # type: ignore[assignment]
        with ThreadPoolExecutor(1 + len(boards)) as pool:
            looks = [pool.submit(self.look, first)]
            asking.first.wait(60)
            looks += [pool.submit(self.look, board) for board in boards]
            return [look.result() for look in looks]


class AskingLock:
    """The search's lock, that tells when somebody waits for it."""

    def __init__(self, lock: threading.Lock, waits: Callable[[], None]) -> None:
        self._lock, self._waits, self.first = lock, waits, threading.Event()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._waits()
            self._lock.acquire()
        self.first.set()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_a_board_is_chosen_by_name_however_weak_it_is() -> None:
    ears = Ears([Told("B01", -40), Told("B02", -101)])
    assert ears.look("B02") == Told("B02", -101)


def test_of_two_that_bear_one_name_the_stronger_is_not_preferred() -> None:
    ears = Ears([Told("B01", -90), Told("B01", -40)])
    for air in (ears.air, ears.air[::-1]):
        ears.air = air
        assert ears.look("B01") == air[0]


def test_all_of_a_name_are_given_each_once_and_those_heard_later_too() -> None:
    """A stranger advertised the name first."""
    stranger, true, far = Told("B01", -40, "s"), Told("B01", -90, "t"), Told("B01", -99, "f")
    ears = Ears([stranger, Told("B02", -60), true, far])
    with ears.search.turn("B01") as heard:
        assert next(heard) == stranger and ears.scans == 1
        assert list(heard) == [true, far] and ears.scans == 2


def test_a_short_look_for_others_proves_nobody_absent() -> None:
    ears = Ears([Told("B01", -40, "s")])
    with ears.search.turn("B01") as heard:
        list(heard)
    ears.air = [Told("B02", -60)]
    assert ears.look("B02") == Told("B02", -60)


def test_each_look_scans_anew() -> None:
    ears = Ears([])
    assert ears.look("B01") is None
    ears.air = [Told("B01", -60)]
    assert ears.look("B01") == Told("B01", -60) and ears.scans == 2


def test_one_whole_scan_serves_all_who_asked_while_it_lasted() -> None:
    ears = Ears([Told("B04", -70)], others=3)
    found = ears.look_together("B01", "B02", "B03", "B04")
    assert found == [None, None, None, Told("B04", -70)] and ears.scans == 1
    assert ears.look("B02") is None and ears.scans == 2  # who asks later is not told old news


def test_a_scan_that_ended_early_proves_nobody_absent() -> None:
    air = [Told("B01", -70), Told("B02", -70), Told("B03", -70)]
    ears = Ears(air, others=2)
    assert ears.look_together("B02", "B01", "B03") == [air[1], air[0], air[2]]
    assert ears.scans == 2  # B01 was heard on the way to B02, B03 had to be listened for


def test_a_scan_that_fails_leaves_the_adapter_to_the_next() -> None:
    def broken(board: str) -> list[Told]:
        raise OSError("no adapter")

    search: Search[Told] = Search(broken)
    for _ in range(2):
        with pytest.raises(OSError, match="no adapter"), search.turn("B01"):
            pass
