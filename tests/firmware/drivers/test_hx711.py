"""The load cell's converter: right readings, and None whenever a reading cannot be trusted."""

from drivers.hx711 import Hx711
from helpers.esp32.locked import allocates
from machine import Pin
from parts import Hx711Part
from world import world

DOUT, SCK = 35, 25
SECOND_US = 1000000


def cell(weight=0, gain=128, ticks_ms=0):
    world.reset(ticks_ms)
    part = Hx711Part(world.wire(DOUT), world.wire(SCK))
    part.weight = weight
    return part, Hx711(Pin(DOUT, Pin.IN), Pin(SCK, Pin.OUT, value=0), gain)


def started(weight=0, gain=128, ticks_ms=0):
    """A cell whose first two seconds are over."""
    part, driver = cell(weight, gain, ticks_ms)
    for _ in range(2):
        world.pass_us(SECOND_US)
        driver.read()
    world.pass_us(SECOND_US)
    return part, driver


def test_reads_what_the_chip_shifts_out_positive_and_negative():
    part, driver = started()
    for weight in (0, 1, -1, 420000, -420000, 0x7FFFFE, -0x7FFFFF):
        part.weight = weight
        world.pass_us(SECOND_US)
        assert driver.read() == weight, weight


def test_gives_nothing_until_a_new_conversion_is_there():
    part, driver = started(5000)
    assert driver.read() == 5000
    assert driver.read() is None
    world.pass_us(part.PERIOD_US)
    assert driver.read() == 5000


def test_the_nonsense_after_a_start_is_never_read():
    for gain in (128, 64, 32):
        part, driver = cell(80000, gain)
        seen = []
        for _ in range(60):
            world.pass_us(50000)
            raw = driver.read()
            if raw is not None:
                seen.append(raw)
        assert part.gain == gain
        assert seen and set(seen) == {80000 * gain // 128}, (gain, set(seen))


def test_no_interrupt_falls_into_a_clock_pulse():
    part, driver = started(123456)
    world.interrupt_us, world.interrupt_every_us = 90, 40
    for _ in range(20):
        world.pass_us(SECOND_US)
        assert driver.read() == 123456
    assert part.off_times == 0


def test_the_stand_in_does_switch_off_when_an_interrupt_stretches_a_pulse():
    part, _ = started(123456)
    sck = Pin(SCK, Pin.OUT)
    world.interrupt_us, world.interrupt_every_us = 90, 0
    sck.on()
    sck.off()
    assert part.off_times == 1


def test_a_reading_with_a_stretched_pulse_is_thrown_away_and_the_chip_used_again():
    part, driver = started(77)
    world.stall_us = 70
    assert driver.read() is None
    assert part.off_times == 1
    readings = []
    for _ in range(4):
        world.pass_us(SECOND_US)
        readings.append(driver.read())
    assert readings == [None, 77, 77, 77] and part.gain == 128


def test_a_pulse_that_may_have_been_too_long_counts_as_too_long():
    part, driver = started(77)
    world.stall_us = 55
    assert driver.read() is None and part.off_times == 0


def test_the_ends_of_the_range_are_no_reading():
    part, driver = started()
    for weight in (0x900000, -0x900000):
        part.weight = weight
        world.pass_us(SECOND_US)
        assert driver.read() is None
    part.weight = 9
    world.pass_us(SECOND_US)
    assert driver.read() == 9


def test_a_chip_that_died_gives_nothing_whichever_way_its_line_hangs():
    for level in (0, 1):
        part, driver = started(77)
        part.dead = True
        for _ in range(5):
            world.pass_us(SECOND_US)
            world.wire(DOUT).drive(level)
            assert driver.read() is None


def test_the_wrap_of_the_clock_does_not_silence_it():
    for ticks_ms in ((1 << 30) - 700, (1 << 30) - 2500, (1 << 29) - 100):
        part, driver = started(31, ticks_ms=ticks_ms)
        for _ in range(5):
            world.pass_us(SECOND_US)
            assert driver.read() == 31
    part, driver = started(31)
    for hours in range(0, 400, 100):  # a reading at any distance from the start
        world.ticks_ms = hours * 3600000 & (1 << 30) - 1
        world.pass_us(SECOND_US)
        assert driver.read() == 31


def test_reading_allocates_nothing():
    part, driver = started(-420000)
    assert not allocates(driver.read)
    assert not allocates(driver.read)  # and none when there is nothing new
    world.pass_us(SECOND_US)
    world.stall_us = 70
    assert not allocates(driver.read)
    assert allocates(lambda: [driver])
