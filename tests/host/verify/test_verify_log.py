"""A board's own log, pulled over a link: what it attests is what the store then proves."""

from __future__ import annotations

import random

import pytest
from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import AT_MS, KEY, put_page, store_with_board
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.store import Key, Pull, Store
from pumplog.sync.client import Client, PullResult
from pumplog.sync.image import as_synced
from pumplog.verify import Evidence, Report, verify_log
from pumpwire import page


def board(pages: int = 8, minutes: int = 0, key: bytes | None = KEY) -> LoopBoard:
    made = LoopBoard(pages)
    made.log.set_key(key)
    made.minutes(minutes)
    return made


def pull(store: Store, looped: LoopBoard, **how: object) -> PullResult:
    link = LoopLink(looped, **how)  # type: ignore[arg-type]
    store.logs.add(looped.log.log_id, "B01")
    client = Client(link)
    status = client.status()
    result = client.pull(store, looped.log.log_id)
    store.pulls.add(Pull("B01", looped.log.log_id, AT_MS, "loop", result.records, result.next_seq,
                        "complete", status))
    return result


def judged(store: Store, looped: LoopBoard) -> Report:
    return verify_log(Evidence.of(store, looped.log.log_id, "B01"))


def kinds(report: Report) -> list[str]:
    return [found.kind for found in report.findings]


def test_a_log_pulled_now_and_then_passes_before_and_after_the_ring_wraps() -> None:
    looped, store, dice = board(), store_with_board(), random.Random(2)
    for _ in range(60):
        looped.minutes(dice.randrange(1, 400))
        assert pull(store, looped).attested
        report = judged(store, looped)
        assert report.findings == [], report.findings
        assert report.end_seq == looped.log.next_seq == (report.attested or ((), {}))[1]["next_seq"]
    assert looped.log.oldest_seq > 3000 and report.oldest_seq == 0 and report.pages > 12


def test_a_log_passes_through_boots_and_lost_packets() -> None:
    looped, store, dice = board(), store_with_board(), random.Random(3)
    for turn in range(40):
        looped.minutes(dice.randrange(1, 200))
        if turn % 3 == 0:
            looped.power_on()
            looped.log.set_key(KEY)
        pull(store, looped, loss=0.1, seed=turn)
        assert judged(store, looped).findings == [], turn


def test_records_made_between_the_transfer_and_the_boards_word_come_too() -> None:
    looped, store = board(minutes=200), store_with_board()
    late = iter([lambda: looped.minutes(2)] * 3)
    pull(store, looped, during=lambda: next(late, lambda: None)())
    assert judged(store, looped).findings == [] and judged(store, looped).end_seq == looped.log.next_seq


def test_an_image_of_a_ring_that_wrapped_often_has_no_hole_before_its_first_page() -> None:
    looped, store = board(4, 9000), store_with_board()
    looped.log.service()
    store.logs.add(looped.log.log_id, "B01")
    image = bytes(looped.flash.cells)
    for at in range(0, len(image), 4096):
        try:
            first_seq = page.read_prefix(image[at : at + 4096])[2]
        except ValueError:
            continue
        store.add_page_bytes(looped.log.log_id, first_seq, 0, as_synced(image[at : at + 4096], False))
    assert kinds(judged(store, looped)) == ["unattested"]


def test_a_pull_that_breaks_off_anywhere_and_the_next_one_leave_a_log_that_passes() -> None:
    looped = board(minutes=1500)
    undisturbed, whole = LoopLink(looped), store_with_board()
    whole.logs.add(looped.log.log_id, "B01")
    Client(undisturbed).pull(whole, looped.log.log_id)
    for break_at in range(1, undisturbed.arrived + 1, 3):
        store = store_with_board()
        with pytest.raises(UnreachableError):
            pull(store, looped, break_at=break_at)
        assert judged(store, looped).exit_code <= 1, break_at
        pull(store, looped)
        assert judged(store, looped).findings == [], break_at


def test_a_pull_after_the_ring_wrapped_past_its_last_tells_the_gap_once_and_verify_always() -> None:
    looped, store = board(4, 200), store_with_board()
    pull(store, looped)
    looped.minutes(9000)
    result = pull(store, looped)
    ((log_id, (first, last, _)),) = result.gaps
    assert (log_id, first) == (looped.log.log_id, 201) and last + 1 == looped.log.oldest_seq
    looped.minutes(5)
    assert pull(store, looped).gaps == ()
    report = judged(store, looped)
    assert kinds(report) == ["given_up"] and report.exit_code == 1
    assert (report.findings[0].first, report.findings[0].last) == (first, last)


def test_every_footer_comes_at_the_cost_of_a_page_at_most() -> None:
    looped, store, dice = board(), store_with_board(), random.Random(6)
    for _ in range(30):
        looped.minutes(dice.randrange(300, 900))
        head = looped.log.next_seq
        pull(store, looped)
        again = pull(store, looped)
        assert again.records <= looped.log.next_seq - head and again.bytes <= 4096
        pages = list(store.pages.of(looped.log.log_id))
        assert {each.state for each in pages[:-1]} == {"sealed"} and pages[-1].state == "open"


def test_a_pull_is_verified_page_by_page_when_keys_change() -> None:
    looped, store = board(minutes=2000), store_with_board()
    pull(store, looped)
    looped.log.set_key(b"new key" * 4)
    looped.minutes(2000)
    result = pull(store, looped)
    assert result.unverified > 0 and "unverified" in kinds(judged(store, looped))
    store.keys.add("B01", Key(b"new key" * 4, AT_MS))
    store.judge_again(looped.log.log_id)
    assert judged(store, looped).findings == []
    held = store.records.of(looped.log.log_id)
    assert [record.seq for record in held] == list(range(looped.log.next_seq))


def test_a_board_that_names_a_key_and_does_not_hold_it_is_refused() -> None:
    looped, store = board(minutes=20), store_with_board()
    told = looped.log.attest

    def forged(nonce: bytes) -> bytes:
        said = bytearray(told(nonce))
        said[-1] ^= 1
        return bytes(said)

    looped.log.attest = forged
    with pytest.raises(IntegrityError, match="does not hold the key"):
        pull(store, looped)
    assert "denied" in kinds(judged(store, looped))


def test_a_board_without_a_key_is_pulled_and_proves_nothing() -> None:
    looped, store = board(minutes=2000, key=None), store_with_board()
    result = pull(store, looped)
    assert not result.attested and result.records == looped.log.next_seq
    report = judged(store, looped)
    assert report.exit_code == 1 and set(kinds(report)) == {"unkeyed", "unattested"}


@pytest.mark.parametrize("seed", range(6))
def test_an_image_taken_at_a_cut_and_a_pull_after_the_next_boot_agree(seed: int) -> None:
    """What power tore is no part of a page: the board writes over it when it starts again."""
    from helpers.on_board.nor import CutError

    dice = random.Random(seed)
    for _ in range(12):
        looped, store = board(minutes=dice.randrange(1, 1500)), store_with_board()
        store.logs.add(looped.log.log_id, "B01")
        looped.flash.cut(dice.randrange(4), dice.randrange(12))
        with pytest.raises(CutError):
            looped.minutes(20)
        image = bytes(looped.flash.cells)
        firsts = []
        for at in range(0, len(image), 4096):
            try:
                firsts.append((page.read_prefix(image[at : at + 4096])[2], at))
            except ValueError:
                continue
        for first_seq, at in sorted(firsts):
            data = as_synced(image[at : at + 4096], first_seq in sorted(firsts)[-2:][0])
            store.add_page_bytes(looped.log.log_id, first_seq, 0, data)
        looped.flash.cut_at = -1
        looped.power_on()
        looped.log.set_key(KEY)
        looped.minutes(900)
        pull(store, looped)
        assert judged(store, looped).findings == []
        assert store.pages.quarantined(looped.log.log_id) == []


@pytest.mark.parametrize("what", ["flip", "remove", "cut"])
def test_nothing_done_to_a_pulled_log_stays_unseen(what: str) -> None:
    looped, store = board(minutes=4000), store_with_board()
    pull(store, looped)
    log_id = looped.log.log_id
    for each in list(store.pages.of(log_id)):
        held = len(list(store.records.rows(log_id, 0, 1 << 32)))
        data = bytearray(each.data)
        if what == "flip":
            data[len(data) // 3] ^= 8
        put_page(store, log_id, each.first_seq,
                 None if what == "remove" else bytes(data if what == "flip" else data[:400]))
        assert judged(store, looped).exit_code == 4, each.first_seq
        if what == "remove":
            assert len(list(store.records.rows(log_id, 0, 1 << 32))) == held - each.records
            store.add_page_bytes(log_id, each.first_seq, 0, each.data)
        else:
            put_page(store, log_id, each.first_seq, each.data)
        assert judged(store, looped).findings == []
