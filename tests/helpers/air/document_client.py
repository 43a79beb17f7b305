"""A Bluetooth client written from docs/BLE.md alone: it imports nothing of ours.

Every UUID, number and offset is taken from the document's tables; what it does not find there, it
cannot do.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import struct
from pathlib import Path
from typing import Any, Self

from bumble.core import UUID, AdvertisingData
from bumble.device import Device, Peer
from bumble.hci import Address
from bumble.keys import MemoryKeyStore
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.transport import open_transport

DOC = (Path(__file__).parents[3] / "docs" / "BLE.md").read_text(encoding="utf-8")
SIZES = {"u8": "B", "i8": "b", "u16": "H", "u32": "I", "i32": "i"}
WAIT_S = 10


def tables(name: str) -> list[list[list[str]]]:
    """Returns the tables of a made block: rows of cells, without the headings."""
    block = DOC.split(f"<!-- made: {name} -->\n")[1].split("<!-- end -->")[0]
    found: list[list[list[str]]] = [[]]
    for line in block.splitlines():
        if line.startswith("|---"):
            found[-1].pop()  # the headings
            found.append([])
        elif line.startswith("|"):
            found[-1].append([cell.strip() for cell in line[1:-1].split("|")])
    return [table for table in found if table]


def numbers(name: str, which: int = 0) -> dict[str, int]:
    """Returns {name: number} of a table whose first column is a hexadecimal number."""
    return {row[1]: int(row[0], 16) for row in tables(name)[which]}


def read_map(name: str, data: bytes) -> dict[str, Any]:
    """Returns what a value says, by its byte map."""
    out: dict[str, Any] = {}
    for at, kind, field, *_ in tables(name)[0]:
        size = int(kind.split()[0]) if kind.endswith("bytes") else 0
        if size:
            out[field] = data[int(at) : int(at) + size]
        else:
            (out[field],) = struct.unpack_from("<" + SIZES[kind], data, int(at))
    return out


def crc16(data: bytes, changed: int = 0) -> int:
    """CRC-16/CCITT-FALSE, its start changed by so much."""
    crc = 0xFFFF ^ changed
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc


def passkey(pairing_key: bytes, nonce: bytes) -> int:
    """Returns the passkey of a window."""
    (formula,) = re.findall(r'HMAC-SHA256\(pairing key, "([^"]+)" \+ nonce\)', DOC)
    digest = hmac.new(pairing_key, formula.encode() + nonce, hashlib.sha256).digest()
    return int(struct.unpack_from("<I", digest)[0]) % 1_000_000


LOG_DATA = {row[0]: int(row[1]) for row in tables("log data")[0]}
INDEX = LOG_DATA["bytes of a packet's index"]
SEGMENT = LOG_DATA["bytes before a segment's own"]
ACK_EVERY = LOG_DATA["a client tells what it has after as many packets"]
OPS, OPERATORS, CODES = numbers("control point"), numbers("control point", 1), numbers("responses")
COMMANDS = {row[1]: int(row[0]) for row in tables("commands")[0]}
RESULTS = {row[1]: int(row[0]) for row in tables("results")[0]}
SERVICE = next(row[2] for row in tables("services")[0] if row[:2] == ["pumplog", ""])
UUIDS = {row[1]: row[2] for row in tables("services")[0] if row[1]}
ANYBODY = [row[1] for row in tables("services")[0] if row[4] == "anybody"]
READABLE = [row[1] for row in tables("services")[0] if "read" in row[3]]


class _Keyboard(PairingDelegate):
    def __init__(self, number: int) -> None:
        super().__init__(PairingDelegate.KEYBOARD_INPUT_ONLY)
        self._number = number

    async def get_number(self) -> int:
        return self._number


class Client:
    """Use `async with Client(air) as client`."""

    def __init__(self, air: str) -> None:
        self._air = air
        self._log: asyncio.Queue[bytes] = asyncio.Queue()
        self._answers: dict[str, asyncio.Queue[bytes]] = {
            "RACP": asyncio.Queue(), "COMMAND": asyncio.Queue()}
        self._id = 0

    async def __aenter__(self) -> Self:
        self._transport = await open_transport(f"tcp-client:{self._air}")
        self._device = Device.with_hci("client", Address("F7:77:77:77:77:01"), self._transport.source,
                                       self._transport.sink)
        await self._device.power_on()
        self._device.keystore = MemoryKeyStore()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.close()

    async def find(self, name: str) -> bool:
        """Connects to the board of that name; returns whether it has news."""
        heard: asyncio.Future[tuple[Any, bool]] = asyncio.get_running_loop().create_future()
        rows = {row[1]: row[2] for row in tables("advertisement")[0]}
        company = bytes.fromhex(rows["FF"].split(",")[0].replace(" ", ""))
        (bit,) = re.findall(r"bit (\d) has news", rows["FF"])

        def listen(told: Any) -> None:
            listed = [uuid for kind in told.data.ad_structures if kind[0] == 0x07 for uuid in [kind[1]]]
            ours = bytes(reversed(bytes.fromhex(SERVICE.replace("-", ""))))
            named = told.data.get(AdvertisingData.COMPLETE_LOCAL_NAME) == name
            maker = [data for kind, data in told.data.ad_structures if kind == 0xFF]
            if named and ours in listed and maker and not heard.done():
                assert maker[0][:2] == company
                heard.set_result((told.address, bool(maker[0][2] >> int(bit) & 1)))

        self._device.on("advertisement", listen)
        await self._device.start_scanning(active=True)
        address, news = await asyncio.wait_for(heard, WAIT_S)
        await self._device.stop_scanning()
        self._connection = await self._device.connect(address, timeout=WAIT_S)
        peer = Peer(self._connection)
        await peer.request_mtu(247)
        await peer.discover_services()
        for service in peer.services:
            await service.discover_characteristics()
        self._found = {what: peer.get_characteristics_by_uuid(UUID(uuid))[0]
                       for what, uuid in UUIDS.items()}
        return news

    async def read(self, what: str) -> bytes:
        """Reads a value by the document's word for it."""
        return bytes(await self._found[what].read_value())

    async def pair(self, pairing_key: bytes) -> None:
        """Pairs, and reads STATUS to see that it is so; subscribes."""
        window = read_map("pairing", await self.read("PAIRING"))
        assert window["open"] == 1
        number = passkey(pairing_key, window["nonce"])
        self._device.pairing_config_factory = lambda _: PairingConfig(
            sc=True, mitm=True, bonding=True, delegate=_Keyboard(number),
            identity_address_type=PairingConfig.AddressType.RANDOM)
        await self._connection.pair()
        for _ in range(50):
            if not read_map("pairing", await self.read("PAIRING"))["open"]:
                break
            await asyncio.sleep(0.1)
        await self.read("STATUS")
        await self._found["LOG"].subscribe(lambda data: self._log.put_nowait(bytes(data)))
        for what, answers in self._answers.items():
            await self._found[what].subscribe(
                lambda data, answers=answers: answers.put_nowait(bytes(data)), prefer_notify=False)

    async def control(self, request: bytes) -> bytes:
        """Writes to the control point; returns the indication."""
        await self._found["RACP"].write_value(request, with_response=True)
        return await asyncio.wait_for(self._answers["RACP"].get(), WAIT_S)

    @staticmethod
    def request(op: str, operator: str, *seqs: int) -> bytes:
        """Returns a request, by the document's words."""
        operand = b"\1" + struct.pack(f"<{len(seqs)}I", *seqs) if seqs else b""
        return bytes((OPS[op], OPERATORS[operator])) + operand

    async def start(self, request: bytes) -> None:
        """Writes a request for a report, and does not look at what comes."""
        await self._found["RACP"].write_value(request, with_response=True)

    async def report(self, request: bytes, lose: int = -1) -> tuple[int, dict[int, dict[int, bytes]]]:
        """Has records sent; returns (response code, {first_seq: {offset: bytes}}).

        lose: that packet is taken for lost the first time it comes.
        """
        while not self._log.empty():
            self._log.get_nowait()
        await self.start(request)
        stream, expected = b"", 0
        while self._answers["RACP"].empty():
            try:
                packet = await asyncio.wait_for(self._log.get(), 1)
            except TimeoutError:
                await self._flow(expected, True)
                continue
            high = expected >> 8 & 0xFF  # no tag
            good = crc16(packet[:-2], high) == int.from_bytes(packet[-2:], "little")
            if not good or packet[0] != expected % 256 or expected == lose:
                lose = -1
                await self._flow(expected, True)
                continue
            stream += packet[INDEX:-2]
            expected += 1
            if expected % ACK_EVERY == 0 or stream.endswith(b"\0\0"):  # a segment of no bytes, or as if
                await self._flow(expected, False)
        answer = self._answers["RACP"].get_nowait()
        assert answer[:3] == bytes((OPS["response code"], OPERATORS["null"], request[0]))
        pages: dict[int, dict[int, bytes]] = {}
        while stream:
            first_seq, offset, length = struct.unpack_from("<IHH", stream)
            if not length:
                assert len(stream) == SEGMENT
                break
            pages.setdefault(first_seq, {})[offset] = stream[SEGMENT : SEGMENT + length]
            stream = stream[SEGMENT + length :]
        return answer[3], pages

    async def _flow(self, expected: int, again: bool) -> None:
        told = struct.pack("<HB", expected & 0xFFFF, again)
        told = told.ljust(LOG_DATA["bytes of a FLOW write"], b"\0")
        await self._found["FLOW"].write_value(told, with_response=False)

    async def command(self, name: str, body: bytes = b"", code: int = 0) -> tuple[int, bytes]:
        """Writes a command; returns (result, body)."""
        self._id += 1
        request = struct.pack("<BBI", COMMANDS[name], self._id, code) + body
        await self._found["COMMAND"].write_value(request, with_response=True)
        answer = await asyncio.wait_for(self._answers["COMMAND"].get(), WAIT_S)
        assert answer[:2] == bytes((COMMANDS[name] + 0x80, self._id))
        return answer[2], answer[3:]

    async def prove(self, key: bytes, host_id: int) -> tuple[int, int]:
        """Has the board prove its key; returns (log_id, firmware)."""
        body = b"a fresh nonce..." + struct.pack("<I", host_id)
        result, told = await self.command("PROVE", body)
        assert result == 0
        code = hmac.new(key, b"pumplog board 1" + body + told[:24], hashlib.sha256).digest()[:16]
        assert told[24:] == code
        self._key, self._nonce, self._host_id, self._counter = key, told[:16], host_id, 0
        return struct.unpack("<II", told[16:24])  # type: ignore[return-value]

    async def write(self, name: str, body: bytes) -> int:
        """Writes a command that needs the device key; returns its result."""
        self._counter += 1
        head = struct.pack("<IIBBI", self._host_id, self._counter, COMMANDS[name], self._id + 1, 0)
        code = hmac.new(self._key, b"pumplog write 1" + self._nonce + head + body, hashlib.sha256)
        sealed = body + struct.pack("<I", self._counter) + code.digest()[:16]
        return (await self.command(name, sealed))[0]
