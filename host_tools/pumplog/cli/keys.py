"""`pumplog keys`: which keys this store has, and the way to another computer's store."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from pumpwire import seal

from ..errors import NotFound, Partly, Usage
from ..moments import utc_text
from ..store import Store, key_file
from ..store.key_file import BoardKeys
from .common import open_store, print_json, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["list", "export", "import"])
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="to write, or to read")
    parser.add_argument("--board", action="append", metavar="BOARD",
                        help="this board only, may be given again (default: every board)")


def run(options: argparse.Namespace) -> int:
    """Lists, writes or reads keys."""
    if options.action == "list":
        if options.file:
            raise Usage("`keys list` takes no file: give --board to list one board.")
        with open_store(options) as store:
            return _list(options, _chosen(options, store))
    if not options.file:
        raise Usage(f"which file? `pumplog keys {options.action} FILE`.")
    if options.action == "export":
        with open_store(options) as store:
            return _export(options, _chosen(options, store))
    given = _only(options, key_file.open_file(options.file, _asked()))
    with open_store(options, make=True) as store:
        return _import(options, store, given)


def _chosen(options: argparse.Namespace, store: Store) -> list[BoardKeys]:
    """Returns the boards named, else all, with their keys."""
    return _only(options, [BoardKeys(one, store.keys.of(one.name)) for one in store.boards.all()])


def _only(options: argparse.Namespace, boards: list[BoardKeys]) -> list[BoardKeys]:
    names = {one.board.name for one in boards}
    for wanted in options.board or ():
        if wanted not in names:
            raise NotFound(f"no keys of board {wanted} are there: check the name with `keys list`.")
    chosen = [one for one in boards if not options.board or one.board.name in options.board]
    if not chosen:
        raise NotFound("no board's keys are there: provision a board, or import its keys.")
    return chosen


def _list(options: argparse.Namespace, boards: list[BoardKeys]) -> int:
    rows = [(one.board.name, f"{seal.key_id(key.device_key):04x}", key.since_ms,
             key.device_key == one.board.device_key) for one in boards for key in one.keys]
    if options.json:
        print_json([{"board": board, "key_id": key_id, "since_utc": utc_text(since_ms),
                     "current": current} for board, key_id, since_ms, current in rows])
        return 0
    for board, key_id, since_ms, current in rows:
        print(f"{board:8}  key {key_id}  since {utc_text(since_ms)}{'' if current else '  replaced'}")
    return 0


def _export(options: argparse.Namespace, boards: list[BoardKeys]) -> int:
    passphrase = key_file.new_passphrase()
    text = key_file.close(boards, passphrase)
    try:
        with open(os.open(options.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
    except FileExistsError as error:
        raise Usage(f"{options.file} is there already: nothing was written, choose another name."
                    ) from error
    except OSError as error:
        raise Usage(f"{options.file} cannot be written ({error.strerror}): choose another place."
                    ) from error
    names = [one.board.name for one in boards]
    say(f"{options.file}: the keys of {_boards(names)}; whoever opens it can forge their logs and write"
        " to them")
    say("the passphrase is shown this once: take it another way than the file, and delete the file"
        " when it is read")
    if options.json:
        print_json({"file": str(options.file), "boards": names,
                    "passphrase": passphrase})
    else:
        print(passphrase)
    return 0


def _asked() -> str:
    """Returns the passphrase: asked for, or standard input's first line if that is no terminal."""
    if sys.stdin.isatty():
        return getpass.getpass("passphrase of the key file: ")
    return sys.stdin.readline().strip()


def _import(options: argparse.Namespace, store: Store, given: list[BoardKeys]) -> int:
    taken, alike, refused = [], [], []
    for one in given:
        name, known = one.board.name, store.boards.named(one.board.name)
        have, come = ({key.device_key for key in keys} for keys in (store.keys.of(name), one.keys))
        if known and have.isdisjoint(come):
            refused.append(name)
            continue
        newer = known is None or one.board.provisioned_at_ms > known.provisioned_at_ms
        if not newer and come <= have:
            alike.append(name)
            continue
        store.take_keys(name, one.keys)
        if newer:
            store.add_board(one.board)
        taken.append(name)
    store.commit()
    if options.json:
        print_json({"imported": taken, "had": alike, "refused": refused})
    else:
        if taken:
            print(f"taken: the keys of {_boards(taken)}; their pages here are judged again")
        if alike:
            print(f"here already: the keys of {_boards(alike)}")
    if refused:
        raise Partly(f"{_boards(refused)}: not taken, this store has keys of another board of that name:"
                     " provision one of the two under another name.")
    return 0


def _boards(names: list[str]) -> str:
    return f"board{'s' if len(names) > 1 else ''} {', '.join(names)}"
