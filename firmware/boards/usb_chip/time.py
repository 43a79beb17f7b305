"""MicroPython's `time` on the ESP32: 30-bit ticks. They run `speed` times as fast as the wall's clock,
which the tests set above 1 and a person at the desk leaves alone. While interrupts are off nothing takes
the processor from a chip: the time that a busy computer takes from this one does not count then."""

import json
import os
import utime

gmtime, localtime, mktime, time, sleep = (
    utime.gmtime, utime.localtime, utime.mktime, utime.time, utime.sleep)
_MASK = (1 << 30) - 1
_HALF = 1 << 29
_speed = json.loads(os.getenv("USB_CHIP"))["speed"]
_start_ms = utime.ticks_ms()
_start_us = utime.ticks_us()
_off_us = None  # the time with interrupts off: 1 us a look


def ticks_ms():
    return utime.ticks_diff(utime.ticks_ms(), _start_ms) * _speed & _MASK


def interrupts(on):
    global _off_us
    _off_us = None if on else ticks_us()


def ticks_us():
    global _off_us
    if _off_us is not None:
        _off_us = _off_us + 1 & _MASK
        return _off_us
    return utime.ticks_diff(utime.ticks_us(), _start_us) * _speed & _MASK


def ticks_add(ticks, delta):
    return (ticks + delta) & _MASK


def ticks_diff(later, earlier):
    return ((later - earlier + _HALF) & _MASK) - _HALF


def sleep_ms(ms):
    utime.sleep_us(ms * 1000 // _speed)


def sleep_us(us):
    utime.sleep_us(us // _speed)
