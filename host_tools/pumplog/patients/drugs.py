"""The drugs that a bag may hold: every name of a drug, in options, keys and rows, follows from here.

The board knows the same drugs by the fields of a bag entry: pumpwire/entries.py, `<drug>_ug`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Drug:
    """A drug, and its two rows in the published table."""

    name: str  #: what options and keys have, in small letters
    label: str  #: the row of all that patients got
    pcia_label: str  #: the row of the boluses that patients asked for


_DRUGS = (
    Drug("morphine", "Intrathecal opioids in morphine equivalent dose",
         "PCIA opioid in morphine equivalent dose"),
    Drug("bupivacaine", "Intrathecal bupivacaine", "PCIA bupivacaine dose"),
)
DRUGS = tuple(drug.name for drug in _DRUGS)


@dataclass(frozen=True)
class Mass:
    """A mass of which figures are made: of a drug, in all that the patient got or in part of it."""

    name: str  #: what its keys begin with: `morphine`, `pcia_morphine`
    drug: str  #: of DRUGS
    pcia: bool  #: only in the boluses that the patient asked for, else in all that the patient got
    label: str  #: its row in the published table


MASSES = (*(Mass(drug.name, drug.name, False, drug.label) for drug in _DRUGS),
          *(Mass(f"pcia_{drug.name}", drug.name, True, drug.pcia_label) for drug in _DRUGS))


def bag_field(drug: str) -> str:
    """Returns the field of a bag entry that holds a drug's mass in the whole bag, micrograms."""
    return f"{drug}_ug"
