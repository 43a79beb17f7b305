"""What each patient's board told at its last pull, and how old that is; and which boards were left.

Logs are read only where a board holds possibilities open: else a status loads nothing of the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from pumpwire import commands, names

from ..moments import age_s, local_text, since_text, utc_text
from ..quantities import show, show_span
from ..store import Pull, Store, without
from .episodes import FOREVER_MS, Episode, Stay, episodes

if TYPE_CHECKING:
    from ..log import Signature
    from .noticed import Noticed

STALE_S = 15 * 60
TOLD_MS = 24 * 3_600_000  # what was noticed in a day is told again, however often the board was pulled
_LEFT_MS = 7 * TOLD_MS  # so long a board that was left is named, for records that may still be on it
_FOLLOWED_MS = 3_600_000  # a level has come to the weight's: all but 1 part in 280 of the way
# Counts and weight are millilitres apart; at an occlusion they are so by what the pump's alarm allows.
_APART = ("free_flow", "counter_silent", "load_cell_drift")
_NEEDED = ("uptime_s", "rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s",
           "reservoir_ul", "flags")
_QUANTITIES = ("board_uptime_s", "rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s",
               "reservoir_ul", "reservoir_se_ul")


@dataclass(frozen=True)
class Possibility:
    """A possibility that the board held open, with its record where that is here."""

    kind: str  #: a value of pumpwire.names.SIGNATURES
    signature: Signature | None  #: what it was decided on; None: its record is not here

    def to_text(self) -> str:
        """Returns a line for the screen."""
        if self.signature:
            return self.signature.to_text(local_text)
        from ..log import FOUND, signature_name

        return f"{signature_name(self.kind)}: its record is not here; {FOUND}"

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, null where its record is not here."""
        found = self.signature
        return {
            "signature": self.kind, "words": self.to_text(),
            "since_utc": utc_text(found.since_ms) if found else None,
            "noticed_utc": utc_text(found.noticed_ms) if found else None,
            "span_s": str(found.span_s) if found else None,
            "by_counts_ul": str(found.by_counts_ul) if found else None,
            "by_weight_ul": str(found.by_weight_ul) if found else None,
        }


@dataclass(frozen=True)
class Told:
    """What a board knew at a pull; None where it did not know, never 0."""

    at_ms: int  #: when it was pulled, Unix ms UTC
    uptime_s: int  #: since the board started, s
    rate_ul_h: int | None  #: the continuous rate, uL/h
    rate_low_ul_h: int | None  #: its lower bound, uL/h
    rate_high_ul_h: int | None  #: its upper bound, uL/h
    last_bolus_age_s: int | None  #: since the last bolus, s; None: none since the board started
    reservoir_ul: int | None  #: what is left in the bag, uL
    reservoir_se_ul: int | None  #: its standard error, uL; None also in stores from before it was told
    cell_zero_known: bool  #: the board knows what the load cell reads with an empty bag
    running: bool | None  #: whether the pump ran
    logging: bool  #: whether the board was logging
    possibilities: tuple[Possibility, ...]  #: that it held open
    #: the last bolus was given before the patient was on this board, so it is no bolus of the patient's
    bolus_before: bool = False
    reservoir_doubtful: bool = False  #: weight and counts disagree, and the level follows slowly


@dataclass(frozen=True)
class Status:
    """A patient, and what the board last told."""

    episode: Episode  #: who, on which board, in which bed
    told: Told | None  #: at the last complete pull over a link in this stay; None: never pulled so
    age_s: int | None  #: how long ago that was, s; below 0: this computer's clock is behind
    entries_not_on_board: int  #: entries that wait for the board
    recorded: bool  #: whether the store has records of the board
    noticed_since_ms: int  #: from when on `noticed` tells, Unix ms UTC
    noticed: tuple[Noticed, ...]  #: what the boards noticed since then, the worst first
    pulled_otherwise: bool = False  #: the board was pulled, but never while it served the patient

    @property
    def rank(self) -> int:
        """How soon somebody has to look, the smallest first: by the worst that was noticed."""
        return min((each.rank for each in self.noticed), default=1000)

    @property
    def stale(self) -> bool:
        """Whether it is too old to be taken for how it is now."""
        return self.age_s is None or abs(self.age_s) > STALE_S

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program, every quantity a string; what is not known is null, never 0."""
        return {
            "patient": self.episode.patient, "board": self.episode.board, "bed": self.episode.bed,
            "as_of_utc": utc_text(self.told.at_ms) if self.told else None, "age_s": self.age_s,
            "stale": self.stale, "entries_not_on_board": self.entries_not_on_board,
            **_told_json(self.told),
            "noticed_since_utc": utc_text(self.noticed_since_ms),
            "noticed": [each.to_json() for each in self.noticed],
        }

    def to_text(self) -> str:
        """Returns lines for the screen: how old it is comes before all that it says."""
        told, waiting = self.told, self.entries_not_on_board
        note = f"\n    not yet on board: {waiting} of what was entered" if waiting else ""
        note += self._noticed_text()
        if told is None:
            known = f"; its records: `pumplog events {self.episode.patient}`" if self.recorded else ""
            never = "not pulled in this stay" if self.pulled_otherwise else "never pulled over a link"
            return f"{self.episode.heading}: {never}, nothing known of now{known}{note}"
        word = "last pulled" if self.stale else "as pulled"
        if self.episode.ended:
            word = "last pulled in the stay"
        possible = "".join(f"\n    {each.to_text()}" for each in told.possibilities)
        return (f"{self.episode.heading}: {word} {since_text(told.at_ms)}\n    at that time:"
                f" {_told_text(told)}{possible}{note}")

    def _noticed_text(self) -> str:
        """Returns what was noticed, less what stands among the possibilities that are open."""
        still = {each.signature for each in self.told.possibilities} if self.told else set()
        lines = [f"\n    {each.to_text()}" for each in self.noticed if each.source not in still]
        return "".join([f"\n    noticed since {local_text(self.noticed_since_ms)}:", *lines]
                       if lines else [])


def _told_text(told: Told) -> str:
    pump = {True: "pump running", False: "pump stopped", None: "pump not known"}[told.running]
    rate = "rate not known"
    if told.rate_ul_h is not None:
        rate = (f"rate {_ml(told.rate_ul_h)} mL/h ({_ml(told.rate_low_ul_h)} to"
                f" {_ml(told.rate_high_ul_h)})")
    bag = "reservoir not known"
    if not told.cell_zero_known:
        bag += (", for nobody measured the load cell's zero: have the board provisioned again with"
                " --cell-zero")
    if told.reservoir_ul is not None:
        about = f"about {_ml(told.reservoir_ul, 1)} mL"
        bag = f"reservoir {about}"
        if told.reservoir_doubtful:
            bag = f"reservoir doubtful, for counts and weight disagree: {about} by the board"
        elif told.reservoir_se_ul is not None:
            bag += f", give or take {_ml(told.reservoir_se_ul, 1)}"
    bolus = f"no bolus since the board started {show_span(told.uptime_s * 1000)} earlier"
    if told.last_bolus_age_s is not None:
        bolus = f"last bolus {show_span(told.last_bolus_age_s * 1000)} earlier"
    elif told.bolus_before:
        bolus = "no bolus since the patient is on this board"
    logging = "logging" if told.logging else "NOT LOGGING, have the board looked at"
    return f"{pump}; {rate}; {bag}; {bolus}; {logging}"


def _told_json(told: Told | None) -> dict[str, Any]:
    """Returns what the board told, all null where it never told anything."""
    if told is None:
        return dict.fromkeys((*_QUANTITIES, "signatures", "pump_running", "logging", "cell_zero_known",
                              "reservoir_doubtful"))
    values = (told.uptime_s, told.rate_ul_h, told.rate_low_ul_h, told.rate_high_ul_h,
              told.last_bolus_age_s, told.reservoir_ul, told.reservoir_se_ul)
    return {
        **{name: None if value is None else str(value)
           for name, value in zip(_QUANTITIES, values, strict=True)},
        "signatures": [each.to_json() for each in told.possibilities],
        "pump_running": told.running, "logging": told.logging,
        "cell_zero_known": told.cell_zero_known, "reservoir_doubtful": told.reservoir_doubtful,
    }


def _ml(ul: int | None, digits: int = 3) -> str:
    return "not known" if ul is None else show(Fraction(ul, 1000), digits)


def status_of(store: Store, patient: Episode) -> Status:
    """Returns what a patient's board last told in the stay: what it tells before or after is of another
    patient, or of nobody."""
    board, stay = patient.board, patient.stays[-1]
    pull = store.pulls.last(board, (stay.begin_ms, stay.end_ms))
    recorded = any(store.holes.next_seq_reached(log_id) for log_id, _ in store.logs.of(board))
    since_ms, noticed = _noticed(store, patient) if recorded else (patient.start_ms, ())
    waiting = [entry for entry in store.entries.waiting(board)
               if not patient.ended or entry.patient == patient.patient]
    return Status(
        patient, _told(store, pull, stay, noticed) if pull and _is_whole(pull) else None,
        age_s(pull.at_ms) if pull else None, len(waiting), recorded, since_ms, noticed,
        pull is None and store.pulls.last(board) is not None)


def _noticed(store: Store, patient: Episode) -> tuple[int, tuple[Noticed, ...]]:
    """Returns from when on a status tells what was noticed, and that: since the pull before the last,
    and for a day before the last at least; with one pull or none, since the start."""
    from .noticed import noticed_of, reached_ms

    pulls = store.pulls.latest(patient.board, 2)
    last_ms, before_ms = ([reached_ms(store, pull) for pull in pulls] + [None, None])[:2]
    since_ms = patient.start_ms
    if last_ms is not None and before_ms is not None:
        since_ms = max(since_ms, min(before_ms, last_ms - TOLD_MS))
    return since_ms, tuple(noticed_of(store, patient, since_ms))


def _is_whole(pull: Pull) -> bool:
    """Returns whether all is there that a board tells of itself; a damaged store may lack some."""
    return all(name in pull.status for name in _NEEDED)


def _told(store: Store, pull: Pull, stay: Stay, noticed: Sequence[Noticed]) -> Told:
    """Reads what the board told of itself (pumpwire.names.STATUS_FIELDS)."""
    status = pull.status
    rate, low, high, bolus_age = (
        None if status[name] == commands.NEVER else status[name]
        for name in ("rate_ul_h", "rate_low_ul_h", "rate_high_ul_h", "last_bolus_age_s"))
    before = bolus_age is not None and pull.at_ms - bolus_age * 1000 < stay.begin_ms
    cell_zero_known = _cell_zero_known(store, pull.log_id)
    reservoir = status["reservoir_ul"] if cell_zero_known and status["reservoir_ul"] >= 0 else None
    running = bool(status["flags"] & commands.FLAG_RUNNING)
    return Told(
        pull.at_ms, status["uptime_s"], rate, low, high, None if before else bolus_age, reservoir,
        None if reservoir is None else status.get("reservoir_se_ul"), cell_zero_known,
        running if running or rate is not None else None,
        bool(status["flags"] & commands.FLAG_LOGGING),
        _possibilities(store, pull), before, _levels_apart(status, noticed, pull.at_ms))


def _levels_apart(status: Mapping[str, int], noticed: Sequence[Noticed], at_ms: int) -> bool:
    """Returns whether counts and weight disagree, or did within the hour before: a board's level goes by
    its counts then, and comes to the weight's slowly."""
    held = status.get("signatures", 0)
    if any(held >> n & 1 for n, kind in names.SIGNATURES.items() if kind in _APART):
        return True
    return any(each.kind in _APART and each.over_ms is not None
               and 0 <= at_ms - each.over_ms < _FOLLOWED_MS for each in noticed)


def _cell_zero_known(store: Store, log_id: int) -> bool:
    """Returns whether a board was told its load cell's zero: 0 is what it has when nobody says, and no
    cell reads exactly that. Without its zero a weight says how much left the bag, and not what is in
    it."""
    zeros = [record.fields["cell_zero"] for record in without(
        store.records.of(log_id, "calibration"), store.pages.claimed(log_id))]
    return not zeros or zeros[-1] != 0


def _possibilities(store: Store, pull: Pull) -> tuple[Possibility, ...]:
    """Returns what the board held open, each with the latest record that was not over."""
    held = pull.status.get("signatures", 0)
    if not held:
        return ()
    from ..log import read_log

    found = {signature.kind: signature
             for signature in read_log(store, pull.log_id, pull.board).signatures
             if signature.over_ms is None and not signature.restarted}
    return tuple(Possibility(kind, found.get(kind))
                 for n, kind in sorted(names.SIGNATURES.items()) if held >> n & 1)


@dataclass(frozen=True)
class LeftBehind:
    """A board that a patient left, with what may still have to be got from it or put onto it."""

    board: str  #: its name
    heading: str  #: who left it, in words
    waits: bool  #: entries wait for it

    def to_text(self) -> str:
        """Returns what may be missing, and what to do."""
        records = "its last records may not be here"
        what = f"what was entered is not yet on board. I{records[1:]} either" if self.waits else records
        return f"{self.heading}: {what}: pull it once more, `pumplog pull {self.board}`"


def left_behind(store: Store) -> list[LeftBehind]:
    """Returns the boards that a patient left, that no round of everybody comes to, and that still wait
    for entries or were not pulled since, as far as they were left within the week."""
    known = episodes(store).values()
    served = {patient.board for patient in known if not patient.ended}
    found: dict[str, LeftBehind] = {}
    for patient in known:
        for stay in patient.stays:
            if stay.end_ms == FOREVER_MS or stay.board in served:
                continue
            heading = patient.heading if patient.ended and stay.board == patient.board else (
                f"board {stay.board}, which patient {patient.patient} left {local_text(stay.end_ms)}")
            waits = bool(store.entries.waiting(stay.board))
            if waits or _not_pulled_since(store, stay):
                found[stay.board] = LeftBehind(stay.board, heading, waits)
    return list(found.values())


def _not_pulled_since(store: Store, stay: Stay) -> bool:
    """Returns whether a board that was pulled in a stay was never pulled after it."""
    last = store.pulls.last(stay.board)
    return (last is not None and stay.begin_ms <= last.at_ms < stay.end_ms
            and age_s(stay.end_ms) * 1000 < _LEFT_MS)
