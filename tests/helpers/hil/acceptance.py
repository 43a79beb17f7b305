"""The one page for a board's file: what was tested, on what, with what result."""

from __future__ import annotations

import html
import time
from pathlib import Path

from helpers.hil.untested import UNTESTED

_PAGE = """<!doctype html><meta charset="utf-8"><title>Acceptance of board {name}</title>
<style>body{{font:11pt sans-serif;max-width:48em;margin:2em auto}}td{{border-top:1px solid #999;
padding:.15em .6em}}.failed,.error{{font-weight:bold}}</style>
<h1>Acceptance of board {name}</h1>
<p>{target}. {when} UTC. <b>{verdict}</b></p>
<table>{rows}</table>
<h2>Not tested here</h2><ul>{untested}</ul>
<p>Tested by ____________________ &nbsp; Date ____________ &nbsp; Signed ____________________</p>
"""


def write(path: Path, name: str, target: str, results: list[tuple[str, str]]) -> None:
    """Writes the page. results: (test, passed, failed, skipped or error)."""
    bad = sum(result in ("failed", "error") for _, result in results)
    passed = sum(result == "passed" for _, result in results)
    verdict = f"{bad} failed: not accepted" if bad else f"{passed} passed, none failed"
    if not passed:
        verdict = "nothing was tested: not accepted"
    rows = "".join(f'<tr class="{result}"><td>{html.escape(test)}<td>{result}'
                   for test, result in results)
    left = "".join(f"<li>{html.escape(line)}" for line in UNTESTED)
    path.write_text(_PAGE.format(
        name=html.escape(name), target=html.escape(target), verdict=verdict, rows=rows, untested=left,
        when=time.strftime("%Y-%m-%d %H:%M", time.gmtime())))
