"""What a pull has to say beside what it brought: stretches that never came, pages that are not used."""

from __future__ import annotations

from typing import Any

from pumpwire import page

from ..log import Timeline
from ..moments import local_text, utc_text
from ..patients.episodes import episodes
from ..quantities import hex_id
from ..store import Store
from ..sync.client import PullResult


def gaps_json(store: Store, result: PullResult) -> list[dict[str, Any]]:
    """Returns each stretch that came no more, with when it lies by the records around it."""
    out = []
    for log_id, first, last in result.gaps:
        begin_ms, end_ms = _when(store, log_id, first, last)
        out.append({"log_id": hex_id(log_id), "first_seq": first, "last_seq": last,
                    "from_utc": None if begin_ms is None else utc_text(begin_ms),
                    "to_utc": None if end_ms is None else utc_text(end_ms)})
    return out


def notes(store: Store, result: PullResult) -> list[str]:
    """Returns a line for each thing that makes the pull only partly done."""
    lines = []
    for log_id, first, last in result.gaps:
        begin, end = (None if ms is None else local_text(ms)
                      for ms in _when(store, log_id, first, last))
        when = f"{begin or 'a time not known'} to {end or 'a time not known'}"
        lines.append(f"UNKNOWN from {when}: records {first} to {last} were on the board no more, its"
                     " ring had gone on or a page was lost; pull it more often")
    if not result.timed:
        lines.append("the board did not take this laptop's time, so when its latest records were made is"
                     " less certain; pull once more, nearer to it")
    if result.unverified:
        lines.append(f"pages under a key that this store lacks: {result.unverified}, kept and not used;"
                     " pull with the store that provisioned the board")
    for version, count in sorted(result.unread.items()):
        newer = version > page.VERSION
        do = "update pumplog, then pull again" if newer else "an earlier pumplog reads them"
        lines.append(f"pages of format version {version}: {count}, kept and not read, this pumplog reads"
                     f" version {page.VERSION}; {do}")
    return lines


def _when(store: Store, log_id: int, first: int, last: int) -> tuple[int | None, int | None]:
    """Returns when (Unix ms UTC) the records before and after a stretch were made."""
    timeline = Timeline.of(store, log_id)
    begin, end = (timeline.utc(*at) if at else None for at in store.records.around(log_id, first, last))
    return begin[0] if begin else None, end[0] if end else None


def left_behind(store: Store) -> list[str]:
    """Returns a sentence for each board that a patient who ended left, and that still waits for entries:
    no round of everybody comes to it, and what it recorded last may not be here."""
    known = episodes(store).values()
    served = {one.board for one in known if not one.ended}
    waiting = {one.board: one.heading for one in known
               if one.ended and one.board not in served and store.entries.waiting(one.board)}
    return [f"{who}: what was entered is not yet on board, and its last records may not be here: pull it"
            f" once more, `pumplog pull {board}`" for board, who in waiting.items()]
