"""A round of a ward in which boards die, and the next one with power back: nothing lost, said right."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from pumplog.store import Store
from pumplog.sync.image import pull_image

from helpers.air.traces import sent_pages
from helpers.air.ward import (
    Ward,
    all_entries,
    all_records,
    entries_on_boards,
    holes,
    json_lines,
    on_air,
    pumplog,
    rows,
    without_patient,
)

TOO_EARLY = 4  # proof, time, anchor, entry: after these comes the log
LOG = range(25, 60)  # places where some of it has arrived for sure, and not all of it


def deaths(ward: Ward, n: int, seed: int) -> dict[str, int]:
    """Returns {board: the notification or indication at which its power goes}: the first dies before
    its log comes, the others somewhere in it."""
    dice = random.Random(seed)
    boards = dice.sample(sorted(one["board"] for one in ward.truth.values()), n)
    return {board: dice.choice(LOG) if at else dice.randrange(1, TOO_EARLY + 1)
            for at, board in enumerate(boards)}


def on_boards(ward: Ward, to: Path) -> Path:
    """Makes a store of what is on the boards' flash, now that they are off."""
    ward.store(to)
    with Store.open(to) as store:
        for one in ward.truth.values():
            pull_image(store, str(ward.folder / one["board"] / "log.flash"), one["board"])
    return to


def held(db: Path) -> dict[str, dict[int, int]]:
    """Returns {board: {first_seq: bytes held}}."""
    found: dict[str, dict[int, int]] = {}
    for board, first_seq, length in rows(
            db, "SELECT board, first_seq, LENGTH(data) FROM pages JOIN logs USING (log_id)"):
        found.setdefault(board, {})[first_seq] = length
    return found


def check_summary(stdout: str, dying: set[str], of: int) -> None:
    """First what to do, in a sentence; then who was not pulled; then the others."""
    first, *lines = [line for line in stdout.splitlines() if not line.startswith(" ")]
    assert first.startswith(f"NOT PULLED, {len(dying)} of {of}: go to bed ")
    assert first.endswith(", and look at the pump itself first, then at the board's power.")
    named = {f"B{n:02d}" for n in range(1, of + 1) if f"(P{n:02d})" in first}
    assert named <= dying and len(named) == min(4, len(dying))
    absent, pulled = lines[: len(dying)], lines[len(dying):]
    assert {line.split("board ")[1].split(",")[0] for line in absent} == dying
    for line in absent:
        assert line.startswith("NOT PULLED  patient P") and "heard" in line
        assert line.endswith(": check the pump itself, then the board's power")
    assert len(pulled) == of - len(dying) and all(line.startswith("pulled ") for line in pulled)


def killed_and_resumed(ward: Ward, folder: Path, dying: dict[str, int]) -> None:
    """Pulls a ward in which boards die, then once more with power back."""
    db, of = ward.store(folder / "nurse.db"), len(ward.truth)
    cuts = [word for board, n in dying.items() for word in ("--power-cut", f"{board}@{n}")]
    with on_air(ward, *cuts) as air:
        done = pumplog(db, "pull", "--all", PUMPLOG_AIR=air.address)
    assert done.returncode == 1, done.stdout + done.stderr
    check_summary(done.stdout, set(dying), of)
    assert "\033" not in done.stdout + done.stderr
    complete = {board for board, in rows(db, "SELECT board FROM pulls WHERE outcome='complete'")}
    assert complete == {one["board"] for one in ward.truth.values()} - set(dying)
    before, records = held(db), all_records(db)
    for board, n in dying.items():
        assert f"board {board}, bed {int(board[1:])}: will be tried again: " in done.stderr
        assert (board in before) == (n > TOO_EARLY), (board, n, before.get(board))
    trace = folder / "again.{board}.trace"
    with on_air(ward) as air:
        again = pumplog(db, "pull", "--all", "--json", PUMPLOG_AIR=air.address,
                        PUMPLOG_AIR_TRACE=str(trace))
    assert again.returncode == 0, again.stdout + again.stderr
    assert [line["outcome"] for line in json_lines(again)] == ["complete"] * of
    for board in dying:
        sent = sent_pages(Path(str(trace).replace("{board}", board)))
        assert sent and all(offset >= before.get(board, {}).get(first, 0) for first, offset in sent)
    flash = on_boards(ward, folder / "flash.db")
    assert records < all_records(db) == all_records(flash) and not holes(db)
    assert without_patient(all_entries(db)) == entries_on_boards(flash)
    copies = Counter(fields for fields, in rows(flash, "SELECT fields FROM records WHERE kind='entry'"))
    assert len(copies) == of and set(copies.values()) == {1}
