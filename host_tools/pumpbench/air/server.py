"""The air itself: boards attach with their `bluetooth` calls, hosts with HCI, both over loopback.

A board's frames are described in firmware/boards/virtual/bluetooth.py. Each host connection gets a
controller of its own, so pumplog processes come and go as laptops do.
"""

from __future__ import annotations

import asyncio
import json
import socket
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
from bumble.transport.common import AsyncPipeSink, PacketParser, StreamPacketSink

from .board_security import BoardSecurity
from .local_link import AirLink

CREDITS = 16  # notifications a board may have in the stack, as buffers do on the ESP32
ACL_BYTES = 251
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
_GONE = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR

PowerCut = Callable[[str, int], bool]

Controller.le_acl_data_packet_length = ACL_BYTES


class _HostController(Controller):
    """Bumble's controller repeats the advertisement as scan response; this one asks the board's."""

    def send_hci_packet(self, packet: Any) -> None:
        scan_response = None
        if isinstance(packet, hci.HCI_LE_Advertising_Report_Event):
            scan_response = packet.EventType.SCAN_RSP
        elif isinstance(packet, hci.HCI_LE_Extended_Advertising_Report_Event):
            scan_response = packet.EventType.SCAN_RESPONSE
        if scan_response is not None:
            for report in packet.reports:
                sender = self.link and self.link.find_le_controller(report.address)
                if report.event_type & scan_response == scan_response and sender:
                    report.data = b"".join(
                        bytes(each.scan_response_data) for each in sender.advertising_sets.values()
                    ) or bytes(sender.le_legacy_advertiser.scan_response_data)
                    packet = type(packet)(packet.reports)
        super().send_hci_packet(packet)


class Air:
    """One room's air. `advertising`: how many boards are to be heard.

    enforces False: the boards' stacks let anybody read, write and subscribe, so that only what the
    firmware itself enforces is left. power_cut(address, n): asked as a board gives its n-th notification
    or indication to its stack, returns whether its power went at that and it never left.
    """

    def __init__(self, enforces: bool = True, power_cut: PowerCut = lambda _address, _n: False) -> None:
        self._link: LocalLink = AirLink()
        self._enforces = enforces
        self._power_cut = power_cut
        self.boards: list[BoardRadio] = []
        self._hosts = 0

    @property
    def advertising(self) -> int:
        """How many boards advertise."""
        return sum(board.advertising for board in self.boards)

    async def start(self) -> tuple[int, int]:
        """Opens both ports on loopback; returns (for boards, for hosts)."""
        boards = await asyncio.start_server(self._board, "127.0.0.1", 0)
        hosts = await asyncio.start_server(self._host, "127.0.0.1", 0)
        self._servers = (boards, hosts)
        return boards.sockets[0].getsockname()[1], hosts.sockets[0].getsockname()[1]

    def drop_links(self) -> None:
        """Breaks every connection, as walking away does."""
        for controller in list(self._link.controllers):
            for peer in list(controller.le_connections.values()):
                controller.on_le_disconnected(peer, _GONE)

    async def _board(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _no_delay(writer)
        board = BoardRadio(self._link, reader, writer, self._enforces, self._power_cut)
        self.boards.append(board)
        try:
            await board.run()
        finally:
            self.boards.remove(board)
            writer.close()

    async def _host(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Gives a host a controller, speaking HCI over the socket, until it closes it."""
        _no_delay(writer)
        self._hosts += 1
        address = f"F1:F1:F1:F1:{self._hosts >> 8 & 255:02X}:{self._hosts & 255:02X}"
        controller = _HostController(f"host {self._hosts}", link=self._link, public_address=address)
        parser = PacketParser(controller)
        controller.host = StreamPacketSink(writer)  # type: ignore[arg-type]
        try:
            while data := await reader.read(4096):
                parser.feed_data(data)
        except ConnectionError:
            pass  # the host died
        finally:
            for peer in list(controller.le_connections.values()):
                other = self._link.find_le_controller(peer.peer_address)
                back = other and other.le_connections.get(peer.self_address)
                if other and back:
                    other.on_le_disconnected(back, _GONE)
            self._link.remove_controller(controller)
            writer.close()


def _no_delay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


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

