"""A host's bonds on the virtual air: a file for each board, in the folder of its user."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bumble.keys import KeyStore, PairingKeys


class HostKeys(KeyStore):
    """Keys by address; a file is written whole or not at all, for two programs may be at it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, name: str) -> Path:
        return self._folder / f"{name.split('/')[0].replace(':', '')}.json"

    def has(self, name: str) -> bool:
        """Returns whether there is a bond with that address."""
        return self._path(name).exists()

    async def get(self, name: str) -> PairingKeys | None:
        """Returns the keys of a board, or None."""
        try:
            return PairingKeys.from_dict(json.loads(self._path(name).read_text()))
        except FileNotFoundError:
            return None

    async def get_all(self) -> list[tuple[str, PairingKeys]]:
        """Returns nothing: no board hides its address."""
        return []

    async def update(self, name: str, keys: PairingKeys) -> None:
        """Keeps a board's keys; nobody else may read them."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = self._path(name).with_suffix(f".{os.getpid()}")
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(keys.to_dict(), file)
        partial.replace(self._path(name))

    async def delete(self, name: str) -> None:
        """Forgets a board."""
        self._path(name).unlink(missing_ok=True)
