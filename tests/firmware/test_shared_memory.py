"""Python and the radio out of one memory: through all that takes it neither asks for more than there is.

A model stands for the chip's memory (firmware/boards/virtual/chip_memory.py); what it cannot know is in
docs/test_engineer.md.
"""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest
from helpers.esp32 import memory_run
from helpers.paths import ROOT
from pumpbench.board.virtual_board import find_micropython
from pumplog.deploy import diagnosis, firmware_build, on_board
from pumpwire import records
from pumpwire.units import RADIO_RESERVE_BYTES

PLENTY_BYTES = 61_440
BARE_BYTES = 7_696  # of Python's heap, in use before any firmware


def model() -> ModuleType:
    path = ROOT / "firmware" / "boards" / "virtual" / "chip_memory.py"
    spec = importlib.util.spec_from_file_location("chip_memory", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def built() -> Path:
    return firmware_build.build(ROOT / "build" / "firmware", "esp32")


def test_the_model_says_what_the_emulated_chip_said() -> None:
    chip = model().ChipMemory()
    assert chip.room() + chip.largest() - BARE_BYTES == pytest.approx(158_896, rel=0.001)
    chip.python(125_000)  # with a radio that takes nothing, as there
    assert chip.largest() == pytest.approx(14_336, rel=0.1)


def test_a_heap_that_is_full_doubles_then_takes_the_largest_piece_and_then_fails() -> None:
    module = model()
    chip = module.ChipMemory()
    free = sum(chip.free)
    chip.python(chip.room())
    assert sum(chip.free) == free
    chip.python(chip.room() + 1)
    assert sum(chip.free) == free - (56 << 10) and chip.room() == 112_061
    chip.python(chip.room() + 1)
    assert sum(chip.free) < 32_000
    with pytest.raises(MemoryError):
        chip.python(200_000)
    with pytest.raises(module.Crash):
        chip.take(b"radio", 1 << 17)


def test_with_psram_all_of_a_day_leaves_the_system_60_kb(built: Path) -> None:
    run = memory_run.run(built, psram=True)
    assert [stage.name for stage in run.stages] == [
        "boot", "link 1", "link 2", "link 3", "pairing", "pull"]
    assert min(stage.left for stage in run.stages) >= PLENTY_BYTES
    assert run.unheard == 0 and run.packets > 600 and not run.told


def test_what_is_counted_as_pythons_need_is_enough(built: Path) -> None:
    run = memory_run.run(built, psram=True)
    need = max(stage.heap for stage in run.stages)
    heap = (need * 100 // memory_run.SHARE_32 + run.own) * 131 // 128
    bounded = memory_run.run(built, psram=True, heap=heap)
    assert bounded.packets == run.packets


@pytest.mark.parametrize("share", [100, 90, 80, 67])
def test_without_psram_the_radio_gets_what_it_needs_or_is_silent_and_the_board_logs(
    built: Path, share: int,
) -> None:
    run = memory_run.run(built, psram=False, share=share)
    short = min(stage.left for stage in run.stages) < RADIO_RESERVE_BYTES
    assert bool(run.unheard) == short == (run.packets == 0)
    if short:
        assert run.unheard == 4 and run.minutes >= 1
        assert {fields["radio"] for fields in run.told} <= {records.RADIO_HELD, records.RADIO_OFF}
        assert run.told[-1]["radio"] == (records.RADIO_OFF if share <= 80 else records.RADIO_HELD)


def test_a_third_less_memory_and_the_board_runs_without_its_radio_and_says_so(built: Path) -> None:
    run = memory_run.run(built, psram=False, share=67)
    assert [fields["radio"] for fields in run.told] == [records.RADIO_OFF]
    assert run.unheard == 4 and run.minutes >= 1


def test_a_deploy_takes_less_than_the_first_heap() -> None:
    """In service mode no firmware runs: what is compiled there is what the host has the board run."""
    room = (model().ChipMemory().room() - BARE_BYTES) * 100 // memory_run.SHARE_32
    loader = (ROOT / "firmware" / "boards" / "loader" / "loader.py").read_text()
    for script in (on_board.SURVEY, on_board.TO_SERVICE, diagnosis._WIRING % "a", loader):
        subprocess.run([find_micropython(), "-X", f"heapsize={room}", "-c",
                        f"compile({script!r}, 'x', 'exec')"], check=True)
