"""What can be right: values that a board or this store can have written, and rows that can be read.

A board's page may be good to the last bit and still say what cannot be: a bench board, a hostile board
and a decayed store all do. What is kept is validated as it is read, so that nothing behind this room
meets it. A record that cannot be right is set aside: its time is unknown, and whoever reads the log says
so. A row of another table that cannot be read is an IntegrityError.

The limits are wide: beyond them nothing is right, within them a value may still be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields as fields_of_class
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pumpwire.records import KINDS, MINUTE_MS, fields_of, name_of
from pumpwire.units import EPOCH_2020_S

from ..errors import IntegrityError
from ..moments import EARLIEST_MS, LATEST_MS

_T = TypeVar("_T")
_U32, _U30 = (1 << 32) - 1, (1 << 30) - 1
MOST_BOOT, MOST_UPTIME_MS = _U32, _U32 * 1000  # of a record
_WIDEST = 1 << 35  # of a number on the wire
_LATEST_ROW_MS = 10_413_792_000_000  # the year 2300
_DAY_MS = 86_400_000
_MOST = {"check_code": 999_999, "assignment": _U32, "log_id": _U32, "seq": _WIDEST, "first_seq": _WIDEST,
         "next_seq": _WIDEST, "records": _WIDEST, "pl_per_count": _U32, "uncertainty_ppm": 1_000_000}
_PRESSES = 201  # in a minute: a board takes none within 300 ms of another
_OWN: dict[tuple[str, str], tuple[int, int]] = {  # (kind, field): least and most
    ("anchor", "epoch_s"): (EARLIEST_MS // 1000 - EPOCH_2020_S, LATEST_MS // 1000 - EPOCH_2020_S),
    ("demand", "ago_ms"): (0, _U30),
    ("bolus", "ago_ms"): (0, _U30), ("bolus", "duration_ms"): (0, _DAY_MS),
    ("bolus", "counts"): (0, _U30), ("bolus", "continuous_milli_counts"): (0, _U30),
    ("bolus", "source"): (0, _U30), ("bolus", "halted"): (0, _U30), ("bolus", "inferred"): (0, _U30),
    ("bolus", "programmed_ul"): (0, _U30),
    ("reservoir", "level_ul"): (-1, _U30), ("reservoir", "se_ul"): (0, _U30),
    ("pump", "ago_ms"): (0, _U30), ("pump", "uncertainty_ms"): (0, _U30),
    ("bag", "ago_ms"): (0, _U30), ("bag", "uncertainty_ms"): (0, _U30),
    ("calibration", "pl_per_count"): (0, _U32), ("calibration", "uncertainty_ppm"): (0, 1_000_000),
    ("relief", "ago_ms"): (0, _U30), ("signature", "span_s"): (0, _U30),
    ("resumed", "uptime_s"): (0, _U32), ("resumed", "span_ms"): (0, _DAY_MS),
    ("resumed", "counts"): (0, _U30), ("resumed", "presses"): (0, _PRESSES),
    ("resumed", "lost_ms"): (0, _U30),
    ("access", "address_high"): (0, (1 << 24) - 1), ("access", "address_low"): (0, (1 << 24) - 1),
}


def _limits(kind: int) -> tuple[tuple[str, int, int], ...]:
    name = name_of(kind)
    return tuple((field, *_OWN.get((name, field), (0 if code == ord("u") else -_WIDEST, _WIDEST)))
                 for field, code in fields_of(kind) if code != ord("b"))


_LIMITS = {name_of(kind): _limits(kind) for kind in KINDS}


def is_sound(kind: str, boot: int, uptime_ms: int, fields: Any) -> bool:
    """Returns whether a board can have written a record: each number is there, within its limits."""
    if (fields.__class__ is not dict or boot.__class__ is not int or uptime_ms.__class__ is not int
            or not 0 <= boot <= MOST_BOOT or not 0 <= uptime_ms <= MOST_UPTIME_MS):
        return False
    if kind == "minute":  # nearly every record
        return _is_sound_minute(fields.get("span_ms"), fields.get("counts"), fields.get("presses"))
    for name, least, most in _LIMITS.get(kind, ()):
        value = fields.get(name)
        if value.__class__ is not int or not least <= value <= most:
            return False
    return _in_order(kind, fields)


def _is_sound_minute(span_ms: Any, counts: Any, presses: Any) -> bool:
    if span_ms.__class__ is not int or counts.__class__ is not int or presses.__class__ is not int:
        return False
    most = _PRESSES if span_ms <= MINUTE_MS else _PRESSES * span_ms // MINUTE_MS
    return 0 <= span_ms <= _DAY_MS and 0 <= counts <= _U30 and 0 <= presses <= most


def _in_order(kind: str, fields: Mapping[str, Any]) -> bool:
    """Returns whether what depends on two fields, or is text, is right too."""
    if kind in ("lost", "skipped"):
        return bool(fields["first_seq"] <= fields["last_seq"])
    return kind != "entry" or fields.get("entry").__class__ is str


def is_moment(value: Any) -> bool:
    """Returns whether a value of the store is a moment, Unix ms UTC."""
    return type(value) is int and 0 <= value < _LATEST_ROW_MS


def made(of: Callable[..., _T], row: Any, what: str) -> _T:
    """Returns a row of the store as what it is; IntegrityError if a value is not of its type.

    what: the row in words, such as "an entry".
    """
    values = {key.lower(): row[key] for key in row.keys()}  # a flipped bit may have changed its case
    for name, (types, most) in _types(of).items():
        value = values[name]
        if type(value) not in types or type(value) is int and not 0 <= value <= most:
            raise damaged(f"{what} ({name})")
    return of(**values)


def damaged(what: str) -> IntegrityError:
    """Returns what to say of a row that cannot be read."""
    return IntegrityError(f"the store is damaged: {what} cannot be read",
                          "go on with an earlier copy of it. What boards still hold can be pulled into"
                          " that again")


@cache
def _types(of: Any) -> dict[str, tuple[tuple[Any, ...], int]]:
    """Returns {field: (the types that it may have, the most that it may be as a number)}."""
    names = [field.name for field in fields_of_class(of)] if hasattr(of, "__dataclass_fields__") else (
        list(of.__annotations__))
    found = {}
    for name, hint in get_type_hints(of).items():
        if name in names:
            parts = getattr(hint, "__args__", (hint,)) if type(hint).__name__ == "UnionType" else (hint,)
            found[name] = (tuple(getattr(part, "__origin__", part) for part in parts),
                           _MOST.get(name, _LATEST_ROW_MS))
    return found
