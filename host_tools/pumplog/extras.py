"""Packages that only some roles need: an extra of pumplog brings each, and what is missing is said."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from .errors import UsageError


def require(extra: str, module: str) -> ModuleType:
    """Returns a module that an extra brings; UsageError, with how to get it, where it is not
    installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise  # it is there, and lacks something of its own
        raise UsageError(f"this command needs the extra '{extra}', which is not installed",
                         f"pip install 'pumplog[{extra}]'") from error
