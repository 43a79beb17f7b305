"""A room's face that loads a file of the room when a name of it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def names_of(room: str, file_of: Mapping[str, str]) -> Callable[[str], Any]:
    """Returns a `__getattr__` (PEP 562). room: its full name; file_of: {name: file of the room}."""
    def of(name: str) -> Any:
        if name not in file_of:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(f"{room}.{file_of[name]}"), name)

    return of
