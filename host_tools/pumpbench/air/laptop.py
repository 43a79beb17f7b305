"""Another environment's pumplog as a laptop on the air: what it lacks is lent, nothing else.

A base install of pumplog has no Bumble, and needs none on a ward. On the virtual air the laptop's
Bluetooth stack is Bumble's, in pumplog's own process (server.py says why). So that process is lent a
folder of links to Bumble, and to those libraries of Bumble's that its environment has not. The folder
stands last on its path: pumplog, bleak and everything else that is installed there comes from there, and
is what is tried.

A stack in a process of its own, reached by bleak calls over a socket, was left. It would put another
layer into every test, between bleak and what the air does to it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import BenchError

_LOADED = """
import sys
at_first = set(sys.modules)
import bumble.transport.tcp_client, pumpbench.air.bleak_backend
names = {name.partition(".")[0] for name in set(sys.modules) - at_first} - set(sys.stdlib_module_names)
for module in (sys.modules[name] for name in sorted(names)):
    if hasattr(module, "__path__") or getattr(module, "__file__", None):
        print(module.__name__, module.__path__[0] if hasattr(module, "__path__") else module.__file__)
"""
_LACKED = """
import sys
from importlib.util import find_spec
print(*sys.version_info[:2])
print(*(name for name in sys.argv[1:] if find_spec(name) is None))
"""
_PUMPLOG = """
import sys
sys.path.append(sys.argv.pop(1))
from pumplog.cli import main
sys.exit(main())
"""


def lend(python: Path, folder: Path) -> list[str]:
    """Puts links to what the environment of `python` lacks of the laptop's radio into `folder`.

    Returns the names of the packages lent. BenchError if that Python cannot be run, or is another
    version than this Python.
    """
    places = dict(line.split(" ", 1) for line in _said(Path(sys.executable), _LOADED).splitlines())
    version, lacked = _said(python, _LACKED, *places).splitlines()
    if version.split() != [str(number) for number in sys.version_info[:2]]:
        raise BenchError(f"{python} is Python {version.replace(' ', '.')}, and this is another",
                         "make that environment with the same Python")
    for name in lacked.split():
        place = Path(places[name])
        (folder / place.name).symlink_to(place)
    return lacked.split()


def pumplog_command(python: Path, lent: Path, arguments: Sequence[str]) -> list[str]:
    """Returns the command line that runs the pumplog of `python` with what `lend` put into `lent`."""
    return [str(python), "-P", "-c", _PUMPLOG, str(lent), *arguments]


def _said(python: Path, script: str, *arguments: str) -> str:
    try:
        done = subprocess.run([python, "-P", "-c", script, *arguments], capture_output=True, text=True)
    except OSError as error:
        raise BenchError(f"{python} cannot be run ({error.strerror})",
                         "name the Python of an environment with pumplog") from error
    if done.returncode:
        raise BenchError(f"{python} cannot load the laptop's radio",
                         f"see what it said, {done.stderr.strip()}")
    return done.stdout
