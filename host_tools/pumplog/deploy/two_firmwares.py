"""`make deploy`: writes a firmware beside the running firmware, checks every byte, then switches.

    1  the board goes into service: nothing runs on it, and a watchdog of ten minutes starts it again
       should the cable be pulled
    2  the folder that does not run loses its manifest, so it is not whole; its files are copied, each
       one compared with its sha256; the manifest comes last
    3  /slot names it, on trial: three starts in which to run for ten seconds. That is the switch
    4  the board starts; what does not come up is taken back by the board itself

The log, and the settings with their keys, lie elsewhere in flash: nothing here names them.
Formats and the board's part: firmware/boards/loader/loader.py.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .. import host
from ..errors import IntegrityError, PartlyError, PumplogError, UnreachableError, UsageError
from .mpremote import Mpremote
from .on_board import IN_SERVICE, TO_SERVICE, Survey, survey

TRIALS = 3
_CAME_UP_S = 120.0  # three starts, each with its watchdog's 10 s, and the log's mount
_IN_SERVICE_S = 540.0  # at most: after 600 s there the board starts by itself
_SERVICE_TRIES, _BOOT_S, _ANSWER_S = 30, 1.0, 5.0
_MPY = 6  # the bytecode version that mpy-cross writes
_BLOCK_BYTES = 4096
LOADER_FILES = ("loader.mpy", "main.py")  # in this order: main.py calls the loader


@dataclass(frozen=True)
class Deployed:
    """A firmware that a board has, and that came up there."""

    firmware: str  #: its name: the start of its manifest's sha256
    letter: str  #: the folder that it runs from, "a" or "b"
    written: bool  #: whether it was written now; False: the board had it already

    def to_text(self) -> str:
        """Returns what came of a deploy."""
        if not self.written:
            return (f"firmware {self.firmware} is on the board already, in /{self.letter}: nothing was"
                    " written")
        return f"firmware {self.firmware} runs from /{self.letter}"


def firmware_id(folder: Path) -> str:
    """Returns what names a firmware: the start of its manifest's sha256."""
    return manifest_id((folder / "manifest.json").read_text())


def manifest_id(manifest: str) -> str:
    """Returns the name of the firmware with this manifest."""
    return hashlib.sha256(manifest.encode()).hexdigest()[:12]


def deploy(
    board: Mpremote, firmware: Path, loader: Path, say: Callable[[str], None], force: bool = False,
) -> Deployed:
    """Deploys a built firmware. force: even if it is on the board already."""
    name = firmware_id(firmware)
    with board:
        with in_service(board, say):
            letter, written = _deploy_in_service(board, firmware, loader, say, force)
            if written:
                say("every byte is checked; the board starts the new firmware")
        if written:
            _await_trial(board, letter, name, say)
    return Deployed(name, letter, written)


def _deploy_in_service(
    board: Mpremote, firmware: Path, loader: Path, say: Callable[[str], None], force: bool,
) -> tuple[str, bool]:
    """Writes and switches, if need be; returns (the folder that is to start, whether it did)."""
    found = survey(board)
    _suits(found)
    mine = json.loads((firmware / "manifest.json").read_text())
    running = _confirmed(found)
    if running and found.sums(running) == mine and not force and _loader_is(found, loader):
        return running, False
    letter = "b" if running == "a" else "a"
    if running and (found.slot, found.trials_left) != (running, None):
        _keep(board, running, "ok")  # until the new one is whole the one that came up is to start
    say(f"firmware {firmware_id(firmware)} goes to /{letter}"
        + (f"; /{running} stays as it is" if running else "; the board has none yet"))
    _write(board, found, firmware, letter, mine, say)
    _write_loader(board, found, loader)
    after = survey(board)
    if not after.whole(letter) or not _loader_is(after, loader):
        raise IntegrityError(f"what the board has in /{letter} is not what was sent"
                             f" ({_few(after, letter)})",
                             "it still starts the firmware it had; deploy again")
    _keep(board, letter, str(TRIALS))
    return letter, True


@contextlib.contextmanager
def in_service(board: Mpremote, say: Callable[[str], None]) -> Iterator[None]:
    """Puts a board into service, and starts it again however what is done there ends: well, by an error,
    by Ctrl-C. A board that never answered hears no such word either."""
    leaving = False
    try:
        to_service(board, say)
        board.until_s = host.waited_s() + _IN_SERVICE_S
        yield
        leaving = True
        leave_service(board)
    except BaseException as error:
        given_up = isinstance(error, UnreachableError) and (leaving or not board.heard)
        if not given_up:
            try:
                leave_service(board)  # the board logs on with what it had
            except UnreachableError as stays:
                if isinstance(error, PumplogError):
                    raise type(error)(error.what, f"{error.do}. The board may not log now:"
                                                  f" {stays.do}") from error
        raise


def to_service(board: Mpremote, say: Callable[[str], None]) -> None:
    """Puts a board into service, even one that is met as it starts; without a loader nothing runs
    there."""
    end_s = host.waited_s() + board.patience_s
    for _ in range(_SERVICE_TRIES):
        board.send(TO_SERVICE)
        host.wait(_BOOT_S)
        if (board.answers(IN_SERVICE, _ANSWER_S) or "").strip() == "True":
            say("the board is in service: it does not log until it starts again")
            return
        if host.waited_s() > end_s:
            break
    raise UnreachableError(f"the board on {board.port} does not go into service",
                           "check port, power and cable. Close what else uses the port, then do it"
                           " again. If that is of no use, hold its service button while it starts")


def leave_service(board: Mpremote) -> None:
    """Starts the board again."""
    board.until_s = None
    board.start_again()


def _suits(found: Survey) -> None:
    """Wants a board that this firmware can run on."""
    if "log" not in found.partitions:
        raise UsageError("this board has no log partition",
                         "write its image first, make flash PORT=... IMAGE=...")
    if found.mpy != _MPY:
        raise UsageError(f"this board's MicroPython {found.micropython} does not take our bytecode",
                         "write the image that the documents name, make flash PORT=... IMAGE=...")


def _confirmed(found: Survey) -> str | None:
    """Returns the folder of the firmware that came up last and is whole: that folder is never
    touched."""
    order = ["a", "b"]
    if found.slot:
        other = "b" if found.slot == "a" else "a"
        order = [found.slot, other] if found.trials_left is None else [other, found.slot]
    return next((letter for letter in order if found.whole(letter)), None)


def _keep(board: Mpremote, letter: str, left: str) -> None:
    board.execute(f"import os\nwith open('/slot.new', 'w') as file: file.write('{letter} {left}\\n')\n"
                  "os.rename('/slot.new', '/slot')\nos.sync() if hasattr(os, 'sync') else None")


def _write(board: Mpremote, found: Survey, firmware: Path, letter: str, mine: dict[str, str],
           say: Callable[[str], None]) -> None:
    """Takes away what the new firmware does not have so, its manifest first, and copies what it has."""
    folders = sorted({str(PurePosixPath(name).parent) for name in mine} - {"."})
    there = {path.removeprefix(f"/{letter}/"): digest for path, digest in found.files.items()
             if path.startswith(f"/{letter}/")}
    stale = sorted((name for name, digest in there.items() if mine.get(name) != digest),
                   key=lambda name: (name != "manifest.json", name))
    send = [name for name, digest in mine.items() if there.get(name) != digest]
    free_bytes = int(board.execute(
        f"import os\ndef each(do, paths, errno):\n for path in paths:\n  try: do(path)\n"
        "  except OSError as error:\n   if error.errno != errno: raise\n"  # or it was done already
        f"each(os.remove, {[f'/{letter}/{name}' for name in stale]!r}, 2)\n"
        f"each(os.mkdir, {[f'/{letter}', *(f'/{letter}/{folder}' for folder in folders)]!r}, 17)\n"
        "free = os.statvfs('/')\nprint(free[0] * free[3])\n"))
    need_bytes = sum(-(-(firmware / name).stat().st_size // _BLOCK_BYTES) * _BLOCK_BYTES
                     for name in send)
    if need_bytes > free_bytes:
        raise UsageError(f"the board's file system has {free_bytes} bytes free and {need_bytes} are"
                         " needed",
                         "take what does not belong to pumplog off it")
    say(f"{len(send)} of {len(mine)} files to copy")
    for name in [*send, "manifest.json"]:
        board.put({f"/{letter}/{name}": (firmware / name).read_bytes()})


def _loader_is(found: Survey, loader: Path) -> bool:
    return all(found.files.get(f"/{name}") == hashlib.sha256((loader / name).read_bytes()).hexdigest()
               for name in LOADER_FILES)


def _write_loader(board: Mpremote, found: Survey, loader: Path) -> None:
    """Replaces the loader by renames, which happen whole or not at all; each is checked before."""
    for name in LOADER_FILES:
        digest = hashlib.sha256((loader / name).read_bytes()).hexdigest()
        if found.files.get(f"/{name}") == digest:
            continue
        board.put({f"/{name}.new": (loader / name).read_bytes()})
        if survey(board).files.get(f"/{name}.new") != digest:
            raise IntegrityError(f"{name} did not arrive as it was sent",
                                 "nothing was switched; deploy again")
        board.execute(f"import os\nif '{name}.new' in os.listdir('/'):\n"
                      f" os.rename('/{name}.new', '/{name}')")


def _few(found: Survey, letter: str) -> str:
    names = found.wrong(letter) or ["its manifest"]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _await_trial(board: Mpremote, letter: str, name: str, say: Callable[[str], None]) -> None:
    """Listens on the console, without a word, until the board says how the trial ended."""
    heard = b""
    end_s = host.waited_s() + _CAME_UP_S
    while host.waited_s() < end_s:
        heard = (heard + board.listen())[-8192:]
        if f"the firmware in /{letter} came up".encode() in heard:
            return
        if b"back to the firmware in /" in heard:
            say(_printable(heard))
            raise PartlyError(f"firmware {name} did not come up in {TRIALS} starts",
                              "the board runs its earlier firmware again, and logs; what it printed"
                              " is above")
    raise PartlyError(f"firmware {name} is on the board, but it has not said within {_CAME_UP_S:.0f} s"
                      " that it came up",
                      "run pumplog doctor")


def _printable(heard: bytes) -> str:
    """Returns the text that a console printed, without the frames between it."""
    lines = heard.decode("ascii", errors="replace").splitlines()
    return "\n".join(line for line in lines if line.strip() and line.isprintable())
