"""A stock image is told for what it is: whole or damaged, of this chip or another, as published."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.cable import published as images
from helpers.cable.changed_images import FIRST_TOLD, changed, is_longer_only
from helpers.cable.second_stage import NoStartError, start
from helpers.cable.stock_image import BANNER, MACHINE, program, stock_image
from pumplog.deploy import image, stock
from pumplog.errors import IntegrityError, PumplogError, UsageError

CHANGES = 60


def fetched(name: str) -> bytes:
    """Returns a published image; skips the test where it cannot be had."""
    try:
        return images.published(name).read_bytes()
    except images.UnavailableError as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module", params=["as made here", "as published"])
def whole(request: pytest.FixtureRequest) -> bytes:
    return stock_image() if request.param == "as made here" else fetched(images.ESP32)


def test_the_published_image_is_what_the_pin_says() -> None:
    data = fetched(images.ESP32)
    found, wanted = stock.read(data, "x"), image.pin()
    assert found.version == wanted.version and found.machine == wanted.builds["ESP32_GENERIC"]
    name = wanted.sums[hashlib.sha256(data).hexdigest()]
    assert name == f"ESP32_GENERIC-20251209-v{wanted.version}.bin"
    assert found.rows == {"nvs": (1, 2, 0x9000, 0x6000), "phy_init": (1, 1, 0xF000, 0x1000),
                          "factory": (0, 0, 0x10000, 0x1F0000)}


def test_it_says_on_the_console_what_doctor_and_pages_say_of_it() -> None:
    """An input-only pad has no pull-up; MicroPython's pulse counter asks for it all the same.

    Builds with PSRAM say nothing: CONFIG_COMPILER_OPTIMIZATION_CHECKS_SILENT in ports/esp32/boards/
    sdkconfig.spiram.
    """
    words = b"GPIO number error (input-only pad has no internal PU)"
    assert words in fetched(images.ESP32) and words not in fetched(images.TINYPICO)


def test_every_change_of_an_image_is_noticed(whole: bytes) -> None:
    for seed in range(CHANGES):
        done, at, data = changed(whole, seed)
        if is_longer_only(whole, data):
            continue
        with pytest.raises((IntegrityError, UsageError)) as refused:
            stock.read(data, "x")
        assert isinstance(refused.value, IntegrityError) or at < FIRST_TOLD, done
        assert len(str(refused.value)) < 200 and "\n" not in str(refused.value), done


def test_the_board_s_image_starts_by_the_bootloaders_own_rules(whole: bytes, tmp_path: Path) -> None:
    flash = flash_of(whole, tmp_path)
    started = start(flash)
    found = stock.read(whole, "x")
    assert started.partitions == {**found.rows, "vfs": (1, 0x81, 0x200000, 0x100000),
                                  "log": (1, 0x81, 0x300000, 0x100000)}
    assert started.app == found.app  # as it was published
    for name in ("bootloader", "micropython"):
        told = subprocess.run(
            [sys.executable, "-m", "esptool", "--chip", "esp32", "image-info",
             str(tmp_path / f"{name}.bin")], capture_output=True, text=True).stdout
        assert told.count("(valid)") == 2 and "invalid" not in told, told


@pytest.mark.parametrize("at", [0x1003, 0x100C, 0x1030, 0x8004, 0x80B4, 0x1000C, 0x10017, 0x10100])
def test_those_rules_notice_a_changed_byte(at: int, tmp_path: Path) -> None:
    flash = bytearray(flash_of(stock_image(), tmp_path))
    flash[at] ^= 0x10
    with pytest.raises(NoStartError):
        start(bytes(flash))


def flash_of(data: bytes, folder: Path) -> bytes:
    """Returns 4 MB of flash onto which the board's image was written."""
    path = folder / "stock.bin"
    path.write_bytes(data)
    made = image.make(path, hashlib.sha256(data).hexdigest(), folder)
    flash = bytearray(b"\xff" * (4 << 20))
    for at, part in made.parts.items():
        flash[at : at + part.stat().st_size] = part.read_bytes()
    return bytes(flash)


def test_an_image_whose_sum_ends_in_ff_is_whole(tmp_path: Path) -> None:
    data = next(data for data in (stock_image(salt=n.to_bytes(2, "little")) for n in range(1 << 16))
                if data[-1] == 0xFF)
    assert start(flash_of(data, tmp_path)).app == stock.read(data, "x").app


@pytest.mark.parametrize("name", images.OTHER_CHIPS)
def test_another_chip_s_image_is_told_by_its_chip(name: str, tmp_path: Path) -> None:
    says = f"is an image for the {images.OTHER_CHIPS[name]} ("
    assert says in refusal(fetched(name), UsageError, tmp_path)


def test_an_esp32_on_another_board_is_told_by_its_machine(tmp_path: Path) -> None:
    said = refusal(fetched(images.TINYPICO), UsageError, tmp_path)
    assert "for another machine, 'TinyPICO with ESP32-PICO-D4'" in said
    said = refusal(fetched(images.CAMERA), UsageError, tmp_path)
    assert "is MicroPython 1.21.0, and this firmware" in said
    assert "is a UF2 file" in refusal(fetched(images.PICO), UsageError, tmp_path)


@pytest.mark.parametrize("variant", [" with OTA with ESP32", " with ESP32-UNICORE", " with ESP32-D2WD"])
def test_other_variants_of_the_stock_image_are_refused(variant: str, tmp_path: Path) -> None:
    data = stock_image(BANNER.replace(b" with ESP32\0", variant.encode() + b"\0"))
    assert variant in refusal(data, UsageError, tmp_path)


def test_the_variant_for_modules_with_psram_is_told_from_the_other(tmp_path: Path) -> None:
    for machine, build in ((MACHINE, "ESP32_GENERIC"),
                           ("Generic ESP32 module with SPIRAM with ESP32", "ESP32_GENERIC-SPIRAM")):
        data = stock_image(BANNER.replace(MACHINE.encode(), machine.encode()))
        path = tmp_path / "stock.bin"
        path.write_bytes(data)
        assert image.make(path, hashlib.sha256(data).hexdigest(), tmp_path).build == build


def test_an_image_for_less_flash_is_refused(tmp_path: Path) -> None:
    assert "less than the 4 MB" in refusal(stock_image(flash_mb=2), UsageError, tmp_path)


def test_a_later_file_s_program_must_fit_its_partition() -> None:
    data = stock_image()[:0xF000] + program(bytes(0x1F0000))
    with pytest.raises(IntegrityError, match="ends within what goes to 0x10000"):
        stock.read(data, "x")


def refusal(data: bytes, kind: type[PumplogError], folder: Path) -> str:
    """Returns what is said of an image, whose sum somebody vouches for."""
    path = folder / "stock.bin"
    path.write_bytes(data)
    with pytest.raises(kind) as refused:
        image.make(path, hashlib.sha256(data).hexdigest(), folder)
    return str(refused.value)
