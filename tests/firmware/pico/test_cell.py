"""The rig as an HX711, its program in the emulator, clocked as the chip's datasheet allows."""

from helpers.on_board import logic
import pio
from helpers.on_board.logic import Pin, Trace
from rig import cell as rig_cell

DOUT, SCK = 4, 5
T2_US = 0.1  # SCK's rise to DOUT's bit, at most
FULL_SCALE = (-(1 << 23), (1 << 23) - 1)


def fitted(raw=0):
    """A rig's cell that has settled, a conversion waiting."""
    logic.power_up()
    cell = rig_cell.Cell(Pin(DOUT), Pin(SCK), logic.clock_us)
    cell.raw = raw
    convert(cell, rig_cell.SETTLING + 1)
    return cell


def convert(cell, n=1):
    """Lets n conversions happen, the rig looking every 10 ms."""
    for _ in range(n * 10):
        logic.pass_us(10000)
        cell.step()
    logic.pass_us(10)


def clock(clocks, high_us=1.0, low_us=1.0):
    """Clocks; returns the bits as they are when the datasheet says that they are there."""
    bits = []
    for _ in range(clocks):
        pio.chip.pads.drive(SCK, 1)
        logic.pass_us(T2_US)
        bits.append(pio.chip.pads.level(DOUT))
        logic.pass_us(high_us - T2_US)
        pio.chip.pads.drive(SCK, 0)
        logic.pass_us(low_us)
    return bits


def number(bits):
    raw = 0
    for bit in bits[:24]:
        raw = raw << 1 | bit
    return raw - (raw >> 23 << 24)


def test_every_bit_of_the_range_arrives_with_25_26_and_27_clocks():
    for raw in (0, 1, -1, 0x123456, -0x123456, 0x555555, -0x2AAAAB) + FULL_SCALE:
        for clocks in (25, 26, 27):
            cell = fitted(raw)
            assert pio.chip.pads.level(DOUT) == 0
            bits = clock(clocks)
            assert number(bits) == raw and bits[24:] == [1] * (clocks - 24), (raw, clocks, bits)
            convert(cell)
            state = cell.state()
            assert state["reads_%d" % clocks] == 1 and state["gain"] == {25: 128, 26: 32, 27: 64}[clocks]
            assert state["odd_reads"] == 0


def test_the_shortest_and_the_slowest_clock_of_the_datasheet():
    for high_us, low_us in ((0.2, 0.2), (50, 50), (0.2, 5000), (50, 0.2), (59, 1)):
        fitted(-7654321)
        assert number(clock(25, high_us, low_us)) == -7654321, (high_us, low_us)


def test_a_clock_high_for_more_than_60_us_switches_off_in_any_pulse():
    for pulse in range(27):
        cell = fitted(4242)
        offs = cell.state()["offs"]
        clock(pulse)
        clock(1, high_us=63)
        assert pio.chip.pads.level(DOUT) == 1
        cell.step()
        state = cell.state()
        assert state["offs"] == offs + 1 and state["settling"] == rig_cell.SETTLING, pulse
        convert(cell, rig_cell.SETTLING + 1)
        assert number(clock(25)) == 4242 and state["gain"] == 128


def test_after_power_down_settling_conversions_are_off_by_far():
    cell = fitted(4242)
    clock(1, high_us=100)
    cell.step()
    wrong = 0
    for _ in range(rig_cell.SETTLING):
        convert(cell)
        assert pio.chip.pads.level(DOUT) == 0
        wrong += number(clock(25)) != 4242
    convert(cell)
    assert (wrong, number(clock(25))) == (rig_cell.SETTLING, 4242)


def test_what_waited_is_forgotten_over_a_power_down():
    fitted(4242)
    clock(1, high_us=100)
    logic.pass_us(50000)
    assert pio.chip.pads.level(DOUT) == 1


def test_a_conversion_that_nobody_reads_is_replaced():
    cell = fitted(1)
    cell.raw = 2
    convert(cell)
    cell.raw = 3
    convert(cell)
    assert number(clock(25)) == 3


def test_what_is_being_read_is_not_replaced():
    cell = fitted(0x555555)
    cell.raw = -1
    first = clock(12)
    convert(cell, 2)
    assert number(first + clock(13)) == 0x555555
    cell.step()
    logic.pass_us(10)
    assert number(clock(25)) == -1


def test_dout_stays_high_between_conversions_and_reads_follow_back_to_back():
    cell = fitted(11)
    for raw in range(12, 40):
        assert number(clock(25)) == cell.raw
        assert pio.chip.pads.level(DOUT) == 1
        cell.raw = raw
        convert(cell)


def test_a_new_gain_settles_and_scales():
    cell = fitted(1000)
    cell.raw_b = -77
    for clocks, expected in ((27, 500), (27, 500), (26, -77), (25, 1000)):
        clock(clocks)
        convert(cell, rig_cell.SETTLING + 1)
        assert number(clock(clocks)) == expected
        convert(cell)


def test_28_clocks_are_told():
    cell = fitted(5)
    clock(28)
    convert(cell)
    assert cell.state()["odd_reads"] == 1


def test_skipped_time_is_time_that_was_run():
    traces = []
    for skipping in (True, False):
        logic.power_up()
        pio.chip.skipping = skipping
        trace = Trace()
        cell = rig_cell.Cell(Pin(DOUT), Pin(SCK), logic.clock_us)
        cell._due_us = 20
        for _ in range(8):
            logic.pass_us(7.4)
            cell.step()
        clock(26, 0.3, 0.5)
        clock(1, 62)
        logic.pass_us(3)
        cell.step()
        traces.append((trace.changes, cell.state()))
    assert traces[0] == traces[1] and traces[0][0]
