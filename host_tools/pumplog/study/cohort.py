"""The cohort's table from the store: every started patient, two windows from each start."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from .. import __version__
from ..dose import Doses, Window, doses
from ..errors import NotFoundError, UsageError
from ..patients import Episode, Observed, Shares
from ..quantities import hex_id
from ..store import Store
from ..verify import BROKEN, PARTLY, Evidence, verify_log
from .coverage import TimepointCoverage
from .table import KEYS, Excluded, Table, Value, build_table

SYNTHETIC = ("The cohort is synthetic: simulated pumps and patients, run on the real firmware; these"
             " are not a study's data.")


@dataclass(frozen=True)
class Case:
    """One patient of the cohort."""

    episode: Episode  #: the stays and entries
    observed: Observed  #: what the boards observed in all stays
    doses: Mapping[str, Doses]  #: by timepoint


def require_in_order(windows: Mapping[str, Window]) -> None:
    """Raises UsageError for windows of which one begins before the other is over: their figures would
    be compared as if they were of different days."""
    (first, earlier), (second, later) = windows.items()
    if not earlier.ends_by(later):
        raise UsageError(f"--{first} {earlier} and --{second} {later} overlap, or are the wrong way"
                         " round", f"let --{second} begin when --{first} is over")


def cohort_doses(
    store: Store, windows: Mapping[str, Window], unproven: Collection[int] = ()
) -> dict[str, Case]:
    """Returns every patient's doses in {timepoint: window}, by code; each log is read once.

    unproven: the logs of which also what nothing proves is taken in, by log_id.
    """
    shares = Shares(store, unproven)
    found = {}
    for code, episode in sorted(shares.episodes.items()):
        observed = shares.of(episode)
        found[code] = Case(episode, observed, {
            timepoint: doses(episode, observed, *window.of(episode))
            for timepoint, window in windows.items()})
    return found


def cohort_table(
    store: Store, windows: Mapping[str, Window], cohort: str, unproven: Collection[int] = ()
) -> Table:
    """Builds the table of everyone in the store; NotFoundError if nobody was started.

    unproven: as of cohort_doses.
    """
    cases = cohort_doses(store, windows, unproven)
    if not cases:
        raise NotFoundError("no patients with records in this store",
                            "start patients and pull their boards, or name another store with --db")
    values = [Value.of(code, timepoint, key, found)
              for code, case in cases.items() for timepoint, found in case.doses.items()
              for key in KEYS]
    coverage = {timepoint: TimepointCoverage.of({code: case.doses[timepoint]
                                                 for code, case in cases.items()})
                for timepoint in windows}
    return build_table(values, cohort, coverage, _excluded(cases),
                       [*_provenance(cases, windows), *_not_proven(store, cases)])


def _provenance(cases: Mapping[str, Case], windows: Mapping[str, Window]) -> list[str]:
    minutes = sum(_minutes(case, timepoint) for case in cases.values() for timepoint in windows)
    spans = ", ".join(f"{timepoint} {window}" for timepoint, window in windows.items())
    found = [f"From {minutes} minutes recorded of {len(cases)} patients (days from each start:"
             f" {spans}), pumplog {__version__}; every figure traceable: pumplog table --explain"
             " KEY --patient CODE."]
    used = sorted({hex_id(each.log_id) for case in cases.values() for each in case.observed.unproven
                   if each.used})
    if used:
        found.append(f"UNPROVEN: the figures take in records that nothing proves, of {', '.join(used)},"
                     " which were asked for by name.")
    if any(case.episode.simulated for case in cases.values()):
        found.append(SYNTHETIC)
    return found


def _not_proven(store: Store, cases: Mapping[str, Case]) -> list[str]:
    """Returns which logs behind the table `pumplog verify` does not prove, worst first."""
    boards = {board for case in cases.values() for board in case.episode.claims()}
    codes = [(verify_log(evidence).exit_code, board)
             for board in sorted(boards) for log_id, _ in store.logs.of(board)
             if not (evidence := Evidence.of(store, log_id, board)).empty]
    says = {BROKEN: "NOT AS THE BOARD WROTE IT", PARTLY: "not all proven yet"}
    return [f"The log of {', '.join(dict.fromkeys(found))}: {words}; pumplog verify says what."
            for code, words in says.items()
            if (found := [board for each, board in codes if each == code])]


def _minutes(case: Case, timepoint: str) -> int:
    window = case.doses[timepoint].begin_ms, case.doses[timepoint].end_ms
    spans = [stretch.minutes(*window) for stretch in case.observed.stretches_in(*window)]
    return sum(behind - first for first, behind in spans)


def _excluded(cases: Mapping[str, Case]) -> list[Excluded]:
    """Returns who is in no cell of a timepoint, and why."""
    return [Excluded(code, timepoint, _why(case, found, timepoint))
            for code, case in cases.items() for timepoint, found in case.doses.items()
            if not found.observed_ms]


def _why(case: Case, found: Doses, timepoint: str) -> str:
    if found.outside_ms == found.end_ms - found.begin_ms:
        how = "withdrew" if case.episode.of_kind("patient_withdraw") else "the stay ended"
        return f"{how} before the {timepoint} window"
    if found.withheld_ms:
        return f"nothing certain in the {timepoint} window: {'; '.join(found.notes)}"
    return f"nothing observed in the {timepoint} window: pull the board, or unknown"
