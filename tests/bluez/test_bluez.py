"""pumplog as shipped, through Debian's kernel and bluetoothd, with real firmware on the virtual air.

One machine, one nurse, one board, in the order of a first day: each step builds on the one before.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.air.ward import (
    Air,
    Ward,
    all_records,
    holes,
    on_air,
    pull_images,
    run_ward,
    window_records,
)
from helpers.bluez.bluez_image import UnavailableError, image
from helpers.bluez.bluez_vm import Machine
from helpers.bluez.hci_tap import HciTap

BOARD, PATIENT = "B01", "P01"
CUT_AT = 20  # of the 45 or so notifications of a whole pull
STORE = "/home/nurse/nurse.db"


class Laptop:
    """The nurse's Linux computer: the machine, her store in it, and what passes its antenna."""

    def __init__(self, machine: Machine, tap: HciTap, air: Air, ward: Ward) -> None:
        self.machine, self.tap, self.air, self.ward = machine, tap, air, ward

    def pumplog(self, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
        """Runs pumplog on her store; returns its exit code and what it printed with --json."""
        done = self.machine.run("python3", "-m", "pumplog", "--db", STORE, "--json", *arguments)
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def store(self) -> Path:
        """Brings a copy of her store out of the machine."""
        copied = self.machine.run("busybox", "cp", STORE, "/ward/out.db", user=False)
        assert copied.returncode == 0, copied.stderr
        return self.machine.ward / "out.db"


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    try:
        built = image()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    started_s = time.monotonic()
    folder = tmp_path_factory.mktemp("bluez")
    ward = run_ward(folder / "ward")
    shared = folder / "shared"
    shared.mkdir()
    ward.store(shared / "nurse.db")
    with on_air(ward.copy(folder / "on_air"), "--by-hand") as air:
        tap = HciTap(shared / "hci.socket", air.address)
        machine = Machine(built, shared, tap.path)
        print(f"\nboard and machine up after {time.monotonic() - started_s:.1f} s:"
              f" {machine.told['linux']}; BlueZ {built.version('bluez')},"
              f" qemu {built.version('qemu-system-x86')} without KVM")
        try:
            for argv in (("cp", "/ward/nurse.db", STORE), ("chown", "nurse:nurse", STORE)):
                assert machine.run("busybox", *argv, user=False).returncode == 0
            yield Laptop(machine, tap, air, ward)
        finally:
            machine.stop()
            tap.close()
    print(f"\n{time.monotonic() - started_s:.1f} s in all")


def test_scan_hears_the_boards_through_bluez(laptop: Laptop) -> None:
    code, heard = laptop.pumplog("scan")
    assert code == 0
    assert [(one["board"], one["patient"], one["has_news"]) for one in heard] == [
        ("B01", "P01", True), ("B02", "P02", True)]


def test_a_board_whose_button_nobody_pressed_gives_nothing(laptop: Laptop) -> None:
    laptop.tap.count_anew()
    code, (told,) = laptop.pumplog("pull", PATIENT)
    assert code == 4 and "its pairing window is closed" in told["reason"]
    assert laptop.tap.notifications == 0


def test_a_press_pairs_by_passkey_and_the_kernel_holds_an_authenticated_bond(laptop: Laptop) -> None:
    laptop.air.press(BOARD)
    code, told = laptop.pumplog("pair", BOARD)
    assert code == 0 and told == [{"board": BOARD, "paired": True}]
    kept = laptop.machine.run(
        "busybox", "sh", "-c", "busybox cat /var/lib/bluetooth/*/*/info", user=False).stdout
    assert "LongTermKey]" in kept, kept
    assert set(re.findall(r"Authenticated=(\d)", kept)) == {"3"}, kept  # MGMT_LTK_P256_AUTH


def test_a_link_lost_in_mid_pull_costs_at_most_the_rest(laptop: Laptop) -> None:
    laptop.tap.count_anew(CUT_AT, laptop.air.drop_links)
    code, (told,) = laptop.pumplog("pull", PATIENT)
    assert code == 3 and "radio link broke" in told["reason"]
    assert laptop.tap.notifications >= CUT_AT
    kept = all_records(laptop.store())
    assert kept and not holes(laptop.store())


def test_pulled_again_on_the_bond_the_log_is_whole(laptop: Laptop, tmp_path: Path) -> None:
    quiet = laptop.ward.store(tmp_path / "quiet.db")
    pull_images(quiet, laptop.ward)
    laptop.tap.count_anew()
    code, (told,) = laptop.pumplog("pull", PATIENT)
    assert code == 0 and told["outcome"] == "complete" and told["bad_pages"] == 0
    print(f"  {laptop.tap.notifications} notifications, {laptop.tap.payload_bytes} bytes, at"
          f" {laptop.tap.bytes_per_s / 1000:.0f} kB/s: what this emulation does, not what a radio does")
    db = laptop.store()
    ours = {row[0] for row in window_records(db)}
    assert window_records(db) == [row for row in window_records(quiet) if row[0] in ours]
    assert len(window_records(db)) > 2900 and not holes(db)
