"""The air itself: boards attach with their `bluetooth` calls, laptops with HCI, both over loopback.

Theory of operation. One `AirLink` joins Bumble's controllers, as one room joins radios. Who attaches
gets a controller of its own on it, which goes when the socket closes. A pumplog that ends, or is killed,
is a laptop that left, and its peers lose the link as they do on a real air.

    pumplog  bleak, Bumble's host  --HCI-->  controller --+
                                                          AirLink
    firmware, board's `bluetooth`  --calls-->  host, controller --+

The split is not the same on both sides. On the laptop's, the air begins below HCI, so that the laptop's
whole Bluetooth stack runs in pumplog's own process, under its own faults (reception.py). On a board's it
begins above the stack (board_radio.py), for MicroPython's modbluetooth is a stack's interface and the
ESP32's stack under it is closed code. What a host sees of a board still passes ATT, L2CAP and SMP.

Everything runs in one event loop, so two events never overlap, and nothing here waits for time to pass.
Bumble is taken as it is, with two repairs: `AirLink` sends under the address that connected, and
`_LaptopController` gives each board's own scan response rather than its advertisement again.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from bumble import hci
from bumble.controller import Controller
from bumble.link import LocalLink
from bumble.transport.common import PacketParser, StreamPacketSink

from .board_radio import BoardRadio, PowerCut
from .clock import AirClock
from .laptop_clock import BEGAN_BODY, HELLO, HELLO_BODY, PASSED_BODY
from .local_link import AirLink

ACL_BYTES = 251
_GONE = hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR

Controller.le_acl_data_packet_length = ACL_BYTES


class _LaptopController(Controller):
    """Bumble's controller repeats the advertisement as scan response; this controller asks the
    board's."""

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
        self._laptops = 0
        self._clocks: set[asyncio.StreamWriter] = set()  # of laptops that keep the air's time

    @property
    def advertising(self) -> int:
        """How many boards advertise."""
        return sum(board.advertising for board in self.boards)

    async def start(self) -> tuple[int, int]:
        """Opens both ports on loopback; returns (for boards, for hosts)."""
        self._clock = AirClock(self._tell_time)
        boards = await asyncio.start_server(self._board, "127.0.0.1", 0)
        hosts = await asyncio.start_server(self._laptop, "127.0.0.1", 0)
        self._servers = (boards, hosts)
        return boards.sockets[0].getsockname()[1], hosts.sockets[0].getsockname()[1]

    def _tell_time(self) -> None:
        for board in self.boards:
            board.tell_time()
        for writer in self._clocks:
            writer.write(self._passed())

    def _passed(self) -> bytes:
        return struct.pack(PASSED_BODY, round(self._clock.now_s() * 1e6))

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

    async def _laptop(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Gives a host a controller, speaking HCI over the socket, until it closes it."""
        _no_delay(writer)
        try:
            data = await reader.read(1)
            if data == HELLO:
                (pid,) = struct.unpack(
                    HELLO_BODY, await reader.readexactly(struct.calcsize(HELLO_BODY)))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
            return  # the host died as it came
        if data == HELLO:
            await self._keep_time(pid, reader, writer)
            return
        self._laptops += 1
        address = f"F1:F1:F1:F1:{self._laptops >> 8 & 255:02X}:{self._laptops & 255:02X}"
        controller = _LaptopController(f"host {self._laptops}", link=self._link, public_address=address)
        parser = PacketParser(controller)
        controller.host = StreamPacketSink(writer)  # type: ignore[arg-type]
        try:
            while data:
                parser.feed_data(data)
                data = await reader.read(4096)
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

    async def _keep_time(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Tells a laptop's process the air's time until it closes the socket."""
        writer.write(struct.pack(BEGAN_BODY, self._clock.began_utc_ns) + self._passed())
        self._clock.guests.add(pid)
        self._clocks.add(writer)
        try:
            await reader.read()
        except (ConnectionError, asyncio.CancelledError):
            pass  # the laptop's process died, or the air was switched off
        finally:
            self._clocks.discard(writer)
            self._clock.guests.discard(pid)
            writer.close()


def _no_delay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
