"""What lies around the virtual chip: its wires in a file that the bench maps, and the way to the bench.

    wires   40 pins of <u32 level> <u32 rose> <u32 fell>, then <i32 what the load cell reads>
    bench   a datagram socket: "mounted", "reset CAUSE", "watchdog MS", "feed", "power cut"

Settings come in USB_CHIP as JSON: state (folder), bench (port), cause (of this reset), cell (pins [dout,
sck], or null), clock (is there a DS3231), cut_in ([low, high, n]: power goes in the flash operation
after n at these addresses; or null), record (note all of them), erase_ms (how long an erase of flash
takes), speed (of the board's time), memory ([its internal memory in per cent of an ESP32's, whether it
has PSRAM]).
"""

import json
import os
import socket
import struct
import time

_PIN_BYTES = 12
_CELL_AT = 40 * _PIN_BYTES

settings = json.loads(os.getenv("USB_CHIP"))
_wires = open(settings["state"] + "/wires.bin", "r+b")
_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
_bench = socket.getaddrinfo("127.0.0.1", settings["bench"])[0][-1]


def tell(message):
    """Tells the bench."""
    _socket.sendto(message.encode(), _bench)


def end(message):
    """Tells the bench something after which this process has no more to do."""
    tell(message)
    while True:
        time.sleep(1)


def wire(pin, field):
    """Returns level (0), rises (1) or falls (2) of a pin."""
    _wires.seek(pin * _PIN_BYTES + 4 * field)
    return struct.unpack("<I", _wires.read(4))[0]


def drive(pin, level):
    """Has the chip drive a pin."""
    was = wire(pin, 0)
    if level != was:
        field = 1 if level else 2
        edges = wire(pin, field) + 1
        _wires.seek(pin * _PIN_BYTES)
        _wires.write(struct.pack("<I", level))
        _wires.seek(pin * _PIN_BYTES + 4 * field)
        _wires.write(struct.pack("<I", edges))


def cell_raw():
    """Returns what the load cell reads now."""
    _wires.seek(_CELL_AT)
    return struct.unpack("<i", _wires.read(4))[0]
