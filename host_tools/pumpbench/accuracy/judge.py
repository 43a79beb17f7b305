"""Judges one window: everything that the report pools, as plain numbers."""

from __future__ import annotations

import shutil
from typing import Any

from ..runs import WindowResult
from . import judge_bags, judge_garbage, judge_presses, judge_suspicions, judge_volumes
from .evidence import Evidence, read


def judge(result: WindowResult) -> dict[str, Any]:
    """Returns what a window showed, and removes its files: its seed brings them back."""
    judged = judge_evidence(read(result))
    shutil.rmtree(result.folder)
    return judged


def judge_evidence(evidence: Evidence) -> dict[str, Any]:
    """Returns what the evidence of a window shows."""
    spec = evidence.spec
    return {
        "name": spec.name, "seed": spec.seed, "days": len(spec.deliveries),
        "rate_ul_h": spec.rate_ul_h, "bolus_ul": spec.bolus_ul,
        "quantum_ul": float(spec.ul_per_count), "error": float(spec.calibration_error),
        "lockout_s": spec.lockout_s,
        "counting": judge_volumes.counting(evidence), "volumes": judge_volumes.volumes(evidence),
        "rates": judge_volumes.rates(evidence),
        "trumpet": [] if sum(spec.deliveries) else judge_volumes.trumpet(evidence),
        "presses": judge_presses.presses(evidence),
        "boluses": judge_presses.boluses(evidence), "levels": judge_bags.levels(evidence),
        "changes": judge_bags.changes(evidence), "checks": judge_bags.checks(evidence),
        "signatures": judge_suspicions.signatures(evidence), "faults": judge_suspicions.faults(evidence),
        "garbage": judge_garbage.garbage(evidence),
        "pump": judge_suspicions.pump(evidence), "gaps": [e.fields for e in evidence.of_kind("gap")],
    }
