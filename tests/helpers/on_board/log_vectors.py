"""Reads the pages of tests/vectors/log, and encodes them back from what they hold.

A .hex file is the page's bytes: `OFFSET HEX` a line, what no line gives is erased (0xFF), `end N`
its length. The .json beside it is what those bytes say, frame by frame.
"""

import binascii
import json

from helpers.on_board.places import VECTORS
from pumpwire import frames, page, records
from pumpwire.check import frame_check
from pumpwire.deltas import Deltas
from pumpwire.varint import put_uint

FOLDER = VECTORS + "/log"
NAMES = ("closed_sealed", "closed_without_key", "decayed", "every_kind", "late_minute", "newer_version",
         "retired", "torn_end")
SIMULATED = ()


def read_hex(lines):
    """Returns the bytes that the lines of a .hex file give."""
    data = bytearray()
    for line in lines:
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "end":
            return bytes(data) + b"\xff" * (int(words[1]) - len(data))
        data += b"\xff" * (int(words[0]) - len(data)) + binascii.unhexlify(words[1])
    raise ValueError("no end")


def load(name):
    """Returns (the page's bytes, what they say)."""
    with open("%s/%s.hex" % (FOLDER, name)) as file:
        data = read_hex(file)
    with open("%s/%s.json" % (FOLDER, name)) as file:
        return data, json.load(file)


def key_of(said):
    """Returns the key that a vector states, None without one."""
    if not said["device_key"]:
        return None
    key = binascii.unhexlify(said["device_key"])
    return key


def unhex(value):
    return binascii.unhexlify(value) if isinstance(value, str) else value


def raw_frame(frame, kind, dt, body, seed):
    """Writes a frame of a kind that this version does not know; returns its length."""
    at = put_uint(frame, 2, dt)
    frame[at : at + len(body)] = body
    at += len(body)
    frame[0] = kind
    frame[1] = at - 2
    check = frame_check(frame, 0, at, seed)
    frame[at] = check & 255
    frame[at + 1] = check >> 8
    return at + 2


class Encoder:
    """Encodes a vector's frames one after the other."""

    def __init__(self, header):
        self.data = bytearray(page.HEADER_BYTES)
        page.put_header(self.data, header["log_id"], header["first_seq"], header["boot"],
                        header["base_s"], header["base_tick"])
        self._seed = page.read_header(self.data).seed
        self._ticks = header["base_s"] * 10 + header["base_tick"]
        self._deltas = Deltas()

    def put(self, said):
        """Adds one frame's records, or filler."""
        if "filler" in said:
            self.data += bytes(said["filler"])
            return
        frame = bytearray(records.MAX_FRAME)
        record = said["records"][0]
        kind = record["kind"]
        if kind == records.BOOT:
            self._ticks = 0
        ticks = record["uptime_ms"] // 100
        dt = ticks - self._ticks
        self._ticks = ticks
        if kind not in records.KINDS:
            n = raw_frame(frame, kind, dt, unhex(record["fields"]["raw"]), self._seed)
            self._deltas.passed(kind, dt)
            self.data += frame[:n]
            return
        values, blob = _values(record)
        n = 0
        if kind == records.MINUTE:
            rides = _values(said["records"][1])[0] if len(said["records"]) > 1 else None
            assert rides is None or self._deltas.rides(rides)
            n = frames.encode_minute(frame, dt, values, rides, self._seed, self._deltas)
        n = n or frames.encode(frame, kind, dt, values, blob, self._seed, self._deltas)
        self.data += frame[:n]


def _values(record):
    values = []
    blob = None
    for name, code in records.fields_of(record["kind"]):
        value = record["fields"][name]
        if code == ord("b"):
            blob = unhex(value)
        else:
            values.append(value)
    return values, blob


def encoded(said):
    """Returns the page's bytes, made anew of what a vector says; None where its header says nothing."""
    if said["header"] is None:
        return None
    encoder = Encoder(said["header"])
    for frame in said["frames"]:
        assert len(encoder.data) == frame["at"], frame
        encoder.put(frame)
    data = encoder.data + unhex(said["rest"])
    footer = said["footer"]
    if footer is None:
        return bytes(data)
    data += b"\xff" * (page.FOOTER_AT - len(data))
    made = page.build_footer(
        (memoryview(data)[: footer["used"]],), footer["used"], footer["count"], footer["key_id"],
        footer["flags"], unhex(footer["previous"]), key_of(said))
    return bytes(data) + bytes(made)


def records_of(said):
    """Returns the records that a vector says: [(seq, kind, boot, uptime_ms, fields)]."""
    return [(record["seq"], record["kind"], record["boot"], record["uptime_ms"],
             dict((name, unhex(value)) for name, value in record["fields"].items()))
            for frame in said["frames"] for record in frame.get("records", ())]
