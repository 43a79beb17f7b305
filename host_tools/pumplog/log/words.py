"""A record in words: one table of what each kind's fields say, quantities with their units."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pumpwire import names
from pumpwire import records as wire

from ..quantities import show, show_span
from .relief import MISTAKEN
from .signatures import FOUND, evidence, name_of

Fields = dict[str, Any]
UNKNOWN = {  # (kind, field): the number that stands for not known
    ("reservoir", "level_ul"): -1, ("weight", "temperature_c4"): wire.NO_TEMPERATURE,
    ("relief", "since_bolus_s"): wire.NEVER_S,
}


def plain(kind: str, fields: Fields) -> Fields:
    """Returns the fields with None in place of numbers that mean not known."""
    known = {name: None if UNKNOWN.get((kind, name), "") == value else value
             for name, value in fields.items()}
    if kind == "weight" and fields["samples"] == 0:
        known["weight_mg"] = None
    if kind == "reservoir" and known["level_ul"] is None:
        known["se_ul"] = None
    return known


def words(kind: str, fields: Fields) -> str | None:
    """Returns what a record says, from the fields that `plain` gives; None for a kind without words."""
    return _WORDS[kind](fields) if kind in _WORDS else None


def _ml(ul: int, digits: int = 3) -> str:
    return f"{show(Fraction(ul, 1000), digits)} mL"


def _s(ms: int) -> str:
    return f"{show(Fraction(ms, 1000), 1)} s"


def _percent(ppm: int) -> str:
    return f"{show(Fraction(ppm, 10_000), 2)} %"


def _boot(fields: Fields) -> str:
    version = fields["firmware"]
    reason = names.BOOT_REASONS.get(fields["reason"], "not known to this version")
    return (f"started ({reason.replace('_', ' ')}), firmware {version // 10_000}."
            f"{version // 100 % 100}.{version % 100}")


def _demand(fields: Fields) -> str:
    outcome = names.OUTCOMES.get(fields["outcome"], "not known to this version")
    reason = names.REASONS.get(fields["reason"], "not known to this version")
    because = f", {reason}" if fields["reason"] else ""
    inferred = ", inferred" if fields["inferred"] else ""
    return f"pressed {_s(fields['ago_ms'])} before: {outcome}{because}{inferred}"


def _bolus(fields: Fields) -> str:
    source = names.SOURCES.get(fields["source"], "not known to this version")
    counts = show(fields["counts"] - Fraction(fields["continuous_milli_counts"], 1000), 1)
    asked = f" of {_ml(fields['programmed_ul'])} programmed" if fields["programmed_ul"] else ""
    return (f"{source}: {counts} counts in {_s(fields['duration_ms'])}{asked}"
            + (", halted" if fields["halted"] else "")
            + (", inferred: perhaps none" if fields["inferred"] else ""))


def _reservoir(fields: Fields) -> str:
    if fields["level_ul"] is None:
        return "holds an unknown volume"
    return f"holds about {_ml(fields['level_ul'], 1)}, give or take {_ml(fields['se_ul'], 1)}"


def _weight(fields: Fields) -> str:
    mg, c4 = fields["weight_mg"], fields["temperature_c4"]
    weight = "nothing weighed" if mg is None else f"{show(Fraction(mg, 1000), 2)} g beyond the tare"
    warmth = "temperature not measured" if c4 is None else f"{show(Fraction(c4, 4), 2)} degC"
    return f"{weight}; {warmth}"


def _pump(fields: Fields) -> str:
    state = names.PUMP_STATES.get(fields["state"], "not known to this version")
    return f"{state} since {_s(fields['ago_ms'])} before, give or take {_s(fields['uncertainty_ms'])}"


def _bag(fields: Fields) -> str:
    what = "refilled" if fields["refill"] else "another bag hangs"
    before, after = (show(Fraction(fields[name], 1000), 1) for name in ("before_mg", "after_mg"))
    return (f"{what} since {_s(fields['ago_ms'])} before, give or take {_s(fields['uncertainty_ms'])}:"
            f" from {before} g to {after} g")


def _relief(fields: Fields) -> str:
    since = "no bolus known before it"
    if fields["since_bolus_s"] is not None:
        since = f"{show(Fraction(fields['since_bolus_s'], 60), 1)} min after a bolus began"
    return f"pain has eased, {since}" if not fields["stray"] else f"stray ({MISTAKEN}), {since}"


def _signature(fields: Fields) -> str:
    kind = names.SIGNATURES.get(fields["signature"], f"signature {fields['signature']}")
    if fields["state"] != wire.BEGAN:
        return f"{name_of(kind)}: over"
    said = evidence(kind, fields["span_s"], fields["by_counts_ul"], fields["by_weight_ul"])
    return f"{name_of(kind)}: {said}{'; ' if said else ''}{FOUND}"


def _check(fields: Fields) -> str:
    return f"calibration as found over {_ml(fields['by_counts_ul'], 0)}: {difference(**_ppm(fields))}"


def _ppm(fields: Fields) -> dict[str, int]:
    return {name: fields[name] for name in ("difference_ppm", "uncertainty_ppm")}


def difference(difference_ppm: int, uncertainty_ppm: int) -> str:
    """Returns a calibration check in words."""
    sign = "+" if difference_ppm >= 0 else ""
    return (f"weight says {sign}{_percent(difference_ppm)} beside what was counted, give or"
            f" take {_percent(uncertainty_ppm)}; not applied")


def _resumed(fields: Fields) -> str:
    lost = f"at most {_s(fields['lost_ms'])} passed unseen" if fields["lost_ms"] else (
        "how long passed unseen is unknown")
    return (f"after boot {fields['boot_before']}: its last {_s(fields['span_ms'])} held"
            f" {fields['counts']} counts, {fields['presses']} presses; {lost}")


def _gap(fields: Fields) -> str:
    cause = names.GAPS.get(fields["cause"], "not known to this version").replace("_", " ")
    return f"{cause}: {fields['count']}" + (f" in {_s(fields['span_ms'])}" if fields["span_ms"] else "")


_ACCESS = {"pair": "pairing", "anchor": "telling the time", "entry": "an entry",
           "provision": "provisioning", "unpair": "unpairing"}
_REFUSED = {"no_code_no_button": "neither the check code nor the service button",
            "sent_before": "sent before", "wrong_key": "not under this board's key",
            "key_not_proven": "the board was not asked for its proof first"}


def _access(fields: Fields) -> str:
    op = names.ACCESS_OPS.get(fields["op"], "")
    what = _ACCESS.get(op, f"command {fields['op']}")
    who = f"computer {fields['host_id']}" if fields["host_id"] else "a computer that gave no number"
    if op == "pair":
        address = fields["address_high"] << 24 | fields["address_low"]
        who = "computer " + address.to_bytes(6, "big").hex(":").upper() if address else "a computer"
    if fields["result"] == 0:
        return f"{what} by {who}"
    why = "the passkey was not given" if op == "pair" else _REFUSED.get(
        names.ACCESS_RESULTS.get(fields["result"], ""), "not known to this version")
    if fields["count"] == 1:
        return f"{what} by {who} was refused: {why}"
    return f"{fields['count']} more writes were refused in this hour, the last {what} by {who}: {why}"


_WORDS: dict[str, Callable[[Fields], str]] = {
    "boot": _boot,
    "minute": lambda f: f"{f['counts']} counts, {f['presses']} presses in {_s(f['span_ms'])}",
    "demand": _demand,
    "bolus": _bolus,
    "reservoir": _reservoir,
    "weight": _weight,
    "pump": _pump,
    "bag": _bag,
    "calibration": lambda f: (
        f"{show(Fraction(f['pl_per_count'], 1_000_000), 3)} uL a count, give or take"
        f" {_percent(f['uncertainty_ppm'])};"
        f" load cell {f['cell_zero']} with an empty bag, {f['cell_per_kg']} more a kg"),
    "access": _access,
    "gap": _gap,
    "lost": lambda f: f"records {f['first_seq']} to {f['last_seq']} were given up for new ones",
    "skipped": lambda f: (f"numbers {f['first_seq']} to {f['last_seq']} were left out: no record of this"
                          " format has them"),
    "cells": lambda f: (f"flash page {f['slot']}, byte {f['offset']}:"
                        f" {names.CELLS.get(f['what'], 'not known to this version')}; not used again"),
    "torn": lambda f: f"{f['bytes']} bytes of a record that power cut short",
    "relief": _relief,
    "signature": _signature,
    "check": _check,
    "loop": lambda f: (f"in {show_span(f['span_s'] * 1000)} the latest tick was {f['late_ms']} ms late,"
                       f" {f['skipped']} never came"),
    "resumed": _resumed,
    "power": lambda f: ("5 V failing: what follows was written on the hold-up" if f["state"] == 1
                        else "5 V back" if f["state"] == 2 else "not known to this version"),
}
