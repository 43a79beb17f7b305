"""The one printer of moments: UTC for programs, this computer's own clock and an age for people."""

from __future__ import annotations

from datetime import UTC, datetime

from . import host
from .quantities import show_age

_DAY_MS = 86_400_000


def utc_text(ms: int) -> str:
    """Returns a moment as ISO 8601 UTC with milliseconds."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def local_text(ms: int) -> str:
    """Returns a moment by this computer's own clock, with the day unless it is today."""
    moment, today = (datetime.fromtimestamp(at / 1000) for at in (ms, host.utc_now_ms()))
    return f"{moment:%H:%M}" if moment.date() == today.date() else f"{moment:%Y-%m-%d %H:%M}"


def since_text(ms: int) -> str:
    """Returns when something began and how long ago that is; with the day if it is a day or more."""
    ago_ms = host.utc_now_ms() - ms
    when = f"{datetime.fromtimestamp(ms / 1000):%H:%M}" if 0 <= ago_ms < _DAY_MS else local_text(ms)
    return f"{when}, {show_age(ago_ms)}"


def age_s(ms: int) -> int:
    """Returns how many seconds ago a moment was."""
    return (host.utc_now_ms() - ms) // 1000
