"""A contact that closes and opens with the bounce that it is told to have, to the microsecond."""

from rp2 import StateMachine

from . import programs
from .errors import RigError

LOWEST_US = 5
HIGHEST_US = 600000000  # ten minutes
MOST_BOUNCES = 50  # at each end
_FIFO_WORDS = 8
_AHEAD_US = 20000  # so far ahead of the contact the words are put


class Contact:
    """number: of its state machine. pin: its transistor's. clock_us: the rig's."""

    def __init__(self, number, pin, clock_us):
        self._clock_us = clock_us
        self._machine = StateMachine(number, programs.levels, freq=programs.LEVELS_HZ, out_base=pin)
        self._machine.active(1)
        self._words = []  # (level, us), the next one first
        self._dry_us = 0  # when the words that were put are played
        self.closed = False
        self.presses = self.late = 0
        self.began_us = self.ended_us = None

    def press(self, held_us, bounces_us, opening_bounces_us):
        """Closes for held_us, then opens; RigError while it still plays.

        bounces_us: how long each level before the lasting one lasts, closed first, an even number of
        them; opening_bounces_us: the same after the release, open first.
        """
        self.step()
        if self._words or self._clock_us() < self._dry_us:
            raise RigError("this contact still plays its last press; ask for its state until it is open")
        self._words = _alternating(bounces_us, 1) + [(1, held_us)] + _alternating(opening_bounces_us, 0)
        self._words.append((0, LOWEST_US))
        self.presses += 1
        self._begin()
        self.ended_us = self._dry_us + sum(us for _, us in self._words) - LOWEST_US

    def hold(self, closed):
        """Closes or opens it until further notice, without bounce; it ends what still plays."""
        self._machine.active(0)
        self._machine.restart()
        self._machine.active(1)
        self._words = [(1 if closed else 0, LOWEST_US)]
        self.closed = closed
        self._begin()
        self.ended_us = None

    def _begin(self):
        self.began_us = self._dry_us = self._clock_us()
        self.step()

    def step(self):
        """Puts the next words; to be called every few ms. `late` counts those that came too late."""
        while self._words:
            now_us = self._clock_us()
            if self._dry_us - now_us > _AHEAD_US:
                return
            if self._machine.tx_fifo() >= _FIFO_WORDS and self._dry_us - now_us > _AHEAD_US // 2:
                return
            level, us = self._words.pop(0)
            self._machine.put(us - programs.LEVELS_LESS_US << 1 | level)
            now_us = self._clock_us()  # only now: what else runs may hold up the put
            if now_us > self._dry_us:
                self.late += self.began_us != self._dry_us  # the first word is late for nothing
                self._dry_us = now_us
            self._dry_us += us

    def state(self):
        """Returns {playing, closed, presses, late, began_us, ended_us}."""
        self.step()
        playing = bool(self._words) or self._clock_us() < self._dry_us
        return {"playing": playing, "closed": self.closed, "presses": self.presses, "late": self.late,
                "began_us": self.began_us, "ended_us": None if playing else self.ended_us}


def _alternating(lengths_us, first):
    if len(lengths_us) % 2 or len(lengths_us) > MOST_BOUNCES:
        raise RigError("bounces come in pairs, closed and open, at most %d" % MOST_BOUNCES)
    return [(first ^ i & 1, us) for i, us in enumerate(lengths_us)]
