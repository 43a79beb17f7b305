"""The ESP32's driver reads the rig, which plays the load cell's converter bit by bit."""

from drivers.hx711 import Hx711
from machine import Pin
from helpers.esp32.rig_part import RigPart
from world import world

DOUT, SCK = 35, 25
SECOND_US = 1000000


def started(weight=0, gain=128):
    """A rig and a driver whose first two seconds are over."""
    world.reset()
    part = RigPart(world.wire(DOUT), world.wire(SCK))
    part.weight = weight
    driver = Hx711(Pin(DOUT, Pin.IN), Pin(SCK, Pin.OUT, value=0), gain)
    for _ in range(2):
        world.pass_us(SECOND_US)
        driver.read()
    world.pass_us(SECOND_US)
    return part, driver


def test_the_driver_reads_what_the_rig_weighs():
    part, driver = started()
    for weight in (0, 1, -1, 140700, -420000, 0x7FFFFE, -0x7FFFFF):
        part.weight = weight
        world.pass_us(SECOND_US)
        assert driver.read() == weight, weight
    assert driver.read() is None  # no conversion waits now
    for weight in (0x7FFFFF, -0x800000):
        part.weight = weight
        world.pass_us(SECOND_US)
        assert driver.read() is None
    assert part.state()["odd_reads"] == 0


def test_the_rig_takes_the_gain_that_the_driver_chooses():
    part, driver = started(80000, 64)
    assert driver.read() == 40000
    world.pass_us(SECOND_US)
    state = part.state()
    assert (state["gain"], state["reads_25"], state["reads_26"], state["reads_27"]) == (64, 0, 0, 3)


def test_a_stretched_pulse_switches_the_rig_off_and_both_recover():
    part, driver = started(77)
    offs = part.state()["offs"]
    world.stall_us = 70
    assert driver.read() is None
    world.pass_us(2000)
    assert part.state()["offs"] == offs + 1
    readings = []
    for _ in range(4):
        world.pass_us(SECOND_US)
        readings.append(driver.read())
    assert readings == [None, 77, 77, 77]
