"""A round of the ward: many boards, a few at a time, each tried again before it counts as absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..errors import PumplogError, Unreachable
from ..store import StoreError

AT_ONCE = 4  # links that a laptop's Bluetooth holds
TRIES = 3

Target = TypeVar("Target")
Result = TypeVar("Result")


@dataclass
class Visit(Generic[Target, Result]):
    """What came of one board: a result, or the error that its last try ended with.

    broken: why earlier tries ended.
    """

    target: Target
    result: Result | None = None
    error: PumplogError | None = None
    broken: list[Unreachable] = field(default_factory=list)


def visit_all(
    targets: Sequence[Target],
    visit: Callable[[Target], Result],
    retrying: Callable[[Target, Unreachable], None],
    at_once: int = AT_ONCE,
    tries: int = TRIES,
    stop: Callable[[], None] = lambda: None,
) -> list[Visit[Target, Result]]:
    """Visits all targets, at_once side by side; returns the visits in the targets' order.

    A target that is Unreachable goes to the end of the queue, up to `tries` times in all, and
    retrying(target, why) is told each time; any other PumplogError ends its visit. One that
    fails never keeps the others from being visited; an error of ours, or Ctrl-C, ends the round:
    stop() then has the visits under way end as soon as they can.
    """
    visits: list[Visit[Target, Result]] = [Visit(target) for target in targets]
    with ThreadPoolExecutor(at_once) as workers:
        under_way: dict[Future[Result], Visit[Target, Result]] = {
            workers.submit(visit, one.target): one for one in visits
        }
        try:
            while under_way:
                for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                    one = under_way.pop(done)
                    if _again(one, done, tries):
                        retrying(one.target, one.broken[-1])
                        under_way[workers.submit(visit, one.target)] = one
        except BaseException:
            stop()
            workers.shutdown(wait=False, cancel_futures=True)
            raise
    return visits


def _again(one: Visit[Target, Result], done: Future[Result], tries: int) -> bool:
    """Notes how a try ended; returns whether there is to be another."""
    try:
        one.result = done.result()
    except StoreError:
        raise  # no other board could be kept either: the round ends
    except Unreachable as error:
        if len(one.broken) + 1 < tries:
            one.broken.append(error)
            return True
        one.error = error
    except PumplogError as error:
        one.error = error
    return False
