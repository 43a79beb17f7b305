"""The real mpremote at a board's raw prompt, over a line that may lose, double or garble any byte.

Theory of operation. The raw prompt has no sums: whatever Python arrives is run, whatever is printed is
believed. So each piece of code goes with its CRC, and the board runs it only as it was sent. Each line
that comes back has its number and its CRC, and the last says how the code ended. What was damaged on the
way, in either direction, is asked for again: code that is executed must bear being executed twice.

mpremote itself waits ten seconds at most for a prompt (`read_until` in its transport_serial.py). A board
that boots, or formats its log, takes longer. So the prompt is asked for again too, until the board has
been silent for `patience_s`.
"""

from __future__ import annotations

import contextlib
import io
from binascii import b2a_base64, crc32
from collections.abc import Iterator, Mapping
from typing import Any

from .. import host
from ..errors import UnreachableError
from ..extras import require

PATIENCE_S = 90.0  # a board may erase its whole log before it answers
_BAUD = 115200
_PROMPT_S = 10.0  # mpremote's own limit, for what it reads itself
_GONE_S = 5.0  # a port on the chip's own USB is away for a moment as the board starts
_TRIES = 15  # of which something came back, and damaged
_LEAVE_TRIES = 40  # 3 of 10 arrive where one byte in a hundred is damaged
_PAUSE_S = 0.2
_LOOK_S = 0.05
_STAYS_S = 1.0  # a prompt that was not left says so at once
_PIECE_BYTES = 2048  # half a block of the file system

# Runs bytes if they are as they were sent. No damage to a comparison can make this true.
_CHECKED = "from binascii import crc32\nc=%r\n{%d:exec}[crc32(c)](c,{})"
# Numbers and sums each line that code prints, and says how it ended.
_TOLD = """from binascii import crc32
n=0
def p(*w):
 global n
 for s in " ".join(map(str,w)).split("\\n"):
  n+=1
  print(n,crc32(s),s)
try:exec(%r,{"print":p});p("done")
except Exception as e:p("failed",repr(e))
"""
_WRITE = """
from binascii import a2b_base64
with open(%r, %r) as file:
 file.seek(%d)
 file.write(a2b_base64(%r))
"""
# Short, for it must arrive. It has no sum: no damage makes it harmful.
_START_AGAIN = "import os,machine\ntry:os.remove('/service')\nexcept OSError:0\nmachine.reset()"


class _DamagedError(Exception):
    """What came back is not what the board sent, or nothing came."""


class Mpremote:
    """A board on `port`. Nothing heard of it for `patience_s`: it is gone.

    Within `with` its port stays open. `until_s`: when, by `host.waited_s`, nothing more is begun.
    `heard`: whether it has said anything at all.
    """

    def __init__(self, port: str, patience_s: float = PATIENCE_S) -> None:
        self._serial_transport = require("board", "mpremote.transport_serial").SerialTransport
        self.port = port
        self.patience_s = patience_s
        self.until_s: float | None = None
        self.heard = False
        self._kept = False
        self._transport: Any = None
        self._line: _Line | None = None
        self._at_prompt = False
        self._unread = b""

    def __enter__(self) -> Mpremote:
        self._kept = True
        return self

    def __exit__(self, *_: object) -> None:
        self._kept = False
        self._close()

    # ---- what a board is asked

    def execute(self, code: str) -> str:
        """Runs Python on the board, again if it or its answer was damaged; returns what it printed. What
        ran there before is interrupted."""
        began_s = heard_s = host.waited_s()
        damaged = 0
        while True:
            try:
                return self.attempt(code)
            except _DamagedError as error:
                problem = error
            now_s = host.waited_s()
            if self._line and self._line.heard:
                damaged, heard_s = damaged + 1, now_s
            if self.until_s is not None and now_s > self.until_s:
                raise UnreachableError(f"the board on {self.port} was not done in nine minutes",
                                       "use another cable, then do it again. What was copied is kept")
            if self._line is None and now_s - began_s > _GONE_S:
                raise UnreachableError(f"the board on {self.port} went away ({problem})",
                                       "check its power, the cable and the port's name. Close what else"
                                       " uses the port, then do it again")
            if damaged >= _TRIES or damaged and now_s - began_s > 2 * self.patience_s:
                raise UnreachableError(f"the cable of the board on {self.port} damages what it carries",
                                       "use another cable or plug, then do it again. What was copied is"
                                       " kept")
            if now_s - heard_s > self.patience_s:
                raise UnreachableError(f"the board on {self.port} no longer answers",
                                       "check its power and the cable, then do it again")
            host.wait(_PAUSE_S)

    def attempt(self, code: str, patience_s: float | None = None) -> str:
        """Runs it once; raises _DamagedError if it or its answer did not arrive whole."""
        patience_s = patience_s or self.patience_s
        with self._talking(patience_s) as transport:
            said, trace = transport.exec_raw(_checked(_TOLD % code), timeout=patience_s)
            self._at_prompt = not trace
        how, lines = _verified(said)
        if how != "done":
            raise UnreachableError(f"the board on {self.port} does not do what it is asked ({how})",
                                   "tap SW3, then do it again")
        return lines

    def answers(self, code: str, patience_s: float) -> str | None:
        """Returns what code printed, tried once; None: there is no answer that can be read."""
        try:
            return self.attempt(code, patience_s)
        except _DamagedError:
            return None

    def send(self, code: str) -> bool:
        """Has the board run code that it does not answer; returns whether it seems to have arrived."""
        try:
            with self._talking(self.patience_s) as transport:
                transport.exec_raw_no_follow(_checked(code))
                self._at_prompt = False
        except _DamagedError:
            return False
        return True

    def put(self, files: Mapping[str, bytes]) -> None:
        """Writes files, {path on the board: content}, into folders that are there, piece by piece: a
        piece that is damaged on the way is sent again, and no other."""
        for path, data in files.items():
            for at in range(0, max(len(data), 1), _PIECE_BYTES):
                piece = b2a_base64(data[at : at + _PIECE_BYTES], newline=False)
                self.execute(_WRITE % (path, "r+b" if at else "wb", at, piece))

    def start_again(self) -> None:
        """Has the board start again, in service no more; UnreachableError if it did not take that.
        Within `with`, `listen` returns what it says from then on."""
        began_s = host.waited_s()
        for _ in range(_LEAVE_TRIES):
            with contextlib.suppress(_DamagedError):
                with self._talking(self.patience_s, anew=True) as transport:
                    transport.exec_raw_no_follow(_START_AGAIN)
                    self._at_prompt = False
                    end_s, said = host.waited_s() + _STAYS_S, b""
                    while host.waited_s() < end_s:
                        said += self._read()
                if said[:1] != b"\x04" and said[-1:] != b">":  # as the raw prompt's answer has both
                    self._unread = said
                    return
            silent_s = _GONE_S if self._line is None else self.patience_s
            if not (self._line and self._line.heard) and host.waited_s() - began_s > silent_s:
                break
            host.wait(_PAUSE_S)
        raise UnreachableError(f"the board on {self.port} does not take the word to start again",
                               "tap SW3, or it starts by itself within ten minutes")

    def listen(self) -> bytes:
        """Returns what the board says now, after a moment if that is nothing."""
        unread, self._unread = self._unread, b""
        try:
            return unread or self._read()
        except Exception as error:  # pyserial raises more than it promises
            raise UnreachableError(f"the board on {self.port} went away ({error})",
                                   "see with pumplog doctor which firmware it runs") from error

    # ---- the line

    @contextlib.contextmanager
    def _talking(self, patience_s: float, anew: bool = False) -> Iterator[Any]:
        """Gives mpremote's transport at the raw prompt. Whatever goes wrong is a _DamagedError: mpremote
        raises more than it promises, and prints what it does not understand."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                self._open()
                assert self._line
                self._line.end_s = host.waited_s() + _PROMPT_S + 2 * patience_s
                self._line.heard = False
                if anew or not self._at_prompt:
                    self._transport.use_raw_paste = True  # a damaged answer reads as "I cannot"
                    self._transport.enter_raw_repl(soft_reset=False,
                                                   timeout_overall=min(_PROMPT_S, patience_s))
                self._at_prompt = False
                yield self._transport
        except Exception as error:
            if isinstance(error, OSError) or self._line is None:  # the port is away
                self._close()
            raise _DamagedError(str(error)) from error
        finally:
            self.heard |= self._line is not None and self._line.heard
            if not self._kept:
                self._close(forget=False)

    def _open(self) -> None:
        if self._transport is None:
            self._line = None
            self._transport = self._serial_transport(self.port, _BAUD)
            self._transport.is_pty = False  # else mpremote waits for ever where nothing comes
            port = self._transport.serial
            port.timeout, port.write_timeout = _PROMPT_S, _PROMPT_S
            self._line = self._transport.serial = _Line(port)
            self._at_prompt = False

    def _close(self, forget: bool = True) -> None:
        if self._transport is not None:
            if self._line:
                self._transport.serial = self._line.port
            with contextlib.suppress(Exception):
                self._transport.close()
            self._transport = None
        if forget:
            self._line = None

    def _read(self) -> bytes:
        if self._line is None:
            raise OSError("its port is closed")
        waiting = self._line.port.inWaiting()
        if waiting:
            self._line.heard = True
            data: bytes = self._line.port.read(waiting)
            return data
        host.wait(_LOOK_S)
        return b""


class _Line:
    """A port as mpremote takes it, with an end to all waiting: a board may talk for ever."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.end_s = 0.0
        self.heard = False

    def inWaiting(self) -> int:  # noqa: N802 (pyserial's name)
        """Returns how many bytes wait."""
        if host.waited_s() > self.end_s:
            raise _DamagedError("it talks without an end")
        return int(self.port.inWaiting())

    def read(self, size: int) -> bytes:
        """Reads."""
        if host.waited_s() > self.end_s:
            raise _DamagedError("it talks without an end")
        data: bytes = self.port.read(size)
        self.heard |= bool(data)
        return data

    def write(self, data: bytes) -> None:
        """Writes."""
        self.port.write(data)


def _checked(code: str) -> str:
    return _CHECKED % (code.encode(), crc32(code.encode()))


def _verified(said: bytes) -> tuple[str, str]:
    """Returns how code ended ("done", or why it failed) and what it printed; _DamagedError unless each
    line is there as the board sent it."""
    texts: list[str] = []
    for line in said.replace(b"\r", b"").split(b"\n")[:-1]:
        number, _, rest = line.partition(b" ")
        digest, _, text = rest.partition(b" ")
        if number != b"%d" % (len(texts) + 1) or digest != b"%d" % crc32(text):
            raise _DamagedError("an answer came back damaged")
        texts.append(text.decode(errors="replace"))
    if not texts or not texts[-1].startswith(("done", "failed")):
        raise _DamagedError("an answer came back damaged")
    how = texts.pop()
    return how.removeprefix("failed "), "".join(f"{text}\n" for text in texts)
