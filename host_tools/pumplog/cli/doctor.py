"""`pumplog doctor`: what is on a board, and what to do about it, a sentence each."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pumpwire import commands
from pumpwire.units import EPOCH_2020_S

from .. import host
from ..deploy import findings, firmware_build, image
from ..deploy.findings import Finding
from ..deploy.mpremote import Mpremote
from ..deploy.on_board import survey
from ..deploy.two_firmwares import firmware_id, leave_service, to_service
from ..errors import Integrity, Partly, Unreachable, Usage
from ..links.serial_link import SerialLink
from ..store import Store
from ..sync.client import Client
from .common import print_json, say

_STARTS_S = 30.0


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--port", help="the board's serial port, as in --link serial:PORT")
    parser.add_argument("--quick", action="store_true",
                        help="ask the firmware only, which logs on meanwhile")


def run(options: argparse.Namespace) -> int:
    """Examines one board; Partly if something is not as it should be."""
    port = options.port or (options.link or "").removeprefix("serial:")
    if not port or port == "ble":
        raise Usage("a board is examined over its cable: give --port PORT.")
    found = _asked(port, options.db)
    if not options.quick:
        found += _examined(port)
    if options.json:
        for one in found:
            print_json({"what": one.what, "good": one.good, "sentence": one.sentence})
    else:
        for one in found:
            print(f"{ {True: 'good', False: 'BAD', None: '?'}[one.good]:5}{one.what}: {one.sentence}")
    bad = [one.what for one in found if one.good is False]
    if bad:
        raise Partly(f"not as it should be: {', '.join(bad)}; what to do stands beside each.")
    return 0


@contextmanager
def _client(port: str) -> Iterator[Client]:
    link = SerialLink(port)
    try:
        yield Client(link)
    finally:
        link.close()


def _asked(port: str, db: Path) -> list[Finding]:
    """Returns what the running firmware says of itself."""
    try:
        with _client(port) as client:
            info, status = client.info(), client.status()
            key = None
            if db.exists():
                with Store.open(db) as store:
                    known = store.boards.named(info.name)
                    key = known.device_key if known else None
            proven = _proves(client, key) if key else None
    except Unreachable:
        return [Finding("running", False, "No firmware answers: what is on the board follows, if it can"
                                          " be seen.")]
    out = [Finding("running", True, f"The firmware runs, and is board {info.name}.")]
    logging = bool(status["flags"] & commands.FLAG_LOGGING)
    out.append(Finding("logging", logging, "It logs." if logging else
                       "It does not log: its log cannot be written; pull it, then have the board looked"
                       " at."))
    if not info.provisioned:
        out.append(Finding("keys", False, "It has no name and no keys: pumplog provision gives them."))
    elif proven is None:
        out.append(Finding("keys", None, "Its keys are not in this store: use the computer that"
                                         " provisioned it."))
    else:
        out.append(Finding("keys", proven, "It proves the key that this store has." if proven else
                           "It does not prove the key that this store has: another board of this name,"
                           " or provisioned elsewhere since."))
    return out


def _proves(client: Client, key: bytes) -> bool:
    try:
        return client.prove(key).known
    except Integrity:
        return False


def _examined(port: str) -> list[Finding]:
    """Returns what lies on the board and what its pins show. It does not log meanwhile."""
    board = Mpremote(port)
    to_service(board, say)
    try:
        here = survey(board)
        build = firmware_build.build(host.state_folder() / "firmware", "esp32")
        found = [findings.of_micropython(here, image.pin()[0]), findings.of_partitions(here),
                 *findings.of_firmware(here, firmware_build.sums(build), firmware_id(build))]
        letter = next((one for one in (here.slot or "a", "a", "b") if here.whole(one)), None)
        if letter is None:
            found.append(Finding("wiring", None, "Clock and sensors are read by the firmware's own"
                                                 " drivers: deploy"
                                 " first."))
        else:
            read = findings.wiring(board, letter)
            host_s = host.utc_now_ms() // 1000 - EPOCH_2020_S
            found += [findings.of_clock(read, host_s), findings.of_cell(read),
                      *findings.of_contacts(read)]
    finally:
        leave_service(board)
    if letter is not None:
        found.append(_again(port))
    return found


def _again(port: str) -> Finding:
    """Waits for the firmware to run again."""
    end_s = time.monotonic() + _STARTS_S
    while time.monotonic() < end_s:
        try:
            with _client(port) as client:
                client.info()
                return Finding("restart", True, "The board runs again.")
        except Unreachable:
            pass
    return Finding("restart", False, "The board did not start again: tap its reset, then run doctor"
                                     " once more.")
