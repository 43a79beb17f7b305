"""Chooses which of the two firmwares on the board starts. On the board: /loader.mpy, called by /main.py.

    /a, /b     two firmwares; one is whole when manifest.json names every file of it with its sha256
    /slot      "a ok", or "a 3" while the firmware in /a is on trial: starts left in which to come up
    /service   if it is there, once: nothing starts, and a computer may work on the board

What the firmware keeps in memory over a reset (gateway.resume: two equal halves that begin with "PR") is
marked in service, "PS": at the next start it may be minutes old.

Every change of /slot is a rename, which littlefs does whole or not at all. Power that goes at any
moment therefore leaves a board that starts one firmware or the other, each of them complete.
"""

import hashlib
import json
import machine
import os
from binascii import hexlify
from micropython import const

TRIALS = const(3)
_SERVICE_MS = const(600000)  # a cable pulled in service mode: the board logs again after this
_SLOT = "/slot"
_SERVICE = "/service"


def other(letter):
    """Returns the other of the two."""
    return "b" if letter == "a" else "a"


def state():
    """Returns (letter, starts left, None once it came up) of the firmware to start; a if unknown."""
    try:
        with open(_SLOT) as file:
            letter, left = file.read().split()
        if letter in ("a", "b"):
            return letter, None if left == "ok" else int(left)
    except (OSError, ValueError):
        pass
    return "a", None


def keep(letter, left):
    """Keeps what to start from now on."""
    with open(_SLOT + ".new", "w") as file:
        file.write("%s %s\n" % (letter, "ok" if left is None else left))
    os.rename(_SLOT + ".new", _SLOT)


def whole(letter):
    """Returns whether every file of a firmware is there as its manifest says."""
    buf = bytearray(512)
    view = memoryview(buf)
    try:
        with open("/%s/manifest.json" % letter) as file:
            sums = json.load(file)
        for name, digest in sums.items():
            found = hashlib.sha256()
            with open("/%s/%s" % (letter, name), "rb") as file:
                n = file.readinto(buf)
                while n:
                    found.update(view[:n])
                    n = file.readinto(buf)
            if hexlify(found.digest()).decode() != digest:
                return False
        return "main.mpy" in sums
    except (OSError, ValueError, AttributeError):
        return False


def _mark():
    """Marks what the memory keeps."""
    rtc = machine.RTC()
    kept = rtc.memory()
    half = len(kept) // 2
    if half:
        rtc.memory(b"PS" + kept[2:half] + b"PS" + kept[half + 2 :])


def choose():
    """Returns the folder of the firmware to start, or None: in service, or none is whole."""
    try:
        os.remove(_SERVICE)
        _mark()
        machine.WDT(timeout=_SERVICE_MS)
        print("service: nothing is logged; the board starts again in ten minutes at most")
        return None
    except OSError:
        pass
    letter, left = state()
    order = (letter, other(letter)) if left != 0 else (other(letter), letter)
    for candidate in order:
        if not whole(candidate):
            print("the firmware in /%s is not whole" % candidate)
            continue
        try:
            if candidate != letter:
                print("back to the firmware in /%s" % candidate)
                keep(candidate, None)
            elif left:
                keep(letter, left - 1)
        except OSError as error:  # a full file system must not keep a whole firmware from starting
            print("/slot cannot be written:", error)
        return "/" + candidate
    print("no whole firmware is on this board: make deploy writes one")
    return None


def came_up():
    """The firmware that was started runs: it is no longer on trial."""
    letter, left = state()
    if left is not None:
        keep(letter, None)
        print("the firmware in /%s came up" % letter)
