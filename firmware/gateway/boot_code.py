"""Lets the modules go that only a boot needs: on the ESP32 code lives on the heap."""

import gc
import sys

_AT_BOOT_ONLY = ("head_search", "page_extent", "recovery", "boot_code")


def let_go():
    """Forgets them; an import brings them back. On a host, which has room, they stay."""
    if sys.implementation.name != "micropython":
        return
    package = sys.modules["gateway"]
    for name in _AT_BOOT_ONLY:
        sys.modules.pop("gateway." + name, None)
        if hasattr(package, name):
            delattr(package, name)
    gc.collect()
