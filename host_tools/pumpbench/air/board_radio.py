"""A board's side of the air: its `bluetooth` calls carried out on a Bumble device.

The frames are described in firmware/boards/virtual/bluetooth.py. Each call is answered. Some interrupts
want an answer: written, to be read, the secrets. `_ask` puts one at a time to the board, so an answer
belongs to the only question that is open. A notification has no answer: the board has CREDITS of
them, as the ESP32 has buffers, and gets them back once Bumble has sent most of what it holds.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any

from bumble import hci
from bumble.att import ATT_Error, ATT_Handle_Value_Notification
from bumble.controller import Controller
from bumble.core import UUID
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from .board_security import BoardSecurity

CREDITS = 16  # notifications a board may have in the stack, as buffers do on the ESP32
ANSWER_S = 10
SETTLE_S = 1
_EVENT_CONNECTED, _EVENT_DISCONNECTED, _EVENT_WRITTEN, _EVENT_READ = 1, 2, 3, 4
_EVENT_INDICATED, _EVENT_MTU = 20, 21
_ERRNO_INVALID = 22
_DEMANDS = {  # MicroPython's flags of what a characteristic asks of a link
    0x0200: Characteristic.Permissions.READ_REQUIRES_ENCRYPTION,
    0x0400: Characteristic.Permissions.READ_REQUIRES_AUTHENTICATION,
    0x1000: Characteristic.Permissions.WRITE_REQUIRES_ENCRYPTION,
    0x2000: Characteristic.Permissions.WRITE_REQUIRES_AUTHENTICATION,
}

PowerCut = Callable[[str, int], bool]
"""(address, n) as a board gives its n-th notification or indication away -> whether its power went."""


class BoardRadio:
    """A board's side: its `bluetooth` calls carried out on a Bumble device."""

    def __init__(
        self, link: LocalLink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        enforces: bool, power_cut: PowerCut,
    ) -> None:
        self._link = link
        self._enforces = enforces
        self._power_cut = power_cut
        self._reader = reader
        self._writer = writer
        self._lock = asyncio.Lock()
        self._answer: asyncio.Future[bytes] | None = None
        self._used = 0
        self._attributes: dict[int, Characteristic[Any]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._device: Device | None = None
        self.advertising = False
        self._gone = False
        self.address = ""
        self.said = 0  # notifications and indications that it gave to its stack
        self.security: BoardSecurity | None = None

    async def run(self) -> None:
        """Serves the board until it is powered off."""
        try:
            while True:
                (length,) = struct.unpack(">H", await self._reader.readexactly(2))
                frame = await self._reader.readexactly(length)
                self._frame(chr(frame[0]), frame[1:])
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the board or the whole air was switched off
        finally:
            self.advertising = False
            self._gone = True
            if self._answer is not None:
                self._answer.cancel()
            if self._device is not None:
                if self._tasks:  # what is under way in the stack is let come to its end
                    await asyncio.wait(self._tasks, timeout=SETTLE_S)
                for connection in list(self._device.connections.values()):
                    await connection.disconnect()
                self._link.remove_controller(self._controller)

    def _frame(self, code: str, data: bytes) -> None:
        if code in "NI":
            self.said += 1
            if self._power_cut(self.address, self.said):
                raise ConnectionResetError
        if code == "r":
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(data)
        elif code == "N":
            self._notify(data)
        elif code == "I":
            self._task(self._indicate(data))
        else:
            self._task(self._call(code, data))

    def tell_time(self) -> None:
        """Tells the board how much time has passed on the air; clock.py says why."""
        if self._device is not None and not self._gone:
            passed_ms = int(asyncio.get_running_loop().time() * 1000) & 0xFFFFFFFF
            self._send(ord("t"), struct.pack(">I", passed_ms))

    def _task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(self, code: int, data: bytes = b"") -> None:
        if not self._writer.is_closing():
            self._writer.write(struct.pack(">HB", len(data) + 1, code) + data)

    async def _ask(self, event: int, data: bytes) -> bytes:
        """Asks the board; with a board that is gone, what needed the answer is cancelled."""
        async with self._lock:
            if self._gone:
                raise asyncio.CancelledError
            self._answer = asyncio.get_running_loop().create_future()
            self._send(event, data)
            return await asyncio.wait_for(self._answer, ANSWER_S)

    async def _call(self, code: str, data: bytes) -> None:
        calls = {"A": self._activate, "C": self._configure, "V": self._advertise,
                 "R": self._register, "D": self._disconnect, "P": self._pair, "K": self._passkey}
        try:
            answer = await calls[code](data)
        except (ValueError, KeyError, hci.HCI_Error):
            self._send(ord("="), bytes((_ERRNO_INVALID,)))
        else:
            self._send(ord("="), b"\0" + (answer or b""))

    # ---- calls

    async def _activate(self, data: bytes) -> None:
        self.address = address = data.decode()
        self._controller = Controller(address, link=self._link, public_address=address)
        host = Host(self._controller, AsyncPipeSink(self._controller))
        self._device = device = Device(name=address, address=Address(address), host=host)
        self.security = BoardSecurity(device, self._ask, self._send)
        await device.power_on()
        device.on("connection", self._connected)
        self._send(ord("c"), struct.pack(">H", CREDITS))
        self.tell_time()

    @property
    def _dev(self) -> Device:
        if self._device is None:
            raise ValueError("the radio is off")
        return self._device

    @property
    def _sec(self) -> BoardSecurity:
        if self.security is None:
            raise ValueError("the radio is off")
        return self.security

    async def _pair(self, data: bytes) -> None:
        connection = self._connection(data)
        if connection is not None:
            connection.request_pairing()

    async def _passkey(self, data: bytes) -> None:
        self._sec.told_passkey(data)

    async def _configure(self, data: bytes) -> None:
        options = json.loads(data)
        if "mtu" in options:
            self._dev.gatt_server.max_mtu = options["mtu"]
        self._sec.configure(options)

    async def _advertise(self, data: bytes) -> None:
        interval_us, length = struct.unpack(">IB", data[:5])
        device = self._dev
        await device.stop_advertising()
        self.advertising = bool(interval_us)
        if interval_us:
            device.advertising_data = data[5 : 5 + length]
            device.scan_response_data = data[5 + length :]
            await device.start_advertising(
                auto_restart=False, advertising_interval_min=interval_us / 1000,
                advertising_interval_max=interval_us / 1000,
            )

    async def _register(self, data: bytes) -> bytes:
        groups = []
        for service_uuid, chars in json.loads(data):
            group = [self._characteristic(uuid, flags) for uuid, flags in chars]
            self._dev.add_service(Service(UUID(service_uuid), group))
            groups.append(group)
        for group in groups:
            for char in group:
                self._attributes[char.handle] = char
        return json.dumps([[char.handle for char in group] for group in groups]).encode()

    def _characteristic(self, uuid: str, flags: int) -> Characteristic[Any]:
        allow = Characteristic.Permissions
        permissions = allow(0)
        if flags & 0x02:
            permissions |= allow.READABLE
        if flags & 0x0C:
            permissions |= allow.WRITEABLE
        for flag, demand in _DEMANDS.items():
            if flags & flag and self._enforces:
                permissions |= demand
        made: list[Characteristic[Any]] = []

        async def read(connection: Connection) -> bytes:
            place = struct.pack(">HH", connection.handle, made[0].handle)
            answer = await self._ask(_EVENT_READ, place)
            if answer[0]:
                raise ATT_Error(answer[0])
            return answer[1:]

        async def write(connection: Connection, value: bytes) -> None:
            place = struct.pack(">HH", connection.handle, made[0].handle)
            answer = await self._ask(_EVENT_WRITTEN, place + bytes(value))
            if answer[0]:
                raise ATT_Error(answer[0])

        made.append(Characteristic(
            UUID(uuid), Characteristic.Properties(flags & 0x3F), permissions,
            CharacteristicValue(read=read, write=write),
        ))
        return made[0]

    async def _disconnect(self, data: bytes) -> None:
        connection = self._connection(data)
        if connection is not None:
            self._task(connection.disconnect())

    def _connection(self, data: bytes) -> Connection | None:
        found: Connection | None = self._dev.lookup_connection(struct.unpack(">H", data[:2])[0])
        return found

    # ---- data out

    def _notify(self, data: bytes) -> None:
        connection = self._connection(data)
        (handle,) = struct.unpack(">H", data[2:4])
        if connection is not None:
            notification = ATT_Handle_Value_Notification(
                attribute_handle=handle, attribute_value=data[4:]
            )
            self._dev.gatt_server.send_gatt_pdu(connection, bytes(notification))
        self._used += 1
        self._hand_out_credits()

    def _hand_out_credits(self) -> None:
        """Gives credits back once the stack has sent most of what it holds."""
        if not self._used or self._device is None:
            return
        queue = self._device.host.le_acl_packet_queue
        if queue is None or queue.pending < 2 * CREDITS:
            self._send(ord("c"), struct.pack(">H", self._used))
            self._used = 0
        else:
            asyncio.get_running_loop().call_later(0.001, self._hand_out_credits)

    async def _indicate(self, data: bytes) -> None:
        connection = self._connection(data)
        (handle,) = struct.unpack(">H", data[2:4])
        status = 0
        try:
            if connection is not None:
                await self._dev.indicate_subscriber(
                    connection, self._attributes[handle], data[4:], force=True
                )
        except Exception:  # whatever the stack says: the board learns that it was not confirmed
            status = 13
        self._send(_EVENT_INDICATED, data[:4] + bytes((status,)))

    # ---- events

    def _connected(self, connection: Connection) -> None:
        self.advertising = False
        handle = connection.handle
        kind = connection.peer_address.address_type & 1
        who = struct.pack(">HB", handle, kind) + bytes(connection.peer_address)[::-1]
        self._sec.watch(connection)
        self._send(_EVENT_CONNECTED, who)
        connection.on("disconnection", lambda _: self._send(_EVENT_DISCONNECTED, who))
        connection.on("connection_att_mtu_update",
                      lambda: self._send(_EVENT_MTU, struct.pack(">HH", handle, connection.att_mtu)))

