"""A tracker at a bedside that a table drives: one row a step, and the records that it must bring.

A row is (seconds, changes, records). Changes, in force until changed again:

    rate        uL/h that the pump moves            blocked     counted, but nothing leaves the bag
    silent      it moves, but nothing is counted    leak        uL/h that leave uncounted
    drift       mg/h that the cell gains            closed      the handset's contact
    cell        "ok", "none", "frozen", "saturated"
    garbage     (of 10000 readings so many, least raw, most raw) are a number that no load made

and once, at the row's start: grams (what hangs from now on), shift (grams gained or lost); press,
relief (seconds into the row at which a button is pressed); bolus: (second at which it begins,
seconds that it takes) beside the continuous rate.

Records are words, in order, of all kinds but the clockwork MINUTE, RESERVOIR and WEIGHT.
"""

from array import array

from gateway.clock import Uptime
from gateway.tracker import Tracker
from pumpwire import names, records
from pumpwire.units import TICKS_WRAP

_MASK = TICKS_WRAP - 1
_RAW_A_GRAM = 420
_SATURATED = 8388607


class Notes:
    """Stands for the log: keeps (kind, {field: value}, uptime in ms)."""

    def __init__(self, uptime):
        self.values = array("i", [0] * records.MAX_FIELDS)
        self.uptime = uptime
        self.kept = []
        self._held = None

    def hold_reservoir(self, level_ul, se_ul):
        self._held = (level_ul, se_ul)

    def append(self, kind, blob=None):
        self._keep(kind, self.values)
        if kind == records.MINUTE and self._held:
            self._keep(records.RESERVOIR, self._held)
            self._held = None
        return len(self.kept)

    def _keep(self, kind, values):
        fields = {}
        for i, (name, _) in enumerate(records.fields_of(kind)):
            fields[name] = values[i]
        self.kept.append((kind, fields, self.uptime.s * 1000 + self.uptime.ms))

    def of(self, kind):
        """Returns the fields of the records of one kind."""
        return [fields for k, fields, _ in self.kept if k == kind]

    def times(self, kind):
        """Returns the uptime in ms at which what they tell happened."""
        return [at - fields.get("ago_ms", 0) for k, fields, at in self.kept if k == kind]


class Bed:
    """pl: picolitres a count; rate, bolus_ul, lockout_s, from_end: prescribed, and the pump's rate;
    grams: what hangs; speed: uL/h of a bolus; begin_ms: the clock at the start."""

    def __init__(self, pl=1000000, rate=60, bolus_ul=60, lockout_s=900, from_end=0, grams=100,
                 speed=20000, begin_ms=0):
        self.uptime = Uptime()
        self.uptime._last_ms = begin_ms
        self.notes = Notes(self.uptime)
        self.kept = None  # what the memory holds over a reset
        self.tracker = Tracker(self.notes, self.uptime, self._keep)
        self.tracker.set_calibration(pl, 10000, 0, 1000 * _RAW_A_GRAM)
        if bolus_ul:
            self.tracker.set_regimen(rate, bolus_ul, lockout_s, from_end)
        self.counts = 0
        self.rate = rate
        self.blocked = self.silent = self.closed = False
        self.leak = self.drift = 0
        self.cell = "ok"
        self.garbage = (0, 0, 0)
        self.spoilt = 0  # readings that were garbage
        self._dice = 1
        self._pl = pl
        self._speed = speed
        self._pl_owed = pl // 2  # towards the next count
        self._ug = grams * 1000000
        self._reliefs = 0
        self._second = 0
        self._noise = 1  # of a cell: 15 mg rms a reading; one that never moves is dead
        self._begin_ms = begin_ms

    def _keep(self, span_ms, counts, presses):
        self.kept = (span_ms, counts, presses)

    def play(self, *rows):
        """Runs the rows; each must bring its records."""
        for row, (seconds, changes, expected) in enumerate(rows):
            before = len(self.notes.kept)
            self.step(seconds, changes)
            found = ", ".join([word for word in [
                say(kind, fields) for kind, fields, _ in self.notes.kept[before:]] if word])
            assert found == expected, "row %d brought %r, not %r" % (row, found, expected)

    def step(self, seconds, changes):
        """Runs one row."""
        once = {"press": (), "relief": (), "bolus": (0, 0), "grams": None, "shift": 0}
        for name in changes:
            if name in once:
                once[name] = changes[name]
            else:
                assert hasattr(self, name), name
                setattr(self, name, changes[name])
        if once["grams"] is not None:
            self._ug = once["grams"] * 1000000
        self._ug += once["shift"] * 1000000
        begins, lasts = once["bolus"]
        for s in range(seconds):
            extra = self._speed if begins <= s < begins + lasts else 0
            self._reliefs += list(once["relief"]).count(s)
            self._pass_second(self.rate + extra, list(once["press"]).count(s))

    def _pass_second(self, rate_ul_h, presses):
        self._weigh_out(rate_ul_h)
        moved_pl = 0 if self.silent else rate_ul_h * 2500 // 9
        if presses or self._pl_owed + moved_pl >= self._pl:
            for tick in range(10):
                self._pl_owed += moved_pl * (tick + 1) // 10 - moved_pl * tick // 10
                new = self._pl_owed // self._pl
                self._pl_owed %= self._pl
                pressed = presses if tick == 0 else 0
                if new or pressed:
                    self.counts += new
                    self.uptime.advance(self._now_ms(tick))
                    self.tracker.change(self._now_ms(tick), new, pressed, 100)
        else:
            self._pl_owed += moved_pl
        self.uptime.advance(self._now_ms(9))
        raw = self._spoil(self._raw())
        self.tracker.second(self._now_ms(9), raw, self._reliefs, self.closed, lambda: None)
        self._second += 1

    def _now_ms(self, tick):
        return (self._begin_ms + self._second * 1000 + tick * 100) & _MASK

    def _weigh_out(self, rate_ul_h):
        left_ul_h = self.leak + (0 if self.blocked else rate_ul_h)
        self._ug += self.drift * 1000 // 3600 - left_ul_h * 10046 // 36000

    def _spoil(self, raw):
        """Returns the reading, or garbage in its place."""
        of_10000, least, most = self.garbage
        if self._roll(10000) >= of_10000:
            return raw
        self.spoilt += 1
        return least + self._roll(most - least + 1)

    def _roll(self, sides):
        self._dice = (self._dice * 69069 + 12345) & 0x3FFFFFFF
        return (self._dice >> 4) * 1021 % 67108859 % sides

    def _raw(self):
        if self.cell == "none":
            return None
        if self.cell == "saturated":
            return _SATURATED
        if self.cell == "ok":
            self._noise = (self._noise * 1103 + 12345) % 1000003
            self._frozen = self._ug // 1000 * _RAW_A_GRAM // 1000 + self._noise % 23 - 11
        return self._frozen


def say(kind, fields):
    """Returns a record in words, "" for the clockwork."""
    if kind == records.DEMAND:
        words = names.OUTCOMES[fields["outcome"]]
        if fields["outcome"] == records.DENIED:
            return words + " " + names.REASONS[fields["reason"]]
        return words + (" inferred" if fields["inferred"] else "")
    if kind == records.BOLUS:
        return (("halted " if fields["halted"] else "")
                + names.SOURCES[fields["source"]] + " bolus"
                + (" inferred" if fields["inferred"] else ""))
    if kind == records.PUMP:
        return names.PUMP_STATES[fields["state"]]
    if kind == records.BAG:
        return "refill" if fields["refill"] else "bag"
    if kind == records.SIGNATURE:
        return names.SIGNATURES[fields["signature"]] + " " + names.SIGNATURE_STATES[fields["state"]]
    if kind == records.RELIEF:
        return "stray relief" if fields["stray"] else "relief"
    return "" if kind in (records.MINUTE, records.RESERVOIR, records.WEIGHT) else records.name_of(kind)


def net_milli(bolus):
    """Returns a BOLUS record's thousandths of counts above the continuous rate's."""
    return bolus["counts"] * 1000 - bolus["continuous_milli_counts"]
