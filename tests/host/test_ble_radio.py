"""The radio link's own small logic, on a connection that is not there."""

from __future__ import annotations

import queue
from types import SimpleNamespace

import pytest
from pumplog.errors import Unreachable
from pumplog.links.ble_radio import GattPeer


def peer(connected: bool) -> GattPeer:
    made = GattPeer.__new__(GattPeer)
    made._connection = SimpleNamespace(connected=connected)
    made._arrived = queue.SimpleQueue()
    return made


def test_a_lost_link_is_noticed_long_before_the_timeout() -> None:
    with pytest.raises(Unreachable, match="the radio link broke"):
        peer(connected=False).receive(timeout_s=36_000)  # would hang for ten hours


def test_what_came_before_the_link_broke_is_still_given_out() -> None:
    gone = peer(connected=False)
    gone._arrived.put(("uuid", b"last"))
    assert gone.receive(timeout_s=36_000) == ("uuid", b"last")


def test_silence_on_a_good_link_is_none() -> None:
    assert peer(connected=True).receive(timeout_s=0.01) is None
    assert peer(connected=True).receive(timeout_s=0.3) is None
