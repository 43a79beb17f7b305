"""DS3231: the battery-backed clock and its thermometer, on I2C.

    00..06   seconds, minutes, hours (24 h), weekday 1..7, day, month, year 00..99, all BCD; month bit 7:
             the century after
    0F       status; bit 7: the oscillator had stopped, so the time is not to be believed
    11, 12   temperature: whole degrees (signed), then quarter degrees in bits 7 and 6

Source: Maxim, DS3231 datasheet. Times are seconds since 2020-01-01 UTC, until 2054 (below 2^30).
Whatever this driver would not have written, or the chip cannot have come to, is no time.
"""

import time

from machine import I2C
from micropython import const

_ADDRESS = const(0x68)
_TIME = const(0x00)
_STATUS = const(0x0F)
_TEMPERATURE = const(0x11)
_STOPPED = const(0x80)
_TWELVE_HOURS = const(0x40)
_LAST_DAY = const(12426)  # since 2020: the last whole day below 2^30 s
_REST_MS = const(60000)
_DAY_S = const(86400)
_FOUR_YEARS = const(1461)  # days; 2020 begins such a four with its leap year, until 2100
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _days_in(year, month):
    return 29 if month == 2 and year % 4 == 0 else _MONTH_DAYS[month - 1]


def _from_bcd(byte):
    """Returns the number, or -1 for digits that are none."""
    high, low = byte >> 4, byte & 15
    return high * 10 + low if high < 10 and low < 10 else -1


def _to_bcd(number):
    return number // 10 << 4 | number % 10


def _from_registers(registers):
    """Returns seconds since 2020 of the seven time registers, None if they hold no such time."""
    if registers[2] & _TWELVE_HOURS:
        return None
    second, minute, hour, weekday, day, month, year = (_from_bcd(register) for register in registers)
    if not (0 <= second < 60 and 0 <= minute < 60 and 0 <= hour < 24 and 1 <= weekday <= 7):
        return None
    if not (1 <= month <= 12 and year >= 20 and 1 <= day <= _days_in(year, month)):
        return None
    years = year - 20
    days = years // 4 * _FOUR_YEARS + years % 4 * 365 + (1 if years % 4 else 0) + day - 1
    for earlier in range(1, month):
        days += _days_in(year, earlier)
    if days > _LAST_DAY:
        return None
    return days * _DAY_S + hour * 3600 + minute * 60 + second


def _to_registers(seconds):
    """Returns the seven time registers for seconds since 2020."""
    days, second = divmod(seconds, _DAY_S)
    weekday = (days + 2) % 7 + 1  # 2020 began on a Wednesday, the third day
    fours, days = divmod(days, _FOUR_YEARS)
    year, month = 20 + 4 * fours, 1
    if days >= 366:
        more, days = divmod(days - 366, 365)
        year += 1 + more
    while days >= _days_in(year, month):
        days -= _days_in(year, month)
        month += 1
    fields = (second % 60, second // 60 % 60, second // 3600, weekday, days + 1, month, year)
    return bytes(_to_bcd(field) for field in fields)


class Registers:
    """The chip on its bus. A transfer over a bus that hangs takes up to 0.8 s on the ESP32, so after
    one that failed the chip is left alone for a minute."""

    def __init__(self, i2c: I2C):
        self._i2c = i2c
        self._failed = False
        self._failed_ms = time.ticks_ms()

    def read(self, register, buf):
        """Fills `buf` from `register` on; returns whether the chip answered."""
        if self._rests():
            return False
        try:
            self._i2c.readfrom_mem_into(_ADDRESS, register, buf)
        except OSError:
            return self._fail()
        return True

    def write(self, register, buf):
        """Writes `buf` from `register` on; returns whether the chip took it."""
        if self._rests():
            return False
        try:
            self._i2c.writeto_mem(_ADDRESS, register, buf)
        except OSError:
            return self._fail()
        return True

    def _fail(self):
        self._failed = True
        self._failed_ms = time.ticks_ms()
        return False

    def _rests(self):
        if self._failed and not 0 <= time.ticks_diff(time.ticks_ms(), self._failed_ms) < _REST_MS:
            self._failed = False
        return self._failed


class Clock:
    """The time; None from a chip that is not fitted or whose battery was empty."""

    def __init__(self, registers: Registers):
        self._chip = registers
        self._time = bytearray(7)
        self._status = bytearray(1)

    def read(self):
        """Returns seconds since 2020 UTC, or None."""
        if not self._chip.read(_STATUS, self._status) or self._status[0] & _STOPPED:
            return None
        return _from_registers(self._time) if self._chip.read(_TIME, self._time) else None

    def set(self, seconds):
        """Sets the time; returns whether the chip took it."""
        if not self._chip.write(_TIME, _to_registers(seconds)):
            return False
        if not self._chip.read(_STATUS, self._status):
            return False
        self._status[0] &= ~_STOPPED & 0xFF
        return self._chip.write(_STATUS, self._status)


class Thermometer:
    """The chip's temperature sensor: within 3 degrees C, measured every 64 s."""

    def __init__(self, registers: Registers):
        self._chip = registers
        self._temperature = bytearray(2)

    def read(self):
        """Returns the temperature in quarter degrees C, or None from a chip that is not fitted."""
        if not self._chip.read(_TEMPERATURE, self._temperature):
            return None
        whole = self._temperature[0]
        return (whole - 256 if whole > 127 else whole) * 4 + (self._temperature[1] >> 6)
