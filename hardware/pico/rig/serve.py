"""Serves the protocol over USB: reads lines, answers them, and keeps the rig going in between."""

import select
import sys

from . import protocol
from .whole import Rig

_WAIT_MS = 1


def run():
    """Serves for ever; Ctrl-C ends it, as mpremote wants."""
    rig = Rig()
    incoming = select.poll()
    incoming.register(sys.stdin.buffer, select.POLLIN)
    line = b""
    while True:
        rig.step()
        for _ in incoming.poll(_WAIT_MS):
            byte = sys.stdin.buffer.read(1)
            if not byte:
                return  # nobody is there any more; a Pico's console never ends
            if byte not in b"\r\n":
                line += byte
                if len(line) <= protocol.LONGEST_LINE:
                    continue
                line = b"too long"
            if line:
                sys.stdout.write(protocol.answer(rig, line) + "\n")
                line = b""
