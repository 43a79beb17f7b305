"""Runs pumplog and dies, as kill -9 does, as the N-th statement that changes its store begins.

Usage: die_at_statement.py N ARGUMENT...   COMMITs count among the statements.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from itertools import count
from typing import Any

from pumplog.cli import main

_CHANGES = ("INSERT", "UPDATE", "DELETE", "COMMIT")
_connect = sqlite3.connect
_so_far = count(1)
_last = int(sys.argv[1])


def _before(statement: str) -> None:
    if statement.lstrip().startswith(_CHANGES) and next(_so_far) == _last:
        os.kill(os.getpid(), signal.SIGKILL)


def _traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
    connection = _connect(*arguments, **options)
    connection.set_trace_callback(_before)
    return connection


sqlite3.connect = _traced  # type: ignore[assignment]
sys.exit(main(sys.argv[2:]))
