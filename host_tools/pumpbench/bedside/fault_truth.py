"""What each fault of a window really did, for truth.json: its true onset, end and false volumes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..faults import Fault, off_spans_s, stall_ticks
from .fault_effects import Effects
from .infusion import Infusion
from .pins import TICKS_PER_S
from .pump import Span
from .volume import VolumeCurve


def fault_list(
    faults: Sequence[Fault], infusion: Infusion, effects: Effects, counts: NDArray[np.int32],
    presses: NDArray[np.int32], begin_s: int, window_s: int,
) -> list[dict[str, Any]]:
    """Returns one entry a fault, in order of time; begin_s: the moment of the arrays' first tick."""
    ordered = sorted(faults, key=lambda fault: (fault.at_s, fault.kind))
    occlusions = iter(range(len(effects.occlusions)))
    found = []
    for fault in ordered:
        entry: dict[str, Any] = {
            "kind": fault.kind, "at_s": fault.at_s,
            "parameters": {name: value if isinstance(value, str) else float(value)
                           for name, value in fault.values.items()},
        }
        if fault.kind == "occlusion":
            entry.update(_occlusion(infusion, next(occlusions)))
        elif "duration_s" in fault.values:
            entry["onset_s"], entry["end_s"] = fault.span_s(window_s)
        if fault.kind == "free_flow":
            entry["volume_ul"] = _rise_ul(infusion.gravity, _ms(fault, window_s))
        elif fault.kind == "runaway":
            rise_ul = _rise_ul(infusion.continuous, _ms(fault, window_s))
            entry["extra_ul"] = float(Fraction(rise_ul) * (1 - 1 / fault.number("factor")))
        elif fault.kind == "flash_stall":
            entry["ticks_unseen"] = sum(n for _, n in stall_ticks([fault], window_s))
        for off_s, on_s in off_spans_s([fault]):
            first, last = (np.clip([off_s - begin_s, on_s - begin_s], 0, None) * TICKS_PER_S)
            last = min(int(last), len(counts))
            entry.update(onset_s=off_s, end_s=on_s,
                         counts_unseen=int(counts[last - 1] - counts[first - 1]),
                         presses_unseen=int(presses[last - 1] - presses[first - 1]))
        found.append(entry)
    return found


def _occlusion(infusion: Infusion, i: int) -> dict[str, Any]:
    begin_ms, end_ms = infusion.blocked[i]
    alarm_ms = infusion.alarms[i]
    return {
        "onset_s": begin_ms / 1000,
        "end_s": end_ms / 1000,
        "pump_stopped_s": None if alarm_ms is None else alarm_ms / 1000,
        "false_ul": _rise_ul(infusion.mechanism, (begin_ms, end_ms)),
    }


def _ms(fault: Fault, window_s: int) -> Span:
    begin_s, end_s = fault.span_s(window_s)
    return begin_s * 1000, end_s * 1000


def _rise_ul(curve: VolumeCurve, span: Span) -> float:
    return float(curve.at(span[1]) - curve.at(span[0]))
