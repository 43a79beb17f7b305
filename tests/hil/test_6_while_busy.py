"""Counts and presses while the board is busy: it takes entries, fills a page, erases the next, sends."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from helpers.hil.bed import APART_S, Bed, Done, after, of_kind
from pumplog.store import Store

ENTRIES = 120  # 40 bytes and more each: over a page of 4061 bytes, wherever the open one stands
SEED = 6


@dataclass
class Given:
    """What the rig gave meanwhile."""

    counts: int
    presses: int


def pages(bed: Bed) -> list[int]:
    """Returns the first seq of every page of the board's log that the store has."""
    with Store.open(bed.db) as store:
        return [page.first_seq
                for log_id, _ in store.logs.of(bed.name) for page in store.pages.of(log_id)]


def given_during(bed: Bed, pull: ThreadPoolExecutor, arguments: tuple[str, ...]) -> tuple[Given, Done]:
    """Has the rig count at 200 a second and press, from before a pull until behind its end."""
    chance = random.Random(SEED)
    bed.rig.ask("counts", n=1_000_000, high_us=1000, low_us=4000)
    presses = 0
    work = pull.submit(bed.pumplog, *arguments)
    while not work.done() or not presses:
        bed.rig.press("HANDSET", 100_000, bounces_us=[200] * 6, opening_bounces_us=[200] * 6)
        presses += 1
        bed.pass_s(APART_S + chance.uniform(0, 1))
    bed.rig.ask("stop")
    return Given(int(bed.rig.ask("counts_state")["made"]), presses), work.result()


def test_while_it_takes_entries_erases_and_sends_every_count_and_press_is_counted(bed: Bed) -> None:
    bed.pull()
    before, pages_before = bed.head(), pages(bed)
    bed.queue(ENTRIES)
    with ThreadPoolExecutor(1) as pull:
        given, done = given_during(bed, pull, ("pull", bed.name))
    done.good()
    assert len(pages(bed)) > len(pages_before), "no page was filled: nothing was erased meanwhile"
    found = bed.cut_and_pull(before)
    assert len(of_kind(found, "entry")) == ENTRIES
    bed.compare(found, given.counts, given.presses)
    assert given.counts > 0 and given.presses > 0 and after(found, before)
