"""Who wrote to a board, in words, as `pumplog events` prints them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import Bedside
from pumplog.cli import main
from pumplog.log import record_text
from pumplog.store import Store


@pytest.mark.parametrize("fields, said", [
    ((4, 0, 4242, 1, 0, 0), "provisioning by computer 4242"),
    ((6, 0, 0, 1, 0, 0), "unpairing by a computer that gave no number"),
    ((0, 0, 0, 1, 0x810203, 0x040506), "pairing by computer 81:02:03:04:05:06"),
    ((0, 7, 0, 1, 0, 0), "pairing by a computer was refused: the passkey was not given"),
    ((3, 1, 7, 1, 0, 0),
     "an entry by computer 7 was refused: neither the check code nor the service button"),
    ((3, 7, 7, 99, 0, 0), "99 more writes were refused in this hour, the last an entry by computer 7:"
                          " not under this board's key"),
    ((77, 55, 7, 1, 0, 0), "command 77 by computer 7 was refused: not known to this version"),
])
def test_an_access_in_words(fields: tuple[int, ...], said: str) -> None:
    names = ("op", "result", "host_id", "count", "address_high", "address_low")
    assert record_text("access", dict(zip(names, fields, strict=True))) == said


def test_events_show_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db = tmp_path / "a.db"
    with Store.open(db) as store:
        bedside = Bedside(store)
        bedside.add(60, "access", 6, 0, 4242, 1, 0, 0)
        bedside.write(120)
    assert main(["--db", str(db), "events"]) == 0
    assert "unpairing by computer 4242" in unfolded(capsys.readouterr().out)
