"""Pools what the windows showed into the criteria of the report, each met or NOT met."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from .plan import PLAIN

FINE = 5  # quanta a bolus at least for what is promised of presses
Judged = dict[str, Any]


@dataclass(frozen=True)
class Criterion:
    """A claim, held against what was found."""

    key: str  #: its name in reports
    claim: str  #: what is claimed
    limit: str  #: what must be reached, in words
    result: str  #: what was found, in words
    met: bool | None  #: whether it was; None where no limit is set
    misses: tuple[str, ...] = field(default=())  #: a line each, with the seed to see it again


def of(windows: Iterable[Judged], groups: str) -> list[Judged]:
    """Returns the windows of some groups."""
    return [window for window in windows if window["group"] in groups]


def where(window: Judged, what: str) -> str:
    """Returns a line that says where to look."""
    return (f"{window['name']} seed {window['seed']} ({window['rate_ul_h']} uL/h, bolus"
            f" {window['bolus_ul']} uL, {window['quantum_ul']:g} uL a count): {what}")


def share(key: str, claim: str, least: float, found: Sequence[tuple[bool, str]]) -> Criterion:
    """Judges that a share of at least `least` is good; found: (good, where it is if not)."""
    good = sum(ok for ok, _ in found)
    result = f"{good} of {len(found)}" + (f" ({100 * good / len(found):.2f} %)" if found else "")
    met = bool(found) and good >= least * len(found)
    return Criterion(key, claim, f"{100 * least:g} %" if least < 1 else "all", result, met,
                     tuple(line for ok, line in found if not ok))


def rms(values: Sequence[float]) -> float:
    """Returns the root mean square."""
    return sqrt(sum(v * v for v in values) / len(values)) if values else 0.0


def criteria(windows: list[Judged]) -> list[Criterion]:
    """Returns every criterion over all windows."""
    judged: list[Callable[[list[Judged]], list[Criterion]]] = [
        _counting, _true_volumes, _intervals, _checks, _fine_presses, _coarse, _rates, _reservoir,
        _found_by_weight, _false_signatures, _garbage]
    return [criterion for part in judged for criterion in part(windows)]


def _counting(windows: list[Judged]) -> list[Criterion]:
    wrong = [(not c["wrong"] and c["counts"] + c["pending"] == c["counts_true"],
              where(w, f"minutes {c['wrong'][:3]}")) for w in windows for c in [w["counting"]]]
    return [share("counting", "every minute's counts and presses exact, in every window", 1, wrong)]


def _true_volumes(windows: list[Judged]) -> list[Criterion]:
    pieces = [(w, v) for w in of(windows, "TP") for v in w["volumes"]
              if v["true_ml"] >= 10 and not v.get("whole")]
    errors = [v["total"][0] / v["true_ml"] - 1 for _, v in pieces]
    bias = sum(errors) / len(errors) if errors else 1.0
    near = [(abs(v["total"][0] - v["true_ml"]) <= 0.005 * v["true_ml"] + w["quantum_ul"] / 1000,
             where(w, f"{v['begin_s']}-{v['end_s']} s true {v['true_ml']:.3f} told {v['total'][0]:.3f}"))
            for w, v in pieces]
    return [
        Criterion("bias", "true calibration, volumes of 10 mL and more: mean error", "0.2 %",
                  f"{100 * bias:+.3f} % over {len(errors)}", bool(errors) and abs(bias) <= 0.002),
        share("volume", "true calibration, 10 mL and more: within 0.5 % and one quantum", 0.95, near)]


def _holds(figure: list[float], true: float) -> bool:
    return figure[1] - 1e-9 <= true <= figure[2] + 1e-9


def _intervals(windows: list[Judged]) -> list[Criterion]:
    whole = [(w, v) for w in of(windows, "C") for v in w["volumes"] if v.get("whole")]
    return [share(f"interval_{part}", f"hidden calibration error, whole windows: {words} inside the"
                  " stated interval", 0.95,
                  [(_holds(v[part], v[true]), where(
                      w, f"true {v[true]:.3f} told {v[part]}, error {w['error']:+.4f}"))
                   for w, v in whole])
            for part, true, words in (("parts", "true_ml", "total as a sum of its parts"),
                                      ("total", "true_ml", "total"),
                                      ("continuous", "continuous_true_ml", "continuous volume"),
                                      ("pcia", "pcia_true_ml", "PCIA volume"))]


def _checks(windows: list[Judged]) -> list[Criterion]:
    found = [(w, c) for w in of(windows, PLAIN) for c in w["checks"] if c["counted_ml"] >= 100]
    within = [(abs(c["told"] - c["true"]) <= 0.015,
               where(w, f"at {c['at_s'] / 3600:.1f} h, {c['counted_ml']:.0f} mL: true {c['true']:+.4f}"
                     f" told {c['told']:+.4f}, se {c['se']:.4f}")) for w, c in found]
    return [share("check", "after 100 mL weighed: calibration check within 1.5 % of the true error",
                  0.95, within)]


def fine(window: Judged) -> bool:
    """Returns whether a bolus is five quanta or more."""
    return bool(window["quantum_ul"] * FINE <= window["bolus_ul"])


def _fine_presses(windows: list[Judged]) -> list[Criterion]:
    chosen = [w for w in of(windows, PLAIN) if fine(w)]
    demands = [(w, d) for w in chosen for d in w["presses"]]
    given = [(w, b) for w in chosen for b in w["boluses"]]
    return [
        share("found", "bolus of 5 quanta or more: every bolus found, as the patient's", 1,
              [(b.get("source") == b["true_source"], where(w, f"at {b['at_s']} s: {b}"))
               for w, b in given if b["true_source"] != "none"]),
        share("invented", "windows without an invented bolus", 1,
              [(not extra, where(w, f"{extra}")) for w in chosen for extra in [
                  [b for b in w["boluses"] if b["true_source"] == "none"]]]),
        share("bolus_volume", "each bolus's volume within one quantum", 1,
              [(abs(b["told_ul"] - b["true_ul"]) <= b["quantum_ul"] * (1 + 1e-9),
                where(w, f"at {b['at_s']} s true {b['true_ul']:.1f} told {b['told_ul']:.1f}"))
               for w, b in given if "told_ul" in b]),
        share("given_denied", "given and denied told apart", 0.999,
              [(d["told"] == d["true"], where(w, f"at {d['at_s']} s {d}"))
               for w, d in demands if d["true"] != "none"]),
        share("once", "every press logged once", 1,
              [(d["true"] != "none" and d["told"] != "none", where(w, f"at {d['at_s']} s {d}"))
               for w, d in demands])]


def _coarse(windows: list[Judged]) -> list[Criterion]:
    chosen = [w for w in of(windows, PLAIN) if not fine(w)]
    whole = [(w, v) for w in chosen for v in w["volumes"] if v.get("whole")]
    return [
        share("coarse_marked", "coarser quanta: marked inferred or unresolved", 1,
              [(d["inferred"] or d["told"] == "unresolved", where(w, f"at {d['at_s']} s {d}"))
               for w in chosen for d in w["presses"]]),
        share("coarse_logged", "coarser quanta: every press logged once", 1,
              [(d["true"] != "none" and d["told"] != "none", where(w, f"at {d['at_s']} s {d}"))
               for w in chosen for d in w["presses"]]),
        share("coarse_ranges", "coarser quanta: each bolus's range holds it", 1,
              [(b.get("low_ul", 1) - 1e-6 <= b["true_ul"] <= b.get("high_ul", 0) + 1e-6,
                where(w, f"at {b['at_s']} s {b}")) for w in chosen for b in w["boluses"]]),
        share("coarse_windows", "coarser quanta: the window's PCIA range holds the truth", 0.95,
              [(_holds(v["pcia"], v["pcia_true_ml"]),
                where(w, f"true {v['pcia_true_ml']:.3f} told {v['pcia']}, error {w['error']:+.4f}"))
               for w, v in whole])]


def _rates(windows: list[Judged]) -> list[Criterion]:
    found = []
    for hours in (1, 6, 24):
        chosen = [(w, r) for w in of(windows, "C") for r in w["rates"] if r["hours"] == hours]
        for part, true in (("total", "true_ml"), ("continuous", "continuous_true_ml")):
            held = [(_holds(r[part], r[true]), where(
                w, f"from {r['begin_s']} s true {r[true] / hours:.4f} mL/h told"
                f" {[round(x / hours, 4) for x in r[part]]}, error {w['error']:+.4f}"))
                for w, r in chosen]
            name = "with boluses" if part == "total" else "continuous"
            held_by = share(f"rate_{part}_{hours}", f"mean rate over {hours} h, {name}: held by its"
                        " interval (lower confidence limit 93 %)", 0.95, held)
            low = _lower_of_strata(chosen, part, true)
            met = held_by.met and low >= 0.93
            found.append(Criterion(held_by.key, held_by.claim, held_by.limit,
                                   f"{held_by.result}, at least {100 * low:.1f} %", met,
                                   held_by.misses))
            spare = sorted((r[part][2] - r[part][1] - 0.1 * r[part][0]) * 1000 / w["quantum_ul"]
                           for w, r in chosen)
            median = spare[len(spare) // 2] if spare else 99.0
            limited = part == "total"  # the continuous part pays for each bolus that it is parted from
            found.append(Criterion(
                f"width_{part}_{hours}", f"mean rate over {hours} h, {name}: median width, less the"
                " calibration's share", "3 quanta/T" if limited else "none set",
                f"{median:.2f} quanta/T", median <= 3 if limited else None))
    return found


def _lower_of_strata(chosen: list[tuple[Judged, Judged]], part: str, true: str) -> float:
    """Returns the one-sided lower 95 % limit of the share held. The windows are one draw from each of
    n slices of the calibration error (plan.py): neighbours in pairs give the variance, which errs on the
    large side (collapsed strata). A patient's own windows hang together and count as a single window."""
    held: dict[str, list[bool]] = {}
    for w, r in chosen:
        held.setdefault(w["name"], []).append(_holds(r[part], r[true]))
    shares = [sum(held[name]) / len(held[name]) for name in sorted(held, key=lambda name: int(name[1:]))]
    n = len(shares)
    if n < 2:
        return 0.0
    spread = sum((a - b) ** 2 for a, b in zip(shares[::2], shares[1::2], strict=False))
    return sum(shares) / n - 1.645 * sqrt(spread) / n


def _reservoir(windows: list[Judged]) -> list[Criterion]:
    absolute, relative, misses = [], [], []
    chosen = of(windows, "R")
    for w in chosen:
        first: dict[float, float] = {}
        own = []
        for _, bag, told, true, _ in w["levels"]:
            error_ml = (told - true) / 1000
            start_ml = first.setdefault(bag, error_ml)
            absolute.append(error_ml)
            relative.append(error_ml - start_ml)
            own.append(error_ml)
        if rms(own) > 2:
            misses.append(where(w, f"RMS {rms(own):.2f} mL"))
    changes = [(not any(m[0] == k for m in w["changes"]["missed"]), where(w, f"missed at {k} s"))
               for w in of(windows, "TCLRPG") for k in w["changes"]["true"]]
    invented = [(not w["changes"]["invented"], where(w, f"invented {w['changes']['invented']}"))
                for w in windows]
    return [
        Criterion("reservoir_absolute", "reservoir over 48 h with change and refill: RMS error",
                  "2 mL", f"{rms(absolute):.2f} mL, {len(absolute)} levels of {len(chosen)} windows",
                  bool(absolute) and rms(absolute) <= 2, tuple(misses)),
        Criterion("reservoir_relative", "reservoir relative to the bag's start: RMS error", "1.5 mL",
                  f"{rms(relative):.2f} mL", bool(relative) and rms(relative) <= 1.5),
        share("bags_found", "all bag changes and refills found", 1, changes),
        share("bags_invented", "windows without an invented bag change or refill", 1, invented)]


def _found_by_weight(windows: list[Judged]) -> list[Criterion]:
    return [_before(windows, "O", "occlusion", "occlusion", "occlusion told before 1.5 mL of false"
                    " volume is booked"),
            _before(windows, "F", "free_flow", "free_flow", "free flow of 3 to 100 mL/h told within"
                    " 1.5 mL")]


def _before(windows: list[Judged], group: str, kind: str, signature: str, claim: str) -> Criterion:
    found = []
    for w in of(windows, group):
        for fault in w["faults"]:
            first = next((s for s in fault["after"] if s["name"] == signature), None)
            if fault["kind"] != kind or (first is None and fault["whole_ml"] < 1.5):
                continue
            found.append((first is not None and first["delay_ml"] <= 1.5, where(
                w, f"onset {fault['onset_s']:.0f} s, {fault['whole_ml']:.2f} mL in all; told"
                f" {[(s['name'], round(s['delay_ml'], 2)) for s in fault['after']]}")))
    return share(signature, claim, 1, found)


def _false_signatures(windows: list[Judged]) -> list[Criterion]:
    chosen = of(windows, PLAIN)
    days = sum(w["days"] for w in chosen)
    told = [where(w, f"{s['name']} at {s['at_s'] / 3600:.2f} h, counts {s['by_counts_ul']} uL weight"
                  f" {s['by_weight_ul']} uL in {s['span_s']} s, over {s['over_s']}")
            for w in chosen for s in w["signatures"]]
    pump = [where(w, f"{p['state']} at {p['at_s'] / 3600:.2f} h") for w in chosen for p in w["pump"]
            if not p["true"]]
    per_30 = [30 * len(x) / days if days else 99.0 for x in (told, pump)]
    return [Criterion("false_signatures", "false signatures in 30 patient-days without faults", "1",
                      f"{per_30[0]:.2f} ({len(told)} in {days} days)", per_30[0] <= 1, tuple(told)),
            Criterion("false_pump", "pump stops and starts without cause in 30 patient-days", "1",
                      f"{per_30[1]:.2f} ({len(pump)} in {days} days)", per_30[1] <= 1, tuple(pump))]


def _garbage(windows: list[Judged]) -> list[Criterion]:
    """Returns the claims on single garbage readings of the load cell."""
    chosen = of(windows, "G")
    days = sum(w["days"] for w in chosen)
    boluses = [(w, b) for w in chosen for b in w["garbage"]["boluses"]]
    told = [where(w, name) for w in chosen for name in w["garbage"]["signatures"]]
    errors = [(level[2] - level[3]) / 1000 for w in chosen for level in w["levels"]]
    return [
        share("garbage_kinds", "garbage readings: every bolus and prime of the kind that it is", 1,
              [(true == kind, where(w, f"at {at_s:.0f} s truly {true}, told {kind}"))
               for w, (at_s, true, kind) in boluses]),
        share("garbage_mg", "garbage readings: milligrams known, the truth in their bounds", 1,
              [(mg[1] is not None and _holds(mg[1:], mg[0]), where(w, f"true, told, bounds: {mg}"))
               for w in chosen for mg in [w["garbage"]["mg"]]]),
        Criterion("garbage_signatures", "garbage readings: possibilities without a cause in 30"
                  " patient-days", "1",
                  f"{30 * len(told) / max(1, days):.2f} ({len(told)} in {days} days)",
                  bool(days) and 30 * len(told) <= days, tuple(told)),
        Criterion("garbage_level", "garbage readings: reservoir, RMS error", "2 mL",
                  f"{rms(errors):.2f} mL, {len(errors)} levels", bool(errors) and rms(errors) <= 2)]
