"""Judges one window: everything that the report pools, as plain numbers."""

from __future__ import annotations

import shutil
from typing import Any

from ..runs.monte_carlo import WindowResult
from . import judge_bags, judge_presses, judge_suspicions, judge_volumes
from .evidence import Evidence, read


def judge(result: WindowResult) -> dict[str, Any]:
    """Returns what a window showed, and removes its files: its seed brings them back."""
    findings = findings_of(read(result))
    shutil.rmtree(result.folder)
    return findings


def findings_of(one: Evidence) -> dict[str, Any]:
    """Returns the findings of a window."""
    spec = one.spec
    return {
        "name": spec.name, "seed": spec.seed, "days": len(spec.deliveries),
        "rate_ul_h": spec.rate_ul_h, "bolus_ul": spec.bolus_ul,
        "quantum_ul": float(spec.ul_per_count), "error": float(spec.calibration_error),
        "lockout_s": spec.lockout_s,
        "counting": judge_volumes.counting(one), "volumes": judge_volumes.volumes(one),
        "rates": judge_volumes.rates(one),
        "trumpet": [] if sum(spec.deliveries) else judge_volumes.trumpet(one),
        "presses": judge_presses.presses(one),
        "boluses": judge_presses.boluses(one), "levels": judge_bags.levels(one),
        "changes": judge_bags.changes(one), "checks": judge_bags.checks(one),
        "signatures": judge_suspicions.signatures(one), "faults": judge_suspicions.faults(one),
        "pump": judge_suspicions.pump(one), "gaps": [e.fields for e in one.of_kind("gap")],
    }
