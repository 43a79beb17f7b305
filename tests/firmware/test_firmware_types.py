"""The type check of the firmware's hardware side does find names that MicroPython does not have."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.firmware_types import CHECKED, FIRMWARE, complaints


def test_the_firmware_as_it_is_has_none() -> None:
    assert complaints(CHECKED) == ""


@pytest.mark.parametrize("source, right, wrong", [
    ("drivers/hx711.py", "dout.value(", "dout.fetch("),
    ("drivers/hx711.py", "time.ticks_us(", "time.micros("),
    ("drivers/hx711.py", "import Pin, disable_irq,", "import Pin, no_irq as disable_irq,"),
    ("drivers/pulse_counter.py", "pcnt.start(", "pcnt.resume("),
    ("drivers/pulse_counter.py", "PCNT.INCREMENT", "PCNT.UP"),
    ("drivers/ds3231.py", "readfrom_mem_into(", "readfrom_into_mem("),
    ("drivers/supply_sense.py", "trigger=Pin", "edge=Pin"),
    ("boards/esp32/flash.py", ".writeblocks(", ".programblocks("),
    ("boards/esp32/flash.py", ".readblocks(", ".readblock("),
    ("boards/esp32/nvs.py", ".get_blob(key, buf)", ".get_blob(key)"),
    ("boards/esp32/retained.py", "rtc.memory(", "rtc.ram("),
    ("boards/esp32/watchdog.py", "timeout=_", "timeout_ms=_"),
    ("boards/esp32/serial_port.py", ".ipoll(", ".poll_nowait("),
    ("boards/esp32/board.py", "machine.reset_cause(", "machine.reset_reason("),
    ("boards/radio.py", ".gatts_read(", ".gatts_get("),
])
def test_a_wrong_name_is_found(source: str, right: str, wrong: str, tmp_path: Path) -> None:
    text = (FIRMWARE / source).read_text()
    assert right in text
    copy = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / source).write_text(text.replace(right, wrong, 1))
    line = text[: text.index(right)].count("\n") + 1
    assert f"{source}:{line}: error: " in complaints([copy / source], firmware=copy)
