"""What can happen to a host's reception: the last step before its library, where tests disturb a pull.

    PUMPLOG_AIR_LOSS=0.05:SEED   this share of notifications is lost on their way up, as hosts do
    PUMPLOG_AIR_FAULT=kill@N     as the N-th notification or indication arrives, the host dies
    PUMPLOG_AIR_FAULT=drop@N     ... the link breaks, and the N-th does not arrive
    PUMPLOG_AIR_FAULT=stop@N     ... the host stands still until SIGCONT: a lid closed and opened
    PUMPLOG_AIR_TRACE=FILE       all that arrived, a line each: characteristic, bytes in hex;
                                 `{board}` in FILE stands for the board's name, for a file a board

N counts from 1 over all links of the process. A trigger is a place in the transfer, not a time, so
the same fault hits the same packet on a slow machine and on a fast machine.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Mapping
from pathlib import Path

from ..errors import BenchError

_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Reception:
    """One host's; `arrived` is asked about each notification and indication, in order."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._share, self._dice = _loss(env.get("PUMPLOG_AIR_LOSS", "0:0"))
        self._kind, self._at = _fault(env.get("PUMPLOG_AIR_FAULT", "none@0"))
        trace = env.get("PUMPLOG_AIR_TRACE")
        self._trace = trace
        self._count = 0

    def arrived(self, board: str, characteristic: str, value: bytes, may_be_lost: bool) -> bool:
        """Returns whether the value reaches the host; `link_breaks` says what else happens."""
        if may_be_lost and self._dice.random() < self._share:
            return False
        self._count += 1
        if self._count == self._at and self._kind in _SIGNALS:
            os.kill(os.getpid(), _SIGNALS[self._kind])
        if self.link_breaks:
            return False
        if self._trace:
            with Path(self._trace.replace("{board}", board)).open("a") as trace:
                trace.write(f"{characteristic} {value.hex()}\n")
        return True

    @property
    def link_breaks(self) -> bool:
        """Whether the notification that was just asked about breaks the link."""
        return self._kind == "drop" and self._count == self._at


def _loss(text: str) -> tuple[float, random.Random]:
    share, _, seed = text.partition(":")
    try:
        return float(share), random.Random(seed)
    except ValueError:
        raise BenchError(f"PUMPLOG_AIR_LOSS={text} is not SHARE:SEED", "write it as in 0.05:1") from None


def _fault(text: str) -> tuple[str, int]:
    kind, _, at = text.partition("@")
    if kind not in (*_SIGNALS, "drop", "none") or not at.isdecimal():
        raise BenchError(f"PUMPLOG_AIR_FAULT={text} names no fault",
                         "write kill@N, drop@N or stop@N")
    return kind, int(at)
