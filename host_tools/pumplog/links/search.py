"""Listens for boards while several pulls look for theirs: one adapter, one scan at a time.

What a scan heard, or did not hear in its whole time, serves all who asked before it ended. A ward with
three dead boards is not scanned three times over. A board is chosen by its name alone, never by how loud
it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from ..errors import AbsentError


class Named(Protocol):
    """What a scan hears."""

    @property
    def name(self) -> str:
        """The board's name."""


NamedT = TypeVar("NamedT", bound=Named)


class Search(Generic[NamedT]):
    """scan(name): returns what it heard until `name` was heard, or until its time was over."""

    def __init__(self, scan: Callable[[str], list[NamedT]]) -> None:
        self._scan = scan
        self._turn = threading.Lock()
        self._scans = 0  # that have ended
        self._heard: dict[str, NamedT] = {}  # by the last of them
        self._whole = False  # it went on for its whole time

    @contextmanager
    def turn(self, board: str) -> Iterator[NamedT]:
        """Gives the board as it was heard, and the adapter to this caller alone for as long as the
        block lasts; AbsentError if it was not heard."""
        asked = self._scans
        with self._turn:
            if self._scans == asked or not (self._whole or board in self._heard):
                self._listen(board)
            if board not in self._heard:
                raise AbsentError(f"board {board} does not answer",
                                  "go near it and check that its light says logging, then do it again")
            yield self._heard[board]

    def _listen(self, board: str) -> None:
        heard: dict[str, NamedT] = {}
        for each in self._scan(board):
            heard.setdefault(each.name, each)
        self._heard, self._whole = heard, board not in heard
        self._scans += 1
