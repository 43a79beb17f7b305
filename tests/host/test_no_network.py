"""Nothing in pumplog opens an outbound network connection: every command, watched by an audit hook."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.host.bedside import Bedside
from helpers.paths import PRODUCT, ROOT
from pumplog.cli import COMMANDS
from pumplog.store import Store

WATCHED = """
import sys
socket_family = __import__("socket").AF_UNIX
def hook(event, arguments):
    if event == "socket.connect" and arguments[0].family == socket_family:
        return  # the system's own bus
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind",
                 "socket.getaddrinfo", "socket.gethostbyname", "urllib.Request",
                 "http.client.connect", "ftplib.connect", "smtplib.connect"):
        print("NETWORK", event, arguments, file=sys.__stdout__, flush=True)
sys.addaudithook(hook)
from pumplog.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print("RAN", file=sys.__stdout__)
"""
EXAMPLES = {
    "scan": ("--seconds", "1"), "pull": ("P01",), "status": (), "events": ("P01",), "doses": ("P01",),
    "table": (), "patient": ("list",), "bag": ("list",), "regimen": ("show",), "pair": ("B01",),
    "verify": ("P01",), "keys": ("list",), "doctor": ("--port", "/dev/absent"),
    "label": ("B01",),
    "unpair": ("B01",), "provision": ("--name", "B09", "--ul-per-count", "1 uL", "--link",
                                      "serial:/dev/absent"),
}


def watched(db: Path, *arguments: str) -> str:
    """Runs pumplog under the hook; returns what it and the hook printed."""
    env = {**os.environ, "PYTHONPATH": PRODUCT,
           "XDG_STATE_HOME": str(db.parent)}
    env.pop("PUMPLOG_AIR", None)
    done = subprocess.run([sys.executable, "-c", WATCHED, *arguments, "--db", str(db)], env=env,
                          text=True, capture_output=True)
    assert done.stdout.rstrip().endswith("RAN"), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quiet") / "a.db"
    with Store.open(path) as store:
        bedside = Bedside(store)
        bedside.bag(0, "1", "1")
        bedside.infuse(0, 7200, "1")
        bedside.write(7200)
    return path


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_opens_a_network_connection(db: Path, command: str) -> None:
    assert command in EXAMPLES, f"give an example of {command} here"
    assert "NETWORK" not in watched(db, command, *EXAMPLES[command])


NETWORK = {"socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "xmlrpc", "telnetlib",
           "requests", "network", "urequests", "aiohttp"}
MAY = {"firmware/boards/virtual/bluetooth.py",  # the bench's air, and the way to the bench from the
       "firmware/boards/usb_chip/bench.py"}  # virtual chip: no board has them


def test_only_the_link_to_a_board_knows_of_connections() -> None:
    """What a module cannot name it does not open; pyserial and bleak are the two that others open."""
    found = set()
    for folder in ("host_tools/pumplog", "firmware"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else [])
                if any(name.split(".")[0] in NETWORK for name in names):
                    found.add(str(path.relative_to(ROOT)))
    assert found == MAY


def test_the_hook_would_have_seen_one(db: Path) -> None:
    link = "socket://127.0.0.1:9"  # pyserial's own word for a serial port behind a network
    assert "NETWORK socket.connect" in watched(db, "pull", "P01", "--link", f"serial:{link}")
