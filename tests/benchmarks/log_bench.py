"""Prints what the log's pages take and cost, beside other formats of the same events."""

from __future__ import annotations

from benchmarks import log_cost, log_size


def tell() -> list[str]:
    """Prints both tables; returns the goals that were missed."""
    days = log_size.read_days()
    sizes = log_size.sizes(days)
    pages, verbose = sizes[0], sizes[1]
    events = len(days[0])
    print(f"the reference day, {events} events; means of {len(days)} such days")
    print(f"{'format':34}{'bytes a day':>12}{'an event':>10}{'of pages':>10}{'zlib, a day':>13}"
          f"{'an event':>10}")
    for size in sizes:
        print(f"{size.name:34}{size.day:12.0f}{size.an_event():10.2f}{size.day / pages.day:10.1f}"
              f"{size.zipped:13.0f}{size.zipped / events:10.2f}")
    missed = _goal("bytes an event, everything", pages.an_event(), log_size.MOST_BYTES_AN_EVENT, True)
    missed += _goal("times below verbose JSON lines", verbose.day / pages.day,
                    log_size.LEAST_BELOW_VERBOSE, False)
    costs = log_cost.measure()
    print(f"\n{'encoding the day on the board':46}{'instructions an event':>24}{'of frames':>11}")
    for cost in costs:
        print(f"{cost.name:46}{cost.an_event:24.0f}{cost.an_event / costs[0].an_event:11.2f}")
    missed += _goal("of json.dumps of the verbose dicts", log_cost.of_verbose(costs),
                    log_cost.MOST_OF_JSON, True)
    return missed


def _goal(name: str, found: float, limit: float, at_most: bool) -> list[str]:
    met = found <= limit if at_most else found >= limit
    print(f"goal: {name}: {found:.3g}, at {'most' if at_most else 'least'} {limit:.3g}:"
          f" {'met' if met else 'NOT met'}")
    return [] if met else [name]


if __name__ == "__main__":
    tell()
