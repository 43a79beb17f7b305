"""Joins the kernel's virtual Bluetooth controller (/dev/vhci) to a byte stream, a port of the machine.

/dev/vhci gives and takes one HCI packet a call; the stream is HCI's UART transport (H4), whose packets
follow each other: a type byte, a header that ends in the length, the rest.
"""

import os
import select
import sys

_HEADER = {2: (5, 2), 3: (4, 1), 4: (3, 1), 5: (5, 2)}  # type: (bytes to the length's end, its own bytes)
_VENDOR = 0xFF  # not HCI: how a controller is made, and the kernel's answer
_PRIMARY = bytes((_VENDOR, 0))


def main(port_path: str) -> None:
    """Carries packets both ways until the host's end closes."""
    port = os.open(port_path, os.O_RDWR)
    vhci = os.open("/dev/vhci", os.O_RDWR)
    os.write(vhci, _PRIMARY)
    arrived = b""
    while True:
        for ready in select.select([vhci, port], [], [])[0]:
            data = os.read(ready, 65536)
            if ready == port:
                if not data:
                    return
                arrived = _to_kernel(vhci, arrived + data)
            elif data[0] != _VENDOR:
                while data:
                    data = data[os.write(port, data):]


def _to_kernel(vhci: int, data: bytes) -> bytes:
    """Hands over the whole packets of data; returns what is left."""
    while data:
        head, width = _HEADER[data[0]]
        size = head + int.from_bytes(data[head - width : head], "little")
        if len(data) < head or len(data) < size:
            break
        os.write(vhci, data[:size])
        data = data[size:]
    return data


main(sys.argv[1])
