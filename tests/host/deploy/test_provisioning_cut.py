"""A cable pulled while a board gets its keys costs nobody the board: do it again, and it is done."""

from __future__ import annotations

import struct
from itertools import product

import pytest
from helpers.host.made_log import KEY, LOG_ID, MadeLog, board, store_with_board
from pumplog.deploy import provisioning
from pumplog.errors import IntegrityError, PumplogError, UnreachableError, UsageError
from pumplog.store import Store
from pumplog.sync.client import Info, Proof
from pumplog.sync.delivery import identify
from pumpwire import commands


class CutCable:
    """A board on a cable that is pulled before (False) or after (True) the board took its keys."""

    description = "cable"

    def __init__(self, name: str, key: bytes | None, code: int = 123456) -> None:
        self.name, self.key, self.code = name, key, code
        self.cuts: list[bool] = []

    def info(self) -> Info:
        return Info(self.key is not None, self.name)

    def prove(self, device_key: bytes | None) -> Proof:
        if device_key is not None and device_key != self.key:
            raise IntegrityError("another key", "look")
        self.proven = device_key == self.key
        return Proof(LOG_ID, 1, device_key is not None)

    def anchor(self) -> bool:
        return True

    def command(self, op: int, body: bytes, check_code: int = 0) -> tuple[int, bytes]:
        assert op == commands.PROVISION
        if not self.proven or self.key is not None and check_code != self.code:
            return commands.REFUSED, b""
        cut = self.cuts.pop(0) if self.cuts else None
        if cut is not False:
            name, self.key, self.pairing_key, self.code = struct.unpack_from("<12s32s32sI", body)
            self.name = name.rstrip(b"\0").decode()
        if cut is not None:
            raise UnreachableError("the cable was pulled", "do it again")
        return commands.OK, b""

    def close(self) -> None:
        pass


CASES = {"fresh": ("", None, "B07", None), "again": ("B01", KEY, "B01", 123456),
         "renamed": ("B01", KEY, "B07", 123456), "erased": ("", None, "B01", 123456)}


def start(case: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Store, CutCable, provisioning.Plan]:
    name, key, wanted, code = CASES[case]
    store = store_with_board(KEY)
    if case != "fresh":
        MadeLog().into(store)
    there = CutCable(name, key)
    monkeypatch.setattr(provisioning, "open_link", lambda link, name: there)
    monkeypatch.setattr(provisioning, "Client", lambda link: link)
    return store, there, provisioning.plan_board(wanted, "serial:X", "1 uL", check_code=code)


def check(store: Store, there: CutCable, name: str) -> None:
    known = store.boards.named(name)
    assert known and there.name == name and known.device_key == there.key
    assert known.pairing_key == there.pairing_key and known.check_code == there.code
    assert store.logs.board_of(LOG_ID) == name and identify(there, store, name)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("cuts", [each for n in (1, 2, 3) for each in product((False, True), repeat=n)])
def test_doing_it_again_gives_the_board_its_keys_whenever_the_cable_was_pulled(
    case: str, cuts: tuple[bool, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, there, plan = start(case, monkeypatch)
    there.cuts = list(cuts)
    for _ in cuts:
        with pytest.raises(UnreachableError):
            provisioning.provision(store, plan)
    made = provisioning.provision(store, plan)
    assert made.name == plan.name
    check(store, there, plan.name)
    assert len([each for each in store.boards.all() if each.name == plan.name]) == 1


@pytest.mark.parametrize("taken", [False, True])
def test_a_pull_after_a_cut_finds_the_board_with_whichever_keys_it_has(
    taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, there, plan = start("again", monkeypatch)
    there.cuts = [taken]
    with pytest.raises(UnreachableError):
        provisioning.provision(store, plan)
    there.pairing_key = b"p" * 32 if not taken else there.pairing_key
    check_now = identify(there, store, "B01")  # type: ignore[arg-type]
    assert check_now.log_id == LOG_ID
    check(store, there, "B01")


def test_a_refusal_leaves_the_board_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    store, there, plan = start("again", monkeypatch)
    there.code = 654321
    with pytest.raises(UsageError, match="the board refused"):
        provisioning.provision(store, plan)
    assert [each.device_key for each in store.boards.all()] == [KEY]
    assert identify(there, store, "B01").known  # type: ignore[arg-type]


def test_a_begun_board_is_no_way_in_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that one board may have do not let a board of that name in that has others."""
    store, there, plan = start("fresh", monkeypatch)
    there.cuts = [True]
    with pytest.raises(UnreachableError):
        provisioning.provision(store, plan)
    there.key = b"another key" * 3
    with pytest.raises(PumplogError):
        provisioning.provision(store, plan)
    assert store.boards.named("B07") is None
    assert board(KEY).name in [each.name for each in store.boards.all()]
