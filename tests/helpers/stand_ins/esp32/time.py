"""Stand-in for MicroPython's `time` on the ESP32: 30-bit ticks, over simulated time."""

from world import CLOCK_US, world

_MASK = (1 << 30) - 1
_HALF = 1 << 29


def ticks_us():
    world.spend(CLOCK_US)
    return world.now_us & _MASK


def ticks_ms():
    world.spend(CLOCK_US)
    return (world.ticks_ms + world.now_us // 1000) & _MASK


def ticks_add(ticks, delta):
    return (ticks + delta) & _MASK


def ticks_diff(later, earlier):
    diff = later - earlier
    if diff >= _HALF:
        return diff - _HALF - _HALF  # not - 2^30, which a 32-bit MicroPython allocates
    if diff < -_HALF:
        return diff + _HALF + _HALF
    return diff


def sleep_ms(ms):
    world.pass_us(ms * 1000)
