"""The count generator, its program in the emulator: numbers and times of pulses, exactly."""

from helpers.on_board import logic
import pio
from helpers.on_board.logic import Pin, Trace
from rig import contact, count_generator
from rig.errors import RigError

COUNT, BACK, HANDSET = 2, 3, 6


def generator():
    logic.power_up()
    pio.chip.pads.drive(BACK, 1)
    pio.chip.pads.joined[COUNT] = (BACK, 1)  # the transistor turns it over
    logic.pass_us(1)
    return count_generator.CountGenerator(Pin(COUNT), Pin(BACK), logic.clock_us), Trace()


def test_a_bolus_at_2_khz_is_exact_to_the_microsecond():
    rig, trace = generator()
    rig.begin(250, 200, 300)
    logic.pass_us(250 * 500 + 10)
    assert set(trace.lengths_us(COUNT)[::2]) == {200} and set(trace.lengths_us(COUNT)[1::2]) == {300}
    state = rig.state()
    assert (state["made"], state["asked"], state["running"]) == (250, 250, False)


def test_the_shortest_and_the_longest_pulse():
    rig, trace = generator()
    rig.begin(3, count_generator.LOWEST_US, count_generator.LOWEST_US)
    logic.pass_us(100)
    assert trace.lengths_us(COUNT) == [5] * 5
    rig.begin(2, 1000, count_generator.HIGHEST_US)
    logic.pass_us(count_generator.HIGHEST_US + 2500)
    assert trace.lengths_us(COUNT)[6:] == [1000, count_generator.HIGHEST_US, 1000]
    assert rig.state()["made"] == 2 and not pio.chip.pads.level(COUNT)
    assert rig.state()["running"]  # its low is not over


def test_a_count_an_hour_takes_an_hour():
    rig, trace = generator()
    rig.begin(3, 50000, 3600 * 1000000 - 50000)
    logic.pass_us(2.5 * 3600e6)
    assert rig.state()["made"] == 3
    rises = [cycle for cycle, level in trace.of(COUNT) if level]
    assert [b - a for a, b in zip(rises, rises[1:])] == [3600 * pio.SYSTEM_HZ] * 2


def test_one_train_follows_another_without_a_gap_lost():
    rig, trace = generator()
    for n in (1, 2, 1000):
        rig.begin(n, 100, 150)
        logic.pass_us(n * 250 + 10)
        assert rig.state()["made"] == n
    assert len(trace.of(COUNT)) == 2 * 1003


def test_a_second_train_at_once_is_refused():
    rig, _ = generator()
    rig.begin(10, 100, 100)
    try:
        rig.begin(1, 100, 100)
    except RigError as error:
        assert "running" in str(error)
    else:
        raise AssertionError("taken")


def test_a_stopped_train_tells_what_it_gave_and_the_next_one_is_whole():
    rig, trace = generator()
    rig.begin(1000, 100, 150)
    logic.pass_us(10 * 250 + 50)
    rig.stop()
    logic.pass_us(10)
    state = rig.state()
    assert (state["made"], state["running"]) == (11, False)
    assert not pio.chip.pads.level(COUNT)
    rig.begin(5, 100, 150)
    logic.pass_us(5 * 250 + 10)
    assert rig.state()["made"] == 5 and len(trace.of(COUNT)) == 2 * 16


def test_a_broken_wire_shows_in_what_was_read_back():
    rig, _ = generator()
    pio.chip.pads.joined.clear()
    rig.begin(20, 100, 150)
    logic.pass_us(20 * 250 + 10)
    assert rig.state()["made"] == 0


def test_skipped_time_is_time_that_was_run():
    traces = []
    for skipping in (True, False):
        rig, trace = generator()
        pio.chip.skipping = skipping
        rig.begin(7, 31, 43)
        logic.pass_us(150)
        rig.stop()
        rig.begin(3, 5, 9)
        logic.pass_us(60)
        traces.append((trace.changes, rig.state()))
    assert traces[0] == traces[1]


def press_in_a_train(skipping):
    """Returns every change, and how many steps the emulator took."""
    rig, trace = generator()
    handset = contact.Contact(2, Pin(HANDSET), logic.clock_us)
    pio.chip.skipping = skipping
    taken = [0]
    step = pio.Machine.step

    def counted(machine, *end):
        taken[0] += 1
        step(machine, *end)

    pio.Machine.step = counted
    try:
        rig.begin(3, 97, 203)
        handset.press(301, [11, 13], [])
        logic.pass_us(1000)
    finally:
        pio.Machine.step = step
    return trace.changes, rig.state(), taken[0]


def test_a_press_in_a_train_is_exact_and_of_two_delays_at_once_both_are_skipped():
    changes, state, few = press_in_a_train(True)
    assert (changes, state) == press_in_a_train(False)[:2]
    assert state["made"] == 3 and len(changes) == 3 * 2 * 2 + 4 and few < 200
