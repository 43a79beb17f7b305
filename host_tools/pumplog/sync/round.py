"""A round of the ward: many boards, a few at a time, each tried again before it counts as absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import PumplogError, UnreachableError, unforeseen
from ..store import StoreError

AT_ONCE = 4  # links that a laptop's Bluetooth holds
TRIES = 3

TargetT = TypeVar("TargetT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Outcome(Generic[TargetT, ResultT]):
    """What came of one target in a round: a result, or the error that its last try ended with."""

    target: TargetT  #: as it was given
    result: ResultT | None = None  #: of the try that went well
    error: PumplogError | None = None  #: of the last try, where none went well
    earlier_errors: tuple[UnreachableError, ...] = ()  #: of the tries before


def visit_all(
    targets: Sequence[TargetT],
    visit: Callable[[TargetT], ResultT],
    retrying: Callable[[TargetT, UnreachableError], None],
    at_once: int = AT_ONCE,
    tries: int = TRIES,
    stop: Callable[[], None] = lambda: None,
) -> list[Outcome[TargetT, ResultT]]:
    """Visits all targets, at_once side by side; returns what came of them, in the targets' order.

    A target that is UnreachableError goes to the end of the queue, up to `tries` times in all, and
    retrying(target, error) is called each time. Any other error ends its visit, also an error of ours. A
    target that fails never keeps the others from being visited. A StoreError or Ctrl-C ends the round:
    stop() then has the visits under way end as soon as they can.
    """
    earlier: list[list[UnreachableError]] = [[] for _ in targets]
    outcomes: dict[int, Outcome[TargetT, ResultT]] = {}
    with ThreadPoolExecutor(at_once) as workers:
        under_way: dict[Future[ResultT], int] = {
            workers.submit(visit, target): n for n, target in enumerate(targets)
        }
        try:
            while under_way:
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    n = under_way.pop(done)
                    outcome = _outcome(targets[n], done, earlier[n])
                    if isinstance(outcome.error, UnreachableError) and len(earlier[n]) + 1 < tries:
                        earlier[n].append(outcome.error)
                        retrying(targets[n], outcome.error)
                        under_way[workers.submit(visit, targets[n])] = n
                    else:
                        outcomes[n] = outcome
        except BaseException:
            stop()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return [outcomes[n] for n in range(len(targets))]


def _outcome(
    target: TargetT, done: Future[ResultT], earlier: Sequence[UnreachableError]
) -> Outcome[TargetT, ResultT]:
    try:
        return Outcome(target, done.result(), None, tuple(earlier))
    except StoreError:
        raise  # no other board could be kept either: the round ends
    except PumplogError as error:
        return Outcome(target, None, error, tuple(earlier))
    except Exception as error:  # what one board sent, or the store has of it, is its own trouble
        return Outcome(target, None, unforeseen(error), tuple(earlier))
