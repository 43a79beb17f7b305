"""Figures computed a second time, from docs/researcher.md alone: of what pumplog prints as JSON.

It imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

Line = dict[str, Any]
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
MATCH_MS = 2 * HOUR_MS
BESIDE_MS = 200
LONGEST_MS = HOUR_MS // 2
PL_PER_ML = 1_000_000_000
STAYS = ("patient_start", "patient_move", "patient_withdraw", "patient_end")


def ms(text: str) -> int:
    """Returns Unix ms of a `utc`."""
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


@dataclass
class Burst:
    """A bolus; pieces: (begin, end, pL), where its volume was."""

    begin: int
    end: int
    pl: Fraction
    source: int
    rest: bool = False  # of one that a restart cut
    open: bool = False  # its end was not recorded
    in_part: bool = False  # less than nine tenths of what was programmed
    pieces: list[tuple[int, int, Fraction]] = field(default_factory=list)

    def within(self, begin: int, end: int) -> Fraction:
        """Returns pL of it in [begin, end)."""
        return sum((pl * _share(a, b, begin, end) for a, b, pl in self.pieces), Fraction(0))


class Recomputed:
    """What a patient's lines of `events` and `bag list` say, laid out once."""

    def __init__(self, lines: list[Line], bags: list[Line], patient: str) -> None:
        lines = [dict(line, at=ms(line["utc"])) for line in lines if line["utc"] and line["proven"]]
        self._entries = sorted((line for line in lines
                                if line["kind"] == "entry" and line["patient"] == patient),
                               key=lambda line: ms(line["effective_utc"]))
        self.stays = self._stays()
        self.start = self.stays[0][1]
        self.minutes: list[tuple[int, int, Fraction, str]] = []  # begin, end, pL, board
        self.boluses: list[Burst] = []
        self.ran: list[tuple[int, int]] = []
        for log_id in sorted({line["log_id"] for line in lines}):
            self._log(sorted((line for line in lines if line["log_id"] == log_id),
                             key=lambda line: line["seq"]))
        self.bags = self._bags(sorted(bags, key=lambda line: ms(line["effective_utc"])),
                               [line for line in lines if line["kind"] == "bag"])

    def _stays(self) -> list[tuple[str, int, int]]:
        found: list[tuple[str, int, int]] = []
        for line in self._entries:
            if line["entered"] in STAYS:
                at = ms(line["effective_utc"])
                if found:
                    found[-1] = (*found[-1][:2], min(at, found[-1][2]))
                if line["entered"] in STAYS[:2]:
                    found.append((line["board"], at, 1 << 60))
        return found

    def _log(self, lines: list[Line]) -> None:
        pl = before = None
        ppm = 0
        ends: dict[int, int] = {}  # boot: uptime of its last minute
        at_of: dict[int, tuple[int, int]] = {}  # boot: a moment, and its uptime
        self._counted: list[tuple[int, int, Fraction]] = []  # the log's minutes: begin, end, pL
        self._bursts: list[Burst] = []
        failing = cut = cut_before = False
        given: Line | None = None  # a bolus that was proven, and whose record did not come yet
        state: bool | None = None
        since, counts = -(1 << 60), 0
        for line in lines:
            kind, at, uptime, boot = line["kind"], line["at"], line["uptime_ms"], line["boot"]
            if kind == "boot":
                self._runs(state, since, at, None, counts)
                state, since, counts, failing = None, at, 0, False
                if given:
                    self._left_open(given)
                    cut = cut or ends.get(given["boot"], 0) - given["began"] < LONGEST_MS
                last_boot = max((b for b in at_of), default=0)
                given, cut_before, cut = None, cut and boot == last_boot + 1, False
            if kind == "resumed" and line["boot_before"] in at_of and pl:
                end = line["uptime_s"] * 1000 + line["resumed_uptime_ms"]
                if end - line["span_ms"] >= ends.get(line["boot_before"], 0) and line["span_ms"]:
                    moment, then = at_of[line["boot_before"]]
                    self._minute(moment + end - then - line["span_ms"], moment + end - then,
                                 line["counts"] * pl, line["board"])
            at_of[boot] = at, uptime
            if kind == "calibration":
                pl, ppm = line["pl_per_count"], line["uncertainty_ppm"]
            elif kind == "power":
                failing = line["state"] == 1
            elif kind == "minute" and pl:
                follows = before and (before["boot"], before["uptime_ms"]) == (
                    boot, uptime - line["span_ms"])
                self._minute(before["at"] if follows and before else at - line["span_ms"], at,
                             line["counts"] * pl, line["board"])
                before, counts = line, counts + line["counts"]
                ends[boot] = uptime
            elif kind == "bolus" and pl:
                begin = at - line["ago_ms"]
                source, rest = line["source"], False
                in_part = not (failing and source == 1) and _in_part(line, pl, ppm)
                if cut_before and source == 2 and uptime - line["ago_ms"] < 60_000:
                    source, rest, cut_before = 1, True, False
                elif source == 1:
                    cut, given = cut or failing, None
                volume = Fraction(line["counts"] * 1000 - line["continuous_milli_counts"], 1000) * pl
                end = begin + line["duration_ms"]
                self._bursts.append(Burst(min(begin, end - 1) if end <= begin else begin, end,
                                          max(Fraction(0), volume), source, rest, in_part=in_part))
            elif kind == "demand" and line["outcome"] == 1:
                if given:
                    self._left_open(given)
                given = dict(line, began=uptime - line["ago_ms"], moment=at - line["ago_ms"])
            elif kind == "pump":
                moment = max(since, at - line["ago_ms"])
                self._runs(state, since, moment, line["state"] == 1, counts)
                state, since, counts = line["state"] == 1, moment, 0
        if given:
            self._left_open(given)
        if lines:
            self._runs(state, since, lines[-1]["at"], None, counts)
        self._book()

    def _book(self) -> None:
        """Finds where in its time the volume of each bolus of the log was."""
        minutes = sorted(self._counted)
        left = [pl for _, _, pl in minutes]
        for burst in sorted(self._bursts, key=lambda burst: burst.begin):
            burst.pieces = [(burst.begin, burst.end, burst.pl)]
            if burst.pl and burst.end - burst.begin <= LONGEST_MS:
                self._place(burst, minutes, left)
        self.boluses += self._bursts

    @staticmethod
    def _place(burst: Burst, minutes: list[tuple[int, int, Fraction]], left: list[Fraction]) -> None:
        def touched(begin: int, end: int) -> list[tuple[int, int, int]]:
            return [(max(a, begin), min(b, end), k) for k, (a, b, _) in enumerate(minutes)
                    if max(a, begin) < min(b, end)]

        places = touched(burst.begin, burst.end)
        due = [burst.within(a, b) for a, b, _ in places]
        fits = [min(pl, left[k]) for pl, (_, _, k) in zip(due, places, strict=True)]
        over = sum(due) - sum(fits)
        if over:
            gaps = [burst.begin, *(at for a, b, _ in places for at in (a, b)), burst.end]
            wide = touched(burst.begin - BESIDE_MS, burst.end + BESIDE_MS)
            places += sorted((place for place in wide
                              if place[0] >= burst.end or place[1] <= burst.begin), reverse=True)
            fits += [Fraction(0)] * (len(places) - len(fits))
            for n, (_, _, k) in enumerate(places):
                more = min(over, left[k] - fits[n])
                fits[n] += more
                over -= more
            burst.pieces = [(a, b, pl) for (a, b, _), pl in zip(places, fits, strict=True) if pl]
            rest = burst.pl - sum(fits)
            free = [(a, b) for a, b in zip(gaps[::2], gaps[1::2], strict=True) if a < b]
            free = free or [(burst.begin, burst.end)]
            free_ms = sum(b - a for a, b in free)
            burst.pieces += [(a, b, rest * (b - a) / free_ms) for a, b in free if rest]
            burst.begin = min(burst.begin, *(a for a, _, _ in burst.pieces))
            burst.end = max(burst.end, *(b for _, b, _ in burst.pieces))
        for (_, _, k), pl in zip(places, fits, strict=True):
            left[k] -= pl

    def _left_open(self, given: Line) -> None:
        self._bursts.append(Burst(given["moment"], given["moment"], Fraction(0), 1, open=True))

    def _runs(
        self, state: bool | None, since: int, until: int, becomes: bool | None, counts: int
    ) -> None:
        if state or state is None and (becomes is False or becomes is None and counts):
            self.ran.append((since, until))

    def _minute(self, begin: int, end: int, pl: int, board: str) -> None:
        self._counted.append((begin, end, Fraction(pl)))
        for where, since, until in self.stays:
            if where == board and begin < until and since < end:
                self.minutes.append((begin, end, Fraction(pl), board))

    def _bags(self, entered: list[Line], weighed: list[Line]) -> list[tuple[int, Line | None]]:
        when = [line["at"] - line["ago_ms"] for line in weighed]
        of_entry, taken = {}, set()
        for _, k, n in sorted((abs(ms(entry["effective_utc"]) - at), k, n)
                              for k, entry in enumerate(entered) for n, at in enumerate(when)
                              if abs(ms(entry["effective_utc"]) - at) <= MATCH_MS):
            if k not in of_entry and n not in taken:
                of_entry[k] = n
                taken.add(n)
        found: list[tuple[int, Line | None]] = []
        for k, entry in enumerate(entered):
            at = ms(entry["effective_utc"])
            n = of_entry.get(k)
            if n is not None and abs(at - when[n]) > weighed[n]["uncertainty_ms"]:
                at = when[n]
            found.append((at, entry))
        found += [(at, None) for n, at in enumerate(when) if n not in taken]
        found.sort(key=lambda bag: bag[0])
        if found and found[0][1] and self.start < found[0][0] <= self.start + MATCH_MS:
            found[0] = self.start, found[0][1]
        return [(-1, None), *found]  # before the first nobody knows what hung

    # ---- a window

    def _within(self, begin: int, end: int) -> list[tuple[int, int]]:
        return [(max(begin, since), min(end, until)) for _, since, until in self.stays
                if max(begin, since) < min(end, until)]

    def volume(self, begin: int, end: int, sources: tuple[int, ...]) -> Fraction:
        """Returns mL of the boluses of these sources."""
        total = Fraction(0)
        for since, until in self._within(begin, end):
            total += sum(burst.within(since, until) for burst in self.boluses
                         if burst.source in sources)
        return total / PL_PER_ML

    def continuous(self, begin: int, end: int) -> Fraction:
        """Returns mL outside of boluses."""
        total = Fraction(0)
        for since, until in self._within(begin, end):
            for first, last, pl, _ in self.minutes:
                share = _share(first, last, since, until)
                if share:
                    total += (pl - sum(burst.within(first, last) for burst in self.boluses
                                       if burst.begin < last and burst.end >= first)) * share
        return max(Fraction(0), total) / PL_PER_ML

    def figures(self, begin: int, end: int) -> dict[str, Fraction | int | None]:
        """Returns the values of a window, Unix ms UTC, by the keys of `doses --json`."""
        pieces = [max(begin, at) for at, _ in self.bags if at < end] + [end]
        mg: dict[str, Fraction | None] = dict.fromkeys(("morphine", "bupivacaine", "pcia_morphine",
                                                        "pcia_bupivacaine"), Fraction(0))
        hung = [bag for at, bag in self.bags if at < end]
        for bag, since, until in zip(hung, pieces, pieces[1:], strict=False):
            if since >= until:
                continue
            pcia = self.volume(since, until, (1,))
            given = self.continuous(since, until) + pcia + self.volume(since, until, (2,))
            perhaps = any(burst.open and burst.begin < until and since < burst.begin + LONGEST_MS
                          for burst in self.boluses)
            for name, ml in (("", given), ("pcia_", pcia)):
                for drug in ("morphine", "bupivacaine") if ml or perhaps else ():
                    so_far = mg[name + drug]
                    mg[name + drug] = None if bag is None or so_far is None else (
                        so_far + ml * Fraction(int(bag[f"{drug}_ug"]), int(bag["volume_ul"])))
        observed = _merged([(max(a, since), min(b, until)) for a, b, _, _ in self.minutes
                            for since, until in self._within(begin, end)])
        ran = _merged([(max(a, c), min(b, d)) for a, b in self.ran for c, d in observed])
        ran_ms, observed_ms = (sum(b - a for a, b in each) for each in (ran, observed))
        continuous = self.continuous(begin, end)
        asked = [burst for burst in self.boluses if burst.source == 1 and not burst.rest
                 for since, until in self._within(begin, end) if since <= burst.begin < until]
        deliveries = sum(not burst.in_part for burst in asked)
        return {
            "continuous_ml": continuous, "pcia_ml": self.volume(begin, end, (1,)),
            "other_ml": self.volume(begin, end, (2,)), "prime_ml": self.volume(begin, end, (3,)),
            **{f"{name}_mg": value for name, value in mg.items()}, "deliveries": Fraction(deliveries),
            "given_in_part": Fraction(len(asked) - deliveries),
            "rate_ml_h": continuous * HOUR_MS / ran_ms if ran_ms else None,
            "observed_s": observed_ms // 1000, "running_s": ran_ms // 1000,
            **{f"{name}_mg_day": value and value * DAY_MS / observed_ms for name, value in mg.items()},
            "pcia_per_day": Fraction(deliveries * DAY_MS, observed_ms) if observed_ms else None,
        }


def _in_part(line: Line, pl: int, ppm: int) -> bool:
    whole_ul = line["programmed_ul"]
    if line["inferred"] and whole_ul:
        whole_ul = min(whole_ul, max(0, line["ago_ms"] - 5000) * 10_000 // HOUR_MS)
    milli = line["counts"] * 1000 - line["continuous_milli_counts"] + 1500
    most_ul = Fraction(milli * pl, 10**9)
    most_ul *= 1 + Fraction(2 * ppm, 1_000_000)
    return bool(line["halted"]) or whole_ul is not None and 10 * most_ul < 9 * whole_ul


def _share(first: int, last: int, since: int, until: int) -> Fraction:
    """Returns which part of [first, last) lies in [since, until)."""
    if first >= last:
        return Fraction(since <= first < until)
    return Fraction(max(0, min(last, until) - max(first, since)), last - first)


def _merged(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in sorted(each for each in intervals if each[0] < each[1]):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found
