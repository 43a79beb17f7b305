"""The board's image: made of a stock one that is pinned, written by the real esptool, and what
refuses. `test_stock.py` has what a stock image must be."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from helpers.cable.blank_chip import rom_loader
from helpers.cable.published import ESP32, UnavailableError, published
from helpers.cable.second_stage import start
from helpers.cable.stock_image import BANNER, VERSION, stock_image
from helpers.folded import unfolded
from pumpbench.board.usb_board import UsbBoard, run_on_chip
from pumplog.cli.board import main
from pumplog.deploy import diagnosis, image
from pumplog.deploy.on_board import SURVEY, Survey


@pytest.fixture
def stock(tmp_path: Path) -> tuple[Path, str]:
    return stored(stock_image(), tmp_path)


def stored(data: bytes, folder: Path) -> tuple[Path, str]:
    path = folder / "ESP32_GENERIC.bin"
    path.write_bytes(data)
    return path, hashlib.sha256(data).hexdigest()


@pytest.fixture(params=["as made here", "as published"])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    """A stock image, and its sum where the sources do not vouch for it."""
    if request.param == "as made here":
        return stored(stock_image(), tmp_path)
    try:
        return published(ESP32), ""
    except UnavailableError as why:
        pytest.skip(str(why))


def labels(table: bytes) -> dict[str, tuple[int, int]]:
    """Returns {label: (address, bytes)} of a partition table."""
    rows = [table[at : at + 32] for at in range(0, 0xC00, 32)]
    return {row[12:28].rstrip(b"\0").decode(): (int.from_bytes(row[4:8], "little"),
                                                int.from_bytes(row[8:12], "little"))
            for row in rows if row[:2] == b"\xaa\x50"}


def test_esptool_writes_it_and_leaves_keys_firmware_and_log(
    whole: tuple[Path, str], tmp_path: Path, capfd: pytest.CaptureFixture[str],
) -> None:
    port, flash = rom_loader(tmp_path)
    untouched = ((0x9000, 0x10000), (0x200000, 0x400000))
    for begin, end in untouched:
        flash[begin:end] = b"\x5a" * (end - begin)
    path, digest = whole
    code = main(["flash", "--port", port, "--image", str(path), "--sha256", digest,
                 "--build", str(tmp_path)])
    out, err = map(unfolded, capfd.readouterr())
    assert code == 0, err
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert "every part verified" in out and f"sha256 {digest}" in err
    for begin, end in untouched:
        assert flash[begin:end] == b"\x5a" * (end - begin)
    found = labels(bytes(flash[0x8000:0x9000]))
    assert found["vfs"] == (0x200000, 0x100000) and found["log"] == (0x300000, 0x100000)
    assert found["nvs"] == (0x9000, 0x6000) and found["factory"] == (0x10000, 0x1F0000)
    stock_bytes = path.read_bytes()
    assert flash[0x1000:0x1040] == stock_bytes[:0x40]
    app = stock_bytes[0xF000:].rstrip(b"\xff")
    assert flash[0x10000 : 0x10000 + len(app)] == app
    assert start(bytes(flash)).app.startswith(app)
    chip = UsbBoard(tmp_path / "chip", bytes(flash)).folder
    (chip / "rtc.bin").touch()
    found = Survey(run_on_chip(chip, SURVEY))  # it boots, and makes its file system
    assert diagnosis.of_partitions(found).good and found.files.keys() == {"/boot.py"}


def refusal(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    assert main(["image", *arguments]) == code
    return unfolded(capsys.readouterr().err)


def test_an_image_that_nobody_pinned_is_another_or_none_at_all_is_refused(
    stock: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    path, digest = stock
    build = ("--build", str(tmp_path))
    assert f"IMAGE_SHA256={digest}" in refusal(capsys, 2, "--image", str(path), *build)
    assert "damaged" in refusal(capsys, 4, "--image", str(path), "--sha256", "00", *build)
    assert "cannot be read" in refusal(capsys, 3, "--image", str(tmp_path / "none.bin"), *build)
    now = VERSION.encode()
    for banner, words in ((BANNER.replace(now, b"1.24.0"), f"made for {VERSION}"),
                          (BANNER.replace(now + b" ", b"1.99.0-preview.3 "), "take a release"),
                          (b"something else", "no MicroPython image")):
        path.write_bytes(stock_image(banner))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert words in refusal(capsys, 2, "--image", str(path), "--sha256", digest, *build)


def test_other_versions_that_are_listed_are_taken_when_somebody_vouches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert image.pin().also == ("1.26.1",)
    for version in image.pin().also:
        path, digest = stored(stock_image(BANNER.replace(VERSION.encode(), version.encode())), tmp_path)
        command = ("--image", str(path), "--build", str(tmp_path))
        assert f"IMAGE_SHA256={digest}" in refusal(capsys, 2, *command)
        assert main(["image", *command, "--sha256", digest]) == 0
        assert f"MicroPython {version} (ESP32_GENERIC)" in unfolded(capsys.readouterr().err)


def test_an_image_s_name_may_look_like_a_port_or_an_option(
    stock: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The tool that edits the table takes a name that begins with COM or /dev/ for a port."""
    monkeypatch.chdir(tmp_path)
    shared = Path("/dev/shm")
    for name in ("COM3.bin", "-f.bin"):
        Path(name).write_bytes(stock[0].read_bytes())
        assert image.make(Path(name), stock[1], Path("COM build")).parts
    if shared.is_dir():
        with TemporaryDirectory(dir=shared) as folder:
            assert image.make(Path("COM3.bin"), stock[1], Path(folder)).parts
            Path(folder, "x.bin").write_bytes(stock[0].read_bytes())
            assert image.make(Path(folder, "x.bin"), stock[1], Path(folder)).parts


def test_a_file_larger_than_the_flash_is_no_image(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.write(stock_image())
        file.truncate(1 << 33)
    assert "larger than" in refusal(capsys, 2, "--image", str(path), "--build", str(tmp_path))


def test_the_board_s_own_build_is_the_variant_for_psram_and_the_other_is_for_the_cable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    assert image.pin().build == "ESP32_GENERIC-SPIRAM"
    machine = image.pin().builds["ESP32_GENERIC"].encode()
    for build, name in image.pin().builds.items():
        path, digest = stored(stock_image(BANNER.replace(machine, name.encode())), tmp_path)
        assert main(["image", "--image", str(path), "--sha256", digest, "--build", str(tmp_path)]) == 0
        said = unfolded(capsys.readouterr().err)
        assert f"({build}), sha256 {digest}" in said
        assert ("for the cable only, unless its memory report passes" in said) == ("SPIRAM" not in build)


def test_a_damaged_application_is_found(
    stock: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    path, _ = stock
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    said = refusal(capsys, 4, "--image", str(path), "--sha256", hashlib.sha256(data).hexdigest(),
                   "--build", str(tmp_path))
    assert "wrong checksum in what goes to 0x10000" in said
