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
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import serial

from .. import host
from ..errors import IntegrityError, PartlyError, PumplogError, UnreachableError, UsageError
from .mpremote import Mpremote
from .on_board import IN_SERVICE, TO_SERVICE, Survey, survey

TRIALS = 3
_CAME_UP_S = 120.0  # three starts, each with its watchdog's 10 s, and the log's mount
_LOOK_S = 0.05
_SERVICE_TRIES, _BOOT_S, _ANSWER_S = 5, 1.0, 5.0
_MPY = 6  # the bytecode version that mpy-cross writes
_BLOCK_BYTES = 4096
_LEAVE_SERVICE = """
import machine, os
if "service" in os.listdir("/"):
    os.remove("/service")
machine.reset()
"""
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
    to_service(board, say)
    name = firmware_id(firmware)
    try:
        letter, written = _deploy_in_service(board, firmware, loader, say, force)
    except PumplogError:
        with contextlib.suppress(UnreachableError):
            leave_service(board)  # the board logs on with what it had
        raise
    if not written:
        leave_service(board)
        return Deployed(name, letter, False)
    say("every byte is checked; the board starts the new firmware")
    with board.restart(_LEAVE_SERVICE) as line:
        _await_trial(line, letter, name, say)
    return Deployed(name, letter, True)


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


def to_service(board: Mpremote, say: Callable[[str], None]) -> None:
    """Puts a board into service mode; one without a loader has nothing that runs."""
    for _ in range(_SERVICE_TRIES):
        board.run("exec", "--no-follow", TO_SERVICE)
        time.sleep(_BOOT_S)
        with contextlib.suppress(UnreachableError):  # it may have been met as it started
            if board.run("exec", IN_SERVICE, patience_s=_ANSWER_S).strip() == "True":
                say("the board is in service: it does not log until it starts again")
                return
    raise UnreachableError(f"the board on {board.port} does not go into service",
                           "hold its service button while it starts, then do it again")


def leave_service(board: Mpremote) -> None:
    """Starts the board again."""
    board.run("exec", "--no-follow", _LEAVE_SERVICE)


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
    send: dict[str, list[str]] = {}
    for name, digest in mine.items():
        if there.get(name) != digest:
            folder = str(PurePosixPath(f"/{letter}/{name}").parent)
            send.setdefault(folder, []).append(str(firmware / name))
    free_bytes = int(board.execute(
        f"import os\nfor name in {stale!r}: os.remove('/{letter}/' + name)\n"
        f"for path in {[f'/{letter}', *(f'/{letter}/{folder}' for folder in folders)]!r}:\n"
        " try: os.mkdir(path)\n except OSError as error:\n  if error.errno != 17: raise\n"
        "free = os.statvfs('/')\nprint(free[0] * free[3])\n"))
    need_bytes = sum(-(-Path(path).stat().st_size // _BLOCK_BYTES) * _BLOCK_BYTES
                     for paths in send.values() for path in paths)
    if need_bytes > free_bytes:
        raise UsageError(f"the board's file system has {free_bytes} bytes free and {need_bytes} are"
                         " needed",
                         "take what does not belong to pumplog off it")
    say(f"{sum(map(len, send.values()))} of {len(mine)} files to copy")
    board.put(send)
    board.put({f"/{letter}": [str(firmware / "manifest.json")]})


def _loader_is(found: Survey, loader: Path) -> bool:
    return all(found.files.get(f"/{name}") == hashlib.sha256((loader / name).read_bytes()).hexdigest()
               for name in LOADER_FILES)


def _write_loader(board: Mpremote, found: Survey, loader: Path) -> None:
    """Replaces the loader by renames, which happen whole or not at all; each is checked before."""
    for name in LOADER_FILES:
        digest = hashlib.sha256((loader / name).read_bytes()).hexdigest()
        if found.files.get(f"/{name}") == digest:
            continue
        board.run("fs", "cp", str(loader / name), f":/{name}.new")
        if survey(board).files.get(f"/{name}.new") != digest:
            raise IntegrityError(f"{name} did not arrive as it was sent",
                                 "nothing was switched; deploy again")
        board.execute(f"import os; os.rename('/{name}.new', '/{name}')")


def _few(found: Survey, letter: str) -> str:
    names = found.wrong(letter) or ["its manifest"]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _await_trial(
    line: serial.Serial, letter: str, name: str, say: Callable[[str], None],
) -> None:
    """Listens on the console, without a word, until the board says how the trial ended."""
    heard = b""
    end_s = host.waited_s() + _CAME_UP_S
    try:
        while host.waited_s() < end_s:
            if line.in_waiting:
                heard = (heard + line.read(line.in_waiting))[-8192:]
            else:
                time.sleep(_LOOK_S)
            if f"the firmware in /{letter} came up".encode() in heard:
                return
            if b"back to the firmware in /" in heard:
                say(_printable(heard))
                raise PartlyError(f"firmware {name} did not come up in {TRIALS} starts",
                                  "the board runs its earlier firmware again, and logs; what it printed"
                                  " is above")
    except (serial.SerialException, OSError) as error:
        raise UnreachableError(f"the board on {line.port} went away as it started ({error})",
                               "see with pumplog doctor which firmware it runs") from error
    raise PartlyError(f"firmware {name} is on the board, but it has not said within {_CAME_UP_S:.0f} s"
                      " that it came up",
                      "run pumplog doctor")


def _printable(heard: bytes) -> str:
    """Returns the text that a console printed, without the frames between it."""
    lines = heard.decode("ascii", errors="replace").splitlines()
    return "\n".join(line for line in lines if line.strip() and line.isprintable())
