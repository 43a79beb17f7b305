"""`pumplog keys`: which keys this store has, and the way to another computer's store."""

from __future__ import annotations

import argparse
import getpass
import sys

from ..errors import PartlyError, UsageError
from ..store import key_exchange, key_file
from .options import open_store, path
from .screen import print_as_is, print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["list", "export", "import"])
    parser.add_argument("file", nargs="?", type=path, metavar="FILE", help="to write, or to read")
    parser.add_argument("--board", action="append", metavar="BOARD",
                        help="this board only, may be given again (default: every board)")


def run(options: argparse.Namespace) -> int:
    """Lists, writes or reads keys."""
    if options.action == "list" and options.file:
        raise UsageError("`keys list` takes no file", "give --board to list one board")
    if options.action != "list" and not options.file:
        raise UsageError(f"`keys {options.action}` needs a file",
                         f"`pumplog keys {options.action} FILE`")
    {"list": _list, "export": _export, "import": _import}[options.action](options)
    return 0


def _list(options: argparse.Namespace) -> None:
    with open_store(options) as store:
        lines = key_exchange.key_lines(key_exchange.keys_of(store, options.board or ()))
    if options.json:
        print_json([line.to_json() for line in lines])
    else:
        print_as_is("\n".join(line.to_text() for line in lines))


def _export(options: argparse.Namespace) -> None:
    with open_store(options) as store:
        written = key_exchange.export(
            key_exchange.keys_of(store, options.board or ()), options.file)
    for warning in written.warnings():
        say(warning)
    if options.json:
        print_json(written.to_json())
    else:
        print_as_is(written.passphrase)


def _import(options: argparse.Namespace) -> None:
    given = key_exchange.chosen(key_file.open_file(options.file, _passphrase()), options.board or ())
    with open_store(options, make=True) as store:
        came = key_exchange.take(store, given)
    if options.json:
        print_json(came.to_json())
    elif came.to_text():
        print_text(came.to_text())
    if came.refused:
        raise PartlyError(f"{key_exchange.boards_text(came.refused)}: not taken, this store has keys of"
                          " another board of such a name", "provision either board under another name")


def _passphrase() -> str:
    """Returns the passphrase: asked for, or standard input's first line if that is no terminal."""
    if sys.stdin.isatty():
        return getpass.getpass("passphrase of the key file: ")
    return sys.stdin.readline().strip()
