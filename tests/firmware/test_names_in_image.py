"""The published MicroPython has every name that the firmware takes from MicroPython's own modules.

The drivers are checked against declarations of a later version (`make lint`). This holds the firmware
against the image that goes onto boards: it has each name that it knows as a string in its flash.
"""

from __future__ import annotations

import ast

import pytest
from helpers.cable.published import ESP32, UnavailableError, published
from helpers.paths import ROOT

FIRMWARE = ROOT / "firmware"
FILES = sorted([FIRMWARE / "main.py", *(FIRMWARE / "boards").glob("*.py"),
                *(path for part in ("gateway", "pumpwire", "drivers", "boards/esp32", "boards/loader")
                  for path in (FIRMWARE / part).glob("*.py"))])
OURS = {path.stem for path in FILES} | {"gateway", "pumpwire", "drivers"}


def taken(source: str) -> set[tuple[str, str]]:
    """Returns (module, name) of all that a source takes from modules that are not the firmware's."""
    tree = ast.parse(source)
    found: set[tuple[str, str]] = set()
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {each.asname or each.name: each.name for each in node.names
                        if each.name.split(".")[0] not in OURS}
        elif (isinstance(node, ast.ImportFrom) and not node.level
              and (node.module or "").split(".")[0] not in OURS):
            found |= {(node.module or "", each.name) for each in node.names}
    for node in ast.walk(tree):
        if (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
                and node.value.id in modules):
            found.add((modules[node.value.id], node.attr))
    return found | {(name, "") for name in modules.values()}


def test_the_published_image_has_every_name_that_the_firmware_takes() -> None:
    try:
        image = published(ESP32).read_bytes()
    except UnavailableError as why:
        pytest.skip(str(why))
    names: dict[str, set[str]] = {}
    for path in FILES:
        for module, name in taken(path.read_text()):
            for each in filter(None, (*module.split("."), name)):
                names.setdefault(each, set()).add(str(path.relative_to(FIRMWARE)))
    assert {"PCNT", "Partition", "NVS", "reset_cause", "BLE", "WDT"} <= set(names)
    lacks = {name: where for name, where in names.items() if name.encode() + b"\0" not in image}
    assert lacks == {}


def test_a_name_that_is_not_there_is_noticed() -> None:
    assert ("machine", "reset_reason") in taken("import machine\nmachine.reset_reason()\n")
    assert ("esp32", "Counter") in taken("from esp32 import Counter\n")
