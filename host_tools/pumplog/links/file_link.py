"""Takes the log from a flash image: `--link file:PATH`, for a board that no longer talks."""

from __future__ import annotations

import contextlib
from pathlib import Path

from pumpwire import page
from pumpwire.errors import WireError
from pumpwire.units import PAGE_BYTES

from ..errors import Integrity, PumplogError, Unreachable
from ..store import Store
from ..sync_client import PullResult


def pull_image(store: Store, path: str, board: str) -> PullResult:
    """Copies every page of an image into the store; Integrity once all good ones are kept."""
    try:
        image = Path(path).read_bytes()
    except OSError as error:
        raise Unreachable(f"{path} cannot be read ({error.strerror}): check the path.") from error
    pages: list[tuple[int, int, bytes]] = []
    for at in range(0, len(image) - PAGE_BYTES + 1, PAGE_BYTES):
        data = image[at : at + PAGE_BYTES]
        try:
            _, log_id, first_seq = page.read_prefix(data)
        except WireError:
            continue
        pages.append((first_seq, log_id, data))
    if not pages:
        raise Integrity(f"{path} holds no pumplog page: it is not a board's log partition.")
    owners = dict(store.logs())
    for _, log_id, _ in pages:
        if owners.get(log_id, board) != board:
            raise Integrity(f"{path} is the log of board {owners[log_id]}, not of {board}: nothing was"
                            " taken; check the file's name.")
    records = 0
    wrong: PumplogError | None = None
    for first_seq, log_id, data in sorted(pages):
        store.add_log(log_id, board)
        used = len(data) if page.read_footer(data) else _written_bytes(data)
        try:
            records += store.add_page_bytes(log_id, first_seq, 0, data[:used])
        except Integrity as error:
            wrong = error
    store.commit()
    if wrong:
        raise wrong
    return PullResult(records, len(pages), len(image), store.next_seq_wanted(pages[0][1]), 0,
                      store.bad_pages(pages[0][1]))


def _written_bytes(data: bytes) -> int:
    """Returns how much of an open page was written: its good frames, and what is torn behind them.

    A frame's own last byte may look like erased flash.
    """
    used = 0
    with contextlib.suppress(WireError):
        for at, length in page.walk(data, page.read_header(data)):
            used = at + length
    return max(used, len(data.rstrip(b"\xff")))
