"""What a board records while a host pulls: it is recorded as if nobody came, and it arrives."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator

from gateway.gateway import Gateway
from helpers.host.loop_link import LoopBoard
from helpers.on_board.desk_board import DeskBoard
from pumplog.store import Store
from pumplog.sync.client import Client

TICKS, PULL_AT = 2_400, 600
TICKS_A_PRESS = 5


class Pressed(DeskBoard):  # type: ignore[misc]
    """The desk's board with a longer log, its handset pressed twice a second; `between` is called
    between its ticks."""

    between: Callable[[], None] = staticmethod(lambda: None)

    def __init__(self) -> None:
        super().__init__(TICKS)
        before = LoopBoard(80)
        before.minutes(14000)
        self.flash = before.flash
        self.ticked = 0

    def ticks(self, service: Callable[[], bool]) -> Iterator[int]:
        for now_ms in super().ticks(service):
            self.ticked += 1
            yield now_ms
            self.between()

    def _pump(self, k: int) -> None:
        super()._pump(k)
        self.presses += k % TICKS_A_PRESS == 0


class TurnsLink:
    """A link to the board in the other thread, of which one runs while the other waits: the host has
    its turn between ticks, and a tick takes one packet at most."""

    description = "turns"
    packet_bytes = 244
    secured = True

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._arrived: deque[tuple[int, bytes]] = deque()
        self._ticks, self._host = threading.Semaphore(0), threading.Semaphore(0)
        self.let_go = False

    def between_ticks(self) -> None:
        """The board's thread: lets the host have its turn."""
        if not self.let_go:
            self._host.release()
            self._ticks.acquire()

    def await_board(self) -> None:
        """The host's thread: waits for the next tick's end."""
        self._host.acquire()

    def notify(self, channel: int, data: bytes) -> bool:
        if self._arrived:
            return False
        self._arrived.append((channel, bytes(data)))
        return True

    indicate = notify

    def read(self, channel: int) -> bytes:
        return bytes(self._gateway.read(self, channel))

    def write(self, channel: int, data: bytes) -> None:
        self._gateway.written(self, channel, data)

    def receive(self, timeout_s: float) -> tuple[int, bytes] | None:
        for _ in range(int(timeout_s * 10)):
            if self._arrived:
                break
            self._ticks.release()
            self.await_board()
        return self._arrived.popleft() if self._arrived else None

    def leave(self) -> None:
        self.let_go = True
        self._ticks.release()

    def close(self) -> None:
        pass


def test_fifty_events_during_a_pull_are_recorded_in_time_and_arrive() -> None:
    alone = Pressed()
    Gateway(alone).run()

    board = Pressed()
    gateway = Gateway(board)
    link = TurnsLink(gateway)

    def between() -> None:
        if board.ticked >= PULL_AT:
            link.between_ticks()

    board.between = between  # type: ignore[method-assign]
    running = threading.Thread(target=gateway.run, daemon=True)
    running.start()
    link.await_board()
    gateway.opened(link)
    began, first = gateway.log.next_seq, board.ticked
    held = Store.open(":memory:")
    result = Client(link).pull(held, gateway.log.log_id)
    ended, last = gateway.log.next_seq, board.ticked
    link.leave()
    running.join()

    assert ended - began >= 50 and last < TICKS and board.ticked == alone.ticked == TICKS
    assert bytes(board.flash.cells) == bytes(alone.flash.cells)  # each at its time, none missing
    found = list(held.records.of(gateway.log.log_id))
    assert [record.seq for record in found] == list(range(result.next_seq))
    assert result.next_seq >= ended - 1, "all but what came after the last report"
    demands = [record for record in found if record.seq >= began and record.kind == "demand"]
    assert len(demands) >= 50 and last - first > 50
