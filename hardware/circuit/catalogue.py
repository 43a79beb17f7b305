"""Makes parts: short names of parts.toml become SKiDL parts with what checks and the BOM need."""

from __future__ import annotations

import tomllib
from pathlib import Path

from skidl import ERC, Net, Part

PARTS = tomllib.loads((Path(__file__).parents[1] / "parts.toml").read_text(encoding="utf-8"))
CIRCUIT = ERC.__self__  # SKiDL has one circuit, but does not export it by name
_SCALE = {"R": 1.0, "k": 1e3, "M": 1e6}


def ohms(value: str) -> float:
    """Returns the resistance written as `4k7`, `560R` or `1M`."""
    for letter, scale in _SCALE.items():
        if letter in value:
            whole, part = value.split(letter)
            return float(f"{whole or 0}.{part or 0}") * scale
    raise ValueError(f"a resistance is written as 4k7, 560R or 1M, not {value}")


def order_number(pattern: str, value: str) -> str:
    """Returns the maker's number: {code} is 3 digits and a power of ten (9: a tenth), {letter} 4K7."""
    digits, power = f"{ohms(value):.2e}".split("e")
    exponent = int(power) - 2
    code = digits.replace(".", "") + str(9 if exponent == -1 else exponent)
    return pattern.format(code=code, letter=value if value.endswith("R") else value.upper())


def make(name: str, ref: str, sheet: str, value: str = "", where: str = "board", **nets: Net) -> Part:
    """Returns a part of the catalogue, its pins joined to nets: p1=NET for pin 1, and so on.

    where: `board`, or `lead` for what sits in a cable. Pins not named are marked as left open.
    """
    entry = PARTS[name]
    library, symbol = entry["symbol"].split(":")
    numbers = [entry["mpn"], *entry["alternatives"]]
    if name.startswith("resistor") and "{" in entry["mpn"]:
        numbers = [order_number(number, value) for number in numbers]
    part = Part(library, symbol, ref=ref, value=value or entry["value"],
                footprint=entry["footprint"] if where == "board" else "")
    part.fields.update({
        "kind": name, "sheet": sheet, "where": where, "maker": entry["maker"], "mpn": numbers[0],
        "alternatives": "; ".join(numbers[1:]), "note": entry["note"],
    })
    joined = {key[1:]: net for key, net in nets.items()}
    for pin in part.pins:
        net = joined.pop(str(pin.num), None)
        pin += CIRCUIT.NC if net is None else net
    if joined:
        raise ValueError(f"{ref} has no pin {', '.join(joined)}")
    return part


def test_point(ref: str, sheet: str, net: Net) -> None:
    """Puts a test point on a net."""
    make("test_point", ref, sheet, net.name, p1=net)
