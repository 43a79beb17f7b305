"""The calibration as found: what the weight says of the volume of a count. Never applied."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..moments import utc_text
from ..quantities import decimal, hex_id, percent_text, show
from ..store import StoredRecord


@dataclass(frozen=True)
class Check:
    """How far the weight differs from the counts. It is reported, and never applied."""

    at_ms: int  #: when the board had enough to tell, Unix ms UTC
    by_counts_ul: int  #: what left the bag by the counts, uL
    difference_ppm: int  #: how much more left it by weight, ppm of by_counts_ul
    uncertainty_ppm: int  #: one standard uncertainty of difference_ppm, ppm
    log_id: int  #: the log of its record
    seq: int  #: the number of its record

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int) -> Check:
        """Takes a CHECK record that was made at at_ms."""
        fields = record.fields
        return cls(at_ms, fields["by_counts_ul"], fields["difference_ppm"], fields["uncertainty_ppm"],
                   record.log_id, record.seq)

    def to_text(self) -> str:
        """Returns it for the screen."""
        return check_text(self.by_counts_ul, self.difference_ppm, self.uncertainty_ppm)

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, every decimal a string."""
        return {
            "utc": utc_text(self.at_ms), "by_counts_ml": decimal(Fraction(self.by_counts_ul, 1000)),
            "difference_percent": decimal(Fraction(self.difference_ppm, 10_000)),
            "uncertainty_percent": decimal(Fraction(self.uncertainty_ppm, 10_000)), "applied": False,
            "log_id": hex_id(self.log_id), "seq": self.seq,
        }


def check_text(by_counts_ul: int, difference_ppm: int, uncertainty_ppm: int) -> str:
    """Returns a calibration check in words; volumes in uL."""
    sign = "+" if difference_ppm >= 0 else ""
    return (f"calibration as found over {show(Fraction(by_counts_ul, 1000), 0)} mL: weight says"
            f" {sign}{percent_text(difference_ppm)} beside what was counted, give or take"
            f" {percent_text(uncertainty_ppm)}; not applied")
