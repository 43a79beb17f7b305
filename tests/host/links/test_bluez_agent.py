"""BlueZ's agent, asked as BlueZ asks it: one passkey, for one board, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from bleak.exc import BleakDBusError
from dbus_fast import DBusError, MessageType
from dbus_fast.service import ServiceInterface
from pumplog.links import bluez_agent

DEVICE = "/org/bluez/hci0/dev_F0_F0_00_00_00_01"
OTHER = "/org/bluez/hci0/dev_F6_66_66_66_66_66"


def ask(agent: bluez_agent.PasskeyAgent, method: str, *arguments: Any) -> Any:
    """Calls a method as the bus does."""
    found = {each.name: each for each in ServiceInterface._get_methods(agent)}
    return found[method].fn(agent, *arguments)


def test_the_interface_is_that_of_bluez() -> None:
    agent = bluez_agent.PasskeyAgent(DEVICE, 42)
    assert agent.name == "org.bluez.Agent1"
    assert {each.name: (each.in_signature, each.out_signature)
            for each in ServiceInterface._get_methods(agent)} == {
        "RequestPasskey": ("o", "u"), "RequestPinCode": ("o", "s"), "RequestConfirmation": ("ou", ""),
        "RequestAuthorization": ("o", ""), "AuthorizeService": ("os", ""), "Cancel": ("", ""),
        "Release": ("", ""),
    }


def test_it_gives_the_passkey_for_its_board_alone() -> None:
    agent = bluez_agent.PasskeyAgent(DEVICE, 7)
    assert ask(agent, "RequestPasskey", DEVICE) == 7
    with pytest.raises(DBusError):
        ask(agent, "RequestPasskey", OTHER)


@pytest.mark.parametrize("method, more", [
    ("RequestPinCode", ()), ("RequestConfirmation", (123456,)), ("RequestAuthorization", ()),
])
def test_it_agrees_to_no_pairing_without_the_passkey(method: str, more: tuple[Any, ...]) -> None:
    with pytest.raises(DBusError):
        ask(bluez_agent.PasskeyAgent(DEVICE, 7), method, DEVICE, *more)


class Bus:
    """Keeps what is exported and called; refuses RegisterAgent if told so."""

    def __init__(self, refuse: bool = False) -> None:
        self.exported: list[Any] = []
        self.calls: list[tuple[str, list[Any]]] = []
        self._refuse = refuse

    def export(self, path: str, agent: Any) -> None:
        self.exported.append((path, agent))

    def unexport(self, path: str, agent: Any) -> None:
        self.exported.remove((path, agent))

    async def call(self, message: Any) -> Any:
        assert message.destination == "org.bluez" and message.interface == "org.bluez.AgentManager1"
        self.calls.append((message.member, message.body))
        kind = MessageType.ERROR if self._refuse else MessageType.METHOD_RETURN
        name = "org.bluez.Error.AlreadyExists"
        return SimpleNamespace(message_type=kind, error_name=name, body=["no"])


def client(bus: Bus, pair: Callable[[], Any]) -> Any:
    async def paired() -> None:
        pair()

    return SimpleNamespace(_bus=bus, _device_path=DEVICE, pair=paired)


def test_the_agent_is_there_while_it_pairs_on_the_bus_that_pairs_and_not_longer() -> None:
    bus = Bus()
    seen: list[Any] = []
    asyncio.run(bluez_agent.pair(client(bus, lambda: seen.extend(bus.exported)), 99))
    ((path, agent),) = seen
    assert ask(agent, "RequestPasskey", DEVICE) == 99
    assert bus.calls == [("RegisterAgent", [path, "KeyboardOnly"]), ("UnregisterAgent", [path])]
    assert not bus.exported


def test_a_pairing_that_fails_leaves_no_agent_behind() -> None:
    def fail() -> None:
        raise BleakDBusError("org.bluez.Error.AuthenticationFailed", ["wrong"])

    bus = Bus()
    with pytest.raises(BleakDBusError):
        asyncio.run(bluez_agent.pair(client(bus, fail), 99))
    assert [member for member, _ in bus.calls] == ["RegisterAgent", "UnregisterAgent"]
    assert not bus.exported
    refusing = Bus(refuse=True)
    with pytest.raises(BleakDBusError):
        asyncio.run(bluez_agent.pair(client(refusing, lambda: None), 99))
    assert not refusing.exported
