"""The drugs that a bag may hold: every name of a drug, in options, keys and rows, follows from here.

The board knows the same drugs by the fields of a bag entry: pumpwire/entries.py, `<drug>_ug`.
"""

from __future__ import annotations

from dataclasses import dataclass

DRUGS = ("morphine", "bupivacaine")


@dataclass(frozen=True)
class Mass:
    """A mass of which figures are made: of one drug, in all that the patient got or in part of it."""

    drug: str  #: of DRUGS
    pcia: bool  #: only in the boluses that the patient asked for, else in all that the patient got
    label: str  #: its row in the published table

    @property
    def name(self) -> str:
        """What its keys begin with: `morphine`, `pcia_morphine`."""
        return f"pcia_{self.drug}" if self.pcia else self.drug


MASSES = (
    Mass("morphine", False, "Intrathecal opioids in morphine equivalent dose"),
    Mass("bupivacaine", False, "Intrathecal bupivacaine"),
    Mass("morphine", True, "PCIA opioid in morphine equivalent dose"),
    Mass("bupivacaine", True, "PCIA bupivacaine dose"),
)


def bag_field(drug: str) -> str:
    """Returns the field of a bag entry that holds a drug's mass in the whole bag, micrograms."""
    return f"{drug}_ug"
