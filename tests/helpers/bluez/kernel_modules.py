"""Picks the kernel's drivers that the virtual machine needs, in an order in which they can be loaded.

Each module says in its own .modinfo which others it wants; Debian's kernel package carries no
modules.dep before depmod has run.
"""

from __future__ import annotations

import lzma
import re
from pathlib import Path

WANTED = (
    "virtio_pci", "9pnet_virtio", "9p", "virtio_console",
    # LE Secure Connections: P-256, its random numbers, AES-CMAC; bluetoothd's own cryptography
    "sha3_generic", "sha512_generic", "ctr", "jitterentropy_rng", "drbg", "cmac", "ecb", "ccm",
    "algif_hash", "algif_skcipher", "hci_vhci",
)


def collect(tree: Path, to: Path) -> list[str]:
    """Copies the modules wanted, and those they want, from a kernel's tree; returns the load order."""
    found = {_name(path): path for path in (tree / "kernel").rglob("*.ko*")}
    builtin = {_name(Path(line)) for line in (tree / "modules.builtin").read_text().splitlines()}
    order: list[str] = []

    def add(name: str) -> None:
        if name in order or name in builtin:
            return
        content = _content(found[name])
        told = re.search(rb"\0depends=([^\0]*)\0", content)
        for other in (told[1].decode() if told else "").split(","):
            if other:
                add(other.replace("-", "_"))
        (to / name).write_bytes(content)
        order.append(name)

    for name in WANTED:
        add(name)
    return order


def _name(path: Path) -> str:
    return path.name.split(".")[0].replace("-", "_")


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data
