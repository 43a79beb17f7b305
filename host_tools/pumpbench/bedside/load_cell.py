"""The load cell under the hook: raw readings as an HX711 gives them, once a second."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .room import MEAN_C

FULL_SCALE = (1 << 23) - 1
NO_READING = -(1 << 31)
SWING_PERIOD_S = 1.3  # of a bag that was knocked

SpanS = tuple[int, int]
Draw = Callable[[str], np.random.Generator]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Garbage:
    """Single readings that are numbers which no load made."""

    span: SpanS  #: when, seconds from the window's start
    share: float  #: of the readings, 0 to 1
    least_raw: int  #: the lowest such number, raw counts
    most_raw: int  #: the highest such number, raw counts


@dataclass
class Handling:
    """What is done to the hook and the cell: (span in seconds from the window's start, how much)."""

    knocks: list[tuple[SpanS, float]] = field(default_factory=list)  #: (span, grams of the first swing)
    #: (span, degrees that the hook leans)
    tilts: list[tuple[SpanS, float]] = field(default_factory=list)
    #: (span, grams an hour by which the zero moves)
    drifts: list[tuple[SpanS, float]] = field(default_factory=list)
    garbage: list[Garbage] = field(default_factory=list)  #: what the converter makes up
    dead: list[SpanS] = field(default_factory=list)  #: spans without readings


@dataclass(frozen=True)
class LoadCell:
    """A cell and its amplifier, and how wrong the board's calibration of it is.

    Saline with morphine and bupivacaine weighs 1.0046 g/mL. Noise is white, rms a reading. Creep
    follows each hanging as 1 - exp(-t / tau), a third or more of its full size, up or down.
    Temperature moves the zero; it walks besides; the bag is brushed against, and the tube is seated
    again. The sizes are those of a 500 g cell at 10 samples a second on a ward.
    """

    counts_per_g: int = 420  #: raw counts a gram
    zero_raw: int = 84_000  #: raw reading without a load
    hanger_g: float = 120.0  #: what the hook weighs
    bag_tare_g: float = 15.0  #: what an empty bag weighs
    density_g_ml: float = 1.0046  #: of saline with morphine and bupivacaine
    noise_g: float = 0.015  #: white, rms a reading
    creep_g: float = 0.25  #: full creep after a hanging, grams
    creep_tau_s: float = 1800.0  #: its time constant
    temperature_g_c: float = 0.025  #: grams a degree by which the zero moves, up or down
    walk_g: float = 0.004  #: the zero's random walk, grams in a minute
    knocks_per_h: float = 2.0  #: how often the bag is brushed against
    knock_g: float = 5.0  #: how hard: standard deviation of the swing
    seatings_per_h: float = 0.25  #: how often the tube is seated anew
    seating_g: float = 0.3  #: standard deviation of that step
    tare_error_g: float = 0.0  #: by how much the told tare is too high
    scale_error: float = 0.0  #: by what share the told scale is too large

    @property
    def told_tare_raw(self) -> int:
        """The reading the board takes for an empty bag on the hook."""
        tare_g = self.hanger_g + self.bag_tare_g + self.tare_error_g
        return self.zero_raw + round(self.counts_per_g * tare_g)

    @property
    def told_counts_per_kg(self) -> int:
        """The scale the board takes, in counts per kilogram."""
        return round(self.counts_per_g * 1000 * (1 + self.scale_error))

    def read(
        self, contents_ul: Floats, hung: NDArray[np.bool_], temperature_c: Floats, begin_s: int,
        draw: Draw, handling: Handling,
    ) -> NDArray[np.int32]:
        """Return raw signed 24-bit counts or NO_READING, int32, one a second from begin_s on.

        The three arrays hold one value a second; draw(name) gives a random stream.
        """
        at_s = np.arange(begin_s, begin_s + len(hung), dtype=np.float64)
        bag_g = self.bag_tare_g + contents_ul / 1000 * self.density_g_ml
        bag_g += self._creep_g(hung, draw("creep")) + self._touch_g(at_s, draw("touch"))
        for span, grams in handling.knocks:
            bag_g += _swing_g(at_s, span, grams)
        load_g = self.hanger_g + np.where(hung, bag_g, 0.0)
        for (from_s, to_s), degrees in handling.tilts:
            load_g[(at_s >= from_s) & (at_s < to_s)] *= np.cos(np.radians(degrees))
        load_g += self._zero_g(temperature_c, at_s, draw("cell_zero"))
        for (from_s, to_s), g_per_h in handling.drifts:
            load_g += (at_s.clip(from_s, to_s) - from_s) / 3600 * g_per_h
        load_g += draw("load_cell").normal(0.0, self.noise_g, len(load_g))
        raw = np.rint(self.zero_raw + self.counts_per_g * load_g)
        readings = raw.clip(-FULL_SCALE - 1, FULL_SCALE).astype(np.int32)
        rng = draw("garbage")
        for garbage in handling.garbage:
            from_s, to_s = garbage.span
            hit = (at_s >= from_s) & (at_s < to_s) & (rng.random(len(at_s)) < garbage.share)
            made_up = rng.integers(garbage.least_raw, garbage.most_raw + 1, len(at_s))
            readings[hit] = made_up[hit]
        for from_s, to_s in handling.dead:
            readings[(at_s >= from_s) & (at_s < to_s)] = NO_READING
        return readings

    def _creep_g(self, hung: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
        full_g = self.creep_g * rng.uniform(0.3, 1.0) * rng.choice((-1, 1))
        second = np.arange(len(hung))
        empty_until = np.maximum.accumulate(np.where(hung, 0, second))
        creep: Floats = full_g * -np.expm1((empty_until - second) / self.creep_tau_s)
        return creep

    def _zero_g(self, temperature_c: Floats, at_s: Floats, rng: np.random.Generator) -> Floats:
        per_c = self.temperature_g_c * rng.choice((-1, 1))
        minutes = np.arange(at_s[0], at_s[-1] + 61, 60)
        walk = np.cumsum(rng.normal(0, self.walk_g, len(minutes)))
        zero: Floats = per_c * (temperature_c - MEAN_C) + np.interp(at_s, minutes, walk)
        return zero

    def _touch_g(self, at_s: Floats, rng: np.random.Generator) -> Floats:
        """Return what people do to the bag in passing: short swings, and steps that stay."""
        hours = len(at_s) / 3600
        touch = np.zeros(len(at_s))
        for _ in range(rng.poisson(hours * self.knocks_per_h)):
            begin = int(rng.integers(len(at_s)))
            seconds, grams = int(rng.integers(3, 15)), rng.normal(0, self.knock_g)
            near = slice(begin, begin + seconds)
            touch[near] += _swing_g(at_s[near], (int(at_s[begin]), int(at_s[begin]) + seconds), grams)
        for _ in range(rng.poisson(hours * self.seatings_per_h)):
            touch[int(rng.integers(len(at_s))) :] += rng.normal(0, self.seating_g)
        return touch


def _swing_g(at_s: Floats, span: SpanS, grams: float) -> Floats:
    """Return a swing that begins with `grams` and is gone (to a twentieth) at the span's end."""
    since_s = at_s - span[0]
    inside = (since_s >= 0) & (at_s < span[1])
    fading = np.exp(-3 * since_s.clip(0) / (span[1] - span[0]))
    swing: Floats = np.where(
        inside, grams * fading * np.cos(2 * np.pi * since_s / SWING_PERIOD_S), 0.0
    )
    return swing
