"""What a page may be found to be, and the keys that it is judged by.

States of a page:

    open        it has no footer yet: it may grow
    unkeyed     closed before the board had a device key: nothing proves who wrote it
    sealed      closed, its seal verified under a key of its board
    unverified  closed, sealed under a key that this store lacks
    bad         not as the board wrote it; `error` says why
    unread      of a format version that this pumplog does not read

Every command loads this file; what reads a page, with all of the wire's formats, only those that do.
"""

from __future__ import annotations

from dataclasses import dataclass

OPEN, UNKEYED, SEALED = "open", "unkeyed", "sealed"
UNVERIFIED, BAD, UNREAD = "unverified", "bad", "unread"
ERASED = b"\xff"
# why bytes are in quarantine that take nothing from what is held
CLAIM = "a file had other bytes than the board"
DECAYED = "the board's memory failed after it was pulled"


@dataclass(frozen=True)
class Keyring:
    """The device keys that a board ever had, and those of all other boards."""

    own: tuple[bytes, ...] = ()  #: oldest first
    others: tuple[tuple[str, bytes], ...] = ()  #: board and key, oldest first

    def named(self, key_id: int) -> list[bytes]:
        """Returns the board's keys of that id; more than one only if two share it by chance."""
        from pumpwire import seal

        return [key for key in self.own if seal.key_id(key) == key_id]
