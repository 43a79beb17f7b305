"""What proves a log: the device keys of boards, and what they attested of the end of their logs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from .database import Database
from .page_states import Keyring
from .sound import made

# what may be wrong with a board's word: not under the key that it names; of other bytes than are held
WRONG_KEY, CHANGED = "wrong key", "changed"


@dataclass(frozen=True)
class Attestation:
    """What a board said at a pull of where its log ends (pumpwire.seal)."""

    at_ms: int  #: when it came, Unix ms UTC
    nonce: bytes  #: what this host drew for it
    said: bytes  #: the board's answer, as it came


@dataclass(frozen=True)
class Key:
    """A device key that a board has or had."""

    device_key: bytes  #: the key itself
    since_ms: int  #: since when the board has had it, Unix ms UTC


class _Held(NamedTuple):
    board: str
    device_key: bytes


class Keys:
    """Every device key that a board ever had; none is ever replaced."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, board: str, key: Key) -> None:
        """Keeps a device key of a board beside those it had before."""
        from pumpwire import seal

        self._db.insert_new("keys", board=board, key_id=seal.key_id(key.device_key),
                            device_key=key.device_key, since_ms=key.since_ms)

    def of(self, board: str) -> tuple[Key, ...]:
        """Returns every device key that a board ever had, oldest first."""
        return tuple(made(Key, row, "a key") for row in self._db.rows(
            "SELECT device_key, since_ms FROM keys WHERE board=:board ORDER BY since_ms", board=board))

    def owner(self, device_keys: Collection[bytes]) -> str | None:
        """Returns the board that has or had one of these keys, None if none has."""
        return next((board for board, key in self.all() if key in device_keys), None)

    def all(self) -> list[tuple[str, bytes]]:
        """Returns (board, device key) of every key held, oldest first."""
        return [made(_Held, row, "a key")
                for row in self._db.rows("SELECT board, device_key FROM keys ORDER BY since_ms")]

    def ring(self, board: str | None) -> Keyring:
        """Returns the keys that count for a board."""
        held = self.all()
        return Keyring(tuple(key for owner, key in held if owner == board),
                       tuple((owner, key) for owner, key in held if owner != board))


class Attestations:
    """What boards attested; nothing is ever replaced."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, log_id: int, attestation: Attestation) -> None:
        """Keeps an attestation, judged or not: the key may come later."""
        self._db.insert("attestations", log_id=log_id, **vars(attestation))

    def of(self, log_id: int) -> list[Attestation]:
        """Returns a log's attestations in the order they came."""
        return [made(Attestation, row, "an attestation") for row in self._db.rows(
            "SELECT at_ms, nonce, said FROM attestations WHERE log_id=:log_id ORDER BY id",
            log_id=log_id)]
