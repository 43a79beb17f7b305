"""Hands a board the entries that wait for it, once it proved which board it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from pumpwire import commands, names

from ..errors import IntegrityError, PartlyError, UsageError
from ..links import Link, open_link
from ..store import Begun, Store, to_wire
from .client import Client, Proof, PullResult


@dataclass(frozen=True)
class NotTaken:
    """An entry that still waits: the board answered and did not take it."""

    kind: str  #: of the entry, as in pumpwire.entries
    patient: str  #: whom it is for
    board: str  #: that it waits for
    result: int  #: what the board answered (pumpwire.names.RESULTS)
    code_given: bool = False  #: a check code went with it

    @property
    def name(self) -> str:
        """Which entry it is, in a word."""
        return self.kind.removeprefix("patient_")

    @property
    def why(self) -> str:
        """What the board answered."""
        if self.result == commands.REFUSED and self.code_given:
            return "refused: the check code is not the code of this board; read its label again"
        return str(names.RESULTS.get(self.result, self.result))

    def to_text(self) -> str:
        """Returns which entry it is, and what the board answered."""
        return f"{self.name} of {self.patient} is not yet on board {self.board}: {self.why}"


@dataclass(frozen=True)
class NotInLog:
    """Entries that still wait: the board said that it has them, and its log has not."""

    count: int  #: how many there are
    board: str  #: that they wait for

    def to_text(self) -> str:
        """Returns how many they are, and what to do."""
        return (f"{self.count} of the entries that wait for board {self.board} are in its log, it says,"
                " and are not: they are kept; pull again")


@dataclass(frozen=True)
class NotSendable:
    """An entry that no board can take: a clock or a store went wrong as it was made."""

    why: str  #: which entry it is, what is wrong with it, and what to do

    def to_text(self) -> str:
        """Returns all of that."""
        return self.why


Waiting = NotTaken | NotInLog | NotSendable


def identify(client: Client, store: Store, board: str) -> Proof:
    """Returns what the board at the other end proved; IntegrityError if it is not the board asked
    for."""
    info = client.info()
    if info.name != board:
        raise IntegrityError(f"this is board {info.name}, not {board}",
                             "nothing was written; check the label and the port")
    proof = proven(client, store, board)
    owner = store.logs.board_of(proof.log_id)
    if not store.claim_log(proof.log_id, board):
        raise IntegrityError(f"board {board} shows the log of board {owner}",
                             "nothing was taken; have both boards looked at")
    return proof


def proven(client: Client, store: Store, board: str) -> Proof:
    """Has a board of that name prove itself; IntegrityError if it holds none of the keys that it may
    have.

    It may have been given keys and its answer lost: if it proves these, it has them.
    """
    known = store.boards.named(board)
    begun = store.boards.begun(board)
    if not begun:
        return client.prove(known.device_key if known else None)
    if known:
        with suppress(IntegrityError):
            return client.prove(known.device_key)
    for each in begun[:-1]:
        with suppress(IntegrityError):
            return _finished(client, store, each)
    return _finished(client, store, begun[-1])


def _finished(client: Client, store: Store, begun: Begun) -> Proof:
    """Has a board prove that it has what it was given, and keeps that it has."""
    proof = client.prove(begun.board.device_key)
    store.finish(begun, proof.log_id)
    return proof


def link_to(store: Store, link_spec: str, board: str) -> Link:
    """Returns a link to a board, paired with under the key that the store holds for it.

    link_spec: `ble` or `serial:PORT`.
    """
    known = store.boards.named(board)
    return open_link(link_spec, board, known.pairing_key if known else None,
                     lambda link: identify(Client(link), store, board))


def catch_up(client: Client, store: Store, log_id: int, board: str) -> PullResult | None:
    """Pulls before entries are handed over again whose answer was lost: a board that started since
    knows only from its log that it has them. Returns what that brought, None where there are none."""
    return client.pull(store, log_id) if store.entries.unanswered(board) else None


def deliver(
    client: Client, store: Store, log_id: int, board: str, check_code: int | None
) -> list[NotTaken | NotSendable]:
    """Hands over the entries that wait for this board; returns those that it did not take.

    check_code: as given now, six digits; None: the code given when each was entered, else none.
    """
    not_taken: list[NotTaken | NotSendable] = []
    for entry in store.entries.waiting(board):
        try:
            data = to_wire(entry)
        except UsageError as error:
            not_taken.append(NotSendable(str(error).removesuffix(".")))
            continue
        store.entries.mark_handed_over(entry.uuid)
        code = check_code or entry.check_code or 0
        result, seq = client.deliver(data, code)
        if result == commands.OK and seq is not None:
            store.entries.mark_delivered(entry.uuid, log_id, seq)
            store.commit()
        elif result != commands.ALREADY:  # already there: the pull brings its record
            store.entries.mark_refused(entry.uuid)
            not_taken.append(NotTaken(entry.kind, entry.patient, board, result, code > 0))
    return not_taken


def not_in_log(store: Store, board: str, not_taken: int) -> NotInLog | None:
    """Returns, after a pull, the entries that the board claimed to have and has not; None if it has all.

    not_taken: how many entries it did not take.
    """
    count = len(store.entries.waiting(board)) - not_taken
    return NotInLog(count, board) if count > 0 else None


def hand_over(link_spec: str, store: Store, board: str, check_code: int | None) -> None:
    """Delivers what waits for a board over a link of its own; PartlyError if the board took not all."""
    link = link_to(store, link_spec, board)
    try:
        client = Client(link)
        proof = identify(client, store, board)
        client.anchor()
        catch_up(client, store, proof.log_id, board)
        not_taken = deliver(client, store, proof.log_id, board, check_code)
    finally:
        store.commit()
        link.close()
    if not_taken:
        raise PartlyError("; ".join(_listed(not_taken)),
                          "give --check CODE from the label, or press the board's service button")


def _listed(not_taken: list[NotTaken | NotSendable]) -> Iterator[str]:
    """Yields what was not taken, with entries of a patient that wait for the same reason together."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for each in not_taken:
        if isinstance(each, NotTaken):
            alike.setdefault((each.patient, each.board, each.why), []).append(each.name)
        else:
            yield each.to_text()
    for (patient, board, why), found in alike.items():
        what, are = " and ".join(filter(None, [", ".join(found[:-1]), found[-1]])), "is"
        if len(found) > 1:
            are = "are"
        yield f"{what} of {patient} {are} not yet on board {board}: {why}"
