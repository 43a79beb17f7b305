"""What one log says, in UTC: runs of minutes, boluses, demands, the pump, bags, possibilities."""

from __future__ import annotations

from dataclasses import dataclass, field

from pumpwire import names

from ..store import StoredRecord
from .brackets import Bracket
from .check import Check
from .disagreements import Disagreement
from .pump_times import PumpChange, PumpTimes
from .relief import Relief
from .runs import Bolus, Run
from .signatures import Signature
from .timeline import Timeline

NOT_RECORDED = "not recorded"  # the reason of a press that was counted and has no outcome


@dataclass(frozen=True)
class Demand:
    """A press of the handset, and what came of it."""

    at_ms: int  #: when it was pressed, Unix ms UTC
    outcome: str  #: a value of pumpwire.names.OUTCOMES, or unknown
    reason: str  #: a value of pumpwire.names.REASONS, unknown, or NOT_RECORDED
    inferred: bool  #: the outcome was concluded from counts, and not told by the pump

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int) -> Demand:
        """Takes a DEMAND record that was made at at_ms."""
        fields = record.fields
        return cls(at_ms - fields["ago_ms"], names.OUTCOMES.get(fields["outcome"], "unknown"),
                   names.REASONS.get(fields["reason"], "unknown"), bool(fields["inferred"]))


@dataclass(frozen=True)
class BagChange:
    """The weight says that another bag hangs, or that there is more in it."""

    at_ms: int  #: since when, Unix ms UTC
    uncertainty_ms: int  #: at_ms is right give or take this, ms
    log_id: int  #: the log of its record
    seq: int  #: the number of its record
    refill: bool = False  #: the same bag was refilled

    @classmethod
    def of(cls, record: StoredRecord, at_ms: int) -> BagChange:
        """Takes a BAG record that was made at at_ms."""
        fields = record.fields
        return cls(at_ms - fields["ago_ms"], fields["uncertainty_ms"], record.log_id, record.seq,
                   bool(fields["refill"]))


@dataclass
class LogView:
    """All that a log tells of doses, each with its place in UTC.

    Boluses stand in the order in which the log settles them, all else in order of time.
    Whose it is, and what was in the bag, is not in it: see the patients and the doses.
    """

    log_id: int  #: which log
    timeline: Timeline  #: when its moments were
    runs: list[Run] = field(default_factory=list)  #: unbroken minutes, in counts
    boluses: list[Bolus] = field(default_factory=list)  #: also those left open
    demands: list[Demand] = field(default_factory=list)  #: presses of the handset
    pump: PumpTimes = field(  #: when the pump ran
        default_factory=lambda: PumpTimes([], [], []))
    pump_changes: list[PumpChange] = field(default_factory=list)  #: what was told of that
    bag_changes: list[BagChange] = field(default_factory=list)  #: bags that the weight noticed
    reliefs: list[Relief] = field(default_factory=list)  #: presses of the relief button, not judged
    signatures: list[Signature] = field(default_factory=list)  #: possibilities that the board noticed
    #: where weight and counts disagree
    disagreements: list[Disagreement] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)  #: the calibration as found
    brackets: list[Bracket] = field(default_factory=list)  #: time between boots that is bounded
    unplaced: int = 0  #: minutes whose time nobody can tell; they are in nothing above
    unsound: int = 0  #: records that no board can have written; they are in nothing above
    uncalibrated: int = 0  #: minutes whose calibration nobody knows; they are in nothing above
