"""Tells what never ends, or takes far too long, by the steps and processor time of one input."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CPU_S = 120  # thousands of times what the dearest input takes


class HangError(AssertionError):
    """An input takes more steps than its size explains."""


@contextmanager
def bounded(most_lines: int) -> Iterator[None]:
    """Raises HangError when more than so many lines of Python are run inside; slows them tenfold."""
    left = most_lines

    def count(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal left
        left -= event == "line"
        if left < 0:
            raise HangError(f"over {most_lines} lines")
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        yield
    finally:
        sys.settrace(before)


class Watch:
    """Raises HangError inside an input that uses CPU_S of processor time: call `begin` before each."""

    def __enter__(self) -> Watch:
        self._before = signal.signal(signal.SIGVTALRM, self._over)
        return self

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, self._before)

    def begin(self) -> None:
        """An input begins."""
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)

    @staticmethod
    def _over(*_: object) -> None:
        raise HangError(f"an input that uses more than {CPU_S} s of processor time")
