"""The air's own time: a busy computer makes it pass more slowly.

Theory. Who is on the air waits for others with time limits: a silence of a second, a scan of eight, a
stranger's thirty seconds on a board. On a ward each of them has a processor of its own. Here they share
those of a computer, and where other programs keep these busy, all of them stand in a queue. Limits would
run out, and boards would log minutes, because of that queue alone. So the time in which a process of the
air was ready to run and had no processor does not pass on the air. The kernel counts it, for each thread
(/proc/PID/task/TID/schedstat). What passes is the share of the time in which nobody stood in the queue,
as if each did so at moments of its own: the product of everyone's shares. At least LEAST of the time
passes, however much waiting the kernel counts, so that limits end.

The air tells boards (board_radio.py) and laptops (laptop_clock.py) what has passed, every STEP_S of it;
in between each goes on by its own clock, for at most STEP_S. That wakes each of them only ten times a
second of the air's time: waking stands in the queue too. Where the kernel does not count, on anything
but Linux, or what it says cannot be read, the air's time is that of the computer.

Tried in thought and left: time that stands until all are idle, for nobody can say that a pumplog with
threads is idle; wider limits, for then the tests would try other limits than users get. Tried and left:
all of the waiting taken off, as if they stood in the queue one after the other. Boards that only tick do
not, and a ward of twelve came nearly to a stand.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

STEP_S = 0.1  # of the air's time, a board's tick
LEAST = 0.1  # of the computer's time passes at the least
_LOOK_S = 0.02
_FAMILY_LOOKS = 25  # after so many looks the processes are listed anew

_now_s = time.monotonic  # the computer's, whatever a laptop on the air puts into its place


class AirClock:
    """Time since the air began; `tell` is called in the event loop after each STEP_S of it.

    guests: the processes that are no children of this process, by their ids.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self.began_utc_ns = time.time_ns()
        self.guests: set[int] = set()
        self._tell = tell
        self._passed_s = self._said_s = 0.0
        self._looked_s = _now_s()
        self._family: list[int] = []
        self._kept: dict[str, int] = {}  # {thread: ns that it waited so far}
        self._owed: dict[int, int] = {}  # {process: ns that it waited and that passed all the same}
        self._loop = asyncio.get_running_loop()
        self._loop.time = self.now_s  # type: ignore[method-assign]
        threading.Thread(target=self._run, daemon=True, name="air clock").start()

    def now_s(self) -> float:
        """Returns the seconds that passed on the air; they never run back."""
        since_s = min(_now_s() - self._looked_s, STEP_S)
        self._said_s = max(self._said_s, self._passed_s + since_s)
        return self._said_s

    def _run(self) -> None:
        told_s, looks = 0.0, 0
        while True:
            time.sleep(_LOOK_S)
            began_s, self._looked_s = self._looked_s, _now_s()
            real_s = self._looked_s - began_s
            try:
                if looks % _FAMILY_LOOKS == 0:
                    self._family = [os.getpid(), *_children(os.getpid())]
                alone = self._share_unhindered(real_s, {*self._family, *self.guests})
            except Exception:  # whatever a kernel's files say: without this thread all on the air hang
                alone = 1.0
            looks += 1
            self._passed_s += real_s * max(LEAST, alone)
            if self._passed_s - told_s >= STEP_S:
                told_s = self._passed_s
                try:
                    self._loop.call_soon_threadsafe(self._tell)
                except RuntimeError:
                    return  # the loop is closed: there is no air any more

    def _share_unhindered(self, of_s: float, pids: set[int]) -> float:
        """Returns in which share of the seconds since the last call none of these processes was ready to
        run and had no processor."""
        share, kept, owed, own = 1.0, {}, {}, str(threading.get_native_id())
        for pid in pids:
            waited_ns = self._owed.get(pid, 0)
            for thread in _entries(f"/proc/{pid}/task"):
                try:
                    text = Path(f"/proc/{pid}/task/{thread}/schedstat").read_text()
                except OSError:
                    continue  # it has ended, or this system does not count
                if thread != own:
                    kept[thread] = int(text.split()[1])
                    waited_ns += kept[thread] - self._kept.get(thread, kept[thread])
            now_ns = min(waited_ns, int(of_s * 1e9))
            owed[pid] = waited_ns - now_ns  # told once it had a processor, of the steps before too
            share *= 1 - now_ns / 1e9 / of_s
        self._kept, self._owed = kept, owed
        return share


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for thread in _entries(f"/proc/{pid}/task"):
        try:
            found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
        except OSError:
            continue
    return found


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
