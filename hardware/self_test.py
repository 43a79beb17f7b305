"""A board's self-test, for service mode: `mpremote run hardware/self_test.py` on a board just built.

It needs nothing on the board but MicroPython. It shows the light twice, then prints one line a signal,
and what to see there; it counts for ten seconds, in which somebody makes counts and presses. `bad` in a
line means that the wiring is wrong. It also tells what memory the system has, and what the radio leaves
of it (docs/test_engineer.md). The pins are those of pins.toml (a test compares them).
"""

import time

import bluetooth
import esp32
from machine import I2C, Pin

MOTOR, HANDSET, RELIEF, SERVICE = 34, 32, 33, 27
CELL_DOUT, CELL_SCK, SDA, SCL, SUPPLY, LIGHT = 35, 25, 21, 22, 26, 18
_WATCH_MS = 10000
_CONVERSIONS = 20
_MOST_INTERNAL = 1 << 19  # a larger region is PSRAM


def read_cell(dout, sck):
    """Returns one conversion of the HX711, raw, or None if none comes within half a second."""
    began_ms = time.ticks_ms()
    while dout.value():
        if time.ticks_diff(time.ticks_ms(), began_ms) > 500:
            return None
        time.sleep_ms(1)
    raw = 0
    for i in range(25):
        sck.on()
        sck.off()
        if i < 24:
            raw = raw << 1 | dout.value()
    return raw - (1 << 24) if raw & 0x800000 else raw


def cell(dout, sck):
    """Returns the line about the load cell."""
    sck.off()
    for _ in range(5):  # the first conversions after power are not settled
        read_cell(dout, sck)
    raws = [read_cell(dout, sck) for _ in range(_CONVERSIONS)]
    if None in raws:
        return "bad: the HX711 does not answer"
    mean, spread = sum(raws) // len(raws), max(raws) - min(raws)
    stuck = mean in (0, -1) or abs(mean) > 8000000
    return "{}: raw {}, spread {}".format("bad" if stuck else "ok", mean, spread)


def watch(pins):
    """Returns how often each pin rose and fell within ten seconds."""
    levels = [pin.value() for pin in pins]
    rose, fell = [0] * len(pins), [0] * len(pins)
    began_ms = time.ticks_ms()
    while time.ticks_diff(time.ticks_ms(), began_ms) < _WATCH_MS:
        for i, pin in enumerate(pins):
            level = pin.value()
            if level != levels[i]:
                (rose if level else fell)[i] += 1
                levels[i] = level
    return rose, fell


def memory():
    """Returns (free, piece, psram), bytes that the system has left: of the chip's own memory, in all and
    in one piece; and of PSRAM."""
    regions = esp32.idf_heap_info(esp32.HEAP_DATA)
    own = [region for region in regions if region[0] < _MOST_INTERNAL]
    free, piece = sum(region[1] for region in own), max(region[2] for region in own)
    psram = sum(region[1] for region in regions) - free
    return free, piece, psram


def memory_line():
    """Returns the line about memory."""
    return "{} bytes, {} in one piece, PSRAM {} bytes".format(*memory())


def radio_on():
    """Returns what memory is left with the radio on; leaves it off."""
    ble = bluetooth.BLE()
    ble.active(True)
    try:
        return memory_line()
    finally:
        ble.active(False)


def main():
    """Prints the whole test."""
    light = Pin(LIGHT, Pin.OUT, value=0)
    for _ in range(2):
        light.on()
        time.sleep_ms(500)
        light.off()
        time.sleep_ms(500)
    print("LIGHT    was on twice?")
    print("MEMORY   bare:", memory_line())
    print("MEMORY   with the radio on:", radio_on())
    supply = Pin(SUPPLY, Pin.IN).value()
    print("SUPPLY  ", "ok: 5 V is there" if supply else "bad, unless it runs from its cells")
    found = I2C(0, scl=Pin(SCL), sda=Pin(SDA), freq=100000).scan()
    print("CLOCK   ", "ok: DS3231 answers" if 0x68 in found else "bad: no DS3231 on the bus")
    print("CELL    ", cell(Pin(CELL_DOUT, Pin.IN), Pin(CELL_SCK, Pin.OUT, value=0)))
    names = ("MOTOR", "HANDSET", "RELIEF", "SERVICE")
    pins = (Pin(MOTOR, Pin.IN), Pin(HANDSET, Pin.IN, Pin.PULL_UP), Pin(RELIEF, Pin.IN, Pin.PULL_UP),
            Pin(SERVICE, Pin.IN, Pin.PULL_UP))
    for i in (1, 2, 3):
        if not pins[i].value():
            print(names[i], "is bad, unless it is pressed now")
    print("now, for ten seconds: make counts, press handset, relief and service")
    rose, fell = watch(pins)
    print("MOTOR   ", rose[0], "counts")
    for i in (1, 2, 3):
        print(names[i], fell[i], "presses")


if __name__ == "__main__":
    main()
