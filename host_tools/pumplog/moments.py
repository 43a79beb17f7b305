"""The one printer of moments: UTC for programs, this computer's own clock and an age for people.

Where clocks are put back an hour, as at the end of summer time, the hour occurs twice. A time in it is
shown with its offset from UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from . import host
from .errors import UsageError
from .quantities import show_age

_DAY_MS = 86_400_000
_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
# Outside of these no clock is taken for right: boards keep seconds from 2020 on, below 2^30.
EARLIEST_MS = 1_577_836_800_000  # 2020-01-01T00:00:00Z
LATEST_MS = 2_650_838_400_000  # 2054-01-01T00:00:00Z


def is_possible(ms: int) -> bool:
    """Returns whether a right clock can show this moment."""
    return EARLIEST_MS <= ms < LATEST_MS


def possible_now_ms() -> int:
    """Returns the time for what is to be kept; UsageError if this computer's clock cannot be right."""
    now_ms = host.utc_now_ms()
    if not is_possible(now_ms):
        raise UsageError(f"this computer's clock says {utc_text(now_ms)}, and that cannot be",
                         "set the clock right, then do it again; nothing was entered")
    return now_ms


def utc_text(ms: int) -> str:
    """Returns a moment as ISO 8601 UTC with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_text(ms: int) -> str:
    """Returns a moment by this computer's own clock, with the day unless it is today."""
    moment, today = (datetime.fromtimestamp(at / 1000) for at in (ms, host.utc_now_ms()))
    day = "" if moment.date() == today.date() else f"{moment:%Y-%m-%d} "
    return day + _time_of_day(moment)


def dated_text(ms: int, seconds: bool = False) -> str:
    """Returns a moment by this computer's own clock, with its day, to the minute or the second."""
    moment = datetime.fromtimestamp(ms / 1000)
    return f"{moment:%Y-%m-%d} {_time_of_day(moment, seconds)}"


def in_local_time(text: str) -> str:
    """Returns a text with its moments, as `utc_text` prints them, by this computer's own clock."""
    return _UTC.sub(lambda found: dated_text(
        round(datetime.fromisoformat(found[0]).timestamp() * 1000)), text)


def span_text(begin_ms: int, end_ms: int) -> str:
    """Returns when something began and ended; both with their days, unless both are today."""
    begin, end, today = (datetime.fromtimestamp(at / 1000)
                         for at in (begin_ms, end_ms, host.utc_now_ms()))
    if begin.date() == end.date() == today.date():
        return f"{_time_of_day(begin)} to {_time_of_day(end)}"
    return f"{dated_text(begin_ms)} to {dated_text(end_ms)}"


def _time_of_day(moment: datetime, seconds: bool = False) -> str:
    """Returns a local moment's hour and minute, with the offset where they occur twice."""
    shown = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    first, second = (moment.replace(fold=fold).astimezone() for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return shown
    return f"{shown} {moment.astimezone().isoformat()[-6:]}"


def since_text(ms: int) -> str:
    """Returns when something began and how long ago that is; with the day if it is a day or more."""
    ago_ms = host.utc_now_ms() - ms
    if not 0 <= ago_ms < _DAY_MS:
        return f"{local_text(ms)}, {show_age(ago_ms)}"
    return f"{_time_of_day(datetime.fromtimestamp(ms / 1000))}, {show_age(ago_ms)}"


def age_s(ms: int) -> int:
    """Returns how many seconds ago a moment was."""
    return (host.utc_now_ms() - ms) // 1000
