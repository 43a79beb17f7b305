"""DS3231: the battery-backed clock and its thermometer, on I2C.

    00..06   seconds, minutes, hours (24 h), weekday, day, month, year 00..99, all BCD
    0F       status; bit 7: the oscillator had stopped, so the time is not to be believed
    11, 12   temperature: whole degrees (signed), then quarter degrees in bits 7 and 6

Source: Maxim, DS3231 datasheet. Times are seconds since 2020-01-01 UTC, up to 2054 (2^30 s).
"""

from machine import I2C
from micropython import const

_ADDRESS = const(0x68)
_TIME = const(0x00)
_STATUS = const(0x0F)
_TEMPERATURE = const(0x11)
_STOPPED = const(0x80)
_TWELVE_HOURS = const(0x40)
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
    second, minute, hour = (_from_bcd(registers[i]) for i in range(3))
    day, month, year = _from_bcd(registers[4]), _from_bcd(registers[5] & 0x1F), _from_bcd(registers[6])
    if not (0 <= second < 60 and 0 <= minute < 60 and 0 <= hour < 24):
        return None
    if not (1 <= month <= 12 and year >= 20 and 1 <= day <= _days_in(year, month)):
        return None
    years = year - 20
    days = years // 4 * _FOUR_YEARS + years % 4 * 365 + (1 if years % 4 else 0) + day - 1
    for earlier in range(1, month):
        days += _days_in(year, earlier)
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


class Clock:
    """The time; None from a chip that is not fitted or whose battery was empty."""

    def __init__(self, i2c: I2C):
        self._i2c = i2c
        self._registers = bytearray(7)
        self._status = bytearray(1)

    def read(self):
        """Returns seconds since 2020 UTC, or None."""
        try:
            self._i2c.readfrom_mem_into(_ADDRESS, _STATUS, self._status)
            if self._status[0] & _STOPPED:
                return None
            self._i2c.readfrom_mem_into(_ADDRESS, _TIME, self._registers)
        except OSError:
            return None
        return _from_registers(self._registers)

    def set(self, seconds):
        """Sets the time; returns whether the chip took it."""
        try:
            self._i2c.writeto_mem(_ADDRESS, _TIME, _to_registers(seconds))
            self._i2c.readfrom_mem_into(_ADDRESS, _STATUS, self._status)
            self._status[0] &= ~_STOPPED & 0xFF
            self._i2c.writeto_mem(_ADDRESS, _STATUS, self._status)
        except OSError:
            return False
        return True


class Thermometer:
    """The chip's temperature sensor: within 3 degrees C, measured every 64 s."""

    def __init__(self, i2c: I2C):
        self._i2c = i2c
        self._registers = bytearray(2)

    def read(self):
        """Returns the temperature in quarter degrees C, or None from a chip that is not fitted."""
        try:
            self._i2c.readfrom_mem_into(_ADDRESS, _TEMPERATURE, self._registers)
        except OSError:
            return None
        whole = self._registers[0]
        return (whole - 256 if whole > 127 else whole) * 4 + (self._registers[1] >> 6)
