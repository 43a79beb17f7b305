"""A file of boards' keys, from one computer's store to another's, closed with a passphrase.

A file is JSON: `format`, `version`, the scrypt parameters, and `closed`, a Fernet token of the
boards and every key that each ever had (cryptography.io: "Using passwords with Fernet").
The passphrase is drawn, never chosen: 100 random bits, which nobody tries out. So scrypt's cost is that
of RFC 7914 for logins (n = 2^14, r = 8, p = 1). The cryptography package is loaded only here, as a file
is written or read.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import host
from ..errors import IntegrityError, NotFoundError, UsageError
from ..files import read_bounded
from .boards import Board
from .keys import Key
from .sound import made

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

FORMAT, VERSION = "pumplog-keys", 1
_COST = {"n": 1 << 14, "r": 8, "p": 1}
_MOST_WORK = 1 << 20  # n r p, eight times ours: 128 MB at most, and a second or two
_MOST_BYTES = 1 << 20  # of a file: some thousand boards
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: none looks like another
_GROUPS, _GROUP = 5, 4
_LONGEST_NAME, _KEY_BYTES = 8, 32


@dataclass(frozen=True)
class BoardKeys:
    """A board, and every device key that it ever had."""

    board: Board  #: as its store knows it
    keys: tuple[Key, ...]  #: oldest first


def new_passphrase() -> str:
    """Returns 20 random letters in groups of four."""
    letters = [_LETTERS[byte % len(_LETTERS)] for byte in host.random_bytes(_GROUPS * _GROUP)]
    return "-".join("".join(letters[at:at + _GROUP]) for at in range(0, len(letters), _GROUP))


def close(boards: list[BoardKeys], passphrase: str) -> str:
    """Returns the text of a key file."""
    inside = [{**_plain(vars(each.board)), "keys": [_plain(vars(key)) for key in each.keys]}
              for each in boards]
    salt = host.random_bytes(16)
    token = _fernet(passphrase, salt, _COST).encrypt(json.dumps(inside).encode())
    return json.dumps({"format": FORMAT, "version": VERSION, "salt": salt.hex(), **_COST,
                       "closed": token.decode()}, indent=1) + "\n"


def open_file(path: Path, passphrase: str) -> list[BoardKeys]:
    """Returns what a key file holds; UsageError if it is no key file, IntegrityError if it does not
    open."""
    from cryptography.fernet import InvalidToken

    outside = _outside(path)
    try:
        cost = {name: int(outside[name]) for name in _COST}
        if min(cost.values()) < 1 or cost["n"] * cost["r"] * cost["p"] > _MOST_WORK:
            raise ValueError("it asks for more work than any pumplog's file does")
        inside = _fernet(passphrase, bytes.fromhex(outside["salt"]), cost).decrypt(
            outside["closed"].encode())
        return [_board_keys(fields) for fields in json.loads(inside)]
    except InvalidToken as error:
        raise IntegrityError(f"{path} does not open",
                             "the passphrase is another, or the file was changed; nothing"
                             " was taken, check each group of the passphrase") from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise IntegrityError(f"{path} is damaged ({error})",
                             "nothing was taken; have the keys exported again") from error


def _outside(path: Path) -> dict[str, Any]:
    """Returns the readable part of a key file."""
    try:
        outside = json.loads(read_bounded(path, _MOST_BYTES))
        if outside["format"] != FORMAT:
            raise ValueError
        version: int = outside["version"]
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{path} is no file of pumplog keys", "check the path") from error
    if version != VERSION:
        raise UsageError(f"{path} is a key file of version {version} and this pumplog reads {VERSION}",
                         "update pumplog")
    fields: dict[str, Any] = outside
    return fields


def _fernet(passphrase: str, salt: bytes, cost: dict[str, int]) -> Fernet:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    letters = "".join(passphrase.upper().replace("O", "0").replace("I", "1").replace("L", "1").split())
    key = Scrypt(salt=salt, length=32, **cost).derive(letters.replace("-", "").encode())
    return Fernet(base64.urlsafe_b64encode(key))


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    """Returns fields with bytes as hex."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}


def _board_keys(fields: dict[str, Any]) -> BoardKeys:
    board = {name: value for name, value in fields.items() if name != "keys"}
    for name in ("device_key", "pairing_key"):
        board[name] = bytes.fromhex(board[name])
    found = BoardKeys(made(Board, board, "a board"), tuple(
        made(Key, {**key, "device_key": bytes.fromhex(key["device_key"])}, "a key")
        for key in fields["keys"]))
    name = found.board.name
    if not (name.isascii() and name.isalnum() and 1 <= len(name) <= _LONGEST_NAME):
        raise ValueError(f"{name!r} is no name of a board")
    keys = (found.board.pairing_key, found.board.device_key, *(key.device_key for key in found.keys))
    if any(len(key) != _KEY_BYTES for key in keys) or not 0 <= found.board.check_code < 1_000_000:
        raise ValueError(f"what it holds of board {name} is of another form")
    return found
