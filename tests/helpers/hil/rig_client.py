"""The host's side of the rig's protocol: see hardware/pico/README.md."""

from __future__ import annotations

import json
import time
from typing import Any

import serial

PROTOCOL = 1
ANSWER_S = 5.0
POLL_S = 0.02


class RigError(Exception):
    """The rig refuses or does not answer; the text is one sentence that says what to do."""


class Rig:
    """A rig on a serial port. All times in answers are the rig's own clock, in microseconds."""

    def __init__(self, port: str) -> None:
        self.port = port
        try:
            self._serial = serial.Serial(port, 115200, timeout=ANSWER_S)
        except serial.SerialException as error:
            raise RigError(f"no rig at {port}: {error}; plug it in, or give its port with"
                           " --rig") from None
        self._serial.reset_input_buffer()
        self._serial.write(b"\n")  # ends what another program may have left half said
        self._asked = 0
        about = self.ask("hello")
        if about.get("protocol") != PROTOCOL:
            raise RigError(f"the rig at {port} speaks protocol {about.get('protocol')}, this suite"
                           f" {PROTOCOL}: copy hardware/pico/rig onto the Pico again")
        self.version = str(about["version"])

    def close(self) -> None:
        """Lets go of the port."""
        self._serial.close()

    def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """Has the rig do something; returns its answer without id and ok."""
        self._asked += 1
        line = json.dumps({"id": self._asked, "do": do, **fields})
        self._serial.write(line.encode() + b"\n")
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            said = self._serial.readline()
            try:
                answer = json.loads(said)
            except ValueError:
                continue  # MicroPython's banner, or the rest of an earlier line
            if not isinstance(answer, dict) or answer.pop("id", None) != self._asked:
                continue
            if not answer.pop("ok"):
                raise RigError(f"the rig refused {do}: {answer['error']}")
            return answer
        raise RigError(f"the rig at {self.port} did not answer {do} within {ANSWER_S:g} s: is"
                       " hardware/pico/rig on it, and does nothing else have its port open?")

    # ---- what takes its time

    def counts(self, n: int, high_us: int = 200, low_us: int = 300) -> dict[str, Any]:
        """Gives n counts and waits for the last; returns the rig's state, `made` as read back."""
        state = self.ask("counts", n=n, high_us=high_us, low_us=low_us)
        while state["running"]:
            time.sleep(POLL_S)
            state = self.ask("counts_state")
        return state

    def press(self, contact: str, held_us: int, **bounces_us: list[int]) -> dict[str, Any]:
        """Presses and waits until the contact is open again; returns its state."""
        state = self.ask("press", contact=contact, held_us=held_us, **bounces_us)
        while state["playing"]:
            time.sleep(POLL_S)
            state = self.ask("contact_state", contact=contact)
        return state

    def cut(self, for_ms: int) -> dict[str, Any]:
        """Cuts the supply for so long and waits until it is back."""
        state = self.ask("cut", for_ms=for_ms)
        while state["cut"]:
            time.sleep(POLL_S)
            state = self.ask("supply_state")
        return state
