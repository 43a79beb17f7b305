"""The firmware under test: the very .mpy files that are deployed to an ESP32, boards/ apart."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from pathlib import Path

from pumplog.deploy import build


@cache
def compiled_firmware() -> Path:
    """Returns the folder of compiled firmware, built once a content (see pumplog.deploy.build)."""
    root = os.environ.get("PUMPBENCH_CACHE")
    cache_root = Path(root) if root else Path(tempfile.gettempdir()) / f"pumpbench-{os.getuid()}"
    return build(cache_root, board="virtual")
