"""A stored log that somebody changed: `verify` names every page that is not as its board wrote it.

Who changes it knows the format and makes all check sums fit, and the decoded rows too; the key he lacks.
"""

from __future__ import annotations

from dataclasses import replace

from pumplog.errors import IntegrityError
from pumplog.store import OPEN, UNREAD, Attestation, Store, StoredPage, read_page, row_of
from pumplog.verify import BROKEN, Evidence, Report, verify_log
from pumpwire import page

from helpers.docs import log_format_reader as second_reader
from helpers.fuzz.genuine import ATTESTATION, KEYS, LOG, OLD_OPEN, OTHER_LOG, PAGES, SEALED_PAGES
from helpers.fuzz.mending import mend_footer, mend_frames, mend_header
from helpers.host.made_log import board

Pages = dict[int, bytes]
FIRSTS = sorted(LOG.pages)
FLIP, OVERWRITE, TRUNCATE, SWAP, REPLAY, REMOVE, APPEND, STRIP, UNKEY, ATTEST = range(10)
OPS = 10
EDIT_BYTES = 6  # op, page, where (2), how many, value: what follows belongs to the edit


def edit(pages: Pages, said: bytearray, data: bytes) -> bytes:
    """Makes one edit that `data` begins with; returns what follows it."""
    op, which, where, n, value = (data[0] % OPS, FIRSTS[data[1] % len(FIRSTS)],
                                  int.from_bytes(data[2:4], "little"), data[4], data[5])
    rest = data[EDIT_BYTES:]
    target = bytearray(pages.get(which, b""))
    at = where % (len(target) or 1)
    if op == FLIP and target:
        target[at] ^= 1 << value % 8
    elif op == OVERWRITE:
        target[at : at + n] = rest[:n][: len(target) - at]
        rest = rest[n:]
    elif op == TRUNCATE:
        del target[at:]
    elif op == SWAP:
        other = FIRSTS[value % len(FIRSTS)]
        if other in pages and which in pages:
            pages[which], pages[other] = pages[other], pages[which]
        return rest
    elif op == REPLAY:
        target = bytearray(PAGES[value % len(PAGES)])
    elif op == REMOVE:
        pages.pop(which, None)
        return rest
    elif op == APPEND:
        target += rest[:n]
        rest = rest[n:]
    elif op == STRIP and len(target) == 4096:
        footer = page.read_footer(target)
        del target[footer.used if footer else at :]
    elif op == UNKEY and len(target) == 4096:
        target[page.FOOTER_AT + 4 : page.FOOTER_AT + 6] = bytes(2)
        if value & 1:
            target[-page.SEAL_BYTES :] = bytes(page.SEAL_BYTES)
    elif op == ATTEST:
        said[where % len(said)] ^= value
        return rest
    if value & 0x80 and target:
        _mend(target)
    if target:
        pages[which] = bytes(target)
    return rest


def _mend(target: bytearray) -> None:
    mend_header(target)
    used = int.from_bytes(target[page.FOOTER_AT : page.FOOTER_AT + 2], "little")
    mend_frames(target, used if len(target) == 4096 else len(target))
    if len(target) == 4096:
        mend_footer(target)


def edited(data: bytes) -> tuple[Pages, Attestation]:
    """Returns the genuine log's pages and attestation after the edits of a fuzzer's input."""
    pages, said = dict(LOG.pages), bytearray(ATTESTATION.said)
    for _ in range(8):
        if len(data) < EDIT_BYTES:
            break
        data = edit(pages, said, data)
    return pages, replace(ATTESTATION, said=bytes(said))


def fuzz_log(data: bytes) -> None:
    """Edits, then `verify` over what is left."""
    judge(*edited(data))


def judge(pages: Pages, attestation: Attestation) -> Report:
    """Verifies a log of which these pages are held; each change must be named."""
    rows = {}
    stored = []
    for first, data in sorted(pages.items()):
        reading = read_page(data, KEYS)
        if not reading.unusable:
            rows.update({one.seq: row_of(one) for one in reading.records})
        count = 0 if reading.state == UNREAD else len(reading.records)
        stored.append(StoredPage(first, data, reading.version, reading.state, count))
    report = verify_log(Evidence(
        LOG.log_id, stored, KEYS,
        lambda first, last: {seq: row for seq, row in rows.items() if first <= seq <= last},
        [attestation], [(0, LOG.next_seq)], []))
    name_all(pages, attestation, report)
    return report


def name_all(pages: Pages, attestation: Attestation, report: Report) -> None:
    """Holds a report against what was changed."""
    changed = [first for first in FIRSTS if not _as_written(first, pages.get(first))]
    if not changed and attestation == ATTESTATION and pages == LOG.pages:
        assert not report.findings, report.findings
    for first in changed:
        after = FIRSTS[FIRSTS.index(first) + 1 :]
        last = after[0] - 1 if after else 1 << 32
        named = [one for one in report.findings
                 if first in one.pages or one.first <= last and (one.last is None or one.last >= first)]
        assert named, f"the page from record {first} was changed, and nothing says so"
        weak = _only_cut(first, pages.get(first)) or _waits(first, pages.get(first))
        assert weak or report.exit_code == BROKEN, (first, report.findings)
    sealed = sum(_is_sealed(data) for data in pages.values())
    assert report.sealed <= sealed, "a changed page was taken for a sealed one"


def _is_sealed(data: bytes) -> bool:
    """Returns whether a page bears a seal under the board's key, which a fuzzer may have learnt."""
    return data in SEALED_PAGES or len(data) == 4096 and second_reader.sealed(data, KEYS.own[0])


def _as_written(first: int, data: bytes | None) -> bool:
    """Returns whether a page holds what the board wrote: of an open one, filler behind it is nothing."""
    if data == LOG.pages[first]:
        return True
    genuine = LOG.pages[first]
    return first == LOG.open_seq and data is not None and data.startswith(genuine) and not (
        data[len(genuine) :].strip(b"\0"))


def _only_cut(first: int, data: bytes | None) -> bool:
    """Returns whether a page is as it was pulled before it had its seal, or before it had grown."""
    return data is not None and LOG.pages[first].startswith(data) or (
        first == LOG.open_seq and data is not None and (
            OLD_OPEN.startswith(data) or data.startswith(LOG.pages[first])))


def _waits(first: int, data: bytes | None) -> bool:
    """Returns whether a page is the one before the open one and has no seal: it may have been pulled so,
    and until its seal has come, with the next pull, all that is said of it is that it has none."""
    return first == FIRSTS[-2] and data is not None and read_page(data, KEYS).state == OPEN


class Shelf:
    """A store into which pieces of pages come as if from the air; each input finds it as it was."""

    def __init__(self) -> None:
        self.store = Store.open(":memory:")
        self.store.add_board(board(KEYS.own[0]))
        LOG.into(self.store)
        self.store.commit()

    def take(self, pieces: list[tuple[int, int, int, bytes]]) -> None:
        """Takes pieces (log_id, first_seq, offset, bytes): what is held must stay as it is."""
        store = self.store
        try:
            for log_id, first_seq, offset, piece in pieces:
                try:
                    store.add_page_bytes(log_id, first_seq, offset, piece)
                except IntegrityError:
                    continue
            held = {one.first_seq: one.data for one in store.pages.of(LOG.log_id)}
            assert all(held[first].startswith(data) for first, data in LOG.pages.items())
            rows = store.records.rows(LOG.log_id, 0, LOG.next_seq - 1)
            assert len(rows) == LOG.next_seq and all(rows[seq] == row for seq, row in ROWS.items())
            report = verify_log(Evidence.of(store, LOG.log_id, "B01"))
            extra = [one for first, one in held.items() if first not in LOG.pages]
            assert report.sealed <= 4 + sum(_is_sealed(one) for one in extra)
            if held != LOG.pages:
                assert report.findings or held[LOG.open_seq].startswith(LOG.pages[LOG.open_seq])
        finally:
            store.database.connection.rollback()


ROWS = {one.seq: row_of(one) for first, data in LOG.pages.items()
        for one in read_page(data, KEYS).records}
assert len(ROWS) == LOG.next_seq and read_page(LOG.pages[LOG.open_seq], KEYS).state == OPEN
_shelf: list[Shelf] = []


def fuzz_store(data: bytes) -> None:
    """Pieces: log (1), page or seq (4), offset (2), length (1), bytes."""
    pieces = []
    while len(data) > 8:
        log_id = (LOG.log_id, OTHER_LOG.log_id)[data[0] & 1]
        first_seq = int.from_bytes(data[1:5], "little")
        if data[0] & 2:
            first_seq = FIRSTS[first_seq % len(FIRSTS)]
        offset = int.from_bytes(data[5:7], "little") % 4097
        n = data[7] * (16 if data[0] & 4 else 1)
        piece = data[8 : 8 + n][: 4096 - offset]
        if data[0] & 8 and not offset:
            mended = bytearray(piece)
            _mend(mended)
            piece = bytes(mended)
        pieces.append((log_id, first_seq, offset, piece))
        data = data[8 + n :]
    if not _shelf:
        _shelf.append(Shelf())
    _shelf[0].take(pieces)
