"""The wires, before anything else: a fault here says which one."""

import pytest
from helpers.hil import cables
from helpers.hil.bed import Bed
from helpers.hil.rig_client import Rig
from helpers.hil.simulated_rig import SimulatedRig
from helpers.hil.virtual_cables import Cables
from pumpbench.board import UsbBoard


def test_every_wire_arrives_and_moves_nothing_else(service: Bed) -> None:
    found = cables.faults(service, service.rig)
    assert not found, "\n".join(found)


@pytest.mark.virtual_only
@pytest.mark.parametrize("wire", ["COUNT", "HANDSET", "RELIEF", "SERVICE", "LIGHT", "COUNT_BACK",
                                  "SUPPLY_BACK"])
def test_a_broken_wire_is_named(service: Bed, virtual: UsbBoard, wire: str) -> None:
    ends = Cables(virtual)
    service.rig.ask("cell", fitted=False)  # two rigs hang on the board now, and only one weighs
    with SimulatedRig(ends.heard, broken=(wire,), looked=ends.looked) as broken:
        rig = Rig(broken.port)
        found = cables.faults(service, rig)
        rig.close()
    service.rig.ask("cell", fitted=True)
    named = {sentence.split(":")[0] for sentence in found}
    assert wire in named and named <= {wire, "COUNT_BACK"}, found
