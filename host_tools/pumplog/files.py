"""Files that a person names: read within bounds, and written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .errors import NotFoundError, UsageError

OWNER_ONLY = 0o600
_MOST_TABLE_BYTES = 16 << 20
_MARKS = {";": "semicolons", "\t": "tabs"}  # between cells, other than commas


def read_bounded(path: str | Path, most_bytes: int) -> bytes:
    """Returns a file's bytes; OSError if it cannot be read.

    UsageError for what has no end, such as a device or a pipe, and for a file of more than most_bytes.
    """
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)),
              "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UsageError(f"{path} is no ordinary file", "give a file; nothing was taken")
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise UsageError(f"{path} is larger than any such file, more than {most_bytes // 1024} KiB",
                         "check the path; nothing was taken")
    return data


def read_table(path: str | Path, needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Returns (line, {column: cell}) for each row of a CSV file that is not empty, cells stripped.

    needed: columns that have to be there. NotFoundError for no file; UsageError for one that is no such
    table, with what to do.
    """
    import csv
    import io

    try:
        text = read_bounded(path, _MOST_TABLE_BYTES).decode("utf-8-sig")
        _require_commas(path, text, needed)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read ({error.strerror})", "check the path") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is not a CSV file in UTF-8 ({error})", "export it again") from error
    lines = [(number, cells) for number, cells in lines if any(cells)]
    head = lines[0][1] if lines else []
    for name in needed:
        if name not in head:
            raise UsageError(f"{path} has no column {name}",
                             f"its first line must name {', '.join(needed)}")
    for name in head:
        if name and head.count(name) > 1:
            raise UsageError(f"{path} has the column {name} twice", "take a column out")
    rows = []
    for number, cells in lines[1:]:
        if any(cells[len(head):]):
            raise UsageError(f"{path}, line {number}: not as many cells as the first line has",
                             "complete it")
        cells += [""] * (len(head) - len(cells))
        rows.append((number, {name: cell for name, cell in zip(head, cells, strict=False) if name}))
    return rows


def _require_commas(path: str | Path, text: str, needed: Sequence[str]) -> None:
    """Raises UsageError for cells that are parted otherwise, as Excel does in many countries."""
    first = "".join(text.lstrip().splitlines()[:1])
    for mark, words in _MARKS.items():
        if set(needed) <= {cell.strip(' "') for cell in first.split(mark)}:
            raise UsageError(f"{path} has no column {needed[0]}",
                             f"it has {words} between its cells: save it with commas there, and with"
                             " points in its numbers")


def write_whole(path: Path, text: str) -> None:
    """Writes a new file that only its owner may read; FileExistsError if it is there, else OSError.

    What fails leaves nothing behind, so that the same command works once there is room again.
    """
    import tempfile  # with all that it loads: few commands write a file

    if os.path.lexists(path):
        raise FileExistsError(f"{path} is there")
    handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, path)
    except BaseException:
        os.unlink(part)
        raise


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, in place of one that is there; OSError if it cannot
    be."""
    make_private(path)
    keep_private(path)
    path.write_text(text, encoding="utf-8")


def make_private(path: str | Path) -> None:
    """Makes a file that only its owner may read and write, if there is none; OSError if it cannot be."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))


def keep_private(path: str | Path) -> None:
    """Lets only its owner read and write a file; another user's stays as it is, and so does no file."""
    with suppress(OSError):
        if os.stat(path).st_mode & 0o077:
            os.chmod(path, OWNER_ONLY)
