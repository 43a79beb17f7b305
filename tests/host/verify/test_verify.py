"""`pumplog verify`: a log that is all there passes, and nothing that was done to it stays unseen."""

from __future__ import annotations

import json
import random
from pathlib import Path
from uuid import uuid4

import pytest
from helpers.folded import unfolded
from helpers.host.made_log import (
    AT_MS,
    KEY,
    LOG_ID,
    MadeLog,
    board,
    put_page,
    shorten_rows,
    store_with_board,
)
from helpers.on_board.log_vectors import load
from helpers.on_board.page_maker import PageMaker
from pumplog.cli import main
from pumplog.errors import IntegrityError
from pumplog.store import BAD, SEALED, Entry, Keyring, Store, read_page
from pumplog.verify import KINDS, Evidence, Finding, Report, verify_log
from pumplog.verify.findings import merged
from pumpwire import page, records


def judged(store: Store, log_id: int = LOG_ID) -> Report:
    return verify_log(Evidence.of(store, log_id, "B01"))


def named(report: Report) -> list[tuple[str, int, int | None]]:
    return [(finding.kind, finding.first, finding.last) for finding in report.findings]


def pulled(**how: object) -> tuple[MadeLog, Store]:
    log, store = MadeLog(**how), store_with_board()  # type: ignore[arg-type]
    log.into(store)
    return log, store


def test_a_clean_log_passes() -> None:
    log, store = pulled()
    report = judged(store)
    assert report.findings == [] and report.exit_code == 0
    assert (report.oldest_seq, report.end_seq, report.pages, report.sealed) == (0, 170, 4, 3)
    assert report.attested and report.attested[1]["next_seq"] == log.next_seq == 170


def test_a_clean_log_passes_that_was_pulled_before_and_after_the_ring_wrapped() -> None:
    log, store = pulled()
    log.turn()
    log.made.put(records.LOST, log.next_seq * 600, (0, 49))
    log.next_seq += 1
    log.grow(5)
    for first_seq in list(log.pages)[3:]:
        store.add_page_bytes(LOG_ID, first_seq, 0, log.pages[first_seq])
    log.into(store, log.open_seq, oldest_seq=50)
    assert judged(store).findings == [] and judged(store).oldest_seq == 0


def test_a_store_whose_first_pull_came_after_the_wrap_passes_from_its_oldest_page_on() -> None:
    store = store_with_board()
    MadeLog(first_seq=400, given_up=((0, 399),)).into(store, oldest_seq=400)
    report = judged(store)
    assert report.findings == [] and report.oldest_seq == 400


def test_every_flipped_bit_of_a_sealed_page_is_seen() -> None:
    log, store = pulled()
    good = log.pages[50]
    used = page.read_footer(good).used
    places = [*range(used + 3), 2000, *range(page.FOOTER_AT - 1, 4096)]
    for at in places:
        data = bytearray(good)
        data[at] ^= 1 << at % 8
        put_page(store, LOG_ID, 50, bytes(data))
        report = judged(store)
        assert report.exit_code == 4 and any(50 in finding.pages for finding in report.findings), at
    put_page(store, LOG_ID, 50, good)
    assert judged(store).findings == []


def test_every_flipped_bit_of_the_open_page_is_seen_under_the_attestation() -> None:
    log, store = pulled()
    good = log.pages[150]
    for at in range(len(good)):
        data = bytearray(good)
        data[at] ^= 1 << at % 8
        put_page(store, LOG_ID, 150, bytes(data))
        report = judged(store)
        assert report.exit_code == 4 and any(150 in finding.pages for finding in report.findings), at


@pytest.mark.parametrize("first_seq, gone", [(0, (0, 49)), (50, (50, 99)), (150, (150, 169))])
def test_a_removed_page_is_missed(first_seq: int, gone: tuple[int, int]) -> None:
    _, store = pulled()
    put_page(store, LOG_ID, first_seq, None)
    assert named(judged(store)) == [("missing", *gone)]


@pytest.mark.parametrize("first_seq", [0, 50, 150])
def test_a_removed_page_is_missed_although_the_journal_of_pulls_was_emptied(first_seq: int) -> None:
    _, store = pulled()
    store.database.connection.execute("DELETE FROM pulls")
    put_page(store, LOG_ID, first_seq, None)
    assert [finding.kind for finding in judged(store).findings] == ["missing"]


def test_a_removed_page_is_missed_although_the_ring_has_given_it_up_since() -> None:
    log, store = pulled()
    log.turn()
    log.made.put(records.LOST, log.next_seq * 600, (0, 99))
    log.next_seq += 1
    log.grow(1)
    log.into(store, 150, log.open_seq, oldest_seq=100)
    assert judged(store).findings == []
    put_page(store, LOG_ID, 50, None)
    assert named(judged(store)) == [("missing", 50, 99)]


def test_two_swapped_pages_are_named_both() -> None:
    log, store = pulled()
    put_page(store, LOG_ID, 0, log.pages[50])
    put_page(store, LOG_ID, 50, log.pages[0])
    assert named(judged(store)) == [("swapped", 0, 49), ("swapped", 50, 99)]


def test_pages_renumbered_to_hide_a_swap_break_the_chain() -> None:
    """Who holds an old key of the board could seal anew; the chain still has the old seals."""
    log, store = pulled()
    made = PageMaker(LOG_ID, 50, 1, 50 * 600)
    for at in range(50):
        made.put(records.MINUTE, (50 + at) * 600, (60000, 1, 0))
    log.previous = log.pages[0][page.FOOTER_AT + 19 :][:8]
    put_page(store, LOG_ID, 50, log.close(made))
    found = {finding.kind: finding for finding in judged(store).findings}
    assert set(found) == {"unchained", "rows"} and found["unchained"].first == 100


@pytest.mark.parametrize("backwards", [False, True])
def test_a_page_under_the_right_key_that_does_not_chain_is_quarantined_at_the_pull(
    backwards: bool
) -> None:
    log, store = MadeLog(), store_with_board()
    log.previous = b"another!"
    log.turn()
    store.logs.add(LOG_ID, "B01")
    raised = []
    for first_seq in sorted(log.pages, reverse=backwards):
        for _ in range(2):  # told again as long as it is so
            try:
                store.add_page_bytes(LOG_ID, first_seq, 0, log.pages[first_seq])
            except IntegrityError as error:
                assert "another seal" in str(error)
                raised.append(first_seq)
    assert raised == [100, 100] if backwards else [150, 150]
    assert [first for first, _ in store.pages.quarantined(LOG_ID)] == [raised[0]]
    assert store.pages.bad(LOG_ID) == 1
    assert ("unchained", 150, 169) in named(judged(store))
    assert len(list(store.records.of(LOG_ID))) == log.next_seq


def test_a_page_of_another_board_is_foreign() -> None:
    log, store = pulled()
    store.add_board(board(b"o" * 32, "B02"))
    other = MadeLog(key=b"o" * 32, log_id=8)
    put_page(store, LOG_ID, 50, other.pages[50])
    assert named(judged(store)) == [("foreign", 50, 99)]
    other = MadeLog(key=b"o" * 32)
    put_page(store, LOG_ID, 50, other.pages[50])
    (finding,) = judged(store).findings
    assert finding.kind == "wrong_key" and "board B02" in finding.why


def test_a_truncated_tail_is_missed() -> None:
    log, store = pulled()
    log.grow(30)
    log.into(store, 150)
    assert judged(store).findings == []
    short = MadeLog().pages[150]
    put_page(store, LOG_ID, 150, short)
    store.database.connection.execute("DELETE FROM records WHERE seq>=170")
    assert named(judged(store)) == [("cut", 170, 199)]
    store.database.connection.execute("DELETE FROM pulls")
    assert named(judged(store)) == [("cut", 170, 199)]


def test_a_stale_open_copy_of_a_page_closed_since_is_seen() -> None:
    log, store = pulled()
    stale = log.pages[150]
    log.grow(30)
    log.turn()
    log.into(store, 150, log.open_seq)
    assert judged(store).findings == []
    put_page(store, LOG_ID, 150, stale)
    store.database.connection.execute("DELETE FROM records WHERE seq>=170 AND seq<200")
    assert named(judged(store)) == [("cut", 170, 199)]


def test_a_page_that_lost_only_its_footer_is_seen() -> None:
    log, store = pulled()
    used = page.read_footer(log.pages[50]).used
    put_page(store, LOG_ID, 50, log.pages[50][:used])
    assert named(judged(store)) == [("seal_gone", 50, 99)]


def test_a_page_sealed_again_under_a_wrong_key_is_seen() -> None:
    log, store = pulled()
    for key, weight in ((b"x" * 32, 1), (None, 4)):
        made = PageMaker(LOG_ID, 50, 1, 50 * 600)
        for at in range(50):
            made.put(records.MINUTE, (50 + at) * 600, (60000, 9, 0))
        log.previous = log.pages[0][page.FOOTER_AT + 19 :][:8]
        other = MadeLog(n=1, key=key)
        other.previous = log.previous
        put_page(store, LOG_ID, 50, other.close(made))
        report = judged(store)
        assert report.exit_code == 4
        kinds = {finding.kind: finding for finding in report.findings}
        assert 50 in kinds["unverified" if weight == 1 else "wrong_key"].pages


def test_a_seal_that_names_the_right_key_and_is_not_made_under_it_is_seen() -> None:
    log, store = pulled()
    data = bytearray(log.pages[50])
    data[4080:4096] = bytes(16)
    put_page(store, LOG_ID, 50, bytes(data))
    assert named(judged(store)) == [("wrong_key", 50, 99)]


def test_rows_that_are_not_what_their_page_says_are_named() -> None:
    log, store = pulled()
    sql = store.database.connection.execute
    sql("UPDATE records SET fields=replace(fields, 'counts\": ', 'counts\": 1') WHERE seq IN (12, 13)")
    sql("DELETE FROM records WHERE seq=60")
    sql("INSERT INTO records VALUES (?, 900, 'bolus', 1, 5, '{}')", (LOG_ID,))
    assert named(judged(store)) == [("rows", 12, 13), ("rows", 60, 60), ("rows", 900, 900)]
    assert judged(store).exit_code == 4


def test_a_pull_after_the_wrap_leaves_a_stretch_that_is_named_and_weighs_partly() -> None:
    _, store = pulled()
    later = MadeLog(first_seq=400, given_up=((0, 399),))
    later.into(store, oldest_seq=400)
    report = judged(store)
    assert named(report) == [("given_up", 170, 399)] and report.exit_code == 1


def test_what_the_board_skipped_and_noted_is_no_hole() -> None:
    log, store = MadeLog(n=2), store_with_board()
    log.made.put(records.SKIPPED, log.next_seq * 600, (70 + 1, 99))
    log.next_seq += 1
    log.pages[50] = bytes(log.made.data)
    log.pages[50] = log.close(log.made)
    log.previous = log.pages[50][page.FOOTER_AT + 19 :][:8]
    log.next_seq = log.open_seq = 100
    log.made = log._page(10, closed=False)
    log.into(store)
    assert judged(store).findings == []


def test_a_page_before_the_open_one_may_wait_for_its_seal() -> None:
    log, store = MadeLog(), store_with_board()
    waiting = bytes(log.made.data)
    log.turn()
    log.pages[150] = waiting
    log.into(store, attest=False)
    kinds = named(judged(store))
    assert ("unsealed", 150, 169) in kinds and judged(store).exit_code == 1


def test_without_the_boards_word_the_end_is_not_proven() -> None:
    log, store = MadeLog(), store_with_board()
    log.into(store, attest=False)
    assert named(judged(store)) == [("unattested", 150, None)] and judged(store).exit_code == 1


def test_what_came_after_the_last_word_is_not_proven() -> None:
    log, store = pulled()
    log.grow(3)
    log.into(store, 150, attest=False)
    assert named(judged(store)) == [("unattested", 170, 172)]


def test_a_word_under_another_key_or_for_another_nonce_is_denied() -> None:
    log, store = pulled()
    store.database.connection.execute("UPDATE attestations SET nonce=?", (b"m" * 16,))
    report = judged(store)
    assert "denied" in [finding.kind for finding in report.findings] and report.exit_code == 4


def test_a_log_under_a_key_that_the_store_lacks_is_partly_and_proven_once_it_has_it() -> None:
    log, store = MadeLog(), store_with_board(b"other" * 7)
    log.into(store)
    report = judged(store)
    assert [finding.kind for finding in report.findings] == ["unverified", "unattested"]
    assert report.exit_code == 1 and not list(store.records.of(LOG_ID))
    store.add_board(board(KEY))
    assert judged(store).findings == [] and len(list(store.records.of(LOG_ID))) == 170


def test_a_log_sealed_under_an_old_and_a_new_key_passes() -> None:
    log, store = pulled()
    log.key = b"new" * 10
    store.add_board(board(log.key))
    log.turn()
    log.into(store, 150, log.open_seq)
    assert judged(store).findings == []


def test_pages_from_before_the_first_key_are_said_to_be_unproven() -> None:
    log, store = MadeLog(key=None), store_with_board()
    log.key = KEY
    log.turn()
    log.into(store)
    report = judged(store)
    assert named(report) == [("unkeyed", 0, 149)] and report.exit_code == 1


def test_any_change_to_any_page_is_seen() -> None:
    log, store = pulled()
    dice = random.Random(8)
    for turn in range(300):
        first_seq = dice.choice(list(log.pages))
        data = bytearray(log.pages[first_seq])
        end = page.read_footer(data).used if first_seq < 150 else len(data)
        if dice.random() < 0.5:
            for _ in range(dice.randrange(1, 5)):
                data[dice.randrange(end)] = dice.randrange(256)
        else:
            a, b = sorted(dice.sample(range(end), 2))
            data[a:b] = data[a:b][::-1]
        if data == log.pages[first_seq]:
            continue
        put_page(store, LOG_ID, first_seq, bytes(data))
        assert judged(store).exit_code == 4, turn
        put_page(store, LOG_ID, first_seq, log.pages[first_seq])


def test_bytes_that_differed_from_those_held_are_named() -> None:
    log, store = pulled()
    data = bytearray(log.pages[150])
    data[-1] ^= 1
    with pytest.raises(Exception, match="quarantine"):
        store.add_page_bytes(LOG_ID, 150, 0, bytes(data))
    assert named(judged(store)) == [("quarantine", 150, 169)]


def test_rows_from_before_a_kind_had_its_last_fields_pass_where_these_are_0() -> None:
    _, store = pulled()  # its minutes have no presses, and every fiftieth has no counts either
    shorten_rows(store, "minute", "presses")
    assert judged(store).findings == []
    shorten_rows(store, "minute", "counts")
    assert named(judged(store)) == [("rows", first + 1, last) for first, last in (
        (0, 49), (50, 99), (100, 149), (150, 169))]
    shorten_rows(store, "minute", "span_ms")
    assert ("rows", 0, 49) in named(judged(store))


@pytest.mark.parametrize("fields", [
    '{"span_ms": 60000, "presses": 0}', '{"counts": 0, "presses": 0}', '{"span_ms": 60001}',
    '{"span_ms": 60000, "counts": 0, "relief": 0}', '{"span_ms": 60000, "counts": 1}', "{}", "[]",
    '["span_ms"]', "0", "null", "{",
    '{"span_ms": 60000, "counts": 0, "presses": 0, "relief": 0}',
])
def test_a_row_that_differs_in_any_other_way_is_found(fields: str) -> None:
    _, store = pulled()
    store.database.connection.execute("UPDATE records SET fields=? WHERE seq=50", (fields,))
    assert named(judged(store)) == [("rows", 50, 50)]


def test_an_empty_store_and_a_store_without_its_pages_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.db"
    with store_with_board(path=str(path)) as store:
        store.commit()
    assert main(["verify", "--db", str(path)]) == 3
    with Store.open(path) as store:
        MadeLog().into(store)
        store.database.connection.execute("DELETE FROM pages")
        store.database.connection.execute("DELETE FROM records")
        store.commit()
    capsys.readouterr()
    assert main(["verify", "B01", "--db", str(path), "--json"]) == 4
    (told,) = map(json.loads, capsys.readouterr().out.splitlines())
    (finding,) = told["findings"]
    assert (finding["kind"], finding["first_seq"], finding["last_seq"]) == ("missing", 0, 169)


def test_the_command_says_what_and_when_and_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.db"
    log = MadeLog()
    with store_with_board(path=str(path)) as store:
        log.into(store)
        store.commit()
    assert main(["verify", "--db", str(path)]) == 0
    said = unfolded(capsys.readouterr().out)
    assert "complete and untouched" in said and said.count("\n") == 1
    assert main(["verify", "B01", "--json", "--db", str(path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "proven" and told["attested_next_seq"] == 170 and told["findings"] == []
    assert told["log_id"] == "00000007" and told["sealed_pages"] == 3
    with Store.open(path) as store:
        put_page(store, LOG_ID, 50, None)
        store.commit()
    assert main(["verify", "--db", str(path)]) == 4
    said = unfolded(capsys.readouterr().out)
    assert "records 50 to 99" in said and "missing" in said and "pull the board again" in said
    assert main(["verify", "--json", "--db", str(path)]) == 4
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "broken" and told["findings"][0]["kind"] == "missing"
    assert main(["verify", "B09", "--db", str(path)]) == 3


def test_who_was_never_pulled_is_named_and_that_is_partly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.db"
    with store_with_board(path=str(path)) as store:
        MadeLog().into(store)
        for n, patient in enumerate(("P07", "P08", "P09")):
            board = ("B01", "B08", "B09")[n]
            store.entries.add(Entry(uuid4(), "patient_start", patient, board, n + 1, "AB", 0, 0, {}))
        store.commit()
    assert main(["verify", "--db", str(path)]) == 1
    said = unfolded(capsys.readouterr().out).splitlines()
    assert [line.split(",")[0] for line in said[1:]] == [
        "patient P08 on board B08: NOTHING of its log is here",
        "patient P09 on board B09: NOTHING of its log is here"]
    assert main(["verify", "--db", str(path), "--json"]) == 1
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert told[1:] == [{"board": f"B0{n}", "patient": f"P0{n}", "verdict": "never_pulled"}
                        for n in (8, 9)]
    assert main(["verify", "P07", "--db", str(path)]) == 0


def test_every_finding_is_one_sentence_that_ends_with_what_to_do() -> None:
    for kind in KINDS:
        said = Finding(kind, 3, 9, "why").sentence(" (08:00 to 09:00)")
        assert said.endswith(f"{KINDS[kind].do}.") and "\n" not in said and "{" not in said


def test_findings_next_to_each_other_are_one_if_they_weigh_partly() -> None:
    two = [Finding("unkeyed", 0, 49, "w", (0,)), Finding("unkeyed", 50, 99, "w", (50,))]
    assert merged(reversed(two)) == [Finding("unkeyed", 0, 99, "w", (0, 50))]
    two = [Finding("altered", 0, 49, "w", (0,)), Finding("altered", 50, 99, "w", (50,))]
    assert merged(two) == two and AT_MS


def test_bytes_behind_the_last_record_of_a_decayed_page_are_seen_too() -> None:
    data, said = load("decayed")
    keys = Keyring((bytes.fromhex(said["device_key"]),))
    assert read_page(data, keys).state == SEALED
    for at in range(said["footer"]["used"], page.FOOTER_AT, 7):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        assert read_page(bytes(changed), keys).state == BAD, at


def test_a_sealed_page_with_bytes_behind_its_end_is_seen() -> None:
    log, store = pulled()
    for first_seq in (0, 50, 100):
        put_page(store, LOG_ID, first_seq, log.pages[first_seq] + b"\xff")
        assert named(judged(store)) == [("altered", first_seq, first_seq + 49)]
        put_page(store, LOG_ID, first_seq, log.pages[first_seq])


def test_a_first_page_forged_as_from_before_the_first_key_is_seen() -> None:
    """Who lacks the key leaves the page unsealed, and copies the seal that the next page names."""
    log, store = pulled()
    forged = PageMaker(LOG_ID, 0, 1, 0)
    for at in range(50):
        forged.put(records.MINUTE, at * 600, (60000, 49, 0))
    data = bytearray(forged.closed())
    for seal in (log.pages[0][-16:], bytes(16)):
        data[-16:] = seal
        put_page(store, LOG_ID, 0, bytes(data))
        report = judged(store)
        assert report.exit_code == 4, seal
        assert {finding.kind for finding in report.findings} & {"wrong_key", "unchained"}, seal


def test_a_tail_is_missed_although_the_page_before_it_is_another_too() -> None:
    log, store = pulled()
    put_page(store, LOG_ID, 150, None)
    put_page(store, LOG_ID, 100, log.pages[0])
    assert named(judged(store)) == [("swapped", 100, 149), ("missing", 150, 169)]
