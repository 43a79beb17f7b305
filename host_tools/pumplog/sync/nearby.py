"""Which boards are heard from here, whom each serves, and who is started and was not heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pumpwire import gatt

from ..errors import NotFoundError
from ..patients import Episode, episodes
from ..plain import in_a_line
from ..store import Store


@dataclass(frozen=True)
class Nearby:
    """A board in radio range, or a board that serves a patient and was not heard."""

    board: str  #: its name, a stranger's as it is advertised
    patient: str | None  #: whom it serves; None: nobody
    bed: str | None  #: where, if it was entered
    heading: str  #: board, patient and bed in words
    rssi_dbm: int | None  #: signal strength, dBm; None: not heard
    has_news: bool | None  #: whether it has records that were not pulled yet; None: not heard

    def to_json(self) -> dict[str, Any]:
        """Returns it for a program."""
        return {"board": self.board, "patient": self.patient, "bed": self.bed,
                "rssi_dbm": self.rssi_dbm, "has_news": self.has_news}

    def to_text(self) -> str:
        """Returns a line for the screen."""
        if self.rssi_dbm is None:
            return f"{self.heading}: not heard from here"
        if not self.board:
            return f"{self.heading}: signal {self.rssi_dbm} dBm; go nearer, and scan again"
        news = "something new to pull" if self.has_news else "nothing new"
        return f"{self.heading}: signal {self.rssi_dbm} dBm, {news}"


def boards_nearby(store: Store | None, seconds: float) -> list[Nearby]:
    """Listens for so many seconds; returns the boards with news first, and last those not heard.

    store: None: there is none yet, and no board serves anybody. NotFoundError if no board was heard at
    all.
    """
    from ..links import ble_radio

    patients = episodes(store).values() if store else ()
    serving = {patient.board: patient for patient in patients if not patient.ended}
    found = sorted(ble_radio.scan(gatt.SERVICE, timeout_s=seconds),
                   key=lambda heard: (not heard.has_news, heard.name))
    if not found:
        raise NotFoundError("no board in range", "go nearer, and check that its light says logging")
    absent = sorted(set(serving) - {heard.name for heard in found})
    return [_nearby(heard.name, serving.get(heard.name), heard.rssi_dbm, heard.has_news)
            for heard in found] + [_nearby(board, serving[board], None, None) for board in absent]


def _nearby(
    board: str, patient: Episode | None, rssi_dbm: int | None, has_news: bool | None
) -> Nearby:
    if not board:
        return Nearby(board, None, None, "a board whose name was not heard", rssi_dbm, has_news)
    if patient is None:
        return Nearby(board, None, None, f"board {in_a_line(board)}, no patient", rssi_dbm, has_news)
    return Nearby(board, patient.patient, patient.bed, patient.heading, rssi_dbm, has_news)
