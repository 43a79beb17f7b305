"""A deploy over a cable that goes bad half way, or only for a while, and to a board that is slow to
answer. At large: tests/soak/test_bad_lines.py."""

from __future__ import annotations

import re

import pytest
from helpers.cable.bad_deploys import EVER, NEW, OLD, Ready, doctored, ready, tried

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    return ready(tmp_path_factory.mktemp("bad_lines"))


def test_a_bad_stretch_and_a_silent_minute_are_got_over(made: Ready) -> None:
    ended = tried(made, "stretch", bad=(100_000, 103_000), silent_at=1)
    assert (ended.code, ended.version) == (0, NEW) and ended.line.damaged, ended.said


def test_a_cable_that_goes_bad_leaves_the_old_firmware_running_and_what_was_copied(made: Ready) -> None:
    ended = tried(made, "goes-bad", again=True, bad=(100_000, EVER))
    assert (ended.code, ended.version) == (3, OLD) and "damages" in ended.said, ended.said
    first, second = (re.search(r"(\d+) of (\d+) files to copy", said)
                     for said in (ended.said, ended.again))
    assert first and second and first[1] == first[2]
    assert 0 < int(second[1]) < int(second[2]) - 10, ended.again
    assert "runs from /b" in ended.again


def test_the_doctor_over_a_bad_cable(made: Ready) -> None:
    ended = doctored(made, "doctor", bad=(2_000, EVER))
    assert ended.code == 3 and ended.line.damaged, ended.said
    assert "The firmware runs, and is board B01." in ended.said  # what it knew before
