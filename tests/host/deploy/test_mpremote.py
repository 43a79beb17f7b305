"""mpremote is given up on a board that falls silent, and on a board whose console never does."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest
from pumplog import host
from pumplog.deploy import mpremote
from pumplog.errors import UnreachableError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it plays mpremote by a script")


@pytest.mark.parametrize("says", ["while :; do echo 0123456789; done", "sleep 3600"],
                         ids=["talks for ever", "silent"])
def test_a_call_ends(says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played = tmp_path / "python"
    played.write_text(f"#!/bin/sh\nexec sh -c '{says}'\n")
    played.chmod(0o755)
    monkeypatch.setattr(mpremote, "require", lambda *_: None)
    monkeypatch.setattr(mpremote.sys, "executable", str(played))
    minutes = itertools.count()
    monkeypatch.setattr(host, "waited_s", lambda: 60.0 * next(minutes))
    board = mpremote.Mpremote("any", patience_s=0.01 if "sleep" in says else 30.0)
    with pytest.raises(UnreachableError, match="no longer answers"):
        board.run("exec", "pass")
    assert next(minutes) < 40
