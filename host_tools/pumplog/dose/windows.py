"""Windows: stretches of time that figures are computed over, in days from a patient's start."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import UsageError
from ..intervals import Interval
from ..patients import Episode

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_WRITTEN = re.compile(r"([0-9]{1,5})\+([1-9][0-9]{0,4})", re.ASCII)


@dataclass(frozen=True)
class Window:
    """Days [first, first + length) from a patient's start; a day is 24 h of elapsed time."""

    first_day: int  #: days after the start
    length_days: int  #: at least 1

    @classmethod
    def parse(cls, text: str, option: str) -> Window:
        """Reads '28+7', start day plus length in days; UsageError, naming the option, for anything
        else."""
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise UsageError(f"{option} {text!r} is not a window",
                             "write start day + days, as in 28+7")
        return cls(int(match[1]), int(match[2]))

    def of(self, episode: Episode) -> Interval:
        """Returns a patient's window [begin, end), Unix ms UTC."""
        begin_ms = episode.start_ms + self.first_day * DAY_MS
        return begin_ms, begin_ms + self.length_days * DAY_MS

    def ends_by(self, other: Window) -> bool:
        """Returns whether it is over when another begins."""
        return self.first_day + self.length_days <= other.first_day

    def __str__(self) -> str:
        return f"{self.first_day}+{self.length_days}"
