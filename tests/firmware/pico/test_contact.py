"""The contacts with bounce, their program in the emulator."""

from helpers.on_board import logic
import pio
from helpers.on_board.logic import Pin, Trace
from rig import contact as rig_contact
from rig.errors import RigError

HANDSET = 6


def fitted():
    logic.power_up()
    return rig_contact.Contact(2, Pin(HANDSET), logic.clock_us), Trace()


def play(contact, us, every_us=1000):
    """Lets time pass, the rig looking every so often."""
    for _ in range(us // every_us):
        logic.pass_us(every_us)
        contact.step()


def test_a_press_without_bounce():
    contact, trace = fitted()
    contact.press(150000, [], [])
    play(contact, 200000)
    assert trace.lengths_us(HANDSET) == [150000]
    state = contact.state()
    assert (state["playing"], state["presses"], state["late"]) == (False, 1, 0)
    assert state["ended_us"] - state["began_us"] == 150000


def test_bounce_is_played_to_the_microsecond():
    contact, trace = fitted()
    closing = [200, 100, 5, 5, 600, 40, 1500, 250, 7, 300]
    opening = [90, 800, 5, 1200]
    contact.press(50000, closing, opening)
    play(contact, 60000)
    assert trace.lengths_us(HANDSET) == closing + [50000] + opening
    assert trace.of(HANDSET)[-1][1] == 0 and contact.state()["late"] == 0


def test_fifty_short_bounces_at_each_end_are_not_late():
    contact, trace = fitted()
    contact.press(1000000, [100] * 50, [100] * 50)
    play(contact, 1100000)
    assert trace.lengths_us(HANDSET) == [100] * 50 + [1000000] + [100] * 50
    assert contact.state()["late"] == 0


def test_a_loop_held_up_is_told():
    contact, _ = fitted()
    contact.press(30000, [1000] * 50, [])
    play(contact, 200000, every_us=100000)
    assert contact.state()["late"] >= 1


class Busy:
    """A state machine behind something that holds one of its words up, as a collection may do between a
    look at the clock and the put."""

    def __init__(self, machine, held_up):
        self._machine = machine
        self._left = held_up
        self.tx_fifo = machine.tx_fifo

    def put(self, word):
        self._left -= 1
        if self._left == 0:
            logic.pass_us(800)
        self._machine.put(word)


def test_a_word_held_up_on_its_way_to_the_program_is_told():
    bounces = [400, 300, 50, 1200]
    for held_up in range(1, 5):
        contact, trace = fitted()
        contact._machine = Busy(contact._machine, held_up)
        contact.press(30000, bounces, [])
        play(contact, 60000)
        exact = trace.lengths_us(HANDSET) == bounces + [30000]
        assert exact == (contact.state()["late"] == 0), (held_up, trace.lengths_us(HANDSET))


def test_held_until_further_notice():
    contact, _ = fitted()
    contact.hold(True)
    play(contact, 100000)
    assert pio.chip.pads.level(HANDSET) == 1 and contact.state()["closed"]
    contact.hold(False)
    play(contact, 1000)
    assert pio.chip.pads.level(HANDSET) == 0


def test_a_hold_ends_a_press():
    contact, trace = fitted()
    contact.press(500000, [], [])
    play(contact, 100000)
    contact.hold(False)
    play(contact, 1000)
    assert pio.chip.pads.level(HANDSET) == 0
    play(contact, 600000)
    assert len(trace.of(HANDSET)) == 2 and not contact.state()["playing"]


def test_what_cannot_be_played_is_refused():
    contact, _ = fitted()
    for bounces in ([100], [100] * 52):
        try:
            contact.press(1000, bounces, [])
        except RigError as error:
            assert "pairs" in str(error)
        else:
            raise AssertionError("taken")
    contact.press(1000, [], [])
    try:
        contact.press(1000, [], [])
    except RigError as error:
        assert "still plays" in str(error)
    else:
        raise AssertionError("taken")
