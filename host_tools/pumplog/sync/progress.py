"""How a round is going, for people: live lines on a terminal, plain lines elsewhere.

On a terminal each board under way has a line that is written over, and what came of a board stays
above them. Elsewhere a round prints a line whenever a board has got further, and a pull of a single
board prints none, for its result is next. No colour is used anywhere.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TextIO

from ..plain import in_a_line, lines

_UP_AND_CLEAR = "\033[A\033[2K"


def _goes_up() -> bool:
    """Returns whether this terminal can be told to go up a line. The console of Windows prints what
    tells it so, unless another terminal stands around it, which says so."""
    if sys.platform == "win32" and not {"WT_SESSION", "TERM_PROGRAM", "TERM"} & set(os.environ):
        return False
    return os.environ.get("TERM") != "dumb"


class StoppedError(Exception):
    """The round was ended: this visit ends too."""


class Progress:
    """The progress of one round (pumplog.sync.ward); called from the visits' threads.

    out: where it is printed; headings: {board: the words for it}; folded: folds a line that stays.
    """

    def __init__(
        self, out: TextIO, headings: Mapping[str, str], folded: Callable[[str], str] = lines
    ) -> None:
        self._out, self._headings, self._folded = out, headings, folded
        self._live = out.isatty() and _goes_up()
        self._silent = not self._live and len(headings) == 1
        self._lock = threading.Lock()
        self._under_way: dict[str, str] = {}  # board: what it is at
        self._waiting = len(headings)
        self._drawn = 0  # live lines on the screen
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._under_way.clear()
            self._waiting = 0
            self._draw()

    def stop(self) -> None:
        """Ends the visits under way at the next that they have to tell."""
        self._stopped = True

    @contextmanager
    def visit(self, board: str) -> Iterator[None]:
        """Shows a board for as long as the block lasts."""
        self._goes_on()
        with self._lock:
            self._waiting -= 1
            self._under_way[board] = "looking for it"
            self._draw()
        try:
            yield
        finally:
            with self._lock:
                del self._under_way[board]
                self._draw()

    def so_far(self, board: str, n: int) -> None:
        """A connected board has sent n bytes by now; StoppedError if it is to stop sending."""
        self._goes_on()
        with self._lock:
            text = f"connected, {(n + 999) // 1000} kB" if n else "connected"
            if text != self._under_way[board]:
                self._under_way[board] = text
                if n == 0 and not self._live:
                    self._say(board, text)
                self._draw()

    def done(self, board: str, new_records: int) -> None:
        """All that the board had is in the store."""
        with self._lock:
            self._say(board, f"done, new records: {new_records}")

    def again(self, board: str, why: str) -> None:
        """A visit ended, and the board is tried again once the others had their turn."""
        with self._lock:
            self._waiting += 1
            self._say(board, f"will be tried again: {why}")

    def _goes_on(self) -> None:
        if self._stopped:
            raise StoppedError

    def _say(self, board: str, text: str) -> None:
        """Prints a line that stays, above those that change."""
        if not self._silent:
            self._erase()
            print(self._folded(f"{self._headings[board]}: {text}"), file=self._out, flush=True)
            self._draw()

    def _erase(self) -> None:
        print(_UP_AND_CLEAR * self._drawn, end="", file=self._out)
        self._drawn = 0

    def _draw(self) -> None:
        if not self._live:
            return
        self._erase()
        width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be taken back
        lines = [f"{self._headings[board]}: {text}" for board, text in self._under_way.items()]
        if self._waiting:
            lines.append(f"waiting: {self._waiting}")
        for line in lines:
            print(in_a_line(line)[:width], file=self._out)
        self._out.flush()
        self._drawn = len(lines)
