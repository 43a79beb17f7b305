"""Boots the whole ESP32 board, on the stand-in chip, with the real main.py."""

import struct
import sys

import bluetooth
import esp32
import machine
from pumpwire import decoding, page, records
from world import world

SUPPLY, SERVICE, LIGHT = 26, 27, 18


def power_on(pages=4, ticks_ms=0, cause=machine.PWRON_RESET):
    """A chip at its power-up, its wires at rest; flash of so many erased pages, 0: as it was."""
    world.reset(ticks_ms)
    esp32.power_up(pages)
    bluetooth.BLE.only = None
    machine.chip["cause"] = cause
    if cause == machine.PWRON_RESET:
        machine.chip["length"] = None


def board():
    """Returns the board alone, without a gateway."""
    from board import Board

    return Board()


def calibrate():
    """Gives the board the settings of one that was provisioned."""
    nvs = esp32.NVS("pumplog")
    nvs.set_blob("calibration", struct.pack("<IIii", 1000000, 10000, 0, 420000))
    nvs.set_blob("device_key", bytes(32))
    nvs.commit()


def run(seconds):
    """Runs main.py for so many simulated seconds."""
    world.end_us = world.now_us + seconds * 1000000
    sys.modules.pop("main", None)
    try:
        __import__("main")
    except SystemExit:
        world.end_us = None
        return
    raise AssertionError("main.py came to an end")


def log():
    """Returns every record on the flash, oldest first; all pages must be whole."""
    found = []
    cells = esp32.Partition.cells["log"]
    for at in range(0, len(cells), 4096):
        data = cells[at : at + 4096]
        if data[8 : page.HEADER_BYTES] != b"\xff" * (page.HEADER_BYTES - 8):  # else blank, or made ready
            _, here, _, error = decoding.decode_page(data)
            assert error is None, error
            found += here
    return sorted(found, key=lambda record: record.seq)


def of_kind(found, kind):
    """Returns the fields of the records of one kind."""
    assert kind in records.KINDS
    return [record.fields for record in found if record.kind == kind]
