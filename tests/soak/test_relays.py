"""Relays at large: who has no key changes no figure, and the board itself undoes what he did."""

from __future__ import annotations

from helpers.host.relays import hold_relays
from helpers.scale import scaled


def test_five_thousand_relays() -> None:
    hold_relays(scaled(300, 5000))
