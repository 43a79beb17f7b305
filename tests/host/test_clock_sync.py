"""What the kernel says of this computer's clock, and what an anchor says of it then."""

from __future__ import annotations

import sys

import pytest
from pumplog.clock_sync import clock_synced, kernel_status
from pumpwire.records import SYNC_NOT_KNOWN, SYNCED

STA_PLL, STA_UNSYNC, STA_NANO = 0x1, 0x40, 0x2000  # linux/timex.h


@pytest.mark.parametrize("status, synced", [
    (STA_PLL | STA_NANO, SYNCED),
    (0, SYNCED),
    (STA_UNSYNC, SYNC_NOT_KNOWN),
    (STA_PLL | STA_UNSYNC | STA_NANO, SYNC_NOT_KNOWN),
    (None, SYNC_NOT_KNOWN),
])
def test_a_clock_is_synchronised_if_the_kernel_says_so(status: int | None, synced: int) -> None:
    assert clock_synced(status) == synced


@pytest.mark.skipif(sys.platform != "linux", reason="adjtimex is Linux's")
def test_this_kernel_answers_with_bits_that_there_are() -> None:
    status = kernel_status()
    if status is None:
        pytest.skip("whoever runs this keeps the call from us, as some containers do")
    assert not status & ~0xFFFF


def test_another_system_s_clock_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_status() is None
