"""The ward's rounds over the air: boards die, nurses take turns, and nothing is lost or said wrong."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from big_ward import make_ward
from pumplog.links.file_link import pull_image
from pumplog.store import Store
from ward import (
    Ward,
    all_entries,
    all_records,
    holes,
    json_lines,
    on_air,
    pumplog,
    rows,
    sent_pages,
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
    assert {board for board in dying if f"(P{board[1:]})" in first} == dying
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
    assert all_entries(db) == all_entries(flash)
    copies = Counter(fields for fields, in rows(flash, "SELECT fields FROM records WHERE kind='entry'"))
    assert len(copies) == of and set(copies.values()) == {1}


def test_twelve_boards_three_of_them_dying_and_then_with_power_back(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "run", 12)
    killed_and_resumed(ward, tmp_path, deaths(ward, 3, seed=5))


BAG = ("--bupivacaine", "55 mg", "--volume", "250 mL")
REGIMEN = ("--bolus", "0.2 mL", "--lockout", "10 min")


def test_two_hosts_in_turn_have_all_and_what_contradicts_is_flagged(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "run", 2)
    code = str(ward.check_code("P01"))
    hosts = {}
    for author, morphine, rate in (("AB", "110 mg", "0.2 mL/h"), ("CD", "80 mg", "0.3 mL/h")):
        (tmp_path / author).mkdir()
        hosts[author] = db = ward.store(tmp_path / author / "nurse.db")
        for words in (("bag", "hang", "P01", "--morphine", morphine, *BAG),
                      ("regimen", "set", "P01", "--rate", rate, *REGIMEN)):
            done = pumplog(db, *words, "--check", code, "--initials", author)
            assert done.returncode == 0, done.stdout + done.stderr
    told = []
    with on_air(ward) as air:
        for author in ("AB", "CD", "AB"):
            done = pumplog(hosts[author], "pull", "--all", PUMPLOG_AIR=air.address)
            assert done.returncode == 0, done.stdout + done.stderr
            told.append(done.stdout)
        # each now knows of the other's; nothing but time separates the two logs
        flagged = {author: json_lines(pumplog(db, "pull", "P01", "--json", PUMPLOG_AIR=air.address))
                   for author, db in hosts.items()}
    assert "differ" not in told[0]
    for said in told[1:]:
        first, *lines = said.splitlines()
        assert first == "pulled 2 of 2; see first what is said below of bed 1 (P01)."
        assert "P01" in lines[0] and "entered by AB and CD: two bags that differ" in lines[1]
        assert "entered by AB and CD: two prescriptions that differ" in lines[2]
    for (line,) in flagged.values():
        assert [each["what"] for each in line["conflicts"]] == [
            "two bags that differ", "two prescriptions that differ"]
    flash = on_boards(ward, tmp_path / "flash.db")
    copies = [fields for fields, in rows(flash, "SELECT fields FROM records WHERE kind='entry'")]
    assert len(copies) == len(set(copies)) == 2 + 4  # both knew the two starts: on board once
    for db in hosts.values():
        assert not holes(db) and not rows(db, "SELECT 1 FROM quarantine")
        assert all_records(db) <= all_records(flash) and len(all_entries(db)) == 2 + 4
        assert not rows(db, "SELECT 1 FROM entries WHERE seq IS NULL")
    assert all_entries(hosts["AB"]) == all_entries(hosts["CD"])
    last_pulled = hosts["CD"]
    ends = rows(last_pulled, "SELECT log_id, MAX(seq) FROM records GROUP BY log_id")
    for log_id, end in ends:
        query = f"SELECT * FROM records WHERE log_id={log_id} AND seq <= {end}"
        assert rows(last_pulled, query) == rows(flash, query)
