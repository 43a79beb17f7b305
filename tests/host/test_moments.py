"""A local time on the screen is a single moment, also in the hour that autumn repeats."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from pumplog import host
from pumplog.log.signatures import Signature
from pumplog.moments import dated_text, local_text, since_text, span_text

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# zone: (its rule, when it goes back, by how many minutes)
ZONES = {
    "Europe": ("CET-1CEST,M3.5.0,M10.5.0/3", datetime(2026, 10, 25, 1, tzinfo=UTC), 60),
    "the case": ("CET-1CEST,J1/0,J5/20:30", datetime(2026, 1, 5, 18, 30, tzinfo=UTC), 60),
    "America": ("EST5EDT,M3.2.0,M11.1.0", datetime(2026, 11, 1, 6, tzinfo=UTC), 60),
    "Australia": ("AEST-10AEDT,M10.1.0,M4.1.0/3", datetime(2026, 4, 4, 16, tzinfo=UTC), 60),
    "Lord Howe": ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", datetime(2026, 4, 4, 15, tzinfo=UTC), 30),
    "no summer time": ("<+0530>-5:30", datetime(2026, 10, 25, 1, tzinfo=UTC), 0),
}


pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows takes no zone by a rule")


@pytest.fixture
def in_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def put(rule: str) -> None:
        monkeypatch.setenv("TZ", rule)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("rule, back, minutes", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize("read_after_h", [1, 30])
def test_no_two_minutes_look_alike_and_only_those_that_might_have_an_offset(
    rule: str, back: datetime, minutes: int, read_after_h: int,
    in_zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_zone(rule)
    back_ms = int(back.timestamp() * 1000)
    now_ms = back_ms + read_after_h * HOUR_MS
    monkeypatch.setattr(host, "utc_now_ms", lambda: now_ms)
    moments = range(back_ms - 5 * HOUR_MS, back_ms + 5 * HOUR_MS, MINUTE_MS)
    for shown in (local_text, lambda ms: since_text(ms).partition(",")[0]):
        texts = {ms: shown(ms) for ms in moments}
        assert len(set(texts.values())) == len(moments)
        twice = {ms for ms in moments if abs(ms + 1 - back_ms) < minutes * MINUTE_MS}
        assert {ms for ms, text in texts.items() if re.search(r" [+-]\d\d:\d\d$", text)} == twice
        for ms in twice:
            told = datetime.fromtimestamp(ms / 1000).astimezone()
            assert texts[ms].endswith(f"{told:%H:%M} {told.isoformat()[-6:]}")


def test_a_possibility_across_the_repeated_hour_says_how_long_it_truly_was(
    in_zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, back, _ = ZONES["the case"]
    in_zone(rule)
    since_ms = int(back.timestamp() * 1000) - 28 * MINUTE_MS
    monkeypatch.setattr(host, "utc_now_ms", lambda: since_ms + 100 * MINUTE_MS)
    blocked = Signature("occlusion", since_ms + 20 * MINUTE_MS, 50, 1200, 1500, 100, 1, 9,
                        since_ms + 71 * MINUTE_MS)
    told = blocked.to_text(local_text)
    assert "since 20:02 +02:00:" in told
    assert "; lasted 1 h 11 min; over 20:13 +01:00; found on pull" in told


def test_a_span_shows_both_days_unless_both_are_today(
    in_zone: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_zone("UTC0")
    noon_ms = int(datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp() * 1000)
    monkeypatch.setattr(host, "utc_now_ms", lambda: noon_ms)
    assert span_text(noon_ms - 4 * HOUR_MS, noon_ms) == "08:00 to 12:00"
    assert span_text(noon_ms - 13 * HOUR_MS, noon_ms) == "2026-11-29 23:00 to 2026-11-30 12:00"
    ten_months_ago_ms = noon_ms - 300 * 24 * HOUR_MS
    assert span_text(ten_months_ago_ms, noon_ms) == "2026-02-03 12:00 to 2026-11-30 12:00"
    assert dated_text(noon_ms, seconds=True) == "2026-11-30 12:00:00"
