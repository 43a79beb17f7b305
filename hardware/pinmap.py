"""The pin map: reads pins.toml, holds it against each module's rules, writes the firmware's pins.py.

`python3 hardware/pinmap.py` says what is wrong with the map; with `--write` it also writes
firmware/boards/esp32/pins.py; with `--board s3` it prints that file for the other module.
Sources: Espressif, ESP32-WROVER-E data sheet (16 and 17 are the PSRAM's chip select and clock) and ESP32
errata 3.11 (GPIO36 and 39); ESP32-S3-WROOM-1 data sheet (35 to 37 are taken in those with R8).
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PINS_PY = HERE.parent / "firmware" / "boards" / "esp32" / "pins.py"
_WORDS = {
    "direction": {"in", "out", "both"},
    "kind": {"count", "press", "level", "clocked", "bus", "adc"},
    "active": {"low", "high", "rising"},
    "pull": {"none", "up", "board"},
}
_FIELDS = {"gpio", "wake", "net", "meets", "safe", "note", *_WORDS}
_COUNTED = ("count", "press")
_WATCHED = (*_COUNTED, "level")


@dataclass(frozen=True)
class Module:
    """What a module's pins can do; numbers are GPIOs."""

    name: str
    usable: frozenset[int]
    strapping: frozenset[int]
    flash: frozenset[int]
    console: frozenset[int]
    memory: frozenset[int]
    input_only: frozenset[int]
    ghosts: frozenset[int]
    second_adc: frozenset[int]
    first_adc: frozenset[int]
    wakes: frozenset[int]
    counters: int


def _gpios(*ranges: int | tuple[int, int]) -> frozenset[int]:
    found: set[int] = set()
    for item in ranges:
        found |= {item} if isinstance(item, int) else set(range(item[0], item[1] + 1))
    return frozenset(found)


MODULES = {
    "esp32": Module(
        "ESP32-WROVER-E", _gpios((0, 19), (21, 23), (25, 27), (32, 36), 39), _gpios(0, 2, 5, 12, 15),
        _gpios((6, 11)), _gpios(1, 3), _gpios(16, 17), _gpios((34, 36), 39), _gpios(36, 39),
        _gpios(0, 2, 4, (12, 15), (25, 27)), _gpios((32, 36), 39),
        _gpios(0, 2, 4, (12, 15), (25, 27), (32, 36), 39), 8,
    ),
    "s3": Module(
        "ESP32-S3-WROOM-1", _gpios((0, 21), (35, 48)), _gpios(0, 3, 45, 46), _gpios((26, 32)),
        _gpios(19, 20, 43, 44), _gpios((35, 37)), _gpios(), _gpios(), _gpios((11, 20)),
        _gpios((1, 10)), _gpios((0, 21)), 4,
    ),
}


def read(path: Path = HERE / "pins.toml") -> dict[str, dict]:
    """Returns the signals by name, as they stand in pins.toml."""
    with path.open("rb") as file:
        return tomllib.load(file)["signals"]


def _field_faults(name: str, signal: dict) -> list[str]:
    missing, unknown = sorted(_FIELDS - set(signal)), sorted(set(signal) - _FIELDS)
    found = [f"{name} lacks {field}" for field in missing]
    found += [f"{name} has a field nobody knows: {field}" for field in unknown]
    for field, words in _WORDS.items():
        if field in signal and signal[field] not in words:
            known = ", ".join(sorted(words))
            found.append(f"{name}: {field} is {signal[field]}, which is none of {known}")
    return found


def _pin_faults(name: str, signal: dict, module: Module) -> list[str]:
    gpio = signal["gpio"]
    where = f"{name} on GPIO{gpio} of the {module.name}"
    watched = signal["kind"] in _WATCHED and signal["direction"] == "in"
    rules = (
        (gpio in module.flash, "is wired to the module's flash"),
        (gpio not in module.usable and gpio not in module.flash, "does not exist there"),
        (gpio in module.strapping, "is a strapping pin: its level at reset chooses how it boots"),
        (gpio in module.console, "belongs to the console"),
        (gpio in module.memory, "is taken by the module's PSRAM"),
        (gpio in module.input_only and signal["direction"] != "in", "can only be an input"),
        (gpio in module.input_only and signal["pull"] == "up", "has no pull of its own"),
        (gpio in module.ghosts and watched, "sees ghost edges whenever the converter starts"),
        (signal["kind"] == "adc" and gpio in module.second_adc, "is on ADC2, which the radio takes"),
        (signal["kind"] == "adc" and gpio not in module.first_adc | module.second_adc, "has no ADC"),
        (signal["wake"] and gpio not in module.wakes, "cannot wake the module"),
    )
    return [f"{where} {said}" for broken, said in rules if broken]


def lint(signals: dict[str, dict], board: str) -> list[str]:
    """Returns what is wrong with the map on that board, one sentence each; nothing if it is sound."""
    module = MODULES[board]
    found = [fault for name, signal in signals.items() for fault in _field_faults(name, signal)]
    if found:
        return found
    on_board = {}
    for name, signal in signals.items():
        if board not in signal["gpio"]:
            found.append(f"{name} has no pin on the {module.name}")
        else:
            on_board[name] = {**signal, "gpio": signal["gpio"][board]}
    for name, signal in on_board.items():
        found += _pin_faults(name, signal, module)
        if signal["direction"] == "in" and signal["pull"] == "none":
            found.append(f"{name} floats: neither the module nor the board holds it")
    for field in ("gpio", "net", "meets"):
        owners: dict[object, str] = {}
        for name, signal in on_board.items():
            other = owners.setdefault(signal[field], name)
            if other != name:
                found.append(f"{name} and {other} both have {field} {signal[field]}")
    counted = [name for name, signal in on_board.items() if signal["kind"] in _COUNTED]
    if len(counted) > module.counters:
        found.append(f"{module.name} has {module.counters} pulse counters, {len(counted)} are wanted")
    return found


def _numbers(numbers: frozenset[int]) -> str:
    """Returns the numbers as read aloud, with runs of four and more closed up."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = []
    for run in runs:
        said += [f"{run[0]} to {run[-1]}"] if len(run) > 3 else [str(number) for number in run]
    return said[0] if len(said) == 1 else ", ".join(said[:-1]) + " and " + said[-1]


def render(signals: dict[str, dict], board: str = "esp32") -> str:
    """Returns the text of the firmware's pins.py for that board."""
    module = MODULES[board]
    left_alone = [
        (module.strapping, "boot strapping"), (module.flash, "flash"), (module.console, "the console"),
        (module.memory, "PSRAM"), (module.ghosts, "ghost interrupts"),
    ]
    said = "Left alone: " + ", ".join(f"{_numbers(n)} ({why})" for n, why in left_alone if n) + "."
    bare = module.input_only - module.ghosts
    if bare:
        said += f" {_numbers(bare)} are inputs without pulls: what drives them drives both ways."
    lines = [
        f'"""GPIO numbers on the {module.name}, written by hardware/pinmap.py from hardware/pins.toml.',
        "", *textwrap.wrap(said, 100), '"""', "", "from micropython import const", "",
    ]
    lines += [f"{name} = const({signal['gpio'][board]})  # {signal['note']}"
              for name, signal in signals.items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Checks the map for every module; writes or prints pins.py if asked. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Checks hardware/pins.toml.")
    parser.add_argument("--write", action="store_true", help="write firmware/boards/esp32/pins.py")
    parser.add_argument("--board", choices=MODULES, help="print pins.py for this module")
    args = parser.parse_args()
    signals = read()
    faults = [fault for board in MODULES for fault in lint(signals, board)]
    for fault in faults:
        print(f"pins.toml: {fault}", file=sys.stderr)
    if faults:
        return 1
    if args.board:
        print(render(signals, args.board), end="")
    if args.write:
        PINS_PY.write_text(render(signals), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
