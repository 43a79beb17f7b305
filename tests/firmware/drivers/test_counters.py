"""Pulse counter and press latch: exact, whatever the processor is busy with."""

from helpers.on_board import dice
import esp32
from drivers.press_latch import PressLatch
from drivers.pulse_counter import PulseCounter
from helpers.esp32.locked import allocates
from machine import Pin
from parts import Contact, Pump
from world import world

MOTOR, HANDSET = 34, 32
WRAP = 1 << 30


def counter():
    world.reset()
    esp32.power_up()
    wire = world.wire(MOTOR)
    wire.level = 0
    return wire, PulseCounter(0, Pin(MOTOR, Pin.IN))


def latch(filtered=True):
    world.reset()
    esp32.power_up()
    dice.seed(11)
    driver = PressLatch(1, Pin(HANDSET, Pin.IN, Pin.PULL_UP))
    return Contact(world.wire(HANDSET), dice.chance, filtered), driver


def test_counts_exactly_at_2_khz_with_a_400_ms_stall_every_second():
    wire, driver = counter()
    pump = Pump(wire, period_us=500)
    world.pass_us(13)  # never look within the filter's delay of a count
    for second in range(40):  # 80,000 counts: the unit starts again at 0 twice
        for _ in range(6):
            world.pass_us(100000)
            driver.value()
        world.pass_us(400000)
        assert driver.value() == pump.counts, second


def test_the_longest_stall_it_bears_is_32000_edges_less_one():
    wire, driver = counter()
    pump = Pump(wire, period_us=500)
    world.pass_us(31999 * 500 + 13)
    assert driver.value() == pump.counts == 31999


def test_wraps_at_2_to_the_30_and_keeps_its_differences():
    wire, driver = counter()
    Pump(wire, period_us=500)
    driver._total = WRAP - 1000
    before = driver.value()
    world.pass_us(1000013)
    after = driver.value()
    assert before == WRAP - 1000 and after == 1000
    assert (after - before) & (WRAP - 1) == 2000


def test_noise_shorter_than_the_filter_is_not_counted_and_a_true_pulse_is():
    wire, driver = counter()
    for _ in range(100):
        wire.drive(1)
        world.pass_us(9)
        wire.drive(0)
        world.pass_us(9)
    assert driver.value() == 0
    wire.drive(1)
    world.pass_us(20)
    assert driver.value() == 1


def test_counts_the_edge_it_was_told_to():
    wire, _ = counter()
    falling = PulseCounter(1, Pin(MOTOR), rising=False)
    wire.drive(1)
    world.pass_us(100)
    assert falling.value() == 0
    wire.drive(0)
    world.pass_us(100)
    assert falling.value() == 1


def test_every_press_of_a_bouncing_contact_is_latched_once_through_stalls():
    contact, driver = latch()
    for press in range(200):
        world.pass_us(300000)
        contact.press(held_ms=200)
        world.pass_us(400000)  # nothing runs: a flash erase
        assert driver.value() == press + 1


def test_without_the_debounce_filter_the_same_contact_counts_too_often():
    contact, driver = latch(filtered=False)
    for _ in range(200):
        contact.press(held_ms=200)
        world.pass_us(700000)
    assert driver.value() > 300


def test_tells_a_contact_that_is_held():
    contact, driver = latch()
    assert not driver.closed()
    contact.press(held_ms=1000)
    world.pass_us(500000)
    assert driver.closed() and driver.value() == 1
    world.pass_us(600000)
    assert not driver.closed() and driver.value() == 1


def test_reading_allocates_nothing():
    wire, driver = counter()
    Pump(wire, period_us=500)
    driver._total = WRAP - 10
    world.pass_us(100000)
    assert not allocates(driver.value)
    _, button = latch()
    assert not allocates(button.value) and not allocates(button.closed)
