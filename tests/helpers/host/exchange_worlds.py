"""What may happen to a host's clock while it tells a board the time: it sleeps, is set, is slewed.

True time passes in each step of the exchange: before the board hears, before the host hears, and while
the host reads its clocks. A world says what happens in which step.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import NamedTuple

from pumplog import host
from pumplog.log.anchors import Anchor
from pumplog.store import Store
from pumplog.sync.client import Client
from pumpwire.units import TICK_MS
from pytest import MonkeyPatch

from helpers.host.clock_truth import HOUR_MS, T0_MS
from helpers.host.loop_link import LoopBoard, LoopLink

# the steps of a trip: three looks at the clocks, the second at UTC; there, two looks, back; three looks
FIRST_READ, WAITS, LAST_READ, STEPS_OF_A_TRIP = 1, range(3, 7), 8, 10


class Event(NamedTuple):
    """What happens in a step."""

    asleep_ms: float = 0
    set_by_ms: float = 0


@dataclass
class Exchange:
    """The true time, the host's clocks, and the board's."""

    dice: random.Random
    events: dict[int, Event]  # by step
    off_ms: float = 0  # of the host's clock
    slewed_ppm: float = 0
    counts_sleep: bool = True  # the clock that nobody sets
    slow_ms: float = 200  # the longest way, mostly
    board_ppm: float = 0
    up_ms: int = 0  # of the board, as it begins

    def __post_init__(self) -> None:
        self.true_ms = self.awake_ms = 0.0
        self.step = 0
        self.board = LoopBoard()
        self._keep_board()

    def pass_ms(self, longest_ms: float) -> None:
        """Lets a step pass; what happens in it happens somewhere in it."""
        took_ms = self.dice.uniform(0, longest_ms)
        event = self.events.get(self.step, Event())
        self.step += 1
        self.true_ms += took_ms + event.asleep_ms
        self.awake_ms += took_ms
        self.off_ms += event.set_by_ms + took_ms * self.slewed_ppm / 1e6
        self._keep_board()

    def _keep_board(self) -> None:
        up_ms = int(self.up_ms + self.true_ms * (1 + self.board_ppm / 1e6))
        self.board.now_ms = up_ms
        self.board.uptime.advance(up_ms // TICK_MS * TICK_MS)

    def true_utc_ms(self, uptime_ms: int) -> float:
        """Returns when the board's uptime stood there, Unix ms UTC."""
        return T0_MS + (uptime_ms - self.up_ms) / (1 + self.board_ppm / 1e6)

    def utc_now_ms(self) -> int:
        """As host.utc_now_ms."""
        self.pass_ms(1)
        return int(T0_MS + self.true_ms + self.off_ms)

    def waited_s(self) -> float:
        """As host.waited_s."""
        self.pass_ms(1)
        return (self.true_ms if self.counts_sleep else self.awake_ms) / 1000


class SlowLink(LoopLink):
    """A link on which time passes there and back."""

    def __init__(self, world: Exchange) -> None:
        super().__init__(world.board)
        self._world = world

    def write(self, channel: int, data: bytes) -> None:
        """Writes; the board hears it later."""
        self._world.pass_ms(self._world.slow_ms)
        super().write(channel, data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        """Returns what arrives next, later still."""
        arrived = super().receive(timeout_s)
        self._world.pass_ms(self._world.slow_ms)
        return arrived


class Stated(NamedTuple):
    """What an anchor stated, and the truth."""

    utc_ms: int
    uncertainty_ms: int
    true_ms: float

    @property
    def holds(self) -> bool:
        """Whether the truth lies within what was stated."""
        return abs(self.utc_ms - self.true_ms) <= self.uncertainty_ms


def told(world: Exchange, monkeypatch: MonkeyPatch) -> Stated | None:
    """Has the host tell the board the time; returns what the board's log has of it, None for nothing."""
    monkeypatch.setattr(host, "utc_now_ms", world.utc_now_ms)
    monkeypatch.setattr(host, "waited_s", world.waited_s)
    client, log_id = Client(SlowLink(world)), world.board.log.log_id
    taken = client.anchor()
    world.events.clear()
    with Store.open(":memory:") as store:
        client.pull(store, log_id)
        records = list(store.records.of(log_id, "anchor"))
    assert len(records) == taken
    if not records:
        return None
    anchor = Anchor.of(records[0])
    return Stated(anchor.utc_ms, anchor.uncertainty_ms, world.true_utc_ms(anchor.uptime_ms))


def a_jump_ms(dice: random.Random) -> float:
    """Returns by how much a clock is set, of either sign, from ms to years."""
    return dice.choice((-1, 1)) * 10 ** dice.uniform(1, dice.choice((4.5, 11.2)))


def world(seed: int) -> Exchange:
    """Returns a world in which the host's clock is right at some reading before the anchor is sent, and
    the host does not sleep between two instructions of a reading."""
    dice = random.Random(seed)
    events: dict[int, Event] = {}
    for _ in range(dice.choice((0, 1, 1, 2))):
        step = dice.choice((0, STEPS_OF_A_TRIP)) + dice.choice(WAITS)
        events[step] = Event(asleep_ms=10 ** dice.uniform(2, 7.5))
    if dice.random() < 0.2:  # after the answer, before the anchor arrives
        events[dice.randrange(STEPS_OF_A_TRIP, STEPS_OF_A_TRIP + 4)] = Event(10 ** dice.uniform(4, 7.5))
    off_ms = 0.0
    manner = dice.choice(("kept", "set wrong", "set right", "there and back"))
    if manner == "set wrong":
        step = dice.randint(FIRST_READ + 1, 2 * STEPS_OF_A_TRIP)
        events[step] = Event(_a_nap_ms(dice, step), a_jump_ms(dice))
    elif manner == "set right":
        off_ms, step = a_jump_ms(dice), dice.randint(FIRST_READ + 1, LAST_READ)
        events[step] = Event(_a_nap_ms(dice, step), -off_ms)
    elif manner == "there and back":
        by_ms, first = a_jump_ms(dice), dice.randrange(LAST_READ - 3)
        events[first] = Event(set_by_ms=by_ms)
        events[first + dice.randint(1, 3)] = Event(set_by_ms=-by_ms)
    counts_sleep = dice.random() < 0.7
    if not counts_sleep and manner != "kept":  # nobody can tell the two apart
        events = {step: event._replace(asleep_ms=0) for step, event in events.items()}
    return Exchange(dice, events, off_ms, dice.choice((0, 0, -500, 500)), counts_sleep,
                    dice.choice((5, 200, 1500, 6000)), dice.uniform(-100, 100),
                    dice.randrange(HOUR_MS * 24))


def _a_nap_ms(dice: random.Random, step: int) -> float:
    return dice.choice((0, 5000)) if step % STEPS_OF_A_TRIP in WAITS else 0
