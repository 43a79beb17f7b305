"""The store's part that proves: device keys, and what boards attested of the end of their logs."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pumpwire import seal

from .page_reading import Keyring


@dataclass(frozen=True)
class Attestation:
    """What a board said at a pull of where its log ends (pumpwire.seal), for this host's nonce."""

    at_ms: int
    nonce: bytes
    said: bytes


@dataclass(frozen=True)
class Key:
    """A device key that a board has or had, and since when it did."""

    device_key: bytes
    since_ms: int


class ProofStore:
    """Keys and attestations; nothing is ever replaced."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add_key(self, board: str, device_key: bytes, since_ms: int) -> None:
        """Keeps a device key of a board beside those it had before."""
        self._db.execute("INSERT OR IGNORE INTO keys VALUES (?,?,?,?)",
                         (board, seal.key_id(device_key), device_key, since_ms))

    def keys(self, board: str) -> tuple[Key, ...]:
        """Returns every device key that a board ever had, oldest first."""
        return tuple(Key(*row) for row in self._db.execute(
            "SELECT device_key, since_ms FROM keys WHERE board=? ORDER BY since_ms", (board,)))

    def keyring(self, board: str | None) -> Keyring:
        """Returns the keys that count for a board."""
        rows = list(self._db.execute("SELECT board, device_key FROM keys ORDER BY since_ms"))
        return Keyring(tuple(key for owner, key in rows if owner == board),
                       tuple((owner, key) for owner, key in rows if owner != board))

    def add_attestation(self, log_id: int, one: Attestation) -> None:
        """Keeps an attestation, judged or not: the key may come later."""
        self._db.execute("INSERT INTO attestations (log_id, at_ms, nonce, said) VALUES (?,?,?,?)",
                         (log_id, one.at_ms, one.nonce, one.said))

    def attestations(self, log_id: int) -> list[Attestation]:
        """Returns a log's attestations in the order they came."""
        return [Attestation(*row) for row in self._db.execute(
            "SELECT at_ms, nonce, said FROM attestations WHERE log_id=? ORDER BY id", (log_id,))]
