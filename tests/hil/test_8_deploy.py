"""Another firmware is deployed, and one that does not come up is taken back: log, key and name stay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.cable.desk import variant
from helpers.folded import unfolded
from helpers.hil.bed import TIMEOUT_S, Bed, Done, after, of_kind

NEXT, BAD = 987_654, 987_655  # versions that no release has
FAILS = "import no_such_module\n"


def deploy(bed: Bed, build: Path, *arguments: str) -> Done:
    """Runs what `make deploy PORT=...` runs."""
    done = subprocess.run([sys.executable, "-m", "pumplog.cli.board", "deploy", "--port", bed.port,
                           "--build", str(build), *arguments],
                          capture_output=True, text=True, timeout=TIMEOUT_S)
    return Done(done.returncode, unfolded(done.stdout), unfolded(done.stderr))


@pytest.fixture(scope="module")
def build(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for firmwares; the board has that of these sources again at the end."""
    folder = tmp_path_factory.mktemp("firmware")
    yield folder
    deploy(bed, folder).good()
    bed.await_running()


def test_another_firmware_goes_on_with_log_key_and_name(bed: Bed, build: Path) -> None:
    before = bed.pull()
    deploy(bed, build, "--firmware", str(variant(build, NEXT))).good()
    bed.await_running()
    found = bed.pull()  # by its name, and it proves its key
    assert found[: len(before)] == before
    assert [one["firmware"] for one in of_kind(after(found, before[-1]["seq"]), "boot")] == [NEXT]
    assert NEXT not in {one["firmware"] for one in of_kind(before, "boot")}


def test_one_that_does_not_come_up_is_taken_back(bed: Bed, build: Path) -> None:
    before = bed.pull()
    running = of_kind(before, "boot")[-1]["firmware"]
    done = deploy(bed, build, "--firmware", str(variant(build, BAD, FAILS)))
    assert done.code == 1 and "did not come up" in done.err and "no_such_module" in done.err, done
    bed.await_running()
    found = bed.pull()
    assert found[: len(before)] == before
    boots = of_kind(after(found, before[-1]["seq"]), "boot")
    assert {one["firmware"] for one in boots} == {running}
