"""Listens for boards while several pulls look for theirs: one adapter, one scan at a time.

What a scan heard, or did not hear in its whole time, serves all who asked before it ended. A ward with
three dead boards is not scanned three times over. A board is chosen by its name alone, never by how loud
it is. Anybody may use that name. So all are given that were heard under it, each to be tried, and who
asks for still another has it listened for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, Protocol, TypeVar

from ..errors import AbsentError, UnreachableError


class Named(Protocol):
    """What a scan hears."""

    @property
    def name(self) -> str:
        """The board's name."""

    @property
    def address(self) -> str:
        """What tells it from another of that name."""


NamedT = TypeVar("NamedT", bound=Named)


class Search(Generic[NamedT]):
    """scan(name): returns what it heard until `name` was heard, or until its time was over; scan(None):
    what it heard in a short time."""

    def __init__(self, scan: Callable[[str | None], list[NamedT]]) -> None:
        self._scan = scan
        self._turn = threading.Lock()
        self._scans = 0  # that have ended
        self._heard: dict[str, list[NamedT]] = {}  # by the last of them, by name
        self._whole = False  # it went on for its whole time

    @contextmanager
    def turn(self, board: str) -> Iterator[Iterator[NamedT]]:
        """Gives those that were heard under a board's name, and the adapter to this caller alone for as
        long as the block lasts; AbsentError if none was."""
        asked = self._scans
        with self._turn:
            if self._scans == asked or not (self._whole or board in self._heard):
                self._listen(board)
            if board not in self._heard:
                raise AbsentError(f"board {board} does not answer",
                                  "go near it and check that its light says logging, then do it again")
            yield self._each(board)

    def _each(self, board: str) -> Iterator[NamedT]:
        """Yields who was heard under a name, then who is heard under it besides."""
        first = self._heard[board]
        yield from first
        with suppress(UnreachableError):  # what the first ones did is then all that there is to tell
            self._listen(None)
        known = {each.address for each in first}
        yield from (each for each in self._heard.get(board, []) if each.address not in known)

    def _listen(self, board: str | None) -> None:
        heard: dict[str, list[NamedT]] = {}
        for each in self._scan(board):
            heard.setdefault(each.name, []).append(each)
        self._heard, self._whole = heard, board is not None and board not in heard
        self._scans += 1
