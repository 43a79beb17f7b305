"""Writes pages.hex anew from days.txt: `python write_pages.py`. Only a new format version changes it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[2] / "firmware"), str(HERE.parents[1])]

from helpers.on_board import reference_day  # noqa: E402
from helpers.on_board.day_log import KEY, DayLog  # noqa: E402


def main() -> None:
    """Writes the file."""
    with (HERE / "days.txt").open() as file:
        what, events = next(reference_day.read(file))
    log = DayLog(events)
    lines = [
        f"# The reference day ({what}) as the event log's pages of format 2; made by write_pages.py.",
        f"# log_id 0x07070707, seq from 0, boot 1, BOOT first; sealed under the key {KEY.hex()}.",
        f"# {len(log.pages)} pages, the last one open; SHA-256 of their bytes, one after the other:",
        f"# {hashlib.sha256(b''.join(log.pages)).hexdigest()}",
        "# A program operation a line: slot, offset, bytes.",
    ]
    lines += [f"{number} {offset} {data.hex()}" for number, offset, data in log.programs]
    (HERE / "pages.hex").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
