"""Whether a time service keeps this computer's clock right, as its kernel knows it.

Every time service of Linux tells the kernel, by adjtimex(2). The kernel sets STA_UNSYNC again when the
error may have grown beyond 16 s. chrony without `rtcsync` tells the kernel nothing: so that flag means
"not known", never "no".
"""

from __future__ import annotations

import ctypes
import sys

from pumpwire.records import SYNC_NOT_KNOWN, SYNCED

_STA_UNSYNC = 0x40
_ERROR = -1


class Timex(ctypes.Structure):
    """The beginning of adjtimex(2)'s struct, and room for all of it; modes = 0 changes nothing."""

    _fields_ = [
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    ]


def kernel_status() -> int | None:
    """Returns the clock's status bits, None where there is no such call."""
    if sys.platform != "linux":
        return None
    clock = Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(clock))
    except (AttributeError, OSError):
        return None
    return None if state == _ERROR else clock.status


def clock_synced(status: int | None) -> int:
    """Returns SYNCED or SYNC_NOT_KNOWN for the kernel's status bits, or for None."""
    return SYNC_NOT_KNOWN if status is None or status & _STA_UNSYNC else SYNCED
