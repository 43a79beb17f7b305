"""What no virtual board can show; docs/test_engineer.md has the same list (a test compares them)."""

UNTESTED = (
    "the taps' and filters' real parts: thresholds, leakage, counts at 2 kHz through the optocoupler",
    "the barrier: on the rig it is bridged",
    "the bits between converter and board: the virtual chip takes the rig's weight as a number (driver"
    " and PIO program meet bit by bit in tests/firmware/drivers/test_rig_cell.py)",
    "the load cell itself, its noise, creep and temperature",
    "the radio: range and reception, the ESP32's own Bluetooth stack, what its interrupts cost while"
    " counts come",
    "memory: what the radio takes as it starts, at a link and at pairing, and what it leaves after days",
    "flash: how long an erase stops this processor, how it wears, what a brown-out leaves half written",
    "the hold-up's length with this board's capacitors and load",
    "the crystal's drift, the clock chip, the watchdog's own timer",
    "a day in one piece: the soak as it stands takes 40 s",
    "USB serial: what a real adapter does to DTR, RTS and breaks",
    "the rig itself: Pico, transistors, relay, and that the RP2040 does what the emulator does",
)
