"""The rig's whole firmware, under MicroPython behind a pseudo-terminal, and its host's client."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest
import serial
from helpers.hil.rig_client import Rig, RigError
from helpers.hil.simulated_rig import CONVERSION, SimulatedRig
from helpers.hil.untested import UNTESTED
from helpers.paths import ROOT, STAND_INS
from pumpbench.board.virtual_board import find_micropython
from rig import wires

COUNT, HANDSET, SERVICE, CUT, LIGHT = 2, 6, 8, 9, 11


class Ends:
    """What arrives at the other ends of the rig's wires."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int, int]] = []

    def hear(self, us: int, what: int, value: int) -> None:
        self.heard.append((us, what, value))

    def levels(self, gpio: int) -> list[tuple[int, int]]:
        return [(us, value) for us, what, value in self.heard if what == gpio]

    def come(self, rig: Rig, gpio: int, before: int, n: int) -> list[tuple[int, int]]:
        """Returns the n levels that came after the first `before`. The rig answers over its cable and
        moves its wires beside it: on a busy computer the answer may be here first."""
        while len(self.levels(gpio)) < before + n:
            rig.ask("read")
        return self.levels(gpio)[before:]


@pytest.fixture(scope="module")
def bench() -> Iterator[tuple[Rig, Ends]]:
    ends = Ends()
    with SimulatedRig(ends.hear, looked=lambda drive: drive(LIGHT, 1)) as simulated:
        rig = Rig(simulated.port)
        yield rig, ends
        rig.close()


def lengths_us(changes: list[tuple[int, int]]) -> list[int]:
    return [b - a for (a, _), (b, _) in zip(changes, changes[1:], strict=False)]


def test_a_bolus_is_given_whole_and_told_as_read_back(bench: tuple[Rig, Ends]) -> None:
    rig, ends = bench
    before = len(ends.levels(COUNT))
    state = rig.counts(100, high_us=200, low_us=300)
    assert (state["asked"], state["made"]) == (100, 100)
    changes = ends.come(rig, COUNT, before, 200)
    assert lengths_us(changes) == [200, 300] * 99 + [200]
    assert state["ended_us"] - state["began_us"] >= 50_000


def test_a_press_bounces_as_told(bench: tuple[Rig, Ends]) -> None:
    rig, ends = bench
    before = len(ends.levels(HANDSET))
    bounces, opening = [400, 300, 50, 1200], [700, 90]
    state = rig.press("HANDSET", 120_000, bounces_us=bounces, opening_bounces_us=opening)
    assert state["presses"] == 1 and not state["closed"]
    if state["late"] == 0:  # a machine that stood still is told, not hidden
        changes = ends.come(rig, HANDSET, before, len(bounces) + len(opening) + 2)
        assert lengths_us(changes) == [*bounces, 120_000, *opening]


def test_contacts_are_held_and_everything_goes_to_rest(bench: tuple[Rig, Ends]) -> None:
    rig, ends = bench
    gpios = (SERVICE, HANDSET, CUT)
    before = [len(ends.levels(gpio)) for gpio in gpios]
    rig.ask("hold", contact="SERVICE", closed=True)
    rig.ask("hold", contact="HANDSET", closed=True)
    rig.ask("cut")
    rig.ask("rest")
    for gpio, had in zip(gpios, before, strict=True):
        assert [level for _, level in ends.come(rig, gpio, had, 2)] == [1, 0]


def test_the_supply_is_cut_for_as_long_as_asked(bench: tuple[Rig, Ends]) -> None:
    rig, ends = bench
    before = len(ends.levels(CUT))
    state = rig.cut(for_ms=150)
    changes = ends.come(rig, CUT, before, 2)
    assert [level for _, level in changes] == [1, 0]
    assert lengths_us(changes)[0] >= 149_000
    assert state["back_us"] - state["cut_us"] >= 150_000


def test_the_weight_goes_out_after_it_settled(bench: tuple[Rig, Ends]) -> None:
    rig, ends = bench
    rig.ask("weigh", raw=-4242)
    while rig.ask("cell_state")["settling"]:
        time.sleep(0.05)
    before = len(ends.levels(CONVERSION))
    while len(ends.levels(CONVERSION)) < before + 2:
        rig.ask("cell_state")
    assert ends.levels(CONVERSION)[-1][1] == -4242


def test_inputs_are_read(bench: tuple[Rig, Ends]) -> None:
    rig, _ = bench
    assert rig.ask("read")["light"] == 1


@pytest.mark.parametrize("fields, says", [
    ({"do": "infuse"}, "do must be one of"),
    ({"do": "counts", "n": 0, "high_us": 200, "low_us": 300}, "n must be a whole number from 1 to"),
    ({"do": "counts", "n": 5, "high_us": 200}, "low_us must be"),
    ({"do": "counts", "n": 5, "high_us": 4, "low_us": 300}, "high_us must be"),
    ({"do": "press", "contact": "KNEE", "held_us": 1000}, "contact must be one of"),
    ({"do": "press", "contact": "RELIEF", "held_us": 1000, "bounces_us": [50]}, "pairs"),
    ({"do": "weigh", "raw": 1 << 23}, "raw must be"),
    ({"do": "hold", "contact": "SERVICE", "closed": 1}, "true or false"),
    ({"do": "read", "all": True}, "does not know: all"),
])
def test_what_it_cannot_do_it_says_in_a_sentence(
    bench: tuple[Rig, Ends], fields: dict[str, object], says: str,
) -> None:
    rig, _ = bench
    with pytest.raises(RigError, match=says):
        rig.ask(str(fields.pop("do")), **fields)


@pytest.mark.parametrize("line, says", [
    (b"help()", "no line of JSON"), (b"[1, 2]", "must be an object"), (b"{" * 3000, "no line of JSON"),
    (b"\xff\xfe{}", "no line of JSON"),
])
def test_any_line_is_answered(bench: tuple[Rig, Ends], line: bytes, says: str) -> None:
    rig, _ = bench
    rig.close()
    with serial.Serial(rig.port, timeout=5) as port:
        port.write(line + b"\r\n")
        answer = json.loads(port.readline())
        assert answer["ok"] is False and says in answer["error"]
        port.timeout = 0.2
        port.read(10_000)
    rig.__init__(rig.port)  # type: ignore[misc]
    assert rig.ask("hello")["protocol"] == 1


def test_a_broken_wire_shows_in_what_the_rig_reads_back() -> None:
    with SimulatedRig(broken=("COUNT_BACK",)) as simulated:
        rig = Rig(simulated.port)
        assert rig.counts(10)["made"] == 0
        rig.close()


def test_the_manual_has_every_wire_and_every_command() -> None:
    manual = (ROOT / "hardware" / "pico" / "README.md").read_text()
    for name, gpio, way, to, through in wires.WIRES:
        assert f"| {name} | GP{gpio} | {way} | {to} | {through} |" in manual
    program = "import json\nfrom rig import protocol\n" \
        "print(json.dumps({name: sorted(fields) for name, (_, fields) in protocol.COMMANDS.items()}))"
    path = f"{STAND_INS / 'pico'}:{ROOT / 'hardware' / 'pico'}"
    done = subprocess.run([find_micropython(), "-c", program], env={"MICROPYPATH": path},
                          capture_output=True, check=True)
    for name, fields in json.loads(done.stdout).items():
        row = next(line for line in manual.splitlines() if line.startswith(f"| `{name}` |"))
        assert sorted(re.findall(r"`(\w+)`", row.split("|")[2])) == fields, row


def test_the_docs_say_what_remains_untested() -> None:
    page = (ROOT / "docs" / "test_engineer.md").read_text()
    for line in UNTESTED:
        assert f"\n- {line}\n" in page


def test_no_rig_is_one_sentence() -> None:
    with pytest.raises(RigError, match="no rig at /dev/nothing"):
        Rig("/dev/nothing")
