"""Stand-in for MicroPython's `time` on the ESP32: 30-bit ticks, over simulated time."""

from world import CLOCK_US, world

_PERIOD = 1 << 30
_HALF = _PERIOD >> 1


def ticks_us():
    world.spend(CLOCK_US)
    return world.now_us & (_PERIOD - 1)


def ticks_ms():
    world.spend(CLOCK_US)
    return (world.ticks_ms + world.now_us // 1000) & (_PERIOD - 1)


def ticks_add(ticks, delta):
    return (ticks + delta) & (_PERIOD - 1)


def ticks_diff(later, earlier):
    return ((later - earlier + _HALF) & (_PERIOD - 1)) - _HALF


def sleep_ms(ms):
    world.pass_us(ms * 1000)
