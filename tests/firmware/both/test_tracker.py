"""The tracker against a small pump: every rule has its trace."""

from gateway.clock import Uptime
from gateway.tracker import Tracker
from pumpwire import records
from helpers.on_board.tracker_bed import Notes

MASK = (1 << 30) - 1


class Bedside:
    """Volumes in nL; a bolus runs at 20 mL/h beside the continuous rate."""

    def __init__(self, pl=1000000, rate_ul_h=60, bolus_ul=60, lockout_s=900, from_end=0, begin=0):
        self.uptime = Uptime()
        self.notes = Notes(self.uptime)
        self.kept = None
        self.tracker = Tracker(self.notes, self.uptime, self.keep)
        self.tracker.set_calibration(pl, 10000, 0, 420000)
        self.tracker.set_regimen(rate_ul_h, bolus_ul, lockout_s, from_end)
        self.quantum_nl = pl // 1000
        self.rate = rate_ul_h
        self.nl = 500
        self.micro = 0
        self.counts = 0
        self.tick = 0
        self.begin = begin
        self.uptime._last_ms = begin
        self.bolus_until = -1
        self.raw = 250 * 420
        self.reliefs = 0
        self.closed = False

    def keep(self, span_ms, counts, presses):
        self.kept = (span_ms, counts, presses)

    def run(self, seconds, presses=(), boluses=(), bolus_s=11):
        """presses, boluses: seconds from now; a bolus of bolus_s seconds at 20 mL/h."""
        at = [int(p * 10) + self.tick for p in presses]
        starts = [int(b * 10) + self.tick for b in boluses]
        for _ in range(int(seconds * 10)):
            if self.tick in starts:
                self.bolus_until = self.tick + bolus_s * 10
            per_tick = self.rate * 1000 + (20000000 if self.tick < self.bolus_until else 0)
            self.micro += per_tick  # nL/h a tick: 1/36000 nL
            self.nl += self.micro // 36000
            self.micro %= 36000
            new = self.nl // self.quantum_nl - self.counts
            now = (self.begin + self.tick * 100) & MASK
            pressed = 1 if self.tick in at else 0
            if new or pressed:
                self.counts += new
                self.uptime.advance(now)
                self.tracker.change(now, new, pressed, 100)
            if self.tick % 10 == 9:
                self.uptime.advance(now)
                raw = None if self.raw is None else self.raw + self.tick // 10 % 7 - 3
                self.tracker.second(now, raw, self.reliefs, self.closed, lambda: None)
            self.tick += 1


def _outcomes(bed):
    return [(d["outcome"], d["reason"]) for d in bed.notes.of(records.DEMAND)]


GIVEN = (records.GIVEN, 0)
LOCKED = (records.DENIED, records.LOCKOUT)


def test_given_and_denied_in_lockout():
    bed = Bedside()
    bed.run(1200, presses=(300, 600), boluses=(300.5,))
    assert _outcomes(bed) == [GIVEN, LOCKED]
    (bolus,) = bed.notes.of(records.BOLUS)
    volume = bolus["counts"] * 1000 - bolus["continuous_milli_counts"]
    assert abs(volume - 61111) < 1500  # 11 s at 20 mL/h is 61.1 uL
    assert bolus["source"] == records.PATIENT and not bolus["halted"]
    assert bed.notes.times(records.BOLUS) == [300000]


def test_lockout_from_start_and_from_end():
    presses = (0, 300, 899, 900, 1200, 1860)
    offset = 200
    for from_end, starts in ((0, (0, 900, 1860)), (1, (0, 1200))):
        bed = Bedside(bolus_ul=667, from_end=from_end)
        bed.run(2400, [p + offset for p in presses], [s + offset for s in starts], bolus_s=120)
        at = bed.notes.times(records.DEMAND)
        given = [t // 1000 - offset for t, o in zip(at, _outcomes(bed)) if o == GIVEN]
        assert tuple(given) == starts, given
        assert _outcomes(bed).count(LOCKED) == len(presses) - len(starts)


def test_bouncing_contact_is_one_press():
    bed = Bedside()
    bed.run(120, presses=(30, 30.1, 30.2))
    assert len(bed.notes.of(records.DEMAND)) == 1
    assert sum([m["presses"] for m in bed.notes.of(records.MINUTE)]) == 1


def test_burst_without_a_press_is_the_clinicians():
    bed = Bedside()
    bed.run(900, boluses=(400,), bolus_s=60)
    (bolus,) = bed.notes.of(records.BOLUS)
    assert bolus["source"] == records.CLINICIAN
    assert abs(bolus["counts"] - 334) <= 3
    assert bed.notes.of(records.DEMAND) == []


def test_stop_and_restart_are_placed():
    bed = Bedside(rate_ul_h=1200)
    bed.run(600)
    bed.rate = 0
    bed.run(600)
    bed.rate = 1200
    bed.run(300)
    states = [(p["state"], t) for p, t in zip(bed.notes.of(records.PUMP), bed.notes.times(records.PUMP))]
    assert [s for s, _ in states] == [1, 2, 1]
    for (_, at), truth in zip(states, (0, 600000, 1200000)):
        assert abs(at - truth) <= 5000, (at, truth)


def test_coarse_counts_are_unresolved_not_certain():
    bed = Bedside(pl=50000000)
    bed.nl = 20000
    bed.run(3000, presses=(1000,), boluses=(1000.5,))
    demands = bed.notes.of(records.DEMAND)
    assert demands[0]["outcome"] in (records.GIVEN, records.UNRESOLVED)
    if demands[0]["outcome"] == records.UNRESOLVED:
        assert demands[0]["inferred"] == 1 and bed.notes.of(records.BOLUS)[0]["inferred"] == 1
    bed = Bedside(pl=50000000)
    bed.run(3000, presses=(1000,))
    assert bed.notes.of(records.DEMAND)[0]["outcome"] == records.DENIED


def test_minutes_hold_every_count():
    bed = Bedside(rate_ul_h=1260, bolus_ul=1260)
    bed.run(3601, presses=(100, 1500), boluses=(100.5, 1500.5), bolus_s=227)
    assert sum([m["counts"] for m in bed.notes.of(records.MINUTE)]) + bed.tracker._counts == bed.counts
    for bolus in bed.notes.of(records.BOLUS):
        volume = bolus["counts"] * 1000 - bolus["continuous_milli_counts"]
        assert abs(volume - 1261111) < 3000


def test_bag_change_is_seen_and_a_knock_is_not():
    bed = Bedside()
    bed.raw = 12 * 420
    bed.run(300)
    bed.raw = 200 * 420  # a knock of 20 s
    bed.run(20)
    bed.raw = 12 * 420
    bed.run(310)  # so that the change begins within a minute
    assert bed.notes.of(records.BAG) == []
    bed.raw = -15 * 420
    bed.run(60)
    bed.raw = 251 * 420
    bed.run(300)
    (bag,) = bed.notes.of(records.BAG)
    assert abs(bag["after_mg"] - 251000) < 100 and abs(bag["before_mg"] - 12000) < 100


def test_the_wrap_of_ticks_changes_nothing():
    plain = Bedside()
    plain.run(700, presses=(300,), boluses=(300.5,))
    wrapped = Bedside(begin=(1 << 30) - 310000)
    wrapped.run(700, presses=(300,), boluses=(300.5,))
    assert plain.notes.kept == wrapped.notes.kept


def test_rate_is_shown_with_bounds():
    bed = Bedside(rate_ul_h=60)
    bed.run(3700)
    low, rate, high = (
        bed.tracker.rate_low_ul_h(), bed.tracker.rate_ul_h(), bed.tracker.rate_high_ul_h()
    )
    assert low < 60 < high and abs(rate - 60) <= 2
