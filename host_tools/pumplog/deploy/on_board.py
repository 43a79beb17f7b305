"""What the host has a board do: Python for MicroPython's raw REPL, in service mode. Each prints JSON."""

from __future__ import annotations

import json
from typing import Any

from .mpremote import Mpremote

# One call, for a running firmware's watchdog bites ten seconds after it was interrupted.
TO_SERVICE = """
import machine, os
if "loader.mpy" in os.listdir("/"):
    open("/service", "w").close()
    machine.reset()
"""
IN_SERVICE = "import os, sys; print('main' not in sys.modules and 'service' not in os.listdir('/'))"

SURVEY = """
import json, os, sys
from hashlib import sha256
from binascii import hexlify
from esp32 import Partition
def listing(folder):
    found = {}
    for name, kind, *_ in os.ilistdir(folder or "/"):
        path = folder + "/" + name
        if kind & 0x4000:
            if path not in ("/lib", "/rom"):
                found.update(listing(path))
        else:
            digest = sha256()
            buf = bytearray(512)
            with open(path, "rb") as file:
                n = file.readinto(buf)
                while n:
                    digest.update(memoryview(buf)[:n])
                    n = file.readinto(buf)
            found[path] = hexlify(digest.digest()).decode()
    return found
def text(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None
free = os.statvfs("/")
v = sys.implementation
print(json.dumps({
    "micropython": ".".join(str(n) for n in v[1][:3]), "machine": getattr(v, "_machine", ""),
    "mpy": v._mpy & 0xFF,
    "partitions": [p.info()[:5] for kind in (0, 1) for p in Partition.find(kind)],
    "files": listing(""), "slot": text("/slot"), "manifests": {f: text("/%s/manifest.json" % f) for f in
    "ab"}, "free_bytes": free[0] * free[3],
}))
"""


class Survey:
    """What lies on a board's file system and flash. files: {path: sha256}."""

    def __init__(self, found: dict[str, Any]) -> None:
        self.micropython: str = found["micropython"]
        self.machine: str = found["machine"]
        self.mpy: int = found["mpy"]
        self.partitions = {row[4]: (row[2], row[3]) for row in found["partitions"]}  # label: (at, size)
        self.files: dict[str, str] = found["files"]
        self.free_bytes: int = found["free_bytes"]
        self._manifests: dict[str, str | None] = found["manifests"]
        letter, _, left = (found["slot"] or "").strip().partition(" ")
        known = letter in ("a", "b") and (left == "ok" or left.isdecimal())
        self.slot = letter if known else None
        self.trials_left = None if not known or left == "ok" else int(left)

    def sums(self, letter: str) -> dict[str, str]:
        """Returns what the manifest of a firmware says; {} if there is none that can be read."""
        try:
            found = json.loads(self._manifests[letter] or "{}")
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
    return Survey(json.loads(board.execute(SURVEY).strip().splitlines()[-1]))
