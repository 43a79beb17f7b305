"""Has a board and this computer forget each other: the bond that Bluetooth keeps, on both its ends.

Making a bond is the radio's alone (pumplog.links.ble_pairing); a board forgets only a computer that it
knows, which is asked of it as any command is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pumpwire import commands, names

from ..errors import NotPairedError, PartlyError, UsageError
from ..links import BLE, SERIAL
from ..patients import board_named
from ..store import Store
from .client import Client
from .delivery import identify, link_to

if TYPE_CHECKING:
    from ..links.ble_peer import GattPeer


@dataclass(frozen=True)
class Forgotten:
    """Which of the two ends of a bond is gone."""

    board: str  #: its name
    everyone: bool  #: whether the board was to forget every computer
    over_ble: bool  #: whether this computer was to forget the board too
    kept_here: str = ""  #: why this computer may still know the board, "" if it does not
    kept_on_board: str = ""  #: why the board may still know this computer, "" if it does not

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        here = self.over_ble and not self.kept_here and not (self.everyone and self.kept_on_board)
        return {"board": self.board, "forgotten_here": here,
                "forgotten_on_board": not self.kept_on_board}

    def to_text(self) -> str:
        """Returns a line for the screen, of a bond that is gone on both ends."""
        return (f"board {self.board} has forgotten every computer" if self.everyone
                else f"board {self.board} and this computer have forgotten each other")

    def left(self) -> PartlyError | None:
        """Returns what is still to be done, None if there is nothing."""
        if self.everyone and self.kept_on_board:
            return PartlyError(
                f"board {self.board} still knows all its computers: {self.kept_on_board}",
                "give --check CODE from its label, or hold its service button")
        on_board = f"board {self.board} may still know this computer"
        if self.kept_here:
            more = f"; {on_board}: {self.kept_on_board}" if self.kept_on_board else ""
            return PartlyError(f"this computer still knows board {self.board}",
                               f"{self.kept_here}{more}")
        return PartlyError(on_board, self.kept_on_board) if self.kept_on_board else None


def forget(
    store: Store, board: str, link_spec: str = BLE, everyone: bool = False,
    check_code: int | None = None,
) -> Forgotten:
    """Removes the bond between a board and this computer on both ends; UsageError for a link without
    bonds.

    everyone: the board forgets every computer, for which it wants the check code or its button; over the
    cable (link_spec `serial:PORT`) there is nothing else to forget.
    """
    board = board_named(store, board)
    if link_spec == BLE:
        return _over_ble(store, board, everyone, check_code)
    if not (link_spec.startswith(SERIAL) and everyone):
        raise UsageError("a bond is between a board and this computer's Bluetooth",
                         "leave --link out; over the cable give --everyone")
    link = link_to(store, link_spec, board)
    try:
        kept = _ask(Client(link), store, board, everyone, check_code)
    finally:
        link.close()
    return Forgotten(board, everyone, False, kept_on_board=kept)


def _over_ble(store: Store, board: str, everyone: bool, check_code: int | None) -> Forgotten:
    """Has the board forget first, while it still lets this computer in."""
    from ..links import ble_pairing, ble_radio
    from ..links.ble_link import BleLink

    def attempt(peer: GattPeer) -> Forgotten:
        kept_here = ""
        known = store.boards.named(board)
        try:
            ble_pairing.secure(peer, board, known.pairing_key if known else None)
            kept_on_board = _ask(Client(BleLink(peer, board)), store, board, everyone, check_code)
        except NotPairedError as error:
            if peer.paired is False:
                raise
            kept_on_board = _sentence(error)
        refused = everyone and bool(kept_on_board)  # whoever asks again has to be let in for it
        if peer.paired is not False and not refused:
            try:
                peer.unpair()
            except NotPairedError as error:
                kept_here = _sentence(error)
        peer.close()
        return Forgotten(board, everyone, True, kept_here, kept_on_board)

    try:
        return ble_radio.first_that(board, attempt)
    except NotPairedError as error:
        return Forgotten(board, everyone, True, kept_on_board=_sentence(error))


def _ask(client: Client, store: Store, board: str, everyone: bool, check_code: int | None) -> str:
    """Has the board forget; returns why it did not, "" if it did."""
    identify(client, store, board)
    result = client.unpair(everyone, check_code or 0)
    return "" if result == commands.OK else names.RESULTS.get(result, str(result))


def _sentence(error: NotPairedError) -> str:
    return f"{error.what}: {error.do}"
