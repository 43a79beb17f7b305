"""Pairs on Linux: an agent of BlueZ (org.bluez.Agent1) that gives the passkey pumplog computed.

It is exported on the bus connection that calls Device1.Pair, bleak's own, for BlueZ asks the agent of
the caller: no other agent, and no default agent, is put aside. Interface: doc/org.bluez.Agent.rst of
BlueZ 5.
"""

from typing import Any

from dbus_fast import DBusError, Message, MessageType
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt32
from dbus_fast.service import ServiceInterface, dbus_method

_BLUEZ = "org.bluez"
_MANAGER_PATH, _MANAGER = "/org/bluez", "org.bluez.AgentManager1"
_AGENT_PATH = "/org/pumplog/agent"
_CAPABILITY = "KeyboardOnly"  # of the pairing methods, this leaves the passkey that the board shows
_REJECTED = "org.bluez.Error.Rejected"


class PasskeyAgent(ServiceInterface):
    """Answers for one board, with one passkey; refuses every other question."""

    def __init__(self, device_path: str, passkey: int) -> None:
        super().__init__("org.bluez.Agent1")
        self._device_path = device_path
        self._passkey = passkey

    def answer(self, device: str) -> int:
        """Returns the passkey for the board that it is for; DBusError for any other device."""
        if device != self._device_path:
            raise DBusError(_REJECTED, "another device")
        return self._passkey

    @dbus_method()
    def RequestPasskey(self, device: DBusObjectPath) -> DBusUInt32:
        return self.answer(device)

    @dbus_method()
    def RequestPinCode(self, device: DBusObjectPath) -> DBusStr:
        raise DBusError(_REJECTED, "no PIN: the board pairs with a passkey")

    @dbus_method()
    def RequestConfirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:
        raise DBusError(_REJECTED, "the board shows its passkey")

    @dbus_method()
    def RequestAuthorization(self, device: DBusObjectPath) -> None:
        raise DBusError(_REJECTED, "not without a passkey")

    @dbus_method()
    def AuthorizeService(self, device: DBusObjectPath, uuid: DBusStr) -> None:
        self.answer(device)

    @dbus_method()
    def Cancel(self) -> None:
        pass

    @dbus_method()
    def Release(self) -> None:
        pass


async def is_paired(client: Any) -> bool:
    """Returns whether BlueZ holds a bond with the board of a bleak client."""
    from bleak.backends.bluezdbus.manager import get_global_bluez_manager

    manager = await get_global_bluez_manager()
    return bool(manager.is_paired(client._device_path))


async def pair(client: Any, passkey: int) -> None:
    """Pairs the board of a connected bleak client; BleakError if it fails."""
    bus, device_path = client._bus, client._device_path
    agent = PasskeyAgent(device_path, passkey)
    bus.export(_AGENT_PATH, agent)
    try:
        await _manager(bus, "RegisterAgent", "os", [_AGENT_PATH, _CAPABILITY])
        try:
            await client.pair()
        finally:
            await _manager(bus, "UnregisterAgent", "o", [_AGENT_PATH])
    finally:
        bus.unexport(_AGENT_PATH, agent)


async def _manager(bus: Any, member: str, signature: str, body: list[str]) -> None:
    from bleak.exc import BleakDBusError

    reply = await bus.call(Message(destination=_BLUEZ, path=_MANAGER_PATH, interface=_MANAGER,
                                   member=member, signature=signature, body=body))
    if reply is not None and reply.message_type == MessageType.ERROR:
        raise BleakDBusError(reply.error_name or "", list(reply.body))
