"""Frames on the serial line.

    C0 <channel> <data> <CRC-16 little-endian over channel and data> C0

Inside, C0 is sent as DB DC, DB as DB DD, and 03 as DB DE: a raw 03 would interrupt the firmware.
Whatever stands between frames (REPL text) is passed over.
"""

from .check import crc16

END, ESCAPE, INTERRUPT = 0xC0, 0xDB, 0x03
_ESCAPED = {END: 0xDC, ESCAPE: 0xDD, INTERRUPT: 0xDE}
_PLAIN = {0xDC: END, 0xDD: ESCAPE, 0xDE: INTERRUPT}
READ_REQUEST = 0x80  # channel | READ_REQUEST asks for the value of a readable channel
MAX_DATA = 512


def wrap(channel, data):
    """Returns the frame that carries `data` on `channel`."""
    body = bytearray((channel,)) + bytearray(data)
    check = crc16(body, 0, len(body))
    body.append(check & 255)
    body.append(check >> 8)
    out = bytearray((END,))
    for byte in body:
        if byte in _ESCAPED:
            out.append(ESCAPE)
            byte = _ESCAPED[byte]
        out.append(byte)
    out.append(END)
    return out


class FrameReader:
    """Finds frames in bytes, however cut. `damaged` counts what looked like a frame and was none."""

    def __init__(self):
        self._body = bytearray()
        self._escaped = False
        self.damaged = 0

    def feed(self, data):
        """Takes bytes; returns the frames that came whole: [(channel, data)]."""
        out = []
        for byte in data:
            if byte == END:
                self._finish(out)
            elif byte == ESCAPE:
                self._escaped = True
            elif len(self._body) <= MAX_DATA + 3:
                self._body.append(_PLAIN.get(byte, byte) if self._escaped else byte)
                self._escaped = False
        return out

    def _finish(self, out):
        body = self._body
        self._body = bytearray()
        self._escaped = False
        n = len(body)
        if n == 0:
            return
        if n < 3 or n > MAX_DATA + 3 or crc16(body, 0, n - 2) != body[n - 2] | body[n - 1] << 8:
            self.damaged += 1
            return
        out.append((body[0], bytes(body[1 : n - 2])))
