"""Gives boards their names, keys, check codes and calibration, over the cable.

A board that has a name takes another only from who knows its check code, and its keys are in the store
before the board has them. So they are not lost with its answer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pumpwire import commands, names

from .. import host
from ..errors import PumplogError, UsageError
from ..files import read_table
from ..links import SERIAL, open_link
from ..moments import possible_now_ms
from ..quantities import QUANTUM_PL, parse, parse_check_code
from ..store import Begun, Board, Key, Store, StoreError
from ..sync import Client, Proof, proven

UNCERTAINTY_PERCENT = "2.5"
CELL_ZERO, CELL_PER_KG = 0, 420_000  # raw
_NEEDED = ("name", "port", "ul_per_count")  # columns of a batch
_COLUMNS = (*_NEEDED, "check", "uncertainty_percent", "cell_zero", "cell_per_kg")


@dataclass(frozen=True)
class Plan:
    """What one board is to get, and where it is."""

    name: str  #: neutral, up to eight letters and digits
    link: str  #: serial:PORT
    pl_per_count: int  #: calibrated volume a count, pL
    uncertainty_ppm: int  #: standard uncertainty of that, parts per million
    cell_zero: int  #: what the load cell reads with an empty bag hung, raw
    cell_per_kg: int  #: how much more it reads for a kilogram, raw
    check_code: int | None  #: of a board that has a name already; None: not given


@dataclass(frozen=True)
class Provisioned:
    """What came of one plan: a board, or why there is none."""

    plan: Plan  #: what was asked for
    check_code: int | None  #: what is to stand on the board's label; None: it was not provisioned
    error: PumplogError | None = None  #: why not

    def to_json(self) -> dict[str, Any]:
        """Returns a provisioned board as an object of the contract."""
        return {"board": self.plan.name, "check_code": str(self.check_code),
                "pl_per_count": str(self.plan.pl_per_count),
                "uncertainty_ppm": str(self.plan.uncertainty_ppm)}

    def to_text(self) -> str:
        """Returns a provisioned board as a line of the screen."""
        return f"board {self.plan.name}: check code {self.check_code}"


def plan_board(
    name: str, link: str, ul_per_count: str, uncertainty_percent: str = UNCERTAINTY_PERCENT,
    cell_zero: int = CELL_ZERO, cell_per_kg: int = CELL_PER_KG, check_code: int | None = None,
) -> Plan:
    """Returns a plan that is sound; UsageError otherwise. ul_per_count: such as "1 uL"."""
    if not (name.isascii() and name.isalnum() and 1 <= len(name) <= 8):
        raise UsageError(f"--name {name!r} must be one to eight letters and digits", "it is on the air")
    if not link.startswith(SERIAL):
        raise UsageError("a board is provisioned over its cable", "give --port PORT")
    if not -(1 << 31) <= cell_zero < 1 << 31:
        raise UsageError("--cell-zero is what the 24-bit load cell reads with an empty bag hung",
                         "check it")
    if not 1 <= cell_per_kg < 1 << 31:
        raise UsageError("--cell-per-kg is how much more the load cell reads for a kilogram", "check it")
    return Plan(name, link, parse(ul_per_count, "--ul-per-count", QUANTUM_PL), _ppm(uncertainty_percent),
                cell_zero, cell_per_kg, check_code)


def read_batch(
    path: Path, uncertainty_percent: str = UNCERTAINTY_PERCENT, cell_zero: int = CELL_ZERO,
    cell_per_kg: int = CELL_PER_KG,
) -> list[Plan]:
    """Returns the plans of a CSV file, all of which are sound; UsageError otherwise.

    Its columns are name, port, ul_per_count and, if wanted, check, and the three that have defaults.
    """
    plans = []
    for number, row in read_table(path, _NEEDED):
        for name in row:
            if name not in _COLUMNS:
                raise UsageError(f"{path}: the column {name} means nothing",
                                 f"name {', '.join(_COLUMNS)}; nothing was written")
        given = {"uncertainty_percent": uncertainty_percent, "cell_zero": str(cell_zero),
                 "cell_per_kg": str(cell_per_kg),
                 **{key: value for key, value in row.items() if value}}
        try:
            plans.append(_plan_of_row(given))
        except UsageError as error:
            raise UsageError(f"{path}, line {number}: {error.what}", f"{error.do}; nothing was written")
    for what, values in (("name", [plan.name for plan in plans]),
                         ("port", [plan.link for plan in plans])):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise UsageError(f"{path} has the {what} {min(twice)} twice",
                             "correct it; nothing was written")
    if not plans:
        raise UsageError(f"{path} names no board", "give a line for each board")
    return plans


def _plan_of_row(given: dict[str, str]) -> Plan:
    missing = [name for name in _NEEDED if name not in given]
    if missing:
        raise UsageError(f"{missing[0]} is missing", "give it")
    return plan_board(
        given["name"], f"{SERIAL}{given['port']}", given["ul_per_count"], given["uncertainty_percent"],
        _whole(given["cell_zero"], "cell_zero"), _whole(given["cell_per_kg"], "cell_per_kg"),
        parse_check_code(given["check"]) if "check" in given else None)


def _whole(text: str, column: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{column} {text!r} is not a whole number", "write digits")


def provision_each(store: Store, plans: Sequence[Plan]) -> Iterator[Provisioned]:
    """Yields what came of each plan, as soon as it is known; no failure keeps the others from theirs."""
    for plan in plans:
        try:
            yield Provisioned(plan, provision(store, plan).check_code)
        except StoreError:
            raise  # no other board's keys could be kept either
        except PumplogError as error:
            yield Provisioned(plan, None, error)


def provision(store: Store, plan: Plan) -> Board:
    """Gives one board its name, keys, time and calibration; returns what the store now knows of it."""
    board = Board(plan.name, host.random_bytes(32), host.random_bytes(32),
                  int.from_bytes(host.random_bytes(4)) % 900_000 + 100_000, plan.pl_per_count,
                  plan.uncertainty_ppm, possible_now_ms())
    known = store.boards.named(plan.name)
    other = known or store.boards.like(plan.name)
    if other and other != known:
        raise UsageError(f"board {plan.name} is too like board {other.name}", "choose another name")
    unfinished = known is not None and store.boards.is_unfinished(known)
    if known and not unfinished:
        _want_code(plan, known)
    link = open_link(plan.link, plan.name)
    try:
        client = Client(link)
        holder, proof, code = _holder(client, store, plan)
        if known and holder is None:
            _want_code(plan, known)
        was = _known_as(store, plan, holder, proof.log_id)
        client.anchor()
        begun = Begun(board, was)
        store.keys.add(plan.name, Key(board.device_key, board.provisioned_at_ms))
        store.boards.begin(begun)
        store.commit()  # before the board has it: should its answer be lost, the keys are not
        _write(client, store, begun, plan, code)
        store.finish(begun, proof.log_id)
    finally:
        link.close()
    return board


def _want_code(plan: Plan, known: Board) -> None:
    """UsageError unless the plan has the code of the board that has its name: else that one's keys would
    be lost."""
    if plan.check_code != known.check_code:
        raise UsageError(f"board {plan.name} is in this store already",
                         "choose another name or, to provision that very board again, give --check CODE"
                         " from its label")


def _holder(client: Client, store: Store, plan: Plan) -> tuple[Board | None, Proof, int | None]:
    """Returns what this store knows of the board on the cable, what it proved, and the code that it
    wants. The board is None if nobody set it up yet.

    A board that took its keys without its answer has a code that stands on no label yet.
    """
    info = client.info()
    if not info.provisioned:
        return None, client.prove(None), plan.check_code
    before = store.boards.named(info.name)
    if before is None and not store.boards.begun(info.name):
        raise UsageError(f"this board is {info.name} already, and its keys are not in this store",
                         "use the store that has them")
    proof = proven(client, store, info.name)
    holder = store.boards.named(info.name)
    assert holder is not None
    new = holder != before or store.boards.is_unfinished(holder)
    return holder, proof, holder.check_code if new else plan.check_code


def _known_as(store: Store, plan: Plan, holder: Board | None, log_id: int) -> str | None:
    """Returns the name that the board on the cable has had, if it gets another now, None otherwise.

    UsageError if the new name is another board's, or if a board without settings holds the log of a
    board whose code was not given.
    """
    owner = store.boards.named(store.logs.board_of(log_id) or "")
    was = holder or owner
    if was is None or was.name == plan.name:
        return None
    if store.boards.named(plan.name):
        raise UsageError(f"the board on the cable is {was.name}, and {plan.name} is another board",
                         "check the port, or choose another name")
    if holder is None and plan.check_code != was.check_code:
        raise UsageError(f"this board has the log of board {was.name}",
                         f"give --name {was.name}, or the code of its label with --check to rename it")
    return was.name


def _write(client: Client, store: Store, begun: Begun, plan: Plan, code: int | None) -> None:
    """Gives a board what it is to have; UsageError if it refuses."""
    board = begun.board
    result, _ = client.command(commands.PROVISION, struct.pack(
        commands.PROVISION_BODY, board.name.encode(), board.device_key, board.pairing_key,
        board.check_code, board.pl_per_count, board.uncertainty_ppm, plan.cell_zero, plan.cell_per_kg,
    ), code or 0)
    if result != commands.OK:
        store.boards.forget_begun(board)
        store.commit()
        raise UsageError(f"the board refused ({names.RESULTS.get(result, result)})",
                         "a board that has a name wants --check CODE from its label")


def _ppm(percent: str) -> int:
    """Returns a percentage in parts per million."""
    try:
        ppm = Fraction(percent) * 10_000
    except (ValueError, ZeroDivisionError):
        ppm = Fraction(-1)
    if not 0 <= ppm <= 1_000_000:
        raise UsageError("--uncertainty-percent takes 0 to 100, in digits, as in 2.5", "correct it")
    return int(ppm)
