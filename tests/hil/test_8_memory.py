"""What the firmware leaves to the chip's system at each stage with the radio, into build/hil/board.json.

The board is asked over its cable meanwhile. This computer gives the links: one with a real board, whose
other links are phones' (docs/test_engineer.md); three on the virtual air.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.hil.bed import Bed
from helpers.hil.board_report import held
from pumplog.sync.client import Client
from pumpwire.units import RADIO_RESERVE_BYTES

PSRAM_LEAVES_BYTES = 61_440
HOLD = """
import sys
from pumplog.links import ble_radio
def hold(peer):
    print("on", flush=True)
    sys.stdin.read()
sys.stdin.readline()
ble_radio.first_that(sys.argv[1], hold)
"""
LOOK_S = 0.5  # of the board's time


@pytest.fixture(scope="module", autouse=True)
def strangers(bed: Bed) -> Iterator[None]:
    """The board and this computer do not know each other, before and after."""
    bed.over_radio("unpair", bed.name)
    yield
    bed.over_radio("unpair", bed.name)


def look(bed: Bed, client: Client, stage: str) -> None:
    """Notes what the board has left now."""
    status = client.status()
    bed.report.told(stage, status)
    assert not held(status)


def during(bed: Bed, stage: str, *work: Callable[[], object]) -> None:
    """Does all of it at once, and notes before and meanwhile what the board has left."""
    over = threading.Event()

    def looks() -> None:
        while not over.is_set():
            bed.pass_s(LOOK_S)
            look(bed, client, stage)

    with bed.client() as client, ThreadPoolExecutor(1 + len(work)) as pool:
        look(bed, client, stage)
        watching = pool.submit(looks)
        done = [pool.submit(each) for each in work]
        try:
            for each in done:
                each.result()
        finally:
            over.set()
        watching.result()


@contextlib.contextmanager
def linked(bed: Bed, n: int, folder: Path) -> Iterator[None]:
    """n computers hold a link each that nobody paired; the board ends such a link after a while."""
    with contextlib.ExitStack() as stack:
        holds = []
        for k in range(n):
            own = {"XDG_STATE_HOME": str(folder / str(k))}
            hold = subprocess.Popen([sys.executable, "-c", HOLD, bed.name], stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE, text=True,
                                    env={**bed.radio_environment(), **own})
            stack.callback(hold.wait)
            stack.callback(hold.kill)
            holds.append(hold)
        for hold in holds:  # one after the other, but soon: the board lets no stranger stay for long
            assert hold.stdin and hold.stdout
            hold.stdin.write("go\n")
            hold.stdin.flush()
            assert hold.stdout.readline() == "on\n"
        yield


def least(bed: Bed, stage: str) -> int:
    """Returns the least that was left at a stage, and whose looks were more than one."""
    (memory,) = [memory for memory in bed.report.memory if memory.stage == stage]
    assert memory.looks > 1
    return min(memory.free, memory.lowest)


def test_it_leaves_the_reserve_at_every_stage(bed: Bed, tmp_path: Path) -> None:
    bed.await_running()
    during(bed, "firmware up", lambda: bed.pass_s(5))
    for n in (1, 2, 3) if bed.virtual else (1,):
        with linked(bed, n, tmp_path / f"{n} hosts"):
            during(bed, f"{n} link" + "s" * (n > 1), lambda: bed.pass_s(5))
    bed.press_service()
    during(bed, "pairing", lambda: bed.over_radio("pair", bed.name).good())
    during(bed, "pull", lambda: bed.over_radio("pull", bed.name).good())
    stages = [memory.stage for memory in bed.report.memory]
    wanted = RADIO_RESERVE_BYTES if bed.report.psram == 0 else PSRAM_LEAVES_BYTES
    for stage in stages[stages.index("firmware up") :]:
        assert least(bed, stage) >= wanted, bed.report.memory
