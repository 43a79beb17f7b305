"""`--explain` names what a figure rests on: from `pumplog events` alone it can be computed again."""

from __future__ import annotations

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from helpers.host.bedside import Bedside
from pumplog.cli import main
from pumplog.store import Entry, Store, to_wire
from pumpwire import records

HOUR, DAY = 3600, 86400


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A day that starts and ends within minutes, with a power cut, a late bag, a stop, boluses."""
    path = tmp_path / "a.db"
    with Store.open(path) as store:
        bed = Bedside(store, pl_per_count=20_000_000)
        entries = [bed.bag(17, "0.40", "0.20"), bed.bag(13 * HOUR, "0.80", "0.30")]
        bed.infuse(0, 9 * HOUR, "1.3")
        bed.infuse(10 * HOUR, DAY + 600, "0.7")
        bed.off(4 * HOUR + 20, 4 * HOUR + 1200)
        bed.add(4 * HOUR + 1200, "pump", 1, 0, 0)
        bed.add(12 * HOUR + 2000, "bag", 120_000, 60_000, 10_000, 250_000)
        for at_s, ml in ((2 * HOUR + 13, "0.5"), (12 * HOUR + 1850, "0.6"), (DAY - 50, "0.4")):
            bed.bolus(at_s, ml)
        bed.bolus(15 * HOUR, "0.3", source=records.CLINICIAN)
        bed.bolus(16 * HOUR, "1.0", source=records.PRIME)
        bed.anchor(DAY + 300, uncertainty_ms=90)
        bed.write(DAY + 600)
        _on_board(bed, entries)
    return path


def _on_board(bed: Bedside, entries: list[Entry]) -> None:
    """Puts the board's copies of entries into the log, behind everything else."""
    seq = 1 + max(record.seq for record in bed.store.records.of(bed.log_id))
    for k, entry in enumerate(entries):
        fields = json.dumps({"entry": to_wire(entry).hex()})
        bed.store.database.connection.execute("INSERT INTO records VALUES (?,?,'entry',2,?,?)",
                              (bed.log_id, seq + k, (DAY + 600) * 1000, fields))
        bed.store.entries.mark_delivered(entry.uuid, bed.log_id, seq + k)
    bed.store.commit()


def lines(capsys: pytest.CaptureFixture[str], *command: str) -> list[dict[str, Any]]:
    assert main([*command, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def at(text: str) -> Fraction:
    """Seconds of an ISO moment, exact to the millisecond."""
    return Fraction(round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000), 1000)


class ByHand:
    """A researcher with the events, the explanation and a pencil; shares no code with the product."""

    def __init__(self, events: list[dict[str, Any]], explained: dict[str, Any]) -> None:
        self.of = {(e["log_id"], e["seq"]): e for e in events}
        self.explained = explained
        self.boluses = [(self.of[b["log_id"], b["seq"]], b["source"]) for b in explained["boluses"]]

    def bolus_ml(self, bolus: dict[str, Any], begin: Fraction, end: Fraction) -> Fraction:
        """The part of a bolus record in [begin, end)."""
        began = at(bolus["utc"]) - Fraction(bolus["ago_ms"], 1000)
        took = Fraction(bolus["duration_ms"], 1000)
        inside = max(Fraction(0), min(began + took, end) - max(began, begin))
        counts = bolus["counts"] - Fraction(bolus["continuous_milli_counts"], 1000)
        return counts * self.pl / 10**9 * inside / took

    @property
    def pl(self) -> int:
        """Every run names its calibration; here they are equal."""
        named = {self.of[r["log_id"], int(r["calibration"])]["pl_per_count"]
                 for r in self.explained["minutes"]}
        assert len(named) == 1
        return int(named.pop())

    def continuous_ml(self, begin: Fraction, end: Fraction) -> Fraction:
        """The minutes' volume without boluses, minute by minute."""
        total = Fraction(0)
        for run in self.explained["minutes"]:
            named = [self.of.get((run["log_id"], seq))
                     for seq in range(run["first_seq"], run["last_seq"] + 1)]
            minutes = [record for record in named if record and record["kind"] == "minute"]
            assert len(minutes) == run["minutes"] and sum(m["counts"] for m in minutes) == run["counts"]
            starts = at(minutes[0]["utc"]) - Fraction(minutes[0]["span_ms"], 1000)
            for minute in minutes:
                ends = at(minute["utc"])
                inside = max(Fraction(0), min(ends, end) - max(starts, begin))
                volume = Fraction(minute["counts"] * self.pl, 10**9)
                volume -= sum(self.bolus_ml(bolus, starts, ends) for bolus, _ in self.boluses)
                total += volume * inside / (ends - starts)
                starts = ends
        return total

    def patient_ml(self, begin: Fraction, end: Fraction, *sources: str) -> Fraction:
        return sum((self.bolus_ml(bolus, begin, end) for bolus, source in self.boluses
                    if source in sources), Fraction(0))

    def bag(self, bag: dict[str, Any], drug: str) -> Fraction:
        """mg/mL from the board's copy of the entry that the explanation names."""
        log_id, seq = bag["on_board"].split(":")
        entry = self.of[log_id, int(seq)]
        assert entry["uuid"] == bag["uuid"] and entry["entered"] == "bag"
        return Fraction(entry[f"{drug}_ug"], entry["volume_ul"])

    def mg(self, drug: str, all_of_it: bool) -> Fraction:
        total = Fraction(0)
        for bag in self.explained["bags"]:
            begin, end = at(bag["begin_utc"]), at(bag["end_utc"])
            ml = self.patient_ml(begin, end, "patient")
            if all_of_it:
                ml += self.continuous_ml(begin, end) + self.patient_ml(begin, end, "clinician")
            total += ml * self.bag(bag, drug)
        return total

    def observed_days(self) -> Fraction:
        return sum((at(run["end_utc"]) - at(run["begin_utc"]) for run in self.explained["minutes"]),
                   Fraction(0)) / DAY


@pytest.mark.parametrize("key, drug, all_of_it", [
    ("morphine_mg_day", "morphine", True), ("bupivacaine_mg_day", "bupivacaine", True),
    ("pcia_morphine_mg_day", "morphine", False), ("pcia_bupivacaine_mg_day", "bupivacaine", False),
])
def test_a_dose_is_recomputed_from_events_alone(
    key: str, drug: str, all_of_it: bool, db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = lines(capsys, "events", "P01", "--db", str(db))
    (explained, _), by_board = (lines(capsys, "table", "--explain", key, "--patient", name,
                                      "--baseline", "0+1", "--db", str(db)) for name in ("P01", "B01"))
    assert by_board[0] == explained
    hand = ByHand(events, explained)
    assert len(explained["minutes"]) == 2 and len(explained["bags"]) == 2
    assert explained["bags"][1]["seen_by_weight"] and explained["bags"][1]["begin_utc"] != (
        "2026-01-05T21:00:00.000Z")
    # utc is printed to the millisecond: a minute's edge is known to half of one
    want = hand.mg(drug, all_of_it) / hand.observed_days()
    assert float(want) == pytest.approx(float(explained["value"]), rel=1e-6)
    assert explained["unit"] == "mg/day" and want > 0


def test_rate_and_frequency_are_recomputed_from_events_alone(
    db: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = lines(capsys, "events", "P01", "--db", str(db))
    rate, _ = lines(capsys, "table", "--explain", "rate_ml_h", "--baseline", "0+1", "--db", str(db))
    hand = ByHand(events, rate)
    begin, end = at(rate["window"]["begin_utc"]), at(rate["window"]["end_utc"])
    hours = sum(at(ran["end_utc"]) - at(ran["begin_utc"]) for ran in rate["running"]) / HOUR
    assert float(hand.continuous_ml(begin, end) / hours) == pytest.approx(float(rate["value"]), rel=1e-6)
    often, _ = lines(capsys, "table", "--explain", "pcia_per_day", "--baseline", "0+1", "--db", str(db))
    counted = [b for b in often["boluses"] if b["counted"]]
    assert len(counted) == 3
    assert float(3 / hand.observed_days()) == pytest.approx(float(often["value"]), rel=1e-6)


def test_anchors_and_calibrations_are_records_too(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    of = {(e["log_id"], e["seq"]): e for e in lines(capsys, "events", "P01", "--db", str(db))}
    explained, _ = lines(capsys, "table", "--explain", "rate_ml_h", "--baseline", "0+1", "--db", str(db))
    assert explained["anchors"] and explained["calibrations"]
    assert [change["running"] for change in explained["pump"]] == [True, True, False, True]
    for kind, named in (("anchor", explained["anchors"]), ("pump", explained["pump"]),
                        ("calibration", explained["calibrations"])):
        for one in named:
            assert of[one["log_id"], one["seq"]]["kind"] == kind
    assert main(["table", "--explain", "rate_ml_h", "--db", str(db)]) == 0
    assert "pl_per_count=20000000" in capsys.readouterr().out
