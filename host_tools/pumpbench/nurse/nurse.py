"""The scripted nurse: knows the prescription, and tells the board through pumplog alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from ..errors import BenchError

INITIALS = "NB"


def amount(value: Fraction | int | float, unit: str) -> str:
    """Returns a quantity as a nurse types it: plain decimal digits and its unit."""
    exact = Fraction(value).limit_denominator(10**9)
    digits = Decimal(exact.numerator) / Decimal(exact.denominator)
    return f"{digits.normalize():f} {unit}"


class Nurse:
    """Visits one board; `label` is what is printed on it (the check code), once provisioned."""

    def __init__(self, db: Path, patient: str, board: str, seed: str, folder: Path) -> None:
        self._db = db
        self.patient = patient
        self.board = board
        self._seed = seed
        self._visits = 0
        self._label_file = folder / "label.json"

    def visit(
        self, port: str | None, utc_ms: int, commands: Sequence[list[str]], refused_ok: bool = False
    ) -> list[int]:
        """Runs pumplog commands at the simulated time `utc_ms`, over the serial port if it is given.

        Returns their exit codes, all 0 unless refused_ok; else the first that fails is a BenchError.
        """
        self._visits += 1
        label = json.loads(self._label_file.read_text()) if self._label_file.exists() else {}
        common = ["--db", str(self._db), "--initials", INITIALS, "--json"]
        if port:
            common += ["--link", f"serial:{port}"]
        visit = {"label": label, "commands": [command + common for command in commands],
                 "refused_ok": refused_ok}
        simulated = f"utc_ms={utc_ms},seed={self._seed}/{utc_ms}/{self._visits}"
        done = subprocess.run(
            [sys.executable, "-m", "pumpbench.nurse.session"], input=json.dumps(visit), text=True,
            capture_output=True, env={**os.environ, "PUMPLOG_SIMULATED": simulated},
        )
        if done.returncode:
            raise BenchError(f"the nurse's visit to {self.board} failed",
                             f"see what pumplog said, {done.stderr.strip()}")
        told = json.loads(done.stdout.splitlines()[-1])
        self._label_file.write_text(json.dumps(told["label"]))
        codes: list[int] = told["codes"]
        return codes

    def provision(
        self, ul_per_count: Fraction, cell_zero: int, cell_per_kg: int,
        uncertainty_percent: Fraction = Fraction(1),
    ) -> list[str]:
        """Returns the command that gives the board its name, keys and calibration."""
        return ["provision", "--name", self.board, "--ul-per-count", amount(ul_per_count, "uL"),
                "--uncertainty-percent", amount(uncertainty_percent, "").strip(),
                f"--cell-zero={cell_zero}", f"--cell-per-kg={cell_per_kg}"]

    def pull(self) -> list[str]:
        """Returns the command that copies the board's log."""
        return ["pull", self.patient]

    def start(self, bed: str) -> list[str]:
        """Returns the command that begins the patient's stay."""
        return ["patient", "start", self.patient, "--board", self.board, "--bed", bed, *_CHECK]

    def regimen(
        self, rate_ul_h: int, bolus_ul: int, lockout_s: int, lockout_from: str = "start"
    ) -> list[str]:
        """Returns the command that enters the prescription."""
        return ["regimen", "set", self.patient, "--rate", amount(Fraction(rate_ul_h, 1000), "mL/h"),
                "--bolus", amount(Fraction(bolus_ul, 1000), "mL"),
                "--lockout", amount(Fraction(lockout_s, 60), "min"),
                *(["--lockout-from", lockout_from] if lockout_from != "start" else []), "--confirm",
                *_CHECK]

    def bag(
        self, morphine_ug: int, bupivacaine_ug: int, volume_ul: int, patient: str = "", ago_s: int = 0
    ) -> list[str]:
        """Returns the command that enters a new bag, by mistake another patient's if that is named.

        ago_s: how long ago she says it was hung.
        """
        ago = ["--ago", amount(Fraction(ago_s), "s")] if ago_s else []
        return ["bag", "hang", patient or self.patient,
                "--morphine", amount(Fraction(morphine_ug, 1000), "mg"),
                "--bupivacaine", amount(Fraction(bupivacaine_ug, 1000), "mg"),
                "--volume", amount(Fraction(volume_ul, 1000), "mL"), "--confirm", *ago,
                *_CHECK]


_CHECK = ["--check", "{check_code}"]
