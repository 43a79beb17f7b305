"""What the host has a board do: Python for MicroPython's raw REPL, in service mode."""

from __future__ import annotations

import json
from typing import Any

from .mpremote import Mpremote

# In one go, for a running firmware's watchdog bites ten seconds after it was interrupted.
TO_SERVICE = """import machine,os
if 'loader.mpy' in os.listdir('/'):
 open('/service','w').close()
 machine.reset()"""
# Whether it is in service. Then it starts by itself in ten minutes, whatever becomes of the cable.
IN_SERVICE = """import machine,os,sys
served='main' not in sys.modules and 'service' not in os.listdir('/')
if served:machine.WDT(timeout=600000)
print(served)"""

# Line by line: a board has no room for all of it at once.
SURVEY = """
import json, os, sys
from hashlib import sha256
from binascii import hexlify
from esp32 import Partition
def tell(*line):
    print(json.dumps(line))
def listing(folder):
    buf = bytearray(512)
    for name, kind, *_ in os.ilistdir(folder or "/"):
        path = folder + "/" + name
        if kind & 0x4000:
            if path not in ("/lib", "/rom"):
                listing(path)
        else:
            digest = sha256()
            with open(path, "rb") as file:
                n = file.readinto(buf)
                while n:
                    digest.update(memoryview(buf)[:n])
                    n = file.readinto(buf)
            tell("file", path, hexlify(digest.digest()).decode())
listing("")
for name in ("slot", "a/manifest.json", "b/manifest.json"):
    try:
        with open("/" + name) as file:
            tell("text", name, file.read())
    except OSError:
        pass
for kind in (0, 1):
    for partition in Partition.find(kind):
        tell("partition", *partition.info()[2:5])
v = sys.implementation
tell("micropython", ".".join(str(n) for n in v[1][:3]), v._mpy & 0xFF)
"""


class Survey:
    """What lies on a board's file system and flash, by what SURVEY printed there."""

    micropython: str  #: its version, such as "1.26.1"
    mpy: int  #: the bytecode version that it takes
    partitions: dict[str, tuple[int, int]]  #: {label: (address, bytes)}
    files: dict[str, str]  #: {path: sha256}
    slot: str | None  #: the folder of the firmware that is to start; None: nothing says
    trials_left: int | None  #: starts in which it has to come up; None: it came up

    def __init__(self, said: str) -> None:
        told: dict[str, list[list[Any]]] = {}
        for line in said.splitlines():
            if line.startswith("["):
                what, *rest = json.loads(line)
                told.setdefault(what, []).append(rest)
        ((self.micropython, self.mpy),) = told["micropython"]
        self.partitions = {label: (at, size) for at, size, label in told.get("partition", [])}
        self.files = {path: digest for path, digest in told.get("file", [])}
        self._texts: dict[str, str] = {name: text for name, text in told.get("text", [])}
        letter, _, left = self._texts.get("slot", "").strip().partition(" ")
        known = letter in ("a", "b") and (left == "ok" or left.isdecimal())
        self.slot = letter if known else None
        self.trials_left = None if not known or left == "ok" else int(left)

    def sums(self, letter: str) -> dict[str, str]:
        """Returns what the manifest of a firmware says; {} if there is none that can be read."""
        try:
            found = json.loads(self._texts.get(f"{letter}/manifest.json", "{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def wrong(self, letter: str) -> list[str]:
        """Returns the files of a firmware that are not as its manifest says, or not there."""
        return [name for name, digest in self.sums(letter).items()
                if self.files.get(f"/{letter}/{name}") != digest]

    def whole(self, letter: str) -> bool:
        """Returns whether a firmware is complete, by the host's own comparison."""
        return "main.mpy" in self.sums(letter) and not self.wrong(letter)


def survey(board: Mpremote) -> Survey:
    """Looks at a board in service mode, or without firmware."""
    return Survey(board.execute(SURVEY))
