"""What runs on the bench is what is deployed, in the memory it will have, under any unix port named."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.air.named_binary import named_binary
from helpers.air.ward import Ward, all_entries, environment, run_ward
from helpers.paths import ROOT
from pumpbench.board.virtual_board import HEAP


class NamedBinary:
    """A day and a day of P01 under MICROPYTHON=PATH: how it was called, and what it told at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with named_binary(folder) as told:
            self.ward = run_ward(folder / "ward", patients=("P01",))
        self.calls, self.told = told.calls(), told.told()


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> NamedBinary:
    return NamedBinary(tmp_path_factory.mktemp("named"))


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("plain"), patients=("P01",))


def test_another_micropython_takes_the_wheel_s_place(named: NamedBinary, ward: Ward) -> None:
    assert len(named.calls) == len(named.told) == 2  # a power-on each window
    assert named.ward.image("P01").read_bytes() == ward.image("P01").read_bytes()


def test_a_simulated_day_fits_into_160_kb_of_heap(named: NamedBinary) -> None:
    assert HEAP == "160k"
    for call, told in zip(named.calls, named.told, strict=True):
        assert call[:2] == ["-X", "heapsize=160k"]
        assert told["free"] + told["used"] <= 160 * 1024
        assert told["free"] >= 32 * 1024, f"only {told['free']} bytes of heap are left"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("firmware")
    done = subprocess.run([sys.executable, "-m", "pumplog.cli.board", "build", "--build", str(out)],
                          capture_output=True, text=True, env=environment(out / "x.db"))
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def test_the_bench_loads_the_very_bytecode_that_is_deployed(
    named: NamedBinary, deployed: Path
) -> None:
    manifest = json.loads((deployed / "manifest.json").read_text())
    for path, digest in manifest.items():
        assert hashlib.sha256((deployed / path).read_bytes()).hexdigest() == digest, path
    folder = Path(named.told[0]["folder"])
    loaded = {name: folder / file for name, file in named.told[0]["modules"].items() if file}
    board_files = {path.stem for path in (ROOT / "firmware" / "boards").rglob("*.py")}
    gateway = {name: file for name, file in loaded.items() if name not in board_files}
    assert len(gateway) > 20 and {name.split(".")[0] for name in gateway} >= {"gateway", "pumpwire"}
    for name, file in gateway.items():
        assert file.suffix == ".mpy", f"{name} was not loaded as bytecode but from {file}"
        path = f"{name.replace('.', '/')}.mpy"
        package = f"{name.replace('.', '/')}/__init__.mpy"
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert digest == manifest.get(path, manifest.get(package)), f"{name} is not what is deployed"


def test_the_two_builds_differ_by_nothing_but_the_board(named: NamedBinary, deployed: Path) -> None:
    bench = json.loads((Path(named.told[0]["folder"]) / "manifest.json").read_text())
    esp32 = json.loads((deployed / "manifest.json").read_text())
    for manifest, board in ((bench, "virtual"), (esp32, "esp32")):
        for path in (ROOT / "firmware" / "boards" / board).glob("*.py"):
            manifest.pop(f"{path.stem}.mpy", None)
    bench.setdefault("radio.mpy", esp32["radio.mpy"])  # in boards/, for every board
    assert len(bench) > 20 and bench == esp32


def test_same_seed_same_bytes(ward: Ward, tmp_path: Path) -> None:
    both = run_ward(tmp_path / "both", jobs=2)
    alone = run_ward(tmp_path / "alone", jobs=1)
    for patient in both.truth:
        assert both.image(patient).read_bytes() == alone.image(patient).read_bytes(), patient
    assert both.image("P01").read_bytes() == ward.image("P01").read_bytes()
    assert both.truth == alone.truth
    assert all_entries(both.folder / "nurse.db") == all_entries(alone.folder / "nurse.db")


def test_another_seed_gives_other_bytes(ward: Ward, tmp_path: Path) -> None:
    other = run_ward(tmp_path, seed=12, patients=("P01",))
    assert other.image("P01").read_bytes() != ward.image("P01").read_bytes()
    assert other.truth["P01"]["baseline"]["boluses"] != ward.truth["P01"]["baseline"]["boluses"]
