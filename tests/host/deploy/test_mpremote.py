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


def test_it_waits_without_select_which_on_windows_knows_sockets_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_windows(*_: object) -> None:
        raise OSError(10038, "An operation was attempted on something that is not a socket")

    monkeypatch.setattr("select.select", of_windows)
    monkeypatch.setattr("select.poll", of_windows)
    played = tmp_path / "python"
    for says, code in (("echo one; sleep 0.2; echo two", 0), ("echo one; echo two; exit 1", 1)):
        played.write_text(f"#!/bin/sh\n{says}\n")
        played.chmod(0o755)
        monkeypatch.setattr(mpremote, "require", lambda *_: None)
        monkeypatch.setattr(mpremote.sys, "executable", str(played))
        board = mpremote.Mpremote("any")
        if code:
            with pytest.raises(UnreachableError, match=r"does not do what it is asked \(two\)"):
                board.run("exec", "pass")
        else:
            assert board.run("exec", "pass").split() == ["one", "two"]
