"""What the chip has before any firmware runs: its memory, bare and with the radio on, and what its flash
takes for a block. Into build/hil/board.json."""

from helpers.hil.bed import Bed
from helpers.paths import ROOT
from pumpwire.units import RADIO_RESERVE_BYTES

SELF_TEST = (ROOT / "hardware" / "self_test.py").read_text(encoding="utf-8").partition("\n\nif ")[0]
LOOK = """
import json
{do}
free, piece, psram = memory()
{undo}
print(json.dumps((free, piece, psram)))
"""
BLOCKS = 16
FLASH = f"""
import json, os, time
taken = []
with open("/block.tmp", "wb") as file:
    for _ in range({BLOCKS}):
        began_us = time.ticks_us()
        file.write(bytes(4096))
        file.flush()
        taken.append(time.ticks_diff(time.ticks_us(), began_us))
os.remove("/block.tmp")
print(json.dumps(taken))
"""


def look(bed: Bed, stage: str, do: str = "", undo: str = "") -> int:
    """Has a board in service say what its system has left; returns the bytes that are free."""
    free, piece, psram = bed.execute(SELF_TEST + LOOK.format(do=do, undo=undo))
    bed.report.looked(stage, free, piece, free)
    bed.report.psram = psram
    return int(free)


def test_the_radio_leaves_the_reserve_that_its_links_need(service: Bed) -> None:
    bare = look(service, "bare")
    on = look(service, "radio on", "import bluetooth\nble = bluetooth.BLE()\nble.active(True)",
              "ble.active(False)")
    assert RADIO_RESERVE_BYTES <= on < bare


def test_the_flash_takes_its_blocks(service: Bed) -> None:
    service.report.block_ms = [us / 1000 for us in service.execute(FLASH)]
    assert len(service.report.block_ms) == BLOCKS and min(service.report.block_ms) > 0


def test_a_deploy_takes_little(service: Bed) -> None:
    """No firmware runs while one is written: what is measured is what the host has the board run."""
    before = look(service, "bare")
    for _ in range(2):
        service.console.put({"/deploy.tmp": bytes(3 * 4096)})
        after = look(service, "deploy")
    service.execute("import os\nos.remove('/deploy.tmp')\nprint(0)")
    assert after > before // 2
