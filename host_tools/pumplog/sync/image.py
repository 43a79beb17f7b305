"""A flash image as a source: the pages of a board's log partition, for a board that no longer talks.

There is nobody at the other end: no time is given, no entry delivered, no end attested, and nothing is
noted in the journal of pulls. It is a pull all the same. Pages go into the store as the board would have
sent them, in their order, and what power cut short in a write or an erase is left out, as the board
would.
"""

from __future__ import annotations

from typing import Any

from pumpwire import decoding, page
from pumpwire.errors import WireError
from pumpwire.records import FILLER, LOST
from pumpwire.units import PAGE_BYTES

from ..errors import IntegrityError, UnreachableError
from ..files import read_bounded
from ..store import ERASED, Store, sealed_by
from .client import PullResult
from .unproven import unproven_of

_MOST_BYTES = 64 << 20  # no board has as much flash


def pull_image(store: Store, path: str, board: str) -> PullResult:
    """Copies every page of the image at `path` into the store, as pages of that board's logs.

    UnreachableError if the file cannot be read; IntegrityError if it holds no page, or another board's,
    or, once all good pages are kept, if some page does not verify.
    """
    try:
        image = read_bounded(path, _MOST_BYTES)
    except OSError as error:
        raise UnreachableError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    pages = _pages(image)
    if not pages:
        raise IntegrityError(f"{path} holds no pumplog page", "it is not a board's log partition")
    log_ids = sorted({log_id for _, log_id, _ in pages})
    _claim(store, path, board, pages)
    before = {(log_id, hole) for log_id in log_ids
              for hole in store.holes.not_told(log_id, by_link=False)}
    try:
        records = _take(store, pages)
    finally:
        for log_id in log_ids:
            store.words_again(log_id)
        store.commit()
    unread = [store.pages.unread(log_id) for log_id in log_ids]
    gaps = [(log_id, hole) for log_id in log_ids for hole in store.holes.not_told(log_id)
            if (log_id, hole) not in before]
    return PullResult(
        records, len(pages), len(image), store.holes.next_seq_reached(log_ids[-1]), 0,
        sum(store.pages.bad(log_id) for log_id in log_ids),
        sum(store.pages.unverified(log_id) for log_id in log_ids),
        {version: count for each in unread for version, count in each.items()}, tuple(gaps),
        unproven=tuple(found for log_id in log_ids if (found := unproven_of(store, log_id))),
        cut_bytes=len(image) % PAGE_BYTES)


def _claim(store: Store, path: str, board: str, pages: list[tuple[int, int, bytes]]) -> None:
    """Notes whose logs the pages are of: whose seal they bear, else whose they are said to be.

    IntegrityError, and nothing is taken, if they are another board's.
    """
    keys = store.keys.all()
    log_ids = {log_id for _, log_id, _ in pages}
    for log_id in log_ids:
        sealers = {name for _, other, data in pages if other == log_id for name in sealed_by(data, keys)}
        owner = store.logs.board_of(log_id)
        if sealers and board not in sealers:
            owner = min(sealers)
        elif owner in (None, board) or not store.pages.proves_some(log_id):
            continue
        raise IntegrityError(f"{path} is the log of board {owner}, not of {board}",
                             "nothing was taken; check the file's name")
    for log_id in log_ids:
        store.claim_log(log_id, board)


def _pages(image: bytes) -> list[tuple[int, int, bytes]]:
    """Returns (first_seq, log_id, bytes) of each page in an image, in order of first_seq; the last may
    be cut short."""
    pages = []
    for at in range(0, len(image), PAGE_BYTES):
        data = image[at : at + PAGE_BYTES]
        try:
            _, log_id, first_seq = page.read_prefix(data)
        except WireError:
            continue
        pages.append((first_seq, log_id, data))
    return sorted(pages)


def _take(store: Store, pages: list[tuple[int, int, bytes]]) -> int:
    """Gives pages to the store; returns how many records were new. IntegrityError for a bad page, at
    last."""
    newest = {log_id: [first for first, other, _ in pages if other == log_id][-2:]
              for log_id in {log_id for _, log_id, _ in pages}}
    records = 0
    wrong: IntegrityError | None = None
    half_erased = _half_erased(pages)
    for first_seq, log_id, data in pages:
        if (first_seq, log_id) in half_erased:
            continue
        try:
            records += store.add_page_bytes(
                log_id, first_seq, 0, as_synced(data, first_seq in newest[log_id]), from_file=True)
        except IntegrityError as error:
            wrong = error
    store.commit()
    if wrong:
        raise wrong
    return records


def _half_erased(pages: list[tuple[int, int, bytes]]) -> set[tuple[int, int]]:
    """Returns (first_seq, log_id) of each log's oldest page if power cut its erase: it is damaged, and
    one of the two newest pages says that it was given up."""
    found = set()
    for log_id in {log_id for _, log_id, _ in pages}:
        first_seq, data = next((first, data) for first, other, data in pages if other == log_id)
        newest = [data for first, other, data in pages if other == log_id and first > first_seq][-2:]
        if _decoded(as_synced(data, False))[1] and any(
                record.kind == LOST and
                record.fields["first_seq"] <= first_seq <= record.fields["last_seq"]
                for page_data in newest for record in _decoded(page_data)[0]):
            found.add((first_seq, log_id))
    return found


def _decoded(data: bytes) -> tuple[list[Any], bool]:
    """Returns a page's good records, and whether it is damaged: closed as decayed it is not."""
    try:
        _, records, _, error = decoding.decode_page(data)
        footer = page.read_footer(data)
        if error and footer and footer.flags & page.FLAG_DECAYED:
            page.check_footer(data, footer)
            error = None
    except WireError:
        return [], True
    return records, error is not None


def as_synced(data: bytes, may_be_open: bool) -> bytes:
    """Returns a page as the board would send it: what power cut in a write is left out.

    An open page ends with its good records, for a board that starts again writes over what follows. A
    closed page is erased between its records and its footer. may_be_open: it is among the last two,
    whose footer may be half written.
    """
    try:
        header = page.read_header(data)
    except WireError:
        return data
    footer = page.read_footer(data)
    if len(data) < PAGE_BYTES:  # the file was cut
        return data[: decoding.count_records(data, header)[1]]
    if footer is not None:
        try:
            page.check_footer(data, footer)
            return data[: footer.used].ljust(page.FOOTER_AT, ERASED) + data[page.FOOTER_AT :]
        except WireError:
            if not may_be_open:
                return data
    _, used = decoding.count_records(data, header)
    rest = data[used : page.FOOTER_AT].rstrip(ERASED)
    if footer is not None and rest.strip(bytes([FILLER])):
        return data  # its records do not reach its end: not the footer alone is amiss
    return data[: used + len(rest)]
