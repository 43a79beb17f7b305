"""Service button, light and 5 V sense."""

from drivers.button import Button
from drivers.light import Light
from drivers.supply_sense import SupplySense
from machine import Pin
from world import world


def test_the_button_tells_whether_it_is_held_now():
    world.reset()
    button = Button(Pin(27, Pin.IN, Pin.PULL_UP))
    assert not button.pressed()
    world.wire(27).drive(0)
    assert button.pressed()
    world.wire(27).drive(1)
    assert not button.pressed()


def test_the_light_follows():
    world.reset()
    light = Light(Pin(18, Pin.OUT, value=0))
    light.set(True)
    assert world.wire(18).level == 1
    light.set(False)
    assert world.wire(18).level == 0


def test_the_supply_is_failing_while_5_v_is_gone():
    world.reset()
    supply = SupplySense(Pin(26, Pin.IN))
    assert not supply.failing()
    world.wire(26).drive(0)
    assert supply.failing() and supply.failing()
    world.wire(26).drive(1)
    assert not supply.failing()


def test_a_dip_between_two_looks_is_told_once():
    world.reset()
    supply = SupplySense(Pin(26, Pin.IN))
    world.wire(26).drive(0)
    world.wire(26).drive(1)
    assert supply.failing()
    assert not supply.failing()
