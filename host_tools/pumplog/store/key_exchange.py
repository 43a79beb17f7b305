"""Which keys a store has, and how they go to another computer's store and are taken there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pumpwire import seal

from .. import host, plain
from ..errors import NotFoundError, UsageError
from ..files import write_whole
from ..moments import dated_text, utc_text
from . import key_file
from .boards import Board
from .key_file import BoardKeys
from .store import Store

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class KeyLine:
    """A device key that this store has; never the key itself."""

    board: str  #: whose it is
    key_id: int  #: the 16 bits that the log names it by
    since_ms: int  #: since when the board has had it, Unix ms UTC
    current: bool  #: the board seals under it now

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"board": self.board, "key_id": f"{self.key_id:04x}",
                "since_utc": utc_text(self.since_ms), "current": self.current}

    def to_text(self) -> str:
        """Returns a line for the screen."""
        return (f"{self.board:8}  key {self.key_id:04x}  since {dated_text(self.since_ms)}"
                f"{'' if self.current else '  replaced'}")


@dataclass(frozen=True)
class Export:
    """A key file that was written."""

    file: Path  #: where it lies
    boards: tuple[str, ...]  #: whose keys it holds
    passphrase: str  #: opens it; kept nowhere

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"file": str(self.file), "boards": list(self.boards), "passphrase": self.passphrase}

    def warnings(self) -> tuple[str, str]:
        """Returns what to say of the file, and what of the passphrase."""
        return (f"{self.file}: the keys of {boards_text(self.boards)}; who opens it can forge their"
                " logs and write to them",
                "the passphrase is shown this once: take it another way than the file, and delete the"
                " file when it is read")


@dataclass(frozen=True)
class Taken:
    """What came of the keys that a file held; each board by name."""

    taken: tuple[str, ...]  #: something of it was new, and is kept
    had: tuple[str, ...]  #: nothing of it was new
    refused: tuple[str, ...]  #: this store has a board of such a name, and none of these keys

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"imported": list(self.taken), "had": list(self.had), "refused": list(self.refused)}

    def to_text(self) -> str:
        """Returns the lines for the screen on what was not refused."""
        lines = []
        if self.taken:
            lines.append(f"taken: the keys of {boards_text(self.taken)}; their pages here are judged"
                         " again")
        if self.had:
            lines.append(f"here already: the keys of {boards_text(self.had)}")
        return "\n".join(lines)


def keys_of(store: Store, names: Sequence[str] = ()) -> list[BoardKeys]:
    """Returns the boards of these names, else all, with their keys; NotFoundError if there are none."""
    return chosen([BoardKeys(board, store.keys.of(board.name)) for board in store.boards.all()], names)


def chosen(boards: list[BoardKeys], names: Sequence[str]) -> list[BoardKeys]:
    """Returns the boards of these names, all without names; NotFoundError if there are none."""
    there, wanted = [each.board.name for each in boards], set()
    for name in names:
        found = plain.meant(name, there)
        if not found:
            raise NotFoundError(f"no keys of board {name} are there", "check the name with `keys list`")
        wanted.update(found)
    picked = [each for each in boards if not names or each.board.name in wanted]
    if not picked:
        raise NotFoundError("no board's keys are there", "provision a board, or import its keys")
    return picked


def key_lines(boards: Iterable[BoardKeys]) -> list[KeyLine]:
    """Returns a line for each key of these boards."""
    return [KeyLine(each.board.name, seal.key_id(key.device_key), key.since_ms,
                    key.device_key == each.board.device_key)
            for each in boards for key in each.keys]


def export(boards: list[BoardKeys], path: Path) -> Export:
    """Writes a key file, readable by this user only, under a fresh passphrase.

    UsageError: the file is there already, or cannot be written.
    """
    passphrase = key_file.new_passphrase()
    text = key_file.close(boards, passphrase)
    try:
        write_whole(path, text)
    except FileExistsError as error:
        raise UsageError(f"{path} is there already",
                         "nothing was written, choose another name") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror})",
                         "choose another place") from error
    return Export(path, tuple(each.board.name for each in boards), passphrase)


def take(store: Store, given: Iterable[BoardKeys]) -> Taken:
    """Takes keys into a store, durably: what is new, and of two provisionings of a board the newer.

    A board whose name the store knows, or knows one too like it, with none of its keys is another board,
    and is refused.
    """
    taken, had, refused = [], [], []
    for given_board in given:
        each = _by_its_name(store, given_board)
        name, known = each.board.name, store.boards.named(each.board.name)
        here, come = ({key.device_key for key in keys} for keys in (store.keys.of(name), each.keys))
        newer = known is None or _when_ms(each.board) > _when_ms(known)
        if known and here.isdisjoint(come) or not known and _is_like_another(store, name):
            refused.append(name)
        elif not newer and come <= here:
            had.append(name)
        else:
            store.take_keys(name, each.keys)
            if newer:
                store.add_board(each.board)
            taken.append(name)
    store.commit()
    return Taken(tuple(taken), tuple(had), tuple(refused))


def _by_its_name(store: Store, given: BoardKeys) -> BoardKeys:
    """Returns a board under the name that it has now. A board is its keys: if this store knows it by
    another name, it was renamed, and the name of the later provisioning holds."""
    name = given.board.name
    known = store.boards.named(store.keys.owner([key.device_key for key in given.keys]) or name)
    if known is None or known.name == name or store.boards.named(name):
        return given
    if _when_ms(given.board) > _when_ms(known) and not _is_like_another(store, name, known.name):
        store.rename_board(known.name, name)
        return given
    return replace(given, board=replace(given.board, name=known.name))


def _is_like_another(store: Store, name: str, but: str = "") -> bool:
    """Returns whether a board has a name that looks like this; `but` its own."""
    return plain.alike(name, [board.name for board in store.boards.all() if board.name != but])


def _when_ms(board: Board) -> int:
    """Returns when a board was provisioned, Unix ms UTC; a moment that is still to come tells nothing:
    0. A computer whose clock was years ahead would have the last word for years."""
    return board.provisioned_at_ms if board.provisioned_at_ms <= host.utc_now_ms() + _DAY_MS else 0


def boards_text(names: Collection[str]) -> str:
    """Returns 'board B01' or 'boards B01, B02'."""
    return f"board{'s' if len(names) > 1 else ''} {', '.join(names)}"
