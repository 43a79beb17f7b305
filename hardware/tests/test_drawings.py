"""The drawings: what a reader sees on a sheet, and the harness held against the netlist."""

from __future__ import annotations

import copy
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))

from draw import harness, sheets  # noqa: E402
from netlist import Netlist, Part, Pin  # noqa: E402


def part(ref: str, kind: str, where: str, value: str, *nets: str) -> Part:
    pins = tuple(Pin(str(n), "", False, net) for n, net in enumerate(nets, 1))
    return Part(ref, value, "", kind, "power", where, "", "", "", "", pins)


NETLIST = Netlist({one.ref: one for one in (
    part("J1", "jack", "board", "5 V", "JACK", "GND"),
    part("J2", "socket_4", "board", "", "COUNT_LEAD_A", "COUNT_LEAD_B", "COUNT_SENSOR", "GND_COUNT"),
    part("J3", "socket_2", "board", "", "HANDSET_LEAD_A", "HANDSET_LEAD_B"),
    part("J4", "socket_cell", "board", "", "CELL_SUPPLY", "GND", "CELL_PLUS", "CELL_MINUS"),
    part("J5", "socket_relief", "board", "", "RELIEF_CONTACT", "GND"),
    part("J6", "console", "board", "", "GND", "", "", "CONSOLE_RX", "CONSOLE_TX", ""),
    *(part(f"R{n}0{leg}", "resistor_line", "lead", value, f"{tap}_LINE_{end}", f"{tap}_LEAD_{end}")
      for tap, n, value in (("COUNT", 1, "100k"), ("HANDSET", 2, "1M"))
      for leg, end in ((1, "A"), (2, "B"))),
)})


def test_a_name_that_stands_only_in_an_id_is_not_seen() -> None:
    drawn = '<g id="cell_D603 1.5KE6V8A"><text x="2">X1</text></g><text class="a">R601</text>'
    assert sheets.unseen(["D603", "R601", "R60"], drawn) == ["D603", "R60"]


def test_a_sheet_has_room_for_words_that_stand_out_of_their_parts() -> None:
    drawn = sheets.with_margin('<svg xmlns="x" width="100" height="50.5"><style></style></svg>')
    assert 'width="300" height="110.5" viewBox="-100 -30 300 110.5"' in drawn


def test_the_harness_is_the_one_of_the_netlist() -> None:
    assert harness.faults(NETLIST) == []


@pytest.mark.parametrize(("change", "said"), [
    (lambda drawn: drawn["connectors"].pop("J5"), "does not show J5"),
    (lambda drawn: drawn["connectors"]["R201"].update(type="head resistor 10 k"), "R201 as 10k"),
    (lambda drawn: drawn["connectors"]["J4"].update(pinlabels=["E+", "E-", "S-", "S+"]),
     "J4 pin 3 is S-, which is CELL_MINUS, and CELL_PLUS on the board"),
    (lambda drawn: drawn["connections"].__setitem__(1, [{"J2": [1]}, {"WC1": [1]}, {"R102": [1]}]),
     "J2 pin 1 (COUNT_LEAD_A) is joined to R102"),
    (lambda drawn: drawn["connections"].pop(5), "R201 is not joined to the board"),
    (lambda drawn: drawn["connectors"]["J6"].update(pinlabels=["GND", "", "", "TX", "RX", ""]),
     "J6 pin 4 is TX"),
    (lambda drawn: drawn["connectors"]["CELL"]["pinlabels"].reverse(), "J4 E+ goes to S- white"),
    (lambda drawn: drawn["connectors"]["CONSOLE"].update(pinlabels=["GND", "RXD", "TXD"]),
     "J6 RX goes to RXD"),
])
def test_a_harness_that_differs_from_the_netlist_is_told(change: object, said: str) -> None:
    drawn = copy.deepcopy(yaml.safe_load(harness.SOURCE.read_text(encoding="utf-8")))
    change(drawn)
    found = harness.differences(NETLIST, drawn)
    assert any(said in fault for fault in found), found


def test_no_bare_wire_lies_between_a_head_resistor_and_the_pump() -> None:
    drawn = copy.deepcopy(yaml.safe_load(harness.SOURCE.read_text(encoding="utf-8")))
    drawn["cables"]["LH1"]["length"] = 0.05
    assert any("LH1" in fault and "leg" in fault for fault in harness.differences(NETLIST, drawn))
