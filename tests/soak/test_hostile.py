"""Ten thousand successions of commands over wrong clocks, hostile pages and damaged stores: each command
ends within its time, with an exit code of the contract, and says what it has to in printable text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from helpers.fuzz.hang import Watch
from helpers.host import hostile
from helpers.scale import scaled


def test_no_succession_gives_a_crash_a_hang_or_a_character_that_a_terminal_obeys(tmp_path: Path) -> None:
    harms: Counter[str] = Counter()
    codes: Counter[int] = Counter()
    with Watch() as watch:
        for seed in range(scaled(1000, 10_000)):
            watch.begin()
            try:
                harm, ended = hostile.run(seed, tmp_path)
            except BaseException as error:
                error.add_note(f"hostile.run({seed}, folder)")
                raise
            harms[harm] += 1
            codes.update(ended)
    print(f"{sum(harms.values())} successions {dict(harms)},"
          f" {sum(codes.values())} commands {dict(codes)}")
    assert min(harms.values()) > sum(harms.values()) / 20, "a kind of harm is hardly done"
    assert set(codes) == {0, 1, 2, 3, 4} and codes[0] > sum(codes.values()) / 4, "hardly any is done"
