"""The clock chip: right to the second, and None whenever its time cannot be believed."""

from drivers.ds3231 import Clock, Registers, Thermometer
from helpers.esp32.locked import allocates
from machine import I2C, Pin
from parts import Ds3231Part
from world import world

DAY_S = 86400


def chip(fitted=True):
    world.reset()
    part = Ds3231Part() if fitted else None
    return part, Registers(I2C(0, scl=Pin(22), sda=Pin(21), freq=100000))


def test_a_new_chip_has_no_time_until_it_is_set():
    part, registers = chip()
    clock = Clock(registers)
    assert clock.read() is None
    assert clock.set(200000000) and clock.read() == 200000000
    assert part.registers[0x0F] == 0x08  # its other bits stay as they were


def test_the_chip_gets_the_calendar_date():
    part, registers = chip()
    clock = Clock(registers)
    # seconds, minutes, hours, weekday (Monday is 1), day, month, year; by CPython's datetime
    for seconds, digits in (
        (0, "00000003010120"),  # Wed 2020-01-01 00:00:00
        (5097599, "59592305280220"),  # Fri 2020-02-28 23:59:59
        (5097600, "00000006290220"),  # Sat 2020-02-29 00:00:00
        (5184000, "00000007010320"),  # Sun 2020-03-01 00:00:00
        (189388800, "00000004010126"),  # Thu 2026-01-01 00:00:00
        (946684799, "59592304301249"),  # Thu 2049-12-30 23:59:59
    ):
        assert clock.set(seconds)
        assert bytes(part.registers[:7]).hex() == digits, seconds


def test_follows_the_chip_over_leap_days_and_new_years():
    _, registers = chip()
    clock = Clock(registers)
    for day in (58, 59, 60, 365, 366, 730, 1095, 1460, 1461, 1519, 1520, 3652, 12000):
        assert clock.set(day * DAY_S - 2)
        for second in range(4):
            assert clock.read() == day * DAY_S - 2 + second, day
            world.pass_us(1000000)


def test_every_day_until_2054_comes_back():
    _, registers = chip()
    clock = Clock(registers)
    for day in range(0, (1 << 30) // DAY_S, 7):
        seconds = day * DAY_S + day % DAY_S
        clock.set(seconds)
        assert clock.read() == seconds, day


def test_a_stopped_oscillator_means_no_time():
    part, registers = chip()
    clock = Clock(registers)
    clock.set(200000000)
    part.registers[0x0F] |= 0x80
    assert clock.read() is None


def test_registers_that_are_no_time_mean_no_time():
    part, registers = chip()
    clock = Clock(registers)
    for at, byte in ((0, 0x5A), (0, 0x60), (1, 0x60), (2, 0x24), (2, 0x52), (4, 0x00), (4, 0x32),
                     (5, 0x13), (5, 0x00), (6, 0x19), (6, 0xFF), (0, 0x8A), (0, 0x80), (1, 0x80),
                     (2, 0x85), (3, 0x00), (3, 0x08), (3, 0x12), (4, 0x44), (5, 0x85), (5, 0x25),
                     (5, 0x45), (6, 0x54), (6, 0x99)):
        clock.set(200000000)
        part.registers[at] = byte
        assert clock.read() is None, (at, byte)
    clock.set(5097600)  # 29 February
    part.registers[6] = 0x21  # of a year that has none
    assert clock.read() is None


def test_no_registers_but_those_of_a_date_until_2053_are_a_time():
    part, registers = chip()
    clock = Clock(registers)
    dice = 7
    for k in range(4000):
        clock.set(200000000)
        for _ in range(1 + k % 3):
            dice = dice * 48271 % 2147483647
            part.registers[dice % 7] = dice >> 8 & 0xFF
        before = bytes(part.registers[:7])
        seconds = clock.read()
        assert seconds is None or 0 <= seconds < 1 << 30, before.hex()
        if seconds is not None:  # it is what the driver writes for that time, but for the weekday
            clock.set(seconds)
            after = bytes(part.registers[:7])
            assert before[:3] == after[:3] and before[4:] == after[4:] and 1 <= before[3] <= 7
    part.registers[:7] = b"\xff" * 7
    assert clock.read() is None
    part.registers[:7] = bytes(7)
    assert clock.read() is None


def test_a_chip_that_is_not_fitted_means_no_time_and_no_temperature():
    _, registers = chip(fitted=False)
    assert Clock(registers).read() is None
    assert Clock(registers).set(200000000) is False
    assert Thermometer(registers).read() is None


def test_temperature_in_quarter_degrees_either_side_of_zero():
    part, registers = chip()
    thermometer = Thermometer(registers)
    for high, low, quarters in ((0x19, 0x40, 101), (0x00, 0x00, 0), (0x00, 0xC0, 3),
                                (0xFF, 0xC0, -1), (0xE7, 0x00, -100)):
        part.registers[0x11], part.registers[0x12] = high, low
        assert thermometer.read() == quarters


def test_a_bus_that_hangs_costs_one_time_out_a_minute_and_is_found_again():
    part, registers = chip()
    thermometer = Thermometer(registers)
    part.registers[0x11] = 20
    part.hangs = True
    late = 0
    for _ in range(300):
        before_us = world.now_us
        assert thermometer.read() is None
        late += world.now_us - before_us > 100000
        world.pass_us(1000000)
    assert late <= 6
    part.hangs = False
    world.pass_us(60000000)
    assert thermometer.read() == 80


def test_reading_allocates_nothing():
    part, registers = chip()
    thermometer = Thermometer(registers)
    assert not allocates(thermometer.read)
