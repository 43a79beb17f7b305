"""This computer: its clock, its random numbers, and where pumplog keeps its own files.

With PUMPLOG_SIMULATED="utc_ms=...,seed=..." clock and randomness are simulated: time stands still at
utc_ms, and the same seed gives the same numbers. The bench uses it; what is entered then is marked as
simulated. What waits for a device reads another clock, `waited_s`, which always runs. Nobody sets it,
and it goes on while the computer sleeps: so a deadline that a closed lid outlasted is over, and a round
trip is as long as it truly was.

Every command loads this file, and most only ask for the time: what random numbers and the clock's
keeper need is loaded when they are asked for.
"""

from __future__ import annotations

import os
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

_draws = 0


@cache
def _simulation() -> dict[str, str]:
    text = os.environ.get("PUMPLOG_SIMULATED", "")
    return dict(part.split("=", 1) for part in text.split(",")) if text else {}


def simulated() -> bool:
    """Returns whether clock and randomness are simulated."""
    return bool(_simulation())


def utc_now_ms() -> int:
    """Returns the time, Unix ms UTC."""
    return int(_simulation()["utc_ms"]) if simulated() else time.time_ns() // 1_000_000


def waited_s() -> float:
    """Returns seconds since some moment, by a clock that nobody sets and that counts sleep.

    Python's own time.monotonic() stands still in sleep on Linux and macOS. It counts sleep on Windows.
    """
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)  # mach_continuous_time
    return time.monotonic()


def wait(seconds: float) -> None:
    """Lets time pass, for what is outside this computer to go on."""
    time.sleep(seconds)


def monotonic_ms() -> int:
    """Returns the ms of `waited_s`; simulated: 0."""
    return 0 if simulated() else int(waited_s() * 1000)


def random_bytes(n: int) -> bytes:
    """Returns n bytes that nobody can guess; simulated: those that the seed gives."""
    global _draws
    if not simulated():
        return os.urandom(n)  # as secrets.token_bytes does
    out = b""
    while len(out) < n:
        _draws += 1
        out += _sha256(f"{_simulation()['seed']}/{_draws}")
    return out[:n]


def _sha256(text: str) -> bytes:
    import hashlib

    return hashlib.sha256(text.encode()).digest()


def new_uuid() -> UUID:
    """Returns a fresh random UUID."""
    from uuid import UUID

    return UUID(bytes=random_bytes(16), version=4)


def state_folder() -> Path:
    """Returns the folder where this user's pumplog keeps its files; UsageError for a user without a
    home."""
    root = os.environ.get("XDG_STATE_HOME")
    try:
        return (Path(os.path.expanduser(root)) if root else Path.home() / ".local" / "state") / "pumplog"
    except RuntimeError as error:  # a user that no list has, as in a container
        from .errors import UsageError

        raise UsageError("this user has no home folder",
                         "name a folder for pumplog in XDG_STATE_HOME, or a store with --db") from error


def host_id() -> int:
    """Returns 30 random bits that stand for this computer, the same each time."""
    if simulated():
        return int.from_bytes(_sha256(_simulation()["seed"])[:4]) >> 2
    path = state_folder() / "host_id"
    known = _host_id_in(path)
    if known is not None:
        return known
    try:
        return _new_host_id(path)
    except OSError as error:
        from .errors import UsageError

        raise UsageError(f"{path} cannot be written ({error.strerror}), and it keeps this computer's"
                         " number", "make that folder, or name another in XDG_STATE_HOME") from error


def _new_host_id(path: Path) -> int:
    """Draws a number and keeps it in a file, unless another pumplog was faster; returns what is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    number, fresh = int.from_bytes(os.urandom(4)) >> 2 or 1, path.with_suffix(f".{os.getpid()}")
    with fresh.open("w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())  # else a power cut leaves a name without a number
    try:
        os.link(fresh, path)  # whole or not at all
    except OSError:  # another pumplog was the first, or there are no links here
        if _host_id_in(path) is None:  # or a power cut, or a disk's fault, left no number
            os.replace(fresh, path)
    fresh.unlink(missing_ok=True)
    return _host_id_in(path) or number


def _host_id_in(path: Path) -> int | None:
    """Returns the number in a file, None where there is none that can be right."""
    try:
        number = int(path.read_bytes()[:20])
    except (OSError, ValueError):
        return None
    return number if 0 < number < 1 << 30 else None


def clock_synced() -> int:
    """Returns whether a time service keeps this host's clock: SYNCED or SYNC_NOT_KNOWN."""
    from pumpwire.records import SYNCED

    from . import clock_sync

    return SYNCED if simulated() else clock_sync.clock_synced(clock_sync.kernel_status())
