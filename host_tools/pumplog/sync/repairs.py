"""Asks a board once more for what came damaged, or did not come, and what it may still have.

A page that came damaged is damaged on the board, or was on its way; a page that did not come is gone
there, or somebody between left it out. Nobody can tell but by asking again: for these records alone, so
that a board that has no others costs a moment. A page whose seal fits then takes its place in the store.
A board without a key is not asked: nothing would tell which of two pages is right.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pumpwire import receiving

from .transfer import Transfer

_MOST = 8  # stretches in a pull, the newest first
Ask = Callable[[int], bytes]  # the request, by the report's tag


def repair(run: Callable[[Transfer, Ask], int], transfer: Transfer, oldest_seq: int) -> None:
    """Asks for these stretches, and adds what came to what the transfer brought.

    run(transfer, ask): has the board report; oldest_seq: of the records that the board still has. What
    does not verify now either was told before.
    """
    told = transfer.bad_page
    for first, last in transfer.store.holes.to_repair(transfer.log_id, oldest_seq)[:_MOST]:
        try:
            run(transfer, partial(receiving.report_between, first, last))
        finally:
            transfer.bad_page = told
