"""The circuit as plain data: parts with pins on nets. Every check and simulation reads this."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Pin:
    """net: empty for a pin that is left open on purpose."""

    number: str
    name: str
    drives: bool
    net: str


@dataclass(frozen=True)
class Part:
    """kind: its short name in parts.toml; where: `board` or `lead`."""

    ref: str
    value: str
    footprint: str
    kind: str
    sheet: str
    where: str
    maker: str
    mpn: str
    alternatives: str
    note: str
    pins: tuple[Pin, ...]

    def net(self, number: str) -> str:
        """Returns the net on the pin of that number."""
        return next(pin.net for pin in self.pins if pin.number == number)

    @property
    def nets(self) -> set[str]:
        """Returns the nets that the part touches."""
        return {pin.net for pin in self.pins if pin.net}


@dataclass(frozen=True)
class Netlist:
    """parts: by reference."""

    parts: dict[str, Part]

    def of_kind(self, *kinds: str) -> list[Part]:
        """Returns the parts whose kind begins with one of these."""
        return [part for part in self.parts.values() if part.kind.startswith(kinds)]

    def on(self, net: str) -> Iterator[tuple[Part, Pin]]:
        """Yields part and pin of everything on the net."""
        for part in self.parts.values():
            for pin in part.pins:
                if pin.net == net:
                    yield part, pin

    @property
    def nets(self) -> set[str]:
        """Returns all nets."""
        return set().union(*(part.nets for part in self.parts.values()))
