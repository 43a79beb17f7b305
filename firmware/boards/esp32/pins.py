"""GPIO numbers on the ESP32-WROVER-E, written by hardware/pinmap.py from hardware/pins.toml.

Left alone: 0, 2, 5, 12 and 15 (boot strapping), 6 to 11 (flash), 1 and 3 (the console), 16 and 17
(PSRAM), 36 and 39 (ghost interrupts). 34 and 35 are inputs without pulls: what drives them drives
both ways.
"""

from micropython import const

MOTOR = const(34)  # in: the opto-isolated count of the pump's mechanism, one pulse a count
HANDSET = const(32)  # in: low while the patient's handset is pressed, behind the debounce filter
RELIEF = const(33)  # in: low while the relief button is pressed, behind the debounce filter
SERVICE = const(27)  # in: low while the service button is held
CELL_DOUT = const(35)  # in: HX711
CELL_SCK = const(25)  # out: HX711
SDA = const(21)  # DS3231
SCL = const(22)  # DS3231
SUPPLY = const(26)  # in: high while the 5 V input is there
LIGHT = const(18)  # out: high lights
