"""The log: one board's records read once, and placed in time.

In: the stored records of one log. Out: a `LogView` of runs of minutes, boluses, presses, bag changes
and possibilities in UTC, each with its uncertainty. Also the `Timeline` that places them, whose clocks
were off, and each record in words. A file is loaded when something of it is first asked for: a command
that only needs entries starts without any of it.
"""

from typing import TYPE_CHECKING

from ..lazy import names_of

if TYPE_CHECKING:
    from .anchors import Anchor as Anchor
    from .brackets import PL_PER_UL as PL_PER_UL
    from .brackets import Bracket as Bracket
    from .check import Check as Check
    from .disagreements import Disagreement as Disagreement
    from .noticed import NoticedInLog as NoticedInLog
    from .noticed import Standstill as Standstill
    from .noticed import noticed_in as noticed_in
    from .off_clocks import Known as Known
    from .off_clocks import OffClock as OffClock
    from .off_clocks import clocks_off as clocks_off
    from .off_clocks import known_anchors as known_anchors
    from .pump_times import PumpChange as PumpChange
    from .reading import read_log as read_log
    from .relief import Relief as Relief
    from .relief import Reliefs as Reliefs
    from .relief import judge_reliefs as judge_reliefs
    from .runs import Bolus as Bolus
    from .runs import Boluses as Boluses
    from .runs import Calibration as Calibration
    from .runs import Run as Run
    from .signatures import FOUND as FOUND
    from .signatures import Signature as Signature
    from .signatures import signature_name as signature_name
    from .texts import known_fields as known_fields
    from .texts import meanings as meanings
    from .texts import record_text as record_text
    from .timeline import Timeline as Timeline
    from .view import NOT_RECORDED as NOT_RECORDED
    from .view import BagChange as BagChange
    from .view import Demand as Demand
    from .view import LogView as LogView

_FILES = {
    "anchors": ("Anchor",), "brackets": ("PL_PER_UL", "Bracket"), "check": ("Check",),
    "disagreements": ("Disagreement",),
    "off_clocks": ("Known", "OffClock", "clocks_off", "known_anchors"), "reading": ("read_log",),
    "noticed": ("NoticedInLog", "Standstill", "noticed_in"), "pump_times": ("PumpChange",),
    "texts": ("known_fields", "meanings", "record_text"),
    "relief": ("Relief", "Reliefs", "judge_reliefs"), "runs": ("Bolus", "Boluses", "Calibration", "Run"),
    "signatures": ("FOUND", "Signature", "signature_name"), "timeline": ("Timeline",),
    "view": ("NOT_RECORDED", "BagChange", "Demand", "LogView"),
}
_FILE_OF = {name: file for file, names in _FILES.items() for name in names}
__all__ = sorted(_FILE_OF)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__, _FILE_OF)
