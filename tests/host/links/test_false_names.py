"""Strangers who use a board's name keep nobody from the board."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest
from helpers.scale import scaled
from pumplog.errors import IntegrityError, NotPairedError, PumplogError, UnreachableError
from pumplog.links import ble_link, ble_pairing, ble_radio
from pumplog.links.search import Search

WAYS = ("lets nobody connect", "is no board", "window closed", "proves nothing", "goes away")
ERRORS = {"lets nobody connect": UnreachableError, "is no board": UnreachableError,
          "window closed": NotPairedError, "proves nothing": IntegrityError,
           "goes away": UnreachableError}


@dataclass
class Device:
    """One that advertises B01; way: what a stranger does, "" for the board itself."""

    address: str
    way: str
    name: str = "B01"
    closed: int = 0
    subscribed: list[str] = field(default_factory=list)

    def subscribe(self, uuid: str) -> None:
        if self.way == "is no board":
            raise UnreachableError("what was connected to lacks the pumplog service", "look")
        self.subscribed.append(uuid)

    def close(self) -> None:
        self.closed += 1
        if self.way == "goes away":
            raise UnreachableError("the radio link broke", "go nearer")


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch):
    """air(devices, first): a scan hears the `first` of them before it ends, and all if asked again."""

    def put(devices: list[Device], first: int) -> None:
        monkeypatch.setattr(ble_radio, "SEARCH", Search(
            lambda board: devices[:first] if board else devices))

    def connect(heard: Device) -> Device:
        if heard.way == "lets nobody connect":
            raise UnreachableError("board B01 was heard but does not let us in", "go nearer")
        return heard

    def secure(peer: Device, board: str, pairing_key: bytes | None) -> None:
        if peer.way in ("window closed", "goes away"):
            raise ERRORS[peer.way](peer.way, "do it again")

    monkeypatch.setattr(ble_radio, "connect", connect)
    monkeypatch.setattr(ble_pairing, "secure", secure)
    return put


def proves(link: ble_link.BleLink) -> None:
    if link._peer.way == "proves nothing":  # type: ignore[attr-defined]
        raise IntegrityError("it does not hold the key", "have it looked at")


def test_the_board_is_found_among_up_to_three_who_use_its_name(air) -> None:
    for number in range(scaled(300, 5000)):
        dice = random.Random(f"false names {number}")
        strangers = [Device(f"s{n}", dice.choice(WAYS)) for n in range(dice.randint(0, 3))]
        true = Device("true", "")
        devices = [*strangers, true]
        dice.shuffle(devices)
        air(devices, dice.randint(1, len(devices)))
        link = ble_link.open_ble("B01", b"k" * 32, proves)
        assert link._peer is true and true.closed == 0 and len(true.subscribed) == 3
        before = devices[: devices.index(true)]
        assert all(each.closed == 1 for each in before if each.way != "lets nobody connect")


@pytest.mark.parametrize("way", WAYS)
def test_a_stranger_alone_is_told_as_ever(air, way: str) -> None:
    air([Device("s", way)], 1)
    with pytest.raises(ERRORS[way]) as told:
        ble_link.open_ble("B01", b"k" * 32, proves)
    assert "devices" not in told.value.what


def test_of_many_it_is_told_what_the_nearest_to_a_board_did_and_how_many_they_are(air) -> None:
    air([Device(f"s{n}", way) for n, way in enumerate(("goes away", "window closed", "is no board"))], 1)
    with pytest.raises(NotPairedError, match="window closed; 3 devices near here use that name"):
        ble_link.open_ble("B01", b"k" * 32, proves)


def test_a_crowd_of_strangers_costs_four_tries(air) -> None:
    crowd = [Device(f"s{n}", "window closed") for n in range(50)]
    air(crowd, 50)
    with pytest.raises(PumplogError, match="4 devices"):
        ble_link.open_ble("B01", b"k" * 32, proves)
    assert sum(each.closed for each in crowd) == 4


def test_a_radio_that_cannot_listen_again_hides_nothing_of_what_the_first_did(
    air, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(board: str | None) -> list[Device]:
        if board is None:
            raise UnreachableError("this computer's Bluetooth cannot scan", "switch it on")
        return [Device("s", "window closed")]

    monkeypatch.setattr(ble_radio, "SEARCH", Search(scan))
    with pytest.raises(NotPairedError, match="window closed"):
        ble_link.open_ble("B01", b"k" * 32, proves)
