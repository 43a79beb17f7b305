"""Names that commands still take from here: they stand in options.py and screen.py."""

from .options import open_store
from .screen import print_json, say

__all__ = ["open_store", "print_json", "say"]
