"""The rig's PIO programs: what must be exact to the microsecond or faster runs here, not in Python.

Beside each loop stands what it costs. Source: RP2040 datasheet, chapter 3; HX711 datasheet.
"""

from rp2 import PIO, asm_pio

COUNTS_HZ = 1000000  # one cycle a microsecond
COUNTS_HIGH_LESS_US = 3  # what a pulse takes beside the turns of its loops
COUNTS_LOW_LESS_US = 4
EDGES_HZ = 25000000
LEVELS_HZ = 1000000
LEVELS_LESS_US = 4
CELL_HZ = 125000000

CELL_MARK = 0x80  # below the 24 bits: the 25th bit is 1, and no word is a small negative number
CELL_OFF = 3840  # what the cell's program reports after SCK was high for more than 60 us


@asm_pio(set_init=PIO.OUT_LOW)
def counts():
    """Takes three words, low and n - 1 and high, gives n pulses, and pushes one word at the end.

    A pulse is high for high + COUNTS_HIGH_LESS_US cycles and low for low + COUNTS_LOW_LESS_US: the
    last one too, so that trains may follow one another.
    """
    pull(block)
    mov(isr, osr)
    pull(block)
    mov(x, osr)
    pull(block)
    label("pulse")
    set(pins, 1)
    mov(y, osr)
    label("high")
    jmp(y_dec, "high")
    set(pins, 0)
    mov(y, isr)
    label("low")
    jmp(y_dec, "low")
    jmp(x_dec, "pulse")
    push(noblock)


@asm_pio()
def edges():
    """Counts X down at every rising edge of its pin; X is read by instructions put in between."""
    label("next")
    wait(0, pin, 0)
    wait(1, pin, 0)
    jmp(x_dec, "next")


@asm_pio(out_init=PIO.OUT_LOW, out_shiftdir=PIO.SHIFT_RIGHT, fifo_join=PIO.JOIN_TX)
def levels():
    """Plays words of bit 0, a level, and bits 1..31, turns: turns + LEVELS_LESS_US cycles each.

    The level of the last word stays.
    """
    pull(block)
    out(pins, 1)
    out(x, 31)
    label("hold")
    jmp(x_dec, "hold")


@asm_pio(
    out_init=PIO.OUT_HIGH, sideset_init=PIO.OUT_HIGH,
    in_shiftdir=PIO.SHIFT_LEFT, out_shiftdir=PIO.SHIFT_LEFT,
)
def cell():
    """Plays an HX711: takes conversions, 24 bits above CELL_MARK, each waiting until it is read or
    a newer one comes.

    Reports at the conversion after a reading: -1, -2, -3 for 25, 26, 27 clocks; and CELL_OFF once SCK
    is low again after more than 60 us high, having forgotten the conversion that waited. In and
    jump pin: SCK. Out and side pin: DOUT. 31 of the 32 instructions that a PIO block has room for.
    """
    label("start")
    pull(block)
    label("converted")
    set(y, 30)
    in_(y, 5)
    in_(null, 7).side(0)  # ISR: 30 << 7 turns of two cycles, 61.4 us; DOUT low: a conversion waits
    wrap_target()
    mov(x, osr)
    pull(noblock)  # a newer conversion, or X again
    jmp(pin, "read")
    wrap()
    label("read")
    set(x, 24)
    label("next")
    wait(1, pin, 0)
    out(pins, 1)  # the 25th: DOUT goes high
    mov(y, isr)
    label("high")
    jmp(pin, "still_high")
    jmp(x_dec, "next")
    label("extra")  # X: minus one, less one for each clock from here on
    pull(noblock)
    mov(y, osr)
    jmp(x_not_y, "report")
    jmp(pin, "extra_clock")
    jmp("extra")
    label("extra_clock")
    mov(y, isr)
    label("extra_high")
    jmp(pin, "extra_still_high")
    jmp(x_dec, "extra")
    label("extra_still_high")
    jmp(y_dec, "extra_high")
    jmp("off")
    label("report")
    mov(isr, x)
    push(noblock)
    jmp("converted")
    label("still_high")
    jmp(y_dec, "high")
    label("off")
    pull(noblock).side(1)  # what waited is forgotten
    wait(0, pin, 0)
    push(noblock)  # CELL_OFF, which ISR still is
    jmp("start")
