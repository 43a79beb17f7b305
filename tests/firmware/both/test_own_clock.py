"""The board's own clock chip: what it cannot rightly say is no time, and a host's time then sets it."""

from gateway.gateway import Gateway
from helpers.on_board.desk_board import DeskBoard
from pumpwire.records import ANCHOR, OWN_CLOCK

YEAR_2026_S, YEAR_2046_S = 189388800, 820540800
HOST_S = 209835000  # in 2026


class Chip:
    """A clock chip that says what it likes until it is set."""

    def __init__(self, says_s):
        self.says_s = says_s

    def read(self):
        return self.says_s

    def set(self, seconds):
        self.says_s = seconds
        return True


def boot(says_s):
    """Returns (the anchors that the log of a board with that chip has, the gateway, the chip)."""
    board = DeskBoard(20)
    board.rtc = Chip(says_s)
    gateway = Gateway(board)
    anchors, append = [], gateway.log.append

    def noted(kind, blob=None):
        if kind == ANCHOR:
            anchors.append(tuple(gateway.log.values[:5]))
        return append(kind, blob)

    gateway.log.append = noted
    gateway.run()
    assert gateway.log.logging
    return anchors, gateway, board.rtc


def test_what_a_chip_can_rightly_say_is_an_anchor_and_no_host_steps_it():
    for says_s in (YEAR_2026_S, HOST_S, 651369600, YEAR_2046_S - 1):
        (anchor,), gateway, chip = boot(says_s)
        assert anchor[0] == says_s and anchor[3] == OWN_CLOCK
        gateway.anchored(HOST_S)
        assert chip.says_s == says_s


def test_any_other_time_is_none_and_the_first_host_sets_the_chip():
    for says_s in (None, -1, 0, 1, 157766400, YEAR_2026_S - 1, YEAR_2046_S, 1041379200, (1 << 30) - 1,
                   1 << 30, 1262304000, 2513518200, 1 << 32):
        anchors, gateway, chip = boot(says_s)
        assert anchors == [], says_s
        gateway.anchored(HOST_S)
        assert chip.says_s == HOST_S, says_s
