"""What code makes in a document: each block stands between `<!-- made: NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


def made_anew(text: str, makers: Mapping[str, Callable[[], str]]) -> str:
    """Returns the document with every block made anew; each must be there once."""
    for name, make in makers.items():
        block = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, n = block.subn(lambda found, make=make: f"{found[1]}{make()}\n{found[2]}", text)
        assert n == 1, name
    return text
