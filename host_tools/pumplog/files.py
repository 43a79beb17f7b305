"""Files that a person names: read within bounds, and written whole or not at all."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from .errors import UsageError

OWNER_ONLY = 0o600


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


def make_private(path: str | Path) -> None:
    """Makes a file that only its owner may read and write, if there is none; OSError if it cannot be."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, OWNER_ONLY))


def keep_private(path: str | Path) -> None:
    """Lets only its owner read and write a file; another user's stays as it is, and so does no file."""
    with suppress(OSError):
        if os.stat(path).st_mode & 0o077:
            os.chmod(path, OWNER_ONLY)
