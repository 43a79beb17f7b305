"""Hands a board the entries that wait for it, once it proved which board it is."""

from __future__ import annotations

from pumpwire import commands, names

from ..errors import Integrity, Partly
from ..links import open_link
from ..links.link import Link
from ..store import Store, to_wire
from .client import Client, Proof, PullResult


def identify(client: Client, store: Store, board: str) -> Proof:
    """Returns what the board at the other end proved; Integrity if it is not the board asked for."""
    info = client.info()
    if info.name != board:
        raise Integrity(f"this is board {info.name}, not {board}: nothing was written; check the"
                        " label and the port.")
    known = store.boards.named(board)
    proof = client.prove(known.device_key if known else None)
    for log_id, owner in store.logs.all():
        if log_id == proof.log_id and owner != board:
            raise Integrity(f"board {board} shows the log of board {owner}: nothing was taken; have"
                            " both boards looked at.")
    store.logs.add(proof.log_id, board)
    return proof


def link_to(store: Store, spec: str, board: str) -> Link:
    """Returns a link to a board, paired with under the key that the store holds for it."""
    known = store.boards.named(board)
    return open_link(spec, board, known.pairing_key if known else None)


def catch_up(client: Client, store: Store, log_id: int, board: str) -> PullResult | None:
    """Pulls before entries are handed over again whose answer was lost: a board that started since
    knows only from its log that it has them. Returns what that brought, None where there are none."""
    return client.pull(store, log_id) if store.entries.unanswered(board) else None


def deliver(
    client: Client, store: Store, log_id: int, board: str, check_code: int | None
) -> list[str]:
    """Hands over the entries that wait for this board, under the check code given now, else the
    one given when they were entered; returns why each of the others still waits."""
    left = []
    for entry in store.entries.waiting(board):
        store.entries.mark_handed_over(entry.uuid)
        result, seq = client.deliver(to_wire(entry), check_code or entry.check_code or 0)
        if result == commands.OK and seq is not None:
            store.entries.mark_delivered(entry.uuid, log_id, seq)
            store.commit()
        elif result != commands.ALREADY:  # already there: the pull brings its record
            store.entries.mark_refused(entry.uuid)
            left.append(f"{entry.kind} of {entry.patient} is not yet on board {board}:"
                        f" {names.RESULTS.get(result, result)}")
    return left


def unconfirmed(store: Store, board: str, left: list[str]) -> list[str]:
    """Returns, after a pull, what to say of entries that the board claimed to have and has not."""
    silent = len(store.entries.waiting(board)) - len(left)
    if silent <= 0:
        return []
    return [f"{silent} of the entries that wait for board {board} are in its log, it says, and are not:"
            " they are kept; pull again"]


def hand_over(spec: str, store: Store, board: str, check_code: int | None) -> None:
    """Delivers what waits for a board over a link; Partly if the board refused some."""
    link = link_to(store, spec, board)
    try:
        client = Client(link)
        proof = identify(client, store, board)
        client.anchor()
        catch_up(client, store, proof.log_id, board)
        left = deliver(client, store, proof.log_id, board, check_code)
    finally:
        store.commit()
        link.close()
    if left:
        raise Partly(f"{'; '.join(left)}: give --check CODE from the label, or press the board's"
                     " service button")
