"""Whatever a name, a board or a file holds, each command prints it, and in printable characters only."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.host.bedside import START_MS, Bedside
from pumplog.cli import main
from pumplog.store import Entry, Store, from_wire, to_wire

BED, COMPOSED, DECOMPOSED = "Łóżko 3 床", "Zürich 1", "Zu\u0308rich 1"
HOSTILE = "A\x1b]0;owned\x07\nboard B99: nothing new\x9b2J\u202e"
COMMANDS = (["patient", "list"], ["status"], ["events", "P01"], ["bag", "list"], ["verify"],
            ["doses", "P01"], ["status", HOSTILE], ["status", b"\xff\x9b2J"], ["keys", "list"],
            ["--db", b"/\xff\n", "status"], ["bag", "list", "--no-such\x1b[2J"])


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "store.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.bag(0, "0.40", "0.20")
        bed.infuse(0, 3600, "0.10")
        bed.write(3600)
        for author, at_ms in ((HOSTILE, 1), ("B\n", 2)):  # as older versions stored them
            store.entries.add(Entry(uuid4(), "bag", "P01", "B01", 1, author, START_MS, START_MS + at_ms,
                                    {"morphine_ug": 1, "bupivacaine_ug": 1, "volume_ul": 1000}))
        store.commit()
    return path


def pumplog(db: Path, *arguments: str | bytes, encoding: str = "utf-8") -> tuple[int, str, str]:
    """Runs a command on a terminal of that encoding; returns exit code and both outputs."""
    outputs = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", outputs[0])
        patch.setattr(sys, "stderr", outputs[1])
        try:
            code = main(["--db", str(db), "--initials", "AB", *map(os.fsdecode, arguments)])
        except SystemExit as stop:
            code = int(stop.code or 0)
    told = []
    for output in outputs:
        output.flush()
        told.append(output.buffer.getvalue().decode(encoding))  # type: ignore[attr-defined]
    return code, told[0], told[1]


def printable(text: str) -> bool:
    return text.replace("\n", "").isprintable()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "utf-8"])
def test_every_command_prints_whatever_is_stored_in_any_encoding(db: Path, encoding: str) -> None:
    pumplog(db, "patient", "move", "P01", "--bed", BED, encoding=encoding)
    for command in COMMANDS:
        code, out, err = pumplog(db, *command, encoding=encoding)
        assert code in (0, 1, 2, 3, 4) and "Traceback" not in err, (command, err)
        assert printable(out) and printable(err), command
        assert "\nboard B99" not in out + err
    code, out, _ = pumplog(db, "patient", "list", encoding=encoding)
    assert code == 0 and {"ascii": "Lozko 3 \\u5e8a", "cp1252": "Lózko 3 \\u5e8a",
                          "cp437": "Lózko 3 \\u5e8a", "utf-8": BED}[encoding] in out


def test_json_is_whole_in_any_encoding(db: Path) -> None:
    pumplog(db, "patient", "move", "P01", "--bed", BED)
    for encoding in ("ascii", "utf-8"):
        _, out, _ = pumplog(db, "patient", "list", "--json", encoding=encoding)
        assert out.isascii() and json.loads(out)["bed"] == BED


def test_a_bed_is_found_however_it_is_typed(db: Path) -> None:
    assert pumplog(db, "patient", "move", "P01", "--bed", COMPOSED)[0] == 0
    for name in (COMPOSED, DECOMPOSED, "ZÜRICH 1", "p01", "b01"):
        code, out, err = pumplog(db, "status", name)
        assert code == 0 and COMPOSED in out, err


def test_an_author_that_a_board_tells_is_text() -> None:
    entry = Entry(uuid4(), "bag", "P01", "B01", 1, "A\x1b\n", START_MS, START_MS,
                  {"morphine_ug": 1, "bupivacaine_ug": 1, "volume_ul": 1})
    assert from_wire(to_wire(entry), "P01", "B01", 1, 1).author == "A\\x1b\\n"
