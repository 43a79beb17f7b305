"""Works out a board's volume a count and writes its calibration certificate, to be printed and signed.

    python3 hardware/certificate.py --board B01 --pump "CADD 12345" --as-found '1 uL' \
        --run 412:10.02 --run 409:9.95 --run 415:10.11 --density 1.0046 --limit-percent 2 > B01.md

Each --run is one collection: counts by the board's log, and what it weighed in grams (or millilitres
read from a syringe, with --density 1). The mean of counts a volume is what counts; three runs or more.
"""

from __future__ import annotations

import argparse
import datetime
import math
import sys
from dataclasses import dataclass

_T95 = {3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


@dataclass(frozen=True)
class Result:
    """ul_per_count: the mean over the runs; percents are of it."""

    ul_per_count: float
    standard_percent: float
    spread_percent: float


def work_out(runs: list[tuple[int, float]], density_g_ml: float, balance_g: float) -> Result:
    """Returns the volume a count of runs (counts, grams), with its standard uncertainty.

    The uncertainty joins the scatter of the runs, widened for their small number, one count in each run,
    and what the balance may be off. ValueError for fewer than three runs or nothing delivered.
    """
    if len(runs) < 3:
        raise ValueError("three runs or more: one cannot show its own scatter")
    if any(counts <= 0 or grams <= 0 for counts, grams in runs):
        raise ValueError("every run needs counts and a weight")
    each = [grams / density_g_ml * 1000 / counts for counts, grams in runs]
    mean = sum(each) / len(each)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in each) / (len(each) - 1))
    scatter = deviation / math.sqrt(len(each)) * _T95.get(len(each), 2.0) / 2
    count = mean / min(counts for counts, _ in runs) / math.sqrt(3 * len(each))
    balance = mean * balance_g / min(grams for _, grams in runs)
    standard = math.sqrt(scatter ** 2 + count ** 2 + balance ** 2)
    return Result(mean, 100 * standard / mean, 100 * (max(each) - min(each)) / mean)


def text(board: str, pump: str, as_found_ul: float, runs: list[tuple[int, float]], result: Result,
         limit_percent: float, today: datetime.date, months: int, density_g_ml: float) -> str:
    """Returns the certificate as Markdown. as_found_ul: what the board held before, 0 if nothing."""
    due = _months_later(today, months)
    error = 100 * (as_found_ul / result.ul_per_count - 1) if as_found_ul else None
    found = "not calibrated before" if error is None else (
        f"{as_found_ul:.4g} uL a count, {error:+.2f} % of what was collected: "
        f"{'within' if abs(error) <= limit_percent else 'OUTSIDE'} the limit of {limit_percent:g} %")
    rows = "\n".join(f"| {n} | {counts} | {grams:.3f} | {grams / density_g_ml * 1000 / counts:.4f} |"
                     for n, (counts, grams) in enumerate(runs, 1))
    return f"""# Calibration of board {board}

Pump: {pump}. Done on {today}. Due again by **{due}**, and after any repair, new set type or pump.

| run | counts | g | uL a count |
|---|---|---|---|
{rows}

Density {density_g_ml:g} g/mL. Spread of the runs {result.spread_percent:.2f} %.

- **As found:** {found}
- **As left:** {result.ul_per_count:.4g} uL a count, standard uncertainty {result.standard_percent:.2f} %

Written to the board with `--ul-per-count '{result.ul_per_count:.4g} uL'` and
`--uncertainty-percent {max(result.standard_percent, 0.01):.2f}`.

This calibrates the board's counting, not the pump. If the board was outside its limit, doses since the
last calibration are wrong by as much: tell whoever uses them.

Done by ______________________  Checked by ______________________  Date ______________
"""


def _months_later(day: datetime.date, months: int) -> datetime.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, 28))


def _run(word: str) -> tuple[int, float]:
    counts, _, grams = word.partition(":")
    try:
        return int(counts), _number(grams)
    except ValueError:
        raise argparse.ArgumentTypeError(f"it wants COUNTS:GRAMS, as 412:10.02, not {word}") from None


def _number(word: str) -> float:
    number = float(word)
    if not math.isfinite(number):
        raise ValueError(word)
    return number


def _positive(word: str) -> float:
    try:
        number = _number(word)
    except ValueError:
        number = 0.0
    if number <= 0:
        raise argparse.ArgumentTypeError(f"a number above 0 is wanted, not {word}")
    return number


def _volume(word: str) -> float:
    number, _, unit = word.strip().partition(" ")
    try:
        volume_ul = _number(number)
    except ValueError:
        volume_ul = -1.0
    if volume_ul < 0 or unit != "uL":
        raise argparse.ArgumentTypeError(f"it needs a volume with its unit, such as '1 uL', not {word}")
    return volume_ul


def main() -> int:
    """Prints the certificate; returns the exit code: 1 if the runs scatter beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--board", required=True)
    parser.add_argument("--pump", required=True, help="kind and serial number")
    parser.add_argument("--run", type=_run, action="append", required=True, metavar="COUNTS:GRAMS")
    parser.add_argument("--as-found", type=_volume, default=0.0, metavar="VOLUME",
                        help="what the board held, such as '1 uL'; left out: nothing")
    parser.add_argument("--density", type=_positive, default=1.0, help="g/mL (default 1)")
    parser.add_argument("--balance-g", type=_positive, default=0.01, help="standard uncertainty")
    parser.add_argument("--limit-percent", type=_positive, default=2.0)
    parser.add_argument("--months", type=int, default=12, help="until it is due again")
    args = parser.parse_args()
    if args.months < 1:
        parser.error("--months must be 1 or more")
    try:
        result = work_out(args.run, args.density, args.balance_g)
    except ValueError as error:
        parser.error(str(error))
    print(text(args.board, args.pump, args.as_found, args.run, result, args.limit_percent,
               datetime.date.today(), args.months, args.density), end="")
    if result.spread_percent > 2 * args.limit_percent:
        print(f"the runs differ by {result.spread_percent:.1f} %: find out why before signing",
              file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
