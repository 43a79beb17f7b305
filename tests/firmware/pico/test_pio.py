"""The emulator itself, against what chapter 3 of the RP2040's datasheet says of each instruction."""

from helpers.on_board import logic
import pio
from helpers.on_board.logic import Pin, Trace
from rp2 import PIO, PIOASMError, StateMachine, asm_pio, encode


def machine(program, number=0, freq=pio.SYSTEM_HZ, **pins):
    made = StateMachine(number, program, freq=freq, **pins)
    made.active(1)
    return made


def test_words_are_those_of_the_datasheets_table():
    alone = asm_pio(sideset_init=(PIO.OUT_LOW,))(lambda: None)
    for text, word in (
        ("set(pins, 1)", 0xE001), ("nop()", 0xA042), ("pull(block)", 0x80A0), ("pull(noblock)", 0x8080),
        ("push(iffull)", 0x8060), ("wait(1, irq, 4)", 0x20C4), ("wait(0, gpio, 3)", 0x2003),
        ("wait(1, pin, 2)", 0x20A2), ("in_(pins, 32)", 0x4000), ("in_(null, 7)", 0x4067),
        ("out(pindirs, 4)", 0x6084), ("mov(x, invert(y))", 0xA02A), ("mov(isr, reverse(osr))", 0xA0D7),
        ("irq(clear, 2)", 0xC042), ("irq(rel(1))", 0xC011), ("irq(block, 3)", 0xC023),
        ("set(x, 31).delay(5)", 0xE53F),
    ):
        assert encode(text, alone) == word, (text, hex(encode(text, alone)), hex(word))


def test_an_instruction_takes_a_cycle_and_its_delay():
    logic.power_up()

    @asm_pio(set_init=PIO.OUT_LOW)
    def square():
        set(pins, 1)[3]
        set(pins, 0)[7]

    trace = Trace()
    machine(square, set_base=Pin(5))
    pio.chip.run_until(40)
    assert trace.of(5) == [(1, 1), (5, 0), (13, 1), (17, 0), (25, 1), (29, 0), (37, 1)]


def test_side_set_comes_with_its_instruction_even_while_that_waits():
    logic.power_up()

    @asm_pio(sideset_init=PIO.OUT_LOW, set_init=PIO.OUT_LOW)
    def both():
        nop()
        pull(block).side(1)
        set(pins, 1).side(0)[1]

    trace = Trace()
    sm = machine(both, set_base=Pin(5), sideset_base=Pin(6))
    pio.chip.run_until(50)
    assert trace.of(6) == [(2, 1)]
    sm.put(1)
    pio.chip.run_until(60)
    assert trace.of(6)[1] == (52, 0) and trace.of(5) == [(52, 1)]


def test_a_word_goes_in_at_the_present_not_where_the_chip_last_stood():
    present = [0]
    pio.chip.reset(lambda: present[0])

    @asm_pio(set_init=PIO.OUT_LOW)
    def started():
        pull(block)
        set(pins, 1)

    trace = Trace()
    sm = machine(started, set_base=Pin(5))
    present[0] = 100
    sm.put(1)
    present[0] = 200
    pio.chip.catch_up()
    assert trace.of(5) == [(102, 1)]


def test_the_divider_slows_everything():
    logic.power_up()

    @asm_pio(set_init=PIO.OUT_LOW)
    def square():
        set(pins, 1)
        set(pins, 0)

    trace = Trace()
    machine(square, freq=10000000, set_base=Pin(5))  # 12.5 cycles
    pio.chip.run_until(101)
    assert [cycle for cycle, _ in trace.of(5)] == [1, 13, 26, 38, 51, 63, 76, 88, 101]


def test_inputs_come_two_cycles_late():
    logic.power_up()

    @asm_pio(set_init=PIO.OUT_LOW)
    def follow():
        wait(1, pin, 0)
        set(pins, 1)
        wait(0, gpio, 3)
        set(pins, 0)

    trace = Trace()
    machine(follow, set_base=Pin(5), in_base=Pin(3))
    pio.chip.run_until(1000)
    pio.chip.pads.drive(3, 1)
    pio.chip.run_until(2000)
    pio.chip.pads.drive(3, 0)
    pio.chip.run_until(3000)
    assert trace.of(5) == [(1004, 1), (2004, 0)]


def test_shifts_go_both_ways_and_through_autopush_and_autopull():
    for right in (0, 1):
        logic.power_up()

        @asm_pio(autopull=True, autopush=True, pull_thresh=24, push_thresh=8, in_shiftdir=right,
                 out_shiftdir=right)
        def bytes_of():
            out(x, 8)
            in_(x, 8)

        sm = machine(bytes_of)
        sm.put(0x11223344)
        pio.chip.run_until(100)
        got = [sm.get() for _ in range(sm.rx_fifo())]
        assert got == ([0x44000000, 0x33000000, 0x22000000] if right else [0x11, 0x22, 0x33]), got
        sm.put(0xAABBCCDD)
        pio.chip.run_until(200)
        assert sm.rx_fifo() == 3


def test_a_full_fifo_holds_what_blocks_and_loses_what_does_not():
    for wait in (False, True):
        logic.power_up()

        @asm_pio()
        def count():
            jmp(x_dec, "on")
            label("on")
            mov(isr, invert(x))
            (push(block) if wait else push(noblock))

        sm = machine(count)
        pio.chip.run_until(3000)
        got = [sm.get() for _ in range(4)]
        assert got == [0, 1, 2, 3] and sm.rx_fifo() == 0
        pio.chip.run_until(3010)
        assert (sm.get() == 4) is wait


def test_joined_fifos_are_eight_deep_one_way():
    for join, depths in ((PIO.JOIN_NONE, (4, 4)), (PIO.JOIN_TX, (8, 0)), (PIO.JOIN_RX, (0, 8))):
        logic.power_up()

        @asm_pio(fifo_join=join)
        def fill():
            push(noblock)

        sm = machine(fill)
        pio.chip.run_until(100)
        room = 0
        while sm._machine.put(1):
            room += 1
        assert (room, sm.rx_fifo()) == depths


def test_every_condition_of_a_jump():
    for condition, in_x, in_y, gone, taken in (
        ("not_x", 0, 1, 0, True), ("not_x", 1, 0, 0, False), ("x_dec", 1, 0, 0, True),
        ("x_dec", 0, 0, 0, False), ("not_y", 0, 0, 0, True), ("not_y", 0, 2, 0, False),
        ("y_dec", 0, 1, 0, True), ("y_dec", 1, 0, 0, False), ("x_not_y", 3, 4, 0, True),
        ("x_not_y", 4, 4, 0, False), ("not_osre", 0, 0, 31, True), ("not_osre", 0, 0, 32, False),
    ):
        logic.power_up()

        @asm_pio()
        def decide():
            pull(block)
            out(null, gone) if gone else nop()
            jmp(condition, "taken")
            mov(isr, null)
            jmp("tell")
            label("taken")
            mov(isr, invert(null))
            label("tell")
            push(block)
            mov(isr, x)
            push(block)

        sm = StateMachine(0, decide)
        sm.exec("set(x, %d)" % in_x)
        sm.exec("set(y, %d)" % in_y)
        sm.active(1)
        sm.put(0)
        assert sm.get() == (0xFFFFFFFF if taken else 0), condition
        assert sm.get() == (in_x - 1 & 0xFFFFFFFF if condition == "x_dec" else in_x)


def test_flags_pass_between_machines_of_a_block():
    logic.power_up()

    @asm_pio()
    def give():
        pull(block)
        irq(block, 4)
        push(noblock)

    @asm_pio(set_init=PIO.OUT_LOW)
    def take():
        wait(1, irq, 4)
        set(pins, 1)

    trace = Trace()
    giver = machine(give)
    machine(take, 1, set_base=Pin(5))
    pio.chip.run_until(50)
    assert trace.of(5) == []
    giver.put(0)
    pio.chip.run_until(100)
    assert trace.of(5) == [(54, 1)] and giver.rx_fifo() == 1


def test_what_does_not_fit_is_refused():
    def too_long():
        for _ in range(33):
            nop()

    def too_late():
        nop().side(1)
        nop()[8]

    for function, options in ((too_long, {}), (too_late, {"sideset_init": PIO.OUT_LOW})):
        try:
            asm_pio(**options)(function)
        except PIOASMError:
            continue
        raise AssertionError("was assembled")
    logic.power_up()
    StateMachine(0, asm_pio()(lambda: [nop() for _ in range(20)]))
    try:
        StateMachine(1, asm_pio()(lambda: [nop() for _ in range(13)]))
    except OSError:
        return
    raise AssertionError("33 words went into a block")
