"""What the log takes of flash and what writing it costs stay within the goals; `make bench` prints it.

Counted over thirty simulated days (tests/vectors/reference_day), written one after the other.
"""

from __future__ import annotations

import pytest
from benchmarks import log_cost, log_size
from helpers.on_board import reference_day
from helpers.on_board.day_log import DayLog
from pumpwire import decoding, page, records
from pumpwire.units import PAGE_BYTES

RING_BYTES = 1 << 20
LEAST_DAYS = 180


@pytest.fixture(scope="module")
def days() -> list[list[log_size.Event]]:
    return log_size.read_days()


@pytest.fixture(scope="module")
def log(days: list[list[log_size.Event]]) -> DayLog:
    return log_size.logged(days)


def test_thirty_different_days_have_the_reference_days_make_up(
        days: list[list[log_size.Event]]) -> None:
    assert len(days) == 30 and len({tuple(day) for day in days}) == 30
    for day in days:
        kinds = [kind for _, kind, _ in day]
        assert len(kinds) == reference_day.EVENTS
        assert kinds.count(records.MINUTE) == 1440 and kinds.count(records.RESERVOIR) == 288
        assert kinds.count(records.BOLUS) >= 14 and set(kinds) <= {
            records.MINUTE, records.RESERVOIR, records.BOLUS, records.DEMAND}


def test_an_event_takes_at_most_3_2_bytes_with_everything(
        days: list[list[log_size.Event]], log: DayLog) -> None:
    events = sum(map(len, days))
    assert log.consumed_bytes() / events <= log_size.MOST_BYTES_AN_EVENT
    assert DayLog(days[0]).consumed_bytes() / len(days[0]) <= log_size.MOST_BYTES_AN_EVENT


def test_the_log_is_35_times_below_verbose_json_lines(
        days: list[list[log_size.Event]], log: DayLog) -> None:
    verbose = sum(len(log_size.verbose_lines(day)) for day in days)
    assert verbose / log.consumed_bytes() >= log_size.LEAST_BELOW_VERBOSE
    day = DayLog(days[0]).consumed_bytes()
    assert len(log_size.verbose_lines(days[0])) / day >= log_size.LEAST_BELOW_VERBOSE


def test_a_ring_of_1_mib_holds_180_reference_days(log: DayLog) -> None:
    assert (RING_BYTES - PAGE_BYTES) / (log.consumed_bytes() / 30) >= LEAST_DAYS  # one slot is erased


def test_every_program_operation_is_guarded_by_16_bits_or_more(log: DayLog) -> None:
    marks = {data for _, offset, data in log.programs if offset == 0}
    assert len(marks) == 1  # known to the bit: also that of the slot ahead, which has no page yet
    for slot, offset, data in log.programs:
        if slot < len(log.pages):
            assert log_size.check_bits(log.pages[slot], offset, data) >= 16, (slot, offset)
        else:
            assert offset == 0
    for closed in log.pages[:-1]:
        page.check_footer(closed, page.read_footer(closed))


def test_the_log_gives_back_every_event_bit_for_bit(
        days: list[list[log_size.Event]], log: DayLog) -> None:
    found = [record for data in log.pages for record in decoding.decode_page(data)[1]]
    assert [record.seq for record in found] == list(range(1 + 30 * reference_day.EVENTS))
    assert found[0].kind == records.BOOT
    assert log_size.one_after_the_other(days) == [
        (record.uptime_ms // 100, record.kind, tuple(record.fields.values())) for record in found[1:]]


def test_every_other_format_is_larger_as_it_is(days: list[list[log_size.Event]]) -> None:
    pages, *others = log_size.sizes(days[:3])
    assert len(others) == 4
    for other in others:
        assert other.day > 5 * pages.day and other.zipped > pages.day, other.name


def test_encoding_takes_at_most_a_quarter_of_the_instructions_of_json() -> None:
    costs = log_cost.measure()
    assert [cost.events for cost in costs] == [reference_day.EVENTS] * 4
    assert log_cost.of_verbose(costs) <= log_cost.MOST_OF_JSON
