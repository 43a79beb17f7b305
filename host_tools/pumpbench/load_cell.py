"""The load cell under the hook: raw readings as an HX711 gives them, once a second."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = (1 << 23) - 1


@dataclass(frozen=True)
class LoadCell:
    """A cell and its amplifier, and how wrong the board's calibration of it is.

    Saline with morphine and bupivacaine weighs 1.0046 g/mL. Noise is white, rms a reading.
    Creep follows each hanging: a share of the full creep that grows as 1 - exp(-t / tau).
    """

    counts_per_g: int = 420
    zero_raw: int = 84_000
    hanger_g: float = 120.0
    bag_tare_g: float = 15.0
    density_g_ml: float = 1.0046
    noise_g: float = 0.015
    creep_g: float = 0.05
    creep_tau_s: float = 600.0
    tare_error_g: float = 0.0
    scale_error: float = 0.0

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
        self,
        contents_ul: NDArray[np.float64],
        hung: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> NDArray[np.int32]:
        """Return raw signed 24-bit counts, int32, one for each second of the two arrays."""
        bag_g = self.bag_tare_g + contents_ul / 1000 * self.density_g_ml
        load_g = self.hanger_g + np.where(hung, bag_g + self._creep_g(hung), 0.0)
        load_g += rng.normal(0.0, self.noise_g, len(load_g))
        raw = np.rint(self.zero_raw + self.counts_per_g * load_g)
        return raw.clip(-FULL_SCALE - 1, FULL_SCALE).astype(np.int32)

    def _creep_g(self, hung: NDArray[np.bool_]) -> NDArray[np.float64]:
        second = np.arange(len(hung))
        empty_until = np.maximum.accumulate(np.where(hung, 0, second))
        creep: NDArray[np.float64] = self.creep_g * -np.expm1(
            (empty_until - second) / self.creep_tau_s
        )
        return creep
