"""Builds all of the board that can be built without a board; ends at the first stage at fault.

`python hardware/build.py` draws the circuit, checks it, simulates it, and draws its pictures, all into
build/hardware. `--no-pictures` leaves the pictures out, `--publish` renews those of the guides.
`make hardware` installs what it needs first.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
import time
from collections.abc import Callable

import tools

tools.settle()
with contextlib.redirect_stderr(io.StringIO()):  # SKiDL greets with complaints about a KiCad not in use
    import skidl

import bom  # noqa: E402
import pinmap  # noqa: E402
from checks import footprints, rule_check, rules  # noqa: E402
from circuit import board  # noqa: E402
from draw import harness, published, sheets  # noqa: E402
from netlist import Netlist  # noqa: E402
from sims import harmless, hold_up, taps  # noqa: E402

Result = tuple[list[str], str]


class FailedError(Exception):
    """Carries the sentences of the stage that is at fault."""


def stage(name: str, work: Callable[[], Result], report: list[str]) -> None:
    """Runs a stage and prints a line about it; raises FailedError with what it found."""
    began_s = time.monotonic()
    found, measured = work()
    line = f"{name:<24} {'ok' if not found else 'FAILED':<7} {measured}"
    report.append(line.rstrip())
    print(f"{line.rstrip()}  ({time.monotonic() - began_s:.1f} s)", flush=True)
    if found:
        raise FailedError(list(dict.fromkeys(found)))


def _map() -> Result:
    signals = pinmap.read()
    found = [fault for name in pinmap.MODULES for fault in pinmap.lint(signals, name)]
    if not found and pinmap.PINS_PY.read_text(encoding="utf-8") != pinmap.render(signals):
        found = ["firmware/boards/esp32/pins.py is not pins.toml's: python3 hardware/pinmap.py --write"]
    return found, f"{len(signals)} signals on {len(pinmap.MODULES)} modules"


def _draw() -> tuple[Netlist, list[str]]:
    """Draws the circuit and runs the electrical rule check; writes KiCad's netlist."""
    skidl.set_default_tool(skidl.KICAD6)
    skidl.lib_search_paths[skidl.KICAD6] += [str(tools.SYMBOLS), str(tools.OWN)]
    with contextlib.redirect_stderr(io.StringIO()):  # it misses a list of footprints
        board.draw()
        netlist = board.flatten()
        found = rule_check.check(tools.WORK)
        skidl.generate_netlist(file_=str(tools.OUT / "board.net"), do_backup=False)
    return netlist, found


def build(pictures: bool, publish: bool) -> None:
    """Runs all stages; raises FailedError at the first that finds a fault."""
    out = tools.OUT
    report: list[str] = []
    try:
        stage("pin map", _map, report)
        netlist, found = _draw()
        stage("barrier, data sheets", lambda: (
            rules.wiring(netlist), "only isolators join board and taps, and only listen"), report)
        stage("electrical rules", lambda: (
            found, f"{len(netlist.parts)} parts on {len(netlist.nets)} nets"), report)
        stage("rules of this board", lambda: (
            rules.intent(netlist, pinmap.read()), "signals arrive, the pump's lines are kept"), report)
        stage("harness", lambda: (harness.faults(netlist), "every wire ends where the netlist wants"),
              report)
        stage("footprints", lambda: (footprints.check(netlist, [tools.FOOTPRINTS, tools.OWN]),
                                     "KiCad's; the module's by its data sheet"), report)
        stage("parts list", lambda: bom.write(netlist, out / "bom.csv"), report)
        stage("coupler's model", taps.opto_model, report)
        stage("hold-up", lambda: hold_up.check(netlist), report)
        stage("fast transients", lambda: taps.burst(netlist), report)
        stage("counts to 2 kHz", lambda: taps.counts(netlist), report)
        stage("bounce", lambda: taps.bounce(netlist), report)
        stage("mains hum", lambda: taps.hum(netlist), report)
        stage("harmless, handset tap", lambda: harmless.check(netlist, "HANDSET"), report)
        stage("harmless, count tap", lambda: harmless.check(netlist, "COUNT"), report)
        if pictures:
            stage("sheets", lambda: sheets.draw(netlist, out), report)
            stage("harness drawn", lambda: harness.draw(out), report)
            stage("pictures of the guides", lambda: (
                published.publish if publish else published.check)(out), report)
    finally:
        (out / "report.txt").write_text("\n".join(report) + "\n", encoding="utf-8")


def main() -> int:
    """Builds into build/hardware; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-pictures", action="store_true", help="only draw, check and simulate")
    parser.add_argument("--publish", action="store_true", help="renew the pictures that the guides show")
    args = parser.parse_args()
    missing = tools.missing(not args.no_pictures)
    if missing:
        print(f"{'; '.join(missing)}. `sh hardware/install.sh` installs all of it.", file=sys.stderr)
        return 2
    try:
        build(not args.no_pictures, args.publish)
    except FailedError as failed:
        for sentence in failed.args[0]:
            print(f"FAILED: {sentence}", file=sys.stderr)
        return 1
    print("everything is in build/hardware")
    return 0


if __name__ == "__main__":
    sys.exit(main())
