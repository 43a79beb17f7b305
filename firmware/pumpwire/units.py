"""Units and limits that board and host share."""

EPOCH_2020_S = 1577836800  # Unix seconds at 2020-01-01T00:00:00Z; board seconds count from here
TICK_MS = 100  # the sampling loop runs at 10 Hz
TICKS_WRAP = 1 << 30  # ticks_ms on the ESP32 wraps here (12.4 days)
SMALL_INT_LIMIT = 1 << 30  # an int at or beyond this allocates on the ESP32
# What a right clock chip can say beside this firmware, s since 2020: it was written in 2026, and neither
# a board nor its battery lasts for twenty years.
CHIP_EARLIEST_S = 189388800  # 2026-01-01T00:00:00Z
CHIP_LATEST_S = 820540800  # 2046-01-01T00:00:00Z: this is too late
PAGE_BYTES = 4096
PL_PER_UL = 1000000  # picolitres in a microlitre: calibrations are given in pL per count
# Of internal memory: with less no link is taken. Assumed, not measured: see docs/test_engineer.md.
RADIO_RESERVE_BYTES = 16384
RADIO_PIECE_BYTES = 4096  # of it in one piece


def const(value):
    """Returns `value`: MicroPython's compiler puts a `_NAME = const(...)` in place where it is used."""
    return value
