"""Reads and judges one page as it is kept: its format, its check sum, its seal under known keys.

Its states are those of `page_states`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pumpwire import decoding, page, seal
from pumpwire.errors import WireError
from pumpwire.frames import records_in
from pumpwire.records import FILLER, MAX_FRAME

from .page_states import BAD, ERASED, OPEN, SEALED, UNKEYED, UNREAD, UNVERIFIED, Keyring

_UNREADABLE = 4096  # numbers that a boot skips for a page that it cannot read: more than any holds


@dataclass(frozen=True)
class Reading:
    """What a page says."""

    state: str  #: one of page_states'
    version: int = 0  #: of its format; 0 where even that cannot be read
    records: list[Any] = field(default_factory=list)  #: those that can be read, decoded
    kept: int = 0  #: how many of its bytes count, a torn end left out
    error: str | None = None  #: why it is bad, in words
    unusable: bool = False  #: its records must not be used
    footer: Any = None  #: decoded, as in pumpwire.page; None: it has none yet
    place: tuple[int, int] | None = None  #: (log_id, first_seq) that it gives as its own

    @property
    def closed(self) -> bool:
        """Whether it has a footer that fits it."""
        return self.state in (UNKEYED, SEALED, UNVERIFIED)


def read_page(data: bytes, keys: Keyring) -> Reading:
    """Reads a page's bytes, all or the first of them; never raises."""
    try:
        version, log_id, first_seq = page.read_prefix(data)
        place = (log_id, first_seq)
        if version != page.VERSION:
            return Reading(UNREAD, version, kept=len(data), place=place)
        header, records, _, wrong = decoding.decode_page(data)
    except WireError as error:
        return Reading(BAD, kept=len(data), error=str(error), unusable=True)
    footer = page.read_footer(data)
    if footer is None:
        good, kept = _open_end(data, header, wrong)
        if good:
            return Reading(OPEN, version, records, kept, place=place)
        return Reading(BAD, version, records, len(data), str(wrong), place=place)
    if wrong is not None and not (footer.flags & page.FLAG_DECAYED and footer_fits(data, footer)):
        return Reading(BAD, version, records, len(data), str(wrong), False, footer, place)
    if data[footer.used : page.FOOTER_AT].strip(ERASED):
        return Reading(BAD, version, records, len(data), "bytes behind the last record", False,
                       footer, place)
    state, wrong_seal = _seal_of(data, footer, keys)
    return Reading(state, version, records, len(data), wrong_seal, state in (UNVERIFIED, BAD), footer,
                   place)


def sealed_by(data: bytes, keys: Iterable[tuple[str, bytes]]) -> set[str]:
    """Returns the boards whose key sealed a page; keys: board and device key."""
    footer = page.read_footer(data)
    if footer is None or not footer.key_id or not footer_fits(data, footer):
        return set()
    return {board for board, key in keys
            if seal.key_id(key) == footer.key_id and decoding.sealed(data, footer, key)}


def records_within(data: bytes) -> int:
    """Returns how many good records the first bytes of a page hold."""
    try:
        return int(decoding.count_records(data, page.read_header(data))[0])
    except WireError:
        return 0


def end_of(data: bytes, count: int) -> int:
    """Returns where the first `count` records of a page end, 0 for none."""
    used = 0
    try:
        for at, length in page.walk(data, page.read_header(data)):
            if count <= 0:
                break
            count -= records_in(data, at)
            used = at + length
    except WireError:
        pass  # the records before it are good
    return used


def closed_as_decayed(held: bytes, offset: int, data: bytes) -> bytes | None:
    """Returns a page as its board closed it with DECAYED, by what came for it at offset.

    Its bytes are then others than those that were pulled before, or its footer counts fewer of them.
    None: it is no such page.
    """
    whole = data
    if offset == page.FOOTER_AT:
        footer = page.read_footer(held[:offset].ljust(offset, ERASED) + data)
        used = footer.used if footer else offset
        whole = held[:used].ljust(offset, ERASED) + data
    elif offset:
        return None
    footer = page.read_footer(whole)
    if footer is None or not footer.flags & page.FLAG_DECAYED or whole[: len(held)] == held:
        return None
    return whole


def memory_failed(data: bytes, skipped: int) -> bool:
    """Returns whether records may have stood in the numbers that a log skips behind a page.

    skipped: how many numbers. A boot that finds a torn write skips no
    more than its bytes could have held. It skips more, or closes the page with DECAYED, only where its
    cells changed (docs/LOG_FORMAT.md, The ring).
    """
    footer = page.read_footer(data)
    return skipped >= _UNREADABLE or bool(footer and footer.flags & page.FLAG_DECAYED)


def footer_fits(data: bytes, footer: Any) -> bool:
    """Returns whether a closed page's check sum is that of its bytes."""
    try:
        page.check_footer(data, footer)
    except WireError:
        return False
    return True


def _open_end(data: bytes, header: Any, wrong: WireError | None) -> tuple[bool, int]:
    """Returns whether an open page is good up to its end, and how many of its bytes count. Behind them
    an unfinished frame may yet come whole, or power was cut in its write."""
    _, kept = decoding.count_records(data, header)
    if wrong is not None and wrong.offset < kept:
        return False, 0
    while kept < len(data) and data[kept] == FILLER:
        kept += 1
    return len(data[kept : page.FOOTER_AT].rstrip(ERASED)) < MAX_FRAME, kept


def _seal_of(data: bytes, footer: Any, keys: Keyring) -> tuple[str, str | None]:
    """Returns the state of a closed page whose check sum fits, and what is wrong with it."""
    if footer.key_id == 0:
        # not zeros: it stands there for the page after it to name as the seal before its own
        return (BAD, "it has a seal and names no key") if any(footer.seal) else (UNKEYED, None)
    known = keys.named(footer.key_id)
    if any(decoding.sealed(data, footer, key) for key in known):
        return SEALED, None
    for board, key in keys.others:
        if seal.key_id(key) == footer.key_id and decoding.sealed(data, footer, key):
            return BAD, f"it is sealed under the key of board {board}"
    if known:
        return BAD, "its seal does not fit the key of its board"
    return UNVERIFIED, None
