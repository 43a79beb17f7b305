"""A board whose flash changes in the open page: what was pulled before stays, what is lost is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.host.decayed_boards import DecayingBoard, hold_decays
from helpers.host.loop_link import LoopLink
from helpers.on_board.page_maker import PageMaker
from pumplog.errors import IntegrityError, UnreachableError
from pumplog.sync.client import Client
from pumplog.sync.gaps import gaps_of
from pumpwire import page, seal


def test_records_that_decayed_before_they_were_pulled_are_told_by_pull_and_by_verify() -> None:
    bed = DecayingBoard()
    bed.minutes(200)
    bed.board.damage(60)
    bed.board.power_on()
    bed.minutes(20)
    result = bed.pull()
    (gap,) = gaps_of(bed.store, result)
    assert (gap.first_seq, gap.memory_failed) == (60, True)
    assert "the board's memory failed, and records from 60 on may be lost" in gap.to_text()
    assert bed.pull().gaps == ()  # told once; `verify` goes on
    (finding,) = bed.verify().findings
    assert (finding.kind, finding.first, finding.weight) == ("decayed", 60, 1)
    assert set(bed.truth) - set(bed.held()) == set(range(60, 201))


def test_what_the_board_had_vouched_for_stays_though_the_board_has_it_no_longer() -> None:
    bed = DecayingBoard()
    bed.minutes(200)
    assert bed.pull().attested
    before = bed.held()
    bed.minutes(50)
    bed.board.damage(60)
    bed.board.power_on()
    bed.minutes(20)
    ((_, hole),) = bed.pull().gaps
    assert (hole.first, hole.memory_failed) == (201, True)
    assert bed.held().items() >= before.items()
    assert bed.store.pages.unproven(bed.log_id) == []
    sent = LoopLink(bed.board)
    Client(sent).pull(bed.store, bed.log_id)
    assert sent.sent_bytes() == 0  # the page is not asked for again
    assert [finding.kind for finding in bed.verify().findings] == ["decayed"]


def test_the_last_record_alone_decayed() -> None:
    """The board sends the footer only, for it believes that all before it is here."""
    bed = DecayingBoard()
    bed.minutes(200)
    bed.pull()
    before = bed.held()
    bed.board.damage(200)
    bed.board.power_on()
    bed.minutes(5)
    bed.pull()
    assert bed.held().items() >= before.items()
    assert bed.verify().exit_code == 1


def test_what_came_without_the_boards_word_gives_way_to_its_seal() -> None:
    bed = DecayingBoard()
    bed.minutes(200)
    with pytest.raises(UnreachableError):
        bed.pull(break_at=6)
    came = len(bed.held())
    assert came > 100 and bed.store.pages.unproven(bed.log_id)
    bed.board.damage(60)
    bed.board.power_on()
    bed.minutes(5)
    bed.pull()
    assert bed.store.pages.unproven(bed.log_id) == []
    assert set(bed.held()) & set(range(60, 201)) == set()
    assert [finding.kind for finding in bed.verify().findings] == ["decayed"]


def test_a_page_that_only_says_that_it_decayed_takes_nothing_away() -> None:
    """Bytes of somebody between: a footer with DECAYED that counts little, without the board's seal."""
    bed = DecayingBoard()
    bed.minutes(200)
    bed.pull()
    before = bed.held()
    for key in (None, b"another" * 5):
        closed = PageMaker(bed.log_id, 0, 1, 0).closed(
            seal.key_id(key) if key else 0, page.FLAG_DECAYED, bytes(8), key)
        for offset in (0, page.FOOTER_AT):
            with pytest.raises(IntegrityError, match="does not verify"):
                bed.store.add_page_bytes(bed.log_id, 0, offset, closed[offset:])
            assert bed.held() == before


def test_wherever_a_bit_changes_nothing_vouched_is_lost_and_nothing_lost_is_silent(
    tmp_path: Path
) -> None:
    hold_decays(range(20), tmp_path)


def test_a_pull_that_broke_within_a_page_leaves_nothing_for_verify_once_the_page_came(
    tmp_path: Path
) -> None:
    """The board closed the page as decayed meanwhile: what came of it before is no sign of a change."""
    hold_decays([1119], tmp_path)


def test_a_pull_that_broke_within_a_header_leaves_no_page(tmp_path: Path) -> None:
    """The header decayed on the board before the rest could come: nobody ever sends it."""
    hold_decays([1729], tmp_path)
