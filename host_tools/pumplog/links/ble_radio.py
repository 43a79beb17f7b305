"""This computer's Bluetooth, through adafruit-circuitpython-ble: who is heard, and connecting.

With PUMPLOG_AIR=ADDRESS a simulated air takes its place: what stands as `air` under the entry point
`pumplog.radios` is called before the library is first used. Scanning and connecting go one at a time,
for there is one adapter: SEARCH sees to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from pumpwire import gatt

from .. import host
from ..errors import IntegrityError, NotPairedError, PumplogError, UnreachableError
from .ble_peer import GattPeer, why
from .search import Search

CONNECT_TIMEOUT_S = 10.0
_RADIOS = "pumplog.radios"  # the group of entry points that put another radio in place
_WEAKEST_DBM = -127  # bleio would leave out what comes in below -80: the board at the ward's far end
_OTHERS_S = 3.0  # boards advertise four times a second
_MOST_OF_A_NAME = 4  # devices that are tried
_ELSE = "switch it on, or pull over the cable with --link serial:PORT"
_ELSE_TAKEN = "another program scans: close that, or pull over the cable with --link serial:PORT"


@dataclass(frozen=True)
class Heard:
    """A board heard in a scan."""

    name: str  #: as it is advertised, such as B01; a stranger may advertise any text
    address: str  #: as the system gives it; on macOS a UUID of that Mac's own
    rssi_dbm: int  #: signal strength, dBm
    has_news: bool  #: whether it advertises records that were not pulled yet
    advertisement: Any  #: the library's, to connect by


@cache
def _radio() -> Any:
    """Returns adafruit_ble's radio, with the fixes in place; UnreachableError without an adapter."""
    air = os.environ.get("PUMPLOG_AIR")
    try:
        if air:
            _take_to_the_air(air)
        from adafruit_ble import BLERadio

        from . import ble_fixes

        ble_fixes.install()
        return BLERadio()
    except UnreachableError:
        raise
    except Exception as error:  # Blinka raises what it likes on a machine it does not know, an air too
        raise UnreachableError(f"this computer's Bluetooth cannot be used ({error})", _ELSE) from error


def _take_to_the_air(address: str) -> None:
    """Puts the simulated air at HOST:PORT in the radio's place; UnreachableError if none is
    installed."""
    from importlib.metadata import entry_points  # milliseconds that no other start pays

    try:
        (air,) = entry_points(group=_RADIOS, name="air")
        install = air.load()
    except (ValueError, ImportError) as error:  # there is none, or what it needs is not there
        raise UnreachableError("PUMPLOG_AIR is set, and no simulated air is installed", "install it with"
                               " `pip install 'pumplog[bench]'`, or unset PUMPLOG_AIR") from error
    install(address, host.host_id(), host.state_folder() / "bonds")


def pairs_itself() -> bool:
    """Returns whether pumplog pairs here by itself, or the system's own dialogue has to."""
    return bool(os.environ.get("PUMPLOG_AIR")) or sys.platform == "linux"


def scan(
    service_uuid: str, timeout_s: float = 8.0, until_name: str | None = None
) -> list[Heard]:
    """Returns the boards heard within the timeout, or as soon as `until_name` is heard, also before the
    scan failed."""
    radio = _radio()
    found: dict[str, Heard] = {}
    try:
        for heard in _listen(radio, service_uuid, timeout_s):
            found[heard.address] = heard
            if heard.name == until_name:
                break
    except Exception as error:
        if not found:
            taken = "progress" in why(error)
            raise UnreachableError(f"this computer's Bluetooth cannot scan ({why(error)})",
                                   _ELSE_TAKEN if taken else _ELSE) from error
    finally:
        radio.stop_scan()
    return list(found.values())


def _listen(radio: Any, service_uuid: str, timeout_s: float) -> Iterator[Heard]:
    from adafruit_ble.advertising.standard import ProvideServicesAdvertisement
    from adafruit_ble.uuid import VendorUUID

    wanted = VendorUUID(service_uuid)
    for told in radio.start_scan(ProvideServicesAdvertisement, timeout=timeout_s,
                                 minimum_rssi=_WEAKEST_DBM):
        heard = _read(told, wanted)
        if heard:
            yield heard


def _read(told: Any, wanted: Any) -> Heard | None:
    """Returns the board that an advertisement is from; None for whatever cannot be read as a board's."""
    try:
        if wanted not in told.services._vendor_services:
            return None
        maker = told.data_dict.get(0xFF, b"")
        maker = maker[0] if isinstance(maker, list) else maker
        company = gatt.COMPANY_ID.to_bytes(2, "little")
        news = len(maker) >= 3 and maker[:2] == company and bool(maker[2] & gatt.HAS_NEWS)
        return Heard(told.complete_name or "", told.address.string, told.rssi, news, told)
    except Exception:  # a stranger says what he likes, and the library reads it as it likes
        return None


def connect(heard: Heard, timeout_s: float = CONNECT_TIMEOUT_S) -> GattPeer:
    """Connects to a board that was heard."""
    try:
        return GattPeer(_radio().connect(heard.advertisement, timeout=timeout_s))
    except UnreachableError:
        raise
    except Exception as error:
        raise UnreachableError(f"board {heard.name} was heard but does not let us in ({why(error)})",
                               "go nearer and do it again") from error


def _scan_for(board: str | None) -> list[Heard]:
    if board is None:
        return scan(gatt.SERVICE, timeout_s=_OTHERS_S)
    return scan(gatt.SERVICE, until_name=board)


SEARCH: Search[Heard] = Search(_scan_for)
_T = TypeVar("_T")


def first_that(board: str, attempt: Callable[[GattPeer], _T]) -> _T:
    """Returns what attempt(peer) gives for the first device of a board's name for which it gives
    anything; what it raised for the others ends their links. A stranger may use the name."""
    failed: list[PumplogError] = []
    with SEARCH.turn(board) as candidates:
        for heard in islice(candidates, _MOST_OF_A_NAME):
            try:
                peer = connect(heard)
            except UnreachableError as error:
                failed.append(error)
                continue
            try:
                return attempt(peer)
            except (IntegrityError, NotPairedError, UnreachableError) as error:
                failed.append(error)
                _let_go(peer)
            except BaseException:
                _let_go(peer)
                raise
    raise _of_all(failed)


def _let_go(peer: GattPeer) -> None:
    with suppress(UnreachableError):
        peer.close()


def _of_all(failed: list[PumplogError]) -> PumplogError:
    """Returns the error that tells most: of a device that did answer, where any did."""
    error = min(failed, key=lambda each: isinstance(each, UnreachableError))
    if len(failed) == 1:
        return error
    return type(error)(f"{error.what}; {len(failed)} devices near here use that name", error.do)
