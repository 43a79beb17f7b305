"""Attackers on the air: each is refused, learns nothing, and the board goes on as if alone."""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from bumble import smp
from bumble.att import ATT_Error
from bumble.core import BaseBumbleError
from helpers.air.stranger import Stranger
from helpers.air.ward import (
    Air,
    Ward,
    all_entries,
    holes,
    json_lines,
    on_air,
    pumplog,
    rows,
    run_ward,
)
from pumpwire import commands, entries, gatt, pairing, proofs, racp, receiving, sealing, uuids

BOARD, PATIENT = "B01", "P01"
HOST_ID = 4242
PAIRED = (commands.PAIR, commands.OK)
# and of a nurse's pull; "pump" once a few minutes brought no count, as on a busy computer they may pass
OF_A_BOARD_LEFT_ALONE = {"boot", "calibration", "anchor", "resumed", "access", "pump"}


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("attacked"))


def settings(ward: Ward) -> dict[str, bytes]:
    """Returns what the board keeps in its settings."""
    kept = json.loads((ward.folder / BOARD / "nvs.json").read_text())
    return {name: bytes.fromhex(text) for name, text in kept.items()}


def bonds(ward: Ward) -> list[str]:
    """Returns which settings hold a bond."""
    return [name for name, value in settings(ward).items()
            if name.startswith("b") and value[4:5] > b"\0"]


def secrets_of(ward: Ward) -> list[bytes]:
    """Returns what nobody may see: keys, check code, the stay's id, the log's id."""
    kept = settings(ward)
    log_ids = [log_id.to_bytes(4, "little") for log_id, in
               rows(ward.folder / "nurse.db", "SELECT log_id FROM logs WHERE board=?", BOARD)]
    assert log_ids
    return log_ids + [kept[name] for name in ("device_key", "pairing_key", "check_code", "assignment")]


def attack(
    ward: Ward, tmp_path: Path, work: Callable[[Air, Ward], Coroutine[Any, Any, None]], *options: str,
    noted: tuple[tuple[int, int], ...] = (),
) -> None:
    """Runs an attack on a ward of its own; the board must then give its whole log to the nurse.

    Its log must tell of no missed tick and no restart, and of nothing that the attacker did but that
    the attacker was there: noted has the (op, result) of those ACCESS records; the nurse's pairing is
    another.
    """
    copy = ward.copy(tmp_path / "run")
    db = copy.store(tmp_path / "after.db")
    with on_air(copy, "--by-hand", *options) as air:
        asyncio.run(work(air, copy))
        air.press(BOARD)
        done = pumplog(db, "pull", PATIENT, "--json", PUMPLOG_AIR=air.address)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in (copy.folder / BOARD / "firmware.err").read_text()
    assert rows(db, "SELECT COUNT(DISTINCT boot) FROM records") == [(3,)] and not holes(db)
    late = rows(db, "SELECT kind FROM records WHERE boot = 3")
    assert {kind for kind, in late} <= OF_A_BOARD_LEFT_ALONE, late
    anchors = [kind for kind, in late if kind == "anchor"]
    assert 1 <= len(anchors) <= 2  # the nurse's own: she pulled at most twice
    told = [json.loads(fields) for fields, in
            rows(db, "SELECT fields FROM records WHERE boot = 3 AND kind = 'access' ORDER BY seq")]
    assert [(each["op"], each["result"]) for each in told] == [*noted, PAIRED]
    quiet = ward.store(tmp_path / "quiet.db")
    assert pumplog(quiet, "pull", PATIENT, "--link", f"file:{ward.image(PATIENT)}").returncode == 0
    assert all_entries(db) == all_entries(quiet)


async def refused(work: Coroutine[Any, Any, Any]) -> None:
    with pytest.raises(ATT_Error):
        await work


async def learns_nothing(stranger: Stranger, ward: Ward) -> None:
    """What the stranger may read and was sent holds none of the board's secrets."""
    seen = [await stranger.read(channel) for channel in uuids.OPEN]
    protocol, provisioned, name = struct.unpack(commands.INFO_BODY, seen[0])
    assert (protocol, provisioned, name.rstrip(b"\0")) == (commands.PROTOCOL, 1, BOARD.encode())
    for data in [*seen, *(data for _, data in stranger.arrived)]:
        assert not any(secret in data for secret in secrets_of(ward))


@pytest.mark.parametrize("options", [(), ("--lax",)], ids=["stack enforces", "stack enforces nothing"])
def test_an_unpaired_stranger_gets_nothing(ward: Ward, tmp_path: Path, options: tuple[str, ...]) -> None:
    async def work(air: Air, copy: Ward) -> None:
        async with Stranger(air.address, 1) as stranger:
            await stranger.connect(BOARD)
            await refused(stranger.read(uuids.STATUS))
            for number in (gatt.FIRMWARE_REVISION, gatt.HARDWARE_REVISION, gatt.CURRENT_ELAPSED_TIME):
                await refused(stranger.read_standard(number))
            told = [await stranger.read_standard(number) for number in gatt.OPEN_ABOUT]
            assert told == [b"pumplog", b"bedside gateway", BOARD.encode()]
            await stranger.subscribe()
            for channel, data in ((uuids.RACP, receiving.report_from(0)),
                                  (uuids.RACP, receiving.count_from(0)),
                                  (uuids.COMMAND, commands.request(commands.TIME, 1, 0, b""))):
                if options:
                    await stranger.write(channel, data)
                else:
                    await refused(stranger.write(channel, data))
            assert not await stranger.quiet()
            assert not await stranger.pair(123456)  # no window is open
            await asyncio.wait_for(stranger.gone, 10)
        async with Stranger(air.address, 2) as stranger:
            await stranger.connect(BOARD)
            await learns_nothing(stranger, copy)
        assert not bonds(copy)

    attack(ward, tmp_path, work, *options)


def test_three_wrong_passkeys_close_the_window(ward: Ward, tmp_path: Path) -> None:
    async def work(air: Air, copy: Ward) -> None:
        key = settings(copy)["pairing_key"]
        air.press(BOARD)
        nonces = set()
        for attempt in range(3):
            async with Stranger(air.address, attempt) as stranger:
                await stranger.connect(BOARD)
                is_open, left, nonce = await stranger.window()
                assert is_open and left == 3 - attempt
                nonces.add(nonce)
                await learns_nothing(stranger, copy)
                assert not await stranger.pair((pairing.passkey(key, nonce) + 1 + attempt) % 1000000)
        assert len(nonces) == 3
        async with Stranger(air.address, 9) as stranger:
            await stranger.connect(BOARD)
            assert await stranger.window() == (False, 0, bytes(16))
            assert not await stranger.pair(pairing.passkey(key, nonce))  # right, but too late
        assert not bonds(copy)

    attack(ward, tmp_path, work, noted=((commands.PAIR, commands.WRONG_KEY),))


def test_a_passkey_read_out_of_a_pairing_that_was_broken_off_opens_nothing(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the 20 rounds of a pairing tells a bit of the passkey to whoever listens; then it is
    jammed, and the eavesdropper pairs within the same window, also after another press."""
    rounds = 0
    original = smp.Session.on_smp_command

    def jammed(self: smp.Session, command: smp.SMP_Command) -> None:
        nonlocal rounds
        rounds += isinstance(command, smp.SMP_Pairing_Random_Command)
        if rounds < 20:
            original(self, command)
        elif rounds == 20:
            asyncio.ensure_future(self.connection.disconnect())

    async def work(air: Air, copy: Ward) -> None:
        nonlocal rounds
        key = settings(copy)["pairing_key"]
        air.press(BOARD)
        async with Stranger(air.address, 1) as nurse:
            await nurse.connect(BOARD)
            _, _, nonce = await nurse.window()
            overheard = pairing.passkey(key, nonce)
            with monkeypatch.context() as patch:
                patch.setattr(smp.Session, "on_smp_command", jammed)
                assert not await nurse.pair(overheard)
        assert rounds >= 20
        air.press(BOARD)
        async with Stranger(air.address, 2) as thief:
            await thief.connect(BOARD)
            is_open, left, fresh = await thief.window()
            assert is_open and left == 2 and fresh != nonce
            assert not await thief.pair(overheard)
        assert not bonds(copy)

    attack(ward, tmp_path, work, noted=((commands.PAIR, commands.WRONG_KEY),))


@pytest.mark.parametrize("options", [(), ("--lax",)], ids=["stack enforces", "stack enforces nothing"])
def test_pairing_by_the_older_protocol_is_refused_even_with_the_passkey(
    ward: Ward, tmp_path: Path, options: tuple[str, ...]
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        air.press(BOARD)
        async with Stranger(air.address, 1) as stranger:
            await stranger.connect(BOARD)
            _, _, nonce = await stranger.window()
            await stranger.pair(pairing.passkey(settings(copy)["pairing_key"], nonce), legacy=True)
            with pytest.raises((ATT_Error, BaseBumbleError, asyncio.CancelledError)):
                await stranger.read(uuids.STATUS)
            await asyncio.wait_for(stranger.gone, 10)
        assert not bonds(copy)

    attack(ward, tmp_path, work, *options, noted=((commands.PAIR, commands.WRONG_KEY),))


@pytest.mark.parametrize("pressed", [False, True])
def test_pairing_without_a_passkey_brings_nothing_where_the_stack_lets_it_pass(
    ward: Ward, tmp_path: Path, pressed: bool
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        if pressed:
            air.press(BOARD)
        async with Stranger(air.address, 1) as stranger:
            await stranger.connect(BOARD)
            assert await stranger.pair(None) and stranger.connection.is_encrypted
            await refused(stranger.read(uuids.STATUS))
            await stranger.subscribe()
            await stranger.write(uuids.RACP, receiving.report_from(0))
            await stranger.write(uuids.COMMAND, commands.request(commands.PROVE, 1, 0, bytes(20)))
            assert not await stranger.quiet()
            await learns_nothing(stranger, copy)
        assert not bonds(copy)

    attack(ward, tmp_path, work, "--lax")


async def _insider(stranger: Stranger, air: Air, ward: Ward) -> None:
    """Pairs as a computer does that has the pairing key, but not the device key."""
    air.press(BOARD)
    await stranger.connect(BOARD)
    _, _, nonce = await stranger.window()
    assert await stranger.pair(pairing.passkey(settings(ward)["pairing_key"], nonce))
    for _ in range(50):
        if not (await stranger.window())[0]:
            break  # the board has taken the bond in
        await asyncio.sleep(0.1)
    await stranger.subscribe()


def _bag(n: int) -> bytes:
    return entries.pack(bytes((n,)) * 16, b"XX", 1, 2, 3, entries.BAG, (1, 1, 1))


def test_a_command_sent_again_is_refused(ward: Ward, tmp_path: Path) -> None:
    async def work(air: Air, copy: Ward) -> None:
        device_key = settings(copy)["device_key"]
        async with Stranger(air.address, 1) as stranger:
            await _insider(stranger, air, copy)
            nonce = await stranger.prove(HOST_ID)

            def sealed(body: bytes, counter: int) -> bytes:
                whole = sealing.seal(device_key, nonce, HOST_ID, counter, commands.UNPAIR, 7, 0, body)
                return commands.request(commands.UNPAIR, 7, 0, whole)

            recorded = sealed(b"\2", 5)  # under the key, but a command that does nothing
            assert (await stranger.ask(recorded))[2] == commands.MALFORMED
            assert (await stranger.ask(recorded))[2] == commands.REPLAYED
            assert (await stranger.ask(sealed(b"\0", 4)))[2] == commands.REPLAYED
            await stranger.prove(HOST_ID)
            assert (await stranger.ask(recorded))[2] == commands.WRONG_KEY

    attack(ward, tmp_path, work, noted=(PAIRED, (commands.UNPAIR, commands.REPLAYED)))


def test_a_command_under_another_key_is_refused_even_with_the_label_s_code(
    ward: Ward, tmp_path: Path
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        code = copy.check_code(PATIENT)
        async with Stranger(air.address, 1) as stranger:
            await _insider(stranger, air, copy)
            anchor = struct.pack(commands.ANCHOR_BODY, 1, 0, 1, HOST_ID, 1, 1, 0, 0)
            assert (await stranger.ask(commands.request(commands.ENTRY, 1, code, _bag(1))))[2] == (
                commands.NOT_PROVEN)
            nonce = await stranger.prove(HOST_ID)
            for n, (op, body) in enumerate(((commands.ENTRY, _bag(1)), (commands.ANCHOR, anchor),
                                            (commands.UNPAIR, b"\1")), 1):
                whole = sealing.seal(b"x" * 32, nonce, HOST_ID, n, op, n, code, body)
                assert (await stranger.ask(commands.request(op, n, code, whole)))[2] == (
                    commands.WRONG_KEY)
                plain = commands.request(op, n, code, body)
                assert (await stranger.ask(plain))[2] in (commands.WRONG_KEY, commands.MALFORMED)

    attack(ward, tmp_path, work, noted=(PAIRED, (commands.ENTRY, commands.NOT_PROVEN)))


def test_an_oversize_write_is_cut_or_refused_and_changes_nothing(ward: Ward, tmp_path: Path) -> None:
    async def work(air: Air, copy: Ward) -> None:
        async with Stranger(air.address, 1) as stranger:
            await _insider(stranger, air, copy)
            for size in (200, 244):
                answer = await stranger.ask(commands.request(commands.ENTRY, 1, 0, b"\xaa" * (size - 6)))
                assert answer[2] in (commands.NOT_PROVEN, commands.MALFORMED)
            for size in (245, 400, 512):  # more than the MTU: what is beyond the buffer falls off
                for channel in (uuids.RACP, uuids.COMMAND):
                    await stranger.write(channel, b"\xaa" * size)
            assert (await stranger.ask(commands.request(commands.TIME, 9, 0, b"")))[2] == commands.OK

    attack(ward, tmp_path, work, noted=(PAIRED, (commands.ENTRY, commands.NOT_PROVEN)))


def test_malformed_requests_over_the_air_are_answered_and_change_nothing(
    ward: Ward, tmp_path: Path
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        dice = random.Random(17)
        async with Stranger(air.address, 1) as stranger:
            await _insider(stranger, air, copy)
            for _ in range(300):
                request = bytes((dice.choice((1, 4)), dice.randrange(2, 256))) + dice.randbytes(
                    dice.randrange(4))  # never long enough to be served
                await stranger.write(uuids.RACP, request)
                await stranger.write(uuids.RACP, dice.randbytes(1))
            told = [data for channel, data in await stranger.quiet() if channel == uuids.RACP]
            assert told and all(len(data) == 4 and data[0] == racp.RESPONSE and data[3] > racp.SUCCESS
                                for data in told)
            assert not [data for channel, data in stranger.arrived if channel == uuids.LOG]
            assert (await stranger.ask(commands.request(commands.TIME, 9, 0, b"")))[2] == commands.OK

    attack(ward, tmp_path, work, noted=(PAIRED,))


def test_a_subscriber_without_encryption_hears_nothing_of_another_s_pull(
    ward: Ward, tmp_path: Path
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        async with Stranger(air.address, 1) as stranger:
            await stranger.connect(BOARD)
            await stranger.subscribe()
            db = copy.store(tmp_path / "during.db")
            air.press(BOARD)
            # pairing puts the stranger out: it comes back, and listens to a pull by a bonded host
            await asyncio.to_thread(pumplog, db, "pair", BOARD, PUMPLOG_AIR=air.address)
            await asyncio.wait_for(stranger.gone, 10)
            await stranger.connect(BOARD)
            await stranger.subscribe()
            done = await asyncio.to_thread(
                pumplog, db, "pull", PATIENT, "--json", PUMPLOG_AIR=air.address)
            assert json_lines(done)[0]["records"] > 2900, done.stdout + done.stderr
            await refused(stranger.read(uuids.STATUS))
            assert not await stranger.quiet()
            await learns_nothing(stranger, copy)
            late = {kind for kind, in rows(db, "SELECT DISTINCT kind FROM records WHERE boot = 3")}
            assert late <= {"boot", "calibration", "anchor", "access", "resumed"}

    copy = ward.copy(tmp_path / "listened")
    with on_air(copy, "--by-hand", "--lax") as air:
        asyncio.run(work(air, copy))


def test_strangers_on_every_place_keep_the_nurse_out_for_seconds_only(
    ward: Ward, tmp_path: Path
) -> None:
    async def work(air: Air, copy: Ward) -> None:
        db = copy.store(tmp_path / "hogged.db")
        hogs = [Stranger(air.address, number) for number in range(3)]
        try:
            for hog in hogs:
                await hog.__aenter__()
                await hog.connect(BOARD)
                await learns_nothing(hog, copy)
            air.press(BOARD)
            done = await asyncio.to_thread(pumplog, db, "pull", PATIENT, PUMPLOG_AIR=air.address)
            assert done.returncode == 0, done.stdout + done.stderr
            assert any(hog.gone.done() for hog in hogs)
        finally:
            for hog in hogs:
                await hog.__aexit__()

    attack(ward, tmp_path, work)


@pytest.mark.parametrize("stolen", [(), ("pairing_key",)], ids=["name only", "name and pairing key"])
def test_a_cloned_board_is_refused_by_the_host(
    ward: Ward, tmp_path: Path, stolen: tuple[str, ...]
) -> None:
    copy = ward.copy(tmp_path / "clone")
    path = copy.folder / BOARD / "nvs.json"
    kept = json.loads(path.read_text())
    for name in ("device_key", "pairing_key"):
        if name not in stolen:
            kept[name] = "ab" * 32
    path.write_text(json.dumps(kept))
    db = copy.store(tmp_path / "a.db")
    before = all_entries(db)
    with on_air(copy) as air:
        done = pumplog(db, "pull", PATIENT, PUMPLOG_AIR=air.address)
    assert done.returncode == 4, done.stdout + done.stderr
    assert ("does not hold the key" if stolen else "pairing failed") in done.stdout
    assert not rows(db, "SELECT 1 FROM pages") and not rows(db, "SELECT 1 FROM records")
    assert all_entries(db) == before


def test_a_cloned_board_on_the_cable_is_refused_too(ward: Ward, tmp_path: Path) -> None:
    from pumplog.errors import IntegrityError
    from pumplog.store import Store
    from pumplog.sync.client import Client
    from pumplog.sync.delivery import identify

    class Clone:
        description = "a cable"

        def read(self, channel: int) -> bytes:
            return struct.pack(commands.INFO_BODY, commands.PROTOCOL, 1, BOARD.encode())

        def write(self, channel: int, data: bytes) -> None:
            op, request_id, _, body = commands.read_request(data)
            told = struct.pack(proofs.PROVE_ANSWER, bytes(16), 7, 1)
            code = proofs.board_code(b"x" * 32, body, told)
            self._answer = commands.response(op, request_id, commands.OK, told + code)

        def receive(self, timeout_s: float) -> tuple[int, bytes]:
            return uuids.COMMAND, self._answer

        def close(self) -> None:
            pass

    db = ward.store(tmp_path / "a.db")
    with Store.open(db) as store, pytest.raises(IntegrityError, match="does not hold the key"):
        identify(Client(Clone()), store, BOARD)
