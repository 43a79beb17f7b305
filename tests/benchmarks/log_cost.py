"""What encoding the reference day costs on the board, in instructions of the 32-bit MicroPython."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import fuel

MOST_OF_JSON = 1 / 4
VERBOSE = "json.dumps of the verbose dicts, ready made"
_WAYS = {"frames of the log": "frames", VERBOSE: "verbose", "json.dumps and making the dicts": "made",
         "json.dumps of dicts of ints": "terse"}


@dataclass(frozen=True)
class Cost:
    """A way to encode the day: how many events it encoded, and the instructions of one on the mean."""

    name: str
    events: int
    an_event: float


def measure() -> list[Cost]:
    """Returns what each way costs, the log's frames first."""
    return [_cost(name, mode) for name, mode in _WAYS.items()]


def _cost(name: str, mode: str) -> Cost:
    found = fuel.counted("log_encode", mode)
    own = min(cost for events, cost, _ in found if not events)
    told = [(events, cost - own) for events, cost, _ in found if events]
    events = sum(count for count, _ in told)
    return Cost(name, events, sum(cost for _, cost in told) / events)


def of_verbose(costs: list[Cost]) -> float:
    """Returns the frames' part of what the verbose dicts' json.dumps takes."""
    verbose = next(cost for cost in costs if cost.name == VERBOSE)
    return costs[0].an_event / verbose.an_event
