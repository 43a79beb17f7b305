"""Examines a board on its cable: asks the firmware that runs, then looks at the flash and the pins.

The second needs service mode, in which a board does not log; it is started again in the end, and whether
it came up is the last diagnosis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pumpwire import commands
from pumpwire.units import EPOCH_2020_S

from .. import host
from ..errors import IntegrityError, UnreachableError
from ..links.serial_link import SerialLink
from ..store import Store
from ..sync import Client
from . import diagnosis, firmware_build, image
from .diagnosis import Diagnosis
from .mpremote import Mpremote
from .on_board import survey
from .two_firmwares import firmware_id, in_service

_STARTS_S = 30.0


def ask(port: str, open_store: Callable[[], Store] | None) -> list[Diagnosis]:
    """Returns what the firmware that runs says of itself.

    open_store: opens the store whose keys it is to prove, once the board has answered: a board that
    does not answer is examined whatever the store is. None: there is no store.
    """
    try:
        with _client(port) as client:
            info, status = client.info(), client.status()
            key = _key_of(info.name, open_store) if open_store else None
            proven = _proves(client, key) if key else None
    except UnreachableError:
        return [Diagnosis("running", False, "No firmware answers: what is on the board follows, if it"
                                            " can be read.")]
    out = [Diagnosis("running", True, f"The firmware runs, and is board {info.name}.")]
    logging = bool(status["flags"] & commands.FLAG_LOGGING)
    out.append(Diagnosis("logging", logging, "It logs." if logging else
                         "It does not log: its log cannot be written; pull it, then have the board"
                         " looked at."))
    out += [diagnosis.of_memory(status), diagnosis.of_loop(status)]
    if not info.provisioned:
        out.append(Diagnosis("keys", False,
                             "It has no name and no keys: pumplog provision gives them."))
    elif proven is None:
        out.append(Diagnosis("keys", None, "Its keys are not in this store: use the computer that"
                                           " provisioned it."))
    else:
        out.append(Diagnosis("keys", proven, "It proves the key that this store has." if proven else
                             "It does not prove the key that this store has: another board of this"
                             " name, or provisioned elsewhere since."))
    return out


def look(port: str, say: Callable[[str], None]) -> list[Diagnosis]:
    """Returns what lies on the board and what its pins show; say is told when it goes into service."""
    with Mpremote(port) as board, in_service(board, say):
        told, letter = _look_in_service(board)
    if letter is not None:
        told.append(_again(port))
    return told


def _look_in_service(board: Mpremote) -> tuple[list[Diagnosis], str | None]:
    """Returns what is so, and the folder of a firmware that is whole."""
    here = survey(board)
    build = firmware_build.build(host.state_folder() / "firmware", "esp32")
    told = [diagnosis.of_micropython(here, image.pin()), diagnosis.of_partitions(here),
            *diagnosis.of_firmware(here, firmware_build.sums(build), firmware_id(build))]
    letter = next((folder for folder in (here.slot or "a", "a", "b") if here.whole(folder)), None)
    if letter is None:
        told.append(Diagnosis("wiring", None, "Clock and sensors are read by the firmware's own"
                                              " drivers: deploy first."))
    else:
        read = diagnosis.wiring(board, letter)
        host_s = host.utc_now_ms() // 1000 - EPOCH_2020_S
        told += [diagnosis.of_clock(read, host_s), diagnosis.of_cell(read),
                 *diagnosis.of_contacts(read)]
    return told, letter


@contextmanager
def _client(port: str) -> Iterator[Client]:
    link = SerialLink(port)
    try:
        yield Client(link)
    finally:
        link.close()


def _key_of(board: str, open_store: Callable[[], Store]) -> bytes | None:
    with open_store() as store:
        known = store.boards.named(board)
    return known.device_key if known else None


def _proves(client: Client, key: bytes) -> bool:
    try:
        return client.prove(key).known
    except IntegrityError:
        return False


def _again(port: str) -> Diagnosis:
    """Waits for the firmware to run again."""
    end_s = host.waited_s() + _STARTS_S
    while host.waited_s() < end_s:
        try:
            with _client(port) as client:
                client.info()
                return Diagnosis("restart", True, "The board runs again.")
        except UnreachableError:
            pass
    return Diagnosis("restart", False, "The board did not start again: tap its reset, then run doctor"
                                       " once more.")
