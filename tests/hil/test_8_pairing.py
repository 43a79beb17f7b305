"""The radio: the service button lets a computer in that knows the passkey, once; pulls by Bluetooth.

By the real radio, or on the virtual air, where the host's and the board's Bluetooth stacks are Bumble's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.hil.bed import APART_S, Bed, after, of_kind
from pumplog import host
from pumplog.store import Store
from pumpwire import commands

TRIES = 3
CLOSED = "its pairing window is closed"
ENTRIES = 20


@pytest.fixture
def wrong(bed: Bed, tmp_path: Path) -> Path:
    """A store with another pairing key of the board."""
    db = tmp_path / "wrong.db"
    shutil.copy(bed.db, db)
    with Store.open(db) as store:
        store.add_board(replace(bed.known(), pairing_key=host.random_bytes(16)))
        store.commit()
    return db


@pytest.fixture(scope="module", autouse=True)
def strangers(bed: Bed) -> Iterator[None]:
    """The board and this computer do not know each other, before and after."""
    bed.over_radio("unpair", bed.name)
    yield
    bed.over_radio("unpair", bed.name)


def test_without_a_press_nobody_is_let_in(bed: Bed) -> None:
    done = bed.over_radio("pull", bed.name)
    assert done.code == 4 and CLOSED in done.out + done.err, done


def test_three_wrong_passkeys_close_the_window(bed: Bed, wrong: Path) -> None:
    before = bed.head()
    bed.press_service()
    for _ in range(TRIES):
        done = bed.over_radio("pair", bed.name, db=wrong)
        assert done.code == 4 and CLOSED not in done.err, done
    done = bed.over_radio("pair", bed.name)  # the right one, too late
    assert done.code == 4 and CLOSED in done.err, done
    told = [(one["op"], one["result"]) for one in of_kind(after(bed.pull(), before), "access")]
    assert (commands.PAIR, commands.WRONG_KEY) in told


def test_after_a_press_the_right_one_pairs_and_pulls_while_the_pump_counts(bed: Bed) -> None:
    before = bed.head()
    bed.press_service()
    bed.over_radio("pair", bed.name).good()
    bed.queue(ENTRIES)
    bed.rig.ask("counts", n=1_000_000, high_us=1000, low_us=4000)
    presses = 0
    with ThreadPoolExecutor(1) as pull:
        work = pull.submit(bed.over_radio, "pull", bed.name)
        while not work.done() or not presses:
            bed.rig.press("HANDSET", 100_000)
            presses += 1
            bed.pass_s(APART_S)
    work.result().good()
    bed.rig.ask("stop")
    made = bed.rig.ask("counts_state")["made"]
    found = bed.cut_and_pull(before)
    bed.compare(found, made, presses)
    assert len(of_kind(found, "entry")) == ENTRIES
    bed.over_radio("pull", bed.name).good()  # the bond outlasts the cut
