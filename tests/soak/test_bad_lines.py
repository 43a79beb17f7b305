"""Deploys over cables that damage a byte in a hundred, fall silent, or are pulled."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest
from helpers.cable.bad_deploys import BYTES, EVER, NEW, OLD, Ready, doctored, drawn, ready, tried
from helpers.cable.bad_line import bad_terminal
from helpers.cable.blank_chip import rom_loader
from helpers.cable.stock_image import stock_image
from helpers.folded import unfolded
from helpers.scale import scaled
from pumplog.cli.board import main

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    return ready(tmp_path_factory.mktemp("bad_lines"))


def test_whatever_a_cable_damages_a_complete_firmware_runs_afterwards(made: Ready) -> None:
    ends: Counter[tuple[bool, int]] = Counter()
    damaged = 0
    for seed in range(scaled(8, 100)):
        ended = tried(made, f"damaged-{seed}", **drawn(seed))
        ends[seed % 2 == 1, ended.version] += 1
        damaged += ended.line.damaged
        print(seed, drawn(seed)["bad"], ended.line.damaged, ended.version, ended.said.splitlines()[-1])
    print(ends, damaged)
    assert damaged and ends[True, NEW] and ends[False, OLD]  # a bad stretch is got over; a bad cable not


def test_a_board_that_is_silent_for_a_minute_is_waited_for(made: Ready) -> None:
    for n in range(scaled(3, 20)):
        ended = tried(made, f"silent-{n}", silent_at=1 + n * BYTES // scaled(3, 20), silent_s=60.0)
        assert ended.version == NEW and ended.code == 0, ended.said


def test_a_cable_that_is_pulled_or_a_deploy_that_is_stopped_ends_in_a_sentence(made: Ready) -> None:
    for n in range(scaled(2, 20)):
        at = 1 + n * BYTES // scaled(2, 20)
        assert tried(made, f"pulled-{n}", pulled_at=at).code == 3
        stopped = tried(made, f"stopped-{n}", stopped_at=at)
        assert stopped.code == 1 and "stopped" in stopped.said


def test_the_doctor_over_a_bad_cable_ends_in_sentences(made: Ready) -> None:
    damaged = 0
    for seed in range(scaled(3, 30)):
        begin = seed * 9_000 // scaled(3, 30)
        damaged += doctored(made, f"doctor-{seed}", seed=seed, bad=(begin, EVER)).line.damaged
    assert damaged


def test_flash_over_a_bad_cable_ends_in_a_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "ESP32_GENERIC.bin"
    path.write_bytes(stock_image())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    for seed in range(scaled(2, 6)):
        folder = tmp_path / str(seed)
        folder.mkdir()
        port, _ = rom_loader(folder)
        with bad_terminal(port, seed, begin=seed * 3_000) as bad:
            code = main(["flash", "--port", bad, "--image", str(path), "--sha256", digest,
                         "--build", str(folder)])
        out, err = map(unfolded, capfd.readouterr())
        assert code in (0, 3) and "Traceback" not in out + err, err
        if code:
            assert "deploy: esptool could not write" in err.splitlines()[-1], err
