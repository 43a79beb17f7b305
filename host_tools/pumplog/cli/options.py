"""Options that several commands share, and what they mean."""

from __future__ import annotations

import argparse
import sys

from ..errors import NotFoundError, UsageError
from .screen import COLUMNS, say, say_error

TYPE_CHECKING = False  # as typing has it, which takes longer to load than all the rest here
if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any, NoReturn

    from ..store import Store


_TOO_MUCH = "unrecognized arguments"  # as argparse says it


class Parser(argparse.ArgumentParser):
    """argparse's, whose help and errors fit a screen of 80 columns."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(formatter_class=_HelpOn80, **settings)

    def error(self, message: str) -> NoReturn:
        """Says what is wrong with what was typed, and ends the process: 2."""
        self.print_usage(sys.stderr)
        if message.startswith(_TOO_MUCH):  # most often an amount or a bed in two words
            message += ". Put quotes around what has a space in it, such as '110 mg'"
        say_error(f"{self.prog}: error: {message}")
        raise SystemExit(2)


class _HelpOn80(argparse.HelpFormatter):
    """argparse's own asks for the terminal's size as each option is declared, and loads the compression
    libraries to do so."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=COLUMNS - 2)


def path(text: str) -> Path:
    """Returns a path; ~ is the home folder, also where no shell saw to it (--db=~/ward.db)."""
    import os
    from pathlib import Path

    return Path(os.path.expanduser(text))


def common_options(defaults: bool) -> Parser:
    """Returns the options that every command takes, before or after its name."""
    def default(value: object) -> object:
        return value if defaults else argparse.SUPPRESS

    common = Parser(add_help=False)
    common.add_argument("--db", type=path, default=default(None), metavar="PATH",
                        help="the store (default: $PUMPLOG_DB, else your own)")
    common.add_argument("--json", action="store_true", default=default(False),
                        help="machine-readable output")
    common.add_argument("--link", default=default(None), metavar="LINK",
                        help="ble, serial:PORT or file:PATH (pull: ble if left out)")
    common.add_argument("--initials", default=default(None), metavar="XY",
                        help="who enters (default: $PUMPLOG_INITIALS)")
    common.add_argument("--check", type=check_code, default=default(None), metavar="CODE",
                        help="the code on the board's label, to write to it")
    return common


def add_ago(parser: argparse.ArgumentParser) -> None:
    """Declares --ago, for what is entered later than it was done."""
    parser.add_argument("--ago", metavar="TIME", help="it was done earlier, such as '40 min' ago")


def add_unproven(parser: argparse.ArgumentParser) -> None:
    """Declares --unproven, which takes into figures what nothing proves to be a board's."""
    parser.add_argument("--unproven", action="append", type=_log_id, default=[], metavar="LOG",
                        help="take in also what nothing proves of this log, and mark the figures")


def _log_id(text: str) -> int:
    if len(text) != 8 or not set(text.lower()) <= set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f"{text!r} is no log: write eight digits, as verify does")
    return int(text, 16)


def check_code(text: str) -> int:
    """Returns the code on a board's label: six digits."""
    from ..quantities import parse_check_code

    try:
        return parse_check_code(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(error.what) from error


def open_store(options: argparse.Namespace, make: bool = False) -> Store:
    """Opens the store that the options name; only `make` may make a new store."""
    from ..store import Store

    if not make and not options.db.exists():
        raise NotFoundError(f"no store at {options.db}",
                            "name yours with --db or PUMPLOG_DB. A new store is made by `pumplog keys"
                            " import FILE`, or as a board is provisioned")
    return Store.open(options.db, waiting=say)
