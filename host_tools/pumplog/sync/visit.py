"""One visit of one board: who it is, the time, waiting entries, what it knows now, and its log.

The order is what keeps a visit that breaks off harmless, and it is the same for a page, a round of the
ward and a single command:

    identify    nothing is given to a board, or taken from it, that is not the board asked for
    anchor      the board's clock reading, early: it counts even if the link then breaks
    catch up    entries whose answer was lost once are looked for in the log before they are given again
    deliver     what waits for this board, each entry marked before it goes
    status      what the board knows now
    pull        what the store lacks of its log; what came before a break stays
    journal     one line in the store, also of a visit that broke off once the board had proved itself

A flash image is visited too, but has nobody who answers: it is pulled, and that is all.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from .. import host
from ..errors import IntegrityError
from ..links import BLE, FILE
from ..log import Known, OffClock, clocks_off, known_anchors
from ..store import BROKEN_OFF, COMPLETE, Pull, Store
from .client import Client, Proof, PullResult
from .delivery import Waiting, catch_up, deliver, identify, link_to, not_in_log
from .image import pull_image

BytesSoFar = Callable[[int], None]  # told them: 0 once the board is connected


@dataclass(frozen=True)
class Visit:
    """What one visit of one board brought."""

    pulled: PullResult  #: what came of its log
    waiting: tuple[Waiting, ...] = ()  #: entries that are still not on board, and why
    clocks: tuple[OffClock, ...] = ()  #: whose clocks were found to be minutes off
    taken: int = 0  #: how many entries that waited for it are on board now


def visit_board(
    store: Store, board: str, link_spec: str = BLE, check_code: int | None = None,
    progress: BytesSoFar = lambda _: None, known: Known | None = None,
) -> Visit:
    """Visits one board; a PumplogError that ends it leaves in the store what came before.

    link_spec: `ble`, `serial:PORT` or `file:PATH`; check_code: six digits, for the waiting entries;
    progress: may raise, to end the visit; known: the clock readings that count as old news (None: those
    in the store now).
    """
    before = known_anchors(store, board) if known is None else known
    waiting: tuple[Waiting, ...] = ()
    awaited = len(store.entries.waiting(board))
    try:
        if link_spec.startswith(FILE):
            image = os.path.expanduser(link_spec.removeprefix(FILE))  # no shell sees to it there
            pulled = pull_image(store, image, board)
        else:
            pulled, waiting = _over_a_link(store, board, link_spec, check_code, progress)
    finally:
        store.commit()
    return Visit(pulled, waiting, tuple(clocks_off(store, board, before)),
                 awaited - len(store.entries.waiting(board)))


def _over_a_link(
    store: Store, board: str, link_spec: str, check_code: int | None, progress: BytesSoFar
) -> tuple[PullResult, tuple[Waiting, ...]]:
    """Talks to the board; the journal's line is written however it ends."""
    link = link_to(store, link_spec, board)
    proof: Proof | None = None
    pulled: PullResult | None = None
    status: dict[str, int] = {}
    try:
        progress(0)
        client = Client(link)
        proof = identify(client, store, board)
        store.commit()
        timed = client.anchor()
        first, wrong = None, None
        try:
            first = catch_up(client, store, proof.log_id, board)
        except IntegrityError as error:
            wrong = error  # all that can be read came
        waiting: list[Waiting] = [*deliver(client, store, proof.log_id, board, check_code)]
        status = client.status()
        result = client.pull(store, proof.log_id, progress)
        if wrong:
            raise wrong
        pulled = replace(first.and_then(result) if first else result, timed=timed)
    finally:
        link.close()
        if proof:
            _note(store, board, proof.log_id, link.description, pulled, status)
    absent = not_in_log(store, board, len(waiting))
    return pulled, (*waiting, absent) if absent else tuple(waiting)


def _note(
    store: Store, board: str, log_id: int, link: str, pulled: PullResult | None,
    status: dict[str, int],
) -> None:
    """Writes the journal's line of a visit; pulled None: it broke off."""
    store.pulls.add(Pull(
        board, log_id, host.utc_now_ms(), link, pulled.records if pulled else 0,
        pulled.next_seq if pulled else store.holes.next_seq_wanted(log_id),
        COMPLETE if pulled else BROKEN_OFF, status if pulled else {}))
    store.commit()
