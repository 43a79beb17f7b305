"""A board is its keys and its logs, and a name is a label: renaming keeps the past."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.host.made_log import AT_MS, KEY, LOG_ID, MadeLog, board, store_with_board
from pumplog.deploy import provisioning
from pumplog.errors import UsageError
from pumplog.patients import episode
from pumplog.store import Entry, Store
from pumplog.store.key_exchange import keys_of, take
from pumplog.sync.client import Info, Proof
from pumplog.sync.delivery import identify
from pumplog.sync.targets import named
from pumpwire import commands


class OnCable:
    """The board on the cable, as far as provisioning asks: what it is called, its key and its log."""

    description = "cable"

    def __init__(self, name: str, key: bytes | None, log_id: int = LOG_ID) -> None:
        self.name, self.key, self.log_id = name, key, log_id

    def info(self) -> Info:
        return Info(self.key is not None, self.name)

    def prove(self, device_key: bytes | None) -> Proof:
        assert device_key == self.key
        return Proof(self.log_id, 1, device_key is not None)

    def anchor(self) -> bool:
        return True

    def command(self, op: int, body: bytes, check_code: int = 0) -> tuple[int, bytes]:
        assert op == commands.PROVISION and (self.key is None or check_code == 123456)
        self.name, self.key = body[:12].split(b"\0")[0].decode(), body[-88:]
        return commands.OK, b""

    def close(self) -> None:
        pass


@pytest.fixture
def cable(monkeypatch: pytest.MonkeyPatch):
    """cable(board): what is on the cable from now on."""

    def put(there: OnCable) -> OnCable:
        monkeypatch.setattr(provisioning, "open_link", lambda link, name: there)
        monkeypatch.setattr(provisioning, "Client", lambda link: link)
        return there

    return put


def ward() -> tuple[Store, MadeLog]:
    store, log = store_with_board(KEY), MadeLog()
    log.into(store)
    store.entries.add(Entry(UUID(int=1), "patient_start", "P01", "B01", 5, "AB", AT_MS, AT_MS))
    return store, log


def plan(name: str, check_code: int | None = 123456) -> provisioning.Plan:
    return provisioning.plan_board(name, "serial:X", "1 uL", check_code=check_code)


def check_past(store: Store, name: str) -> None:
    """Asserts that the log, its proof, the pulls and the stay are there under the name."""
    assert [log.board for log in store.logs.all()] == [name]
    assert store.pages.unproven(LOG_ID) == [] and len(list(store.records.of(LOG_ID))) == 170
    assert KEY in store.keys.ring(name).own and store.keys.of("B01" if name != "B01" else "B07") == ()
    assert [each.name for each in store.boards.all()] == [name]
    assert store.pulls.last(name) is not None and episode(store, "P01").board == name
    assert [target.board for target in named(store, [name])] == [name]


def test_a_renamed_board_keeps_its_logs_stays_and_pulls(cable) -> None:
    store, log = ward()
    there = cable(OnCable("B01", KEY))
    made = provisioning.provision(store, plan("B07"))
    assert there.name == "B07"
    check_past(store, "B07")
    log.key = made.device_key
    log.turn()
    log.into(store)
    assert {page.state for page in store.pages.of(LOG_ID)} == {"sealed", "open"}
    there.key = made.device_key
    proof = identify(there, store, "B07")  # type: ignore[arg-type]
    assert proof.log_id == LOG_ID and store.logs.board_of(LOG_ID) == "B07"


def test_a_name_that_another_board_has_is_refused(cable) -> None:
    store, _ = ward()
    store.add_board(board(b"another key" * 3, "B07"))
    cable(OnCable("B01", KEY))
    with pytest.raises(UsageError, match="the board on the cable is B01, and B07 is another board"):
        provisioning.provision(store, plan("B07"))
    assert store.logs.board_of(LOG_ID) == "B01" and len(store.keys.of("B07")) == 1


def test_a_board_whose_settings_were_erased_is_known_by_its_log(cable) -> None:
    store, _ = ward()
    cable(OnCable("", None))
    with pytest.raises(UsageError, match="this board has the log of board B01"):
        provisioning.provision(store, plan("B07", None))
    provisioning.provision(store, plan("B07"))
    check_past(store, "B07")


@pytest.mark.parametrize("ours_is_newer", [False, True])
def test_another_computer_learns_the_new_name_with_the_keys(cable, ours_is_newer: bool) -> None:
    store, _ = ward()
    other, _ = ward()
    cable(OnCable("B01", KEY))
    provisioning.provision(store, plan("B07"))
    here, there = (store, other) if ours_is_newer else (other, store)
    take(here, keys_of(there))
    check_past(here, "B07")
