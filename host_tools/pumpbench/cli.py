"""`pumpbench`: the virtual bedside's command line."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from pumplog.errors import PumplogError
from pumplog.extras import require

from .errors import BenchError


def main(argv: list[str] | None = None) -> int:
    """Runs one command; returns the exit code (0 done, 1 an error, 2 usage; `laptop`: pumplog's)."""
    options = _parser().parse_args(argv)
    try:
        require("bench", "bumble")  # which no other extra brings
        return options.run(options) or 0
    except (BenchError, PumplogError) as error:
        print(f"pumpbench: {error}", file=sys.stderr)
        return 1


def _at_least(least: int) -> Callable[[str], int]:
    """Returns what reads a whole number from `least` up."""
    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        return int(text)

    return number


def _power_cut(text: str) -> tuple[str, int]:
    """Returns (board, n) of BOARD@N."""
    board, _, n = text.partition("@")
    return board, _at_least(1)(n)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pumpbench", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_serve(commands)
    board = commands.add_parser("board", help="a board on a USB cable, until interrupted")
    board.add_argument("dir", type=Path, help="its flash, keys and clock stay here")
    board.add_argument("--flash", type=Path, help="begin with this flash image (default: empty)")
    board.set_defaults(run=_board)
    demo = commands.add_parser("demo", help="twelve patients from pump to table, in minutes")
    demo.add_argument("--out", type=Path, help="keep everything here (default: a fresh folder)")
    demo.add_argument("--seed", type=_at_least(0), default=1)
    demo.set_defaults(run=_demo)
    laptop = commands.add_parser("laptop", help="run another environment's pumplog on the virtual air")
    laptop.add_argument("--python", type=Path, required=True, help="that environment's Python")
    laptop.add_argument("arguments", nargs="*", metavar="-- ARGUMENTS",
                        help="pumplog's own; PUMPLOG_AIR names the air, as ever")
    laptop.set_defaults(run=_laptop)
    return parser


def _add_run(commands: Any) -> None:
    run = commands.add_parser("run", help="run a cohort's windows on virtual boards")
    run.add_argument("--regimens", type=Path, required=True)
    run.add_argument("--daily-counts", type=Path, required=True)
    run.add_argument("--out", type=Path, required=True, help="folder for flash images and truth")
    run.add_argument("--db", type=Path, help="the nurse's store (default OUT/nurse.db)")
    run.add_argument("--followup-day", type=int, default=28)
    run.add_argument("--ul-per-count", type=Fraction, default=Fraction(1), metavar="UL",
                     help="the motor's quantum as calibrated, microlitres a count (default 1)")
    run.add_argument("--calibration-error", type=Fraction, default=Fraction(0), metavar="PERCENT",
                     help="how much the true quantum exceeds the calibrated quantum (default 0)")
    run.add_argument("--seed", type=_at_least(0), default=1)
    run.add_argument("--jobs", type=_at_least(1), default=os.cpu_count() or 1)
    run.add_argument("--faults", type=Path, metavar="FILE.toml",
                     help="what goes wrong: see docs/FAULTS.md")
    run.add_argument("--patients", default="", help="only these, comma-separated")
    run.set_defaults(run=_run)


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="put a run's boards on a virtual air")
    serve.add_argument("dir", type=Path)
    serve.add_argument("--by-hand", action="store_true",
                       help="press a board's service button by a line `press BOARD` on standard input."
                       " Without this a tester stands by who presses all of them as needed")
    serve.add_argument("--lax", action="store_true",
                       help="Bluetooth stacks that demand no encryption: only the firmware does")
    serve.add_argument("--power-cut", type=_power_cut, action="append", default=[], metavar="BOARD@N",
                       help="this board's power goes as its N-th notification or indication is sent")
    serve.set_defaults(run=_serve)


def _run(options: argparse.Namespace) -> None:
    from .runs import Plan, run_cohort

    plan = Plan(
        options.regimens, options.daily_counts, options.out.resolve(),
        (options.db or options.out / "nurse.db").resolve(), options.followup_day,
        options.ul_per_count, options.calibration_error / 100, options.seed, options.jobs,
        tuple(filter(None, options.patients.split(","))), faults=options.faults,
    )
    run_cohort(plan, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"flash images, truth.json and the nurse's store are in {options.out}")


def _serve(options: argparse.Namespace) -> None:
    from .runs import serve_boards

    asyncio.run(serve_boards(options.dir, lambda address: print(f"air ready on {address}", flush=True),
                      options.by_hand, not options.lax, dict(options.power_cut)))


def _board(options: argparse.Namespace) -> None:
    from .board import UsbBoard, fresh_flash

    try:
        image = options.flash.read_bytes() if options.flash else fresh_flash()
    except OSError as error:
        raise BenchError(f"flash image {options.flash} cannot be read ({error.strerror})",
                         "check the path") from error
    with UsbBoard(options.dir, image) as board, contextlib.suppress(KeyboardInterrupt):
        print(f"board ready on {board.port}", flush=True)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        signal.pause()


def _demo(options: argparse.Namespace) -> None:
    from .runs import run_demo

    run_demo(options.out, options.seed)


def _laptop(options: argparse.Namespace) -> int:
    from .air import lend, pumplog_command

    with tempfile.TemporaryDirectory(prefix="pumpbench-laptop-") as folder:
        lend(options.python, Path(folder))
        command = pumplog_command(options.python, Path(folder), options.arguments)
        return subprocess.run(command).returncode
