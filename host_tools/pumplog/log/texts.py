"""What a record says: its fields without placeholders, the meaning of coded numbers, and its text.

One table a question: which numbers stand for "not known", what coded numbers mean, and what text
each kind gives. Quantities are printed with their units.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from pumpwire import names
from pumpwire import records as wire

from ..quantities import kilobytes, percent_text, show, show_span
from .check import check_text
from .relief import MISTAKEN
from .signatures import FOUND, evidence_text, signature_name

Fields = dict[str, Any]
_NEWER = "not known to this version"
UNKNOWN = {  # (kind, field): the number that stands for not known
    ("reservoir", "level_ul"): -1, ("weight", "temperature_c4"): wire.NO_TEMPERATURE,
    ("relief", "since_bolus_s"): wire.NEVER_S, ("bolus", "programmed_ul"): 0,
    ("resumed", "lost_ms"): 0, ("access", "host_id"): 0,
}
MEANINGS = {  # (kind, field): what its numbers mean
    ("boot", "reason"): names.BOOT_REASONS,
    ("demand", "outcome"): names.OUTCOMES,
    ("demand", "reason"): names.REASONS,
    ("bolus", "source"): names.SOURCES,
    ("pump", "state"): names.PUMP_STATES,
    ("gap", "cause"): names.GAPS,
    ("signature", "signature"): names.SIGNATURES,
    ("signature", "state"): names.SIGNATURE_STATES,
    ("power", "state"): names.SUPPLY_STATES,
    ("memory", "when"): names.MEMORY_MOMENTS,
    ("memory", "radio"): names.RADIO_STATES,
}


def known_fields(kind: str, fields: Fields) -> Fields:
    """Returns the fields of a record with None in place of numbers that mean not known."""
    known = {name: None if UNKNOWN.get((kind, name), "") == value else value
             for name, value in fields.items()}
    if kind == "weight" and fields["samples"] == 0:
        known["weight_mg"] = None
    if kind == "reservoir" and known["level_ul"] is None:
        known["se_ul"] = None
    return known


def meanings(kind: str, fields: Fields) -> dict[str, str]:
    """Returns {field: what its number means} for the coded numbers of a record."""
    return {name: _meaning(kind, name, fields) for of_kind, name in MEANINGS
            if of_kind == kind and name in fields}


def record_text(kind: str, fields: Fields) -> str | None:
    """Returns what a record says, from its `known_fields`; None for a kind without a text."""
    return _TEXTS[kind](fields) if kind in _TEXTS else None


def _meaning(kind: str, name: str, fields: Fields) -> str:
    return MEANINGS[kind, name].get(fields[name], _NEWER)


def _ml(ul: int, digits: int = 3) -> str:
    return f"{show(Fraction(ul, 1000), digits)} mL"


def _s(ms: int) -> str:
    return f"{show(Fraction(ms, 1000), 1)} s"


def _boot(fields: Fields) -> str:
    version = fields["firmware"]
    return (f"started ({_meaning('boot', 'reason', fields).replace('_', ' ')}), firmware"
            f" {version // 10_000}.{version // 100 % 100}.{version % 100}")


def _minute(fields: Fields) -> str:
    return f"{fields['counts']} counts, {fields['presses']} presses in {_s(fields['span_ms'])}"


def _demand(fields: Fields) -> str:
    because = f", {_meaning('demand', 'reason', fields)}" if fields["reason"] else ""
    inferred = ", inferred" if fields["inferred"] else ""
    return (f"pressed {_s(fields['ago_ms'])} before:"
            f" {_meaning('demand', 'outcome', fields)}{because}{inferred}")


def _bolus(fields: Fields) -> str:
    counts = show(fields["counts"] - Fraction(fields["continuous_milli_counts"], 1000), 1)
    asked = f" of {_ml(fields['programmed_ul'])} programmed" if fields["programmed_ul"] else ""
    return (f"{_meaning('bolus', 'source', fields)}: {counts} counts in"
            f" {_s(fields['duration_ms'])}{asked}"
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
    return (f"{_meaning('pump', 'state', fields)} since {_s(fields['ago_ms'])} before, give or take"
            f" {_s(fields['uncertainty_ms'])}")


def _bag(fields: Fields) -> str:
    what = "refilled" if fields["refill"] else "another bag hangs"
    before, after = (show(Fraction(fields[name], 1000), 1) for name in ("before_mg", "after_mg"))
    return (f"{what} since {_s(fields['ago_ms'])} before, give or take {_s(fields['uncertainty_ms'])}:"
            f" from {before} g to {after} g")


def _calibration(fields: Fields) -> str:
    return (f"{show(Fraction(fields['pl_per_count'], 1_000_000), 3)} uL a count, give or take"
            f" {percent_text(fields['uncertainty_ppm'])};"
            f" load cell {fields['cell_zero']} with an empty bag, {fields['cell_per_kg']} more a kg")


def _relief(fields: Fields) -> str:
    since = "no bolus known before it"
    if fields["since_bolus_s"] is not None:
        since = f"{show(Fraction(fields['since_bolus_s'], 60), 1)} min after a bolus began"
    return f"pain has eased, {since}" if not fields["stray"] else f"stray ({MISTAKEN}), {since}"


def _signature(fields: Fields) -> str:
    kind = names.SIGNATURES.get(fields["signature"], f"signature {fields['signature']}")
    if fields["state"] != wire.BEGAN:
        return f"{signature_name(kind)}: over"
    said = evidence_text(kind, fields["span_s"], fields["by_counts_ul"], fields["by_weight_ul"])
    return f"{signature_name(kind)}: {said}{'; ' if said else ''}{FOUND}"


def _check(fields: Fields) -> str:
    return check_text(fields["by_counts_ul"], fields["difference_ppm"], fields["uncertainty_ppm"])


def _resumed(fields: Fields) -> str:
    lost = f"at most {_s(fields['lost_ms'])} passed unseen" if fields["lost_ms"] else (
        "how long passed unseen is unknown")
    return (f"after boot {fields['boot_before']}: its last {_s(fields['span_ms'])} held"
            f" {fields['counts']} counts, {fields['presses']} presses; {lost}")


def _gap(fields: Fields) -> str:
    lasted = f" in {_s(fields['span_ms'])}" if fields["span_ms"] else ""
    return f"{_meaning('gap', 'cause', fields).replace('_', ' ')}: {fields['count']}{lasted}"


def _loop(fields: Fields) -> str:
    return (f"in {show_span(fields['span_s'] * 1000)} the latest tick was {fields['late_ms']} ms late,"
            f" {fields['skipped']} never came")


def _power(fields: Fields) -> str:
    return {wire.SUPPLY_FAILING: "5 V failing: what follows was written on the hold-up",
            wire.SUPPLY_BACK: "5 V back"}.get(fields["state"], _NEWER)


_RADIO = {wire.RADIO_ON: "the radio takes links", wire.RADIO_HELD: "the radio takes no new link",
          wire.RADIO_OFF: "the radio is off"}


def _memory(fields: Fields) -> str:
    return (f"{kilobytes(fields['free'])} of memory left for the radio,"
            f" {kilobytes(fields['largest'])} in the largest piece, at least"
            f" {kilobytes(fields['lowest'])} so far: {_RADIO.get(fields['radio'], _NEWER)}")


def _lost(fields: Fields) -> str:
    return (f"records {fields['first_seq']} to {fields['last_seq']} were given up to make room for newer"
            " records")


def _skipped(fields: Fields) -> str:
    return (f"numbers {fields['first_seq']} to {fields['last_seq']} were left out: no record of this"
            " format has them")


def _cells(fields: Fields) -> str:
    return (f"flash page {fields['slot']}, byte {fields['offset']}:"
            f" {names.CELLS.get(fields['what'], _NEWER)}; not used again")


def _torn(fields: Fields) -> str:
    return f"{fields['bytes']} bytes of a record that power cut short"


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
        names.ACCESS_RESULTS.get(fields["result"], ""), _NEWER)
    if fields["count"] == 1:
        return f"{what} by {who} was refused: {why}"
    return f"{fields['count']} more writes were refused in this hour, the last {what} by {who}: {why}"


_TEXTS: dict[str, Callable[[Fields], str]] = {  # of the kinds that have a text, from known_fields
    "boot": _boot, "minute": _minute, "demand": _demand, "bolus": _bolus, "reservoir": _reservoir,
    "weight": _weight, "pump": _pump, "bag": _bag, "calibration": _calibration, "access": _access,
    "gap": _gap, "lost": _lost, "skipped": _skipped, "cells": _cells, "torn": _torn,
    "relief": _relief, "signature": _signature, "check": _check, "loop": _loop,
    "resumed": _resumed, "power": _power, "memory": _memory,
}
