"""`pumplog bag`: what was mixed and hung."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction

from ..entries import Entry
from ..episodes import Episode, episode
from ..errors import NotFound, Usage
from ..quantities import MASS_UG, VOLUME_UL, parse, show
from .common import heading, journal, new_entry, open_store, print_json, say, utc_text

DRUGS = ("morphine", "bupivacaine")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["hang", "list"])
    parser.add_argument("name", metavar="PATIENT", help="patient, board or bed")
    for drug in DRUGS:
        parser.add_argument(f"--{drug}", metavar="MASS", help="in the whole bag, such as '110 mg'")
    parser.add_argument("--volume", help="of the bag, such as '250 mL'")
    parser.add_argument("--confirm", action="store_true",
                        help="a twofold change from the last bag is meant")


def run(options: argparse.Namespace) -> int:
    """Hangs or lists."""
    with open_store(options) as store:
        one = episode(store, options.name)
        if options.action == "list":
            return _list(options, one)
        fields = {f"{drug}_ug": parse(getattr(options, drug) or "", f"--{drug}", MASS_UG)
                  for drug in DRUGS}
        fields["volume_ul"] = parse(options.volume or "", "--volume", VOLUME_UL)
        say(heading(one))
        for line in _strength(one, fields):
            say(line)
        _confirm_change(options, one.latest("bag"), fields)
        journal(options, store, new_entry(options, "bag", one.patient, one.board, one.assignment,
                                          fields))
    return 0


def _strength(one: Episode, fields: dict[str, int]) -> list[str]:
    """Returns mg per bag, mg/mL and the mg/day expected, for the nurse to check."""
    regimen = one.latest("regimen")
    lines = []
    for drug in DRUGS:
        ug = fields[f"{drug}_ug"]
        concentration = Fraction(ug, fields["volume_ul"])
        line = (f"  {drug}: {show(Fraction(ug, 1000))} mg in {show(Fraction(fields['volume_ul'], 1000))}"
                f" mL = {show(concentration)} mg/mL")
        if regimen:
            daily_ml = Fraction(regimen.fields["rate_ul_h"] * 24, 1000)
            line += f", continuous {show(daily_ml * concentration)} mg/day"
        lines.append(line)
    return lines


def _confirm_change(options: argparse.Namespace, last: Entry | None, fields: dict[str, int]) -> None:
    """Wants a twofold change of strength confirmed, by --confirm or by retyping."""
    if last is None or options.confirm:
        return
    for drug in DRUGS:
        key = f"{drug}_ug"
        before = Fraction(last.fields[key], last.fields["volume_ul"])
        after = Fraction(fields[key], fields["volume_ul"])
        if after >= 2 * before or 2 * after <= before:
            typed = ""
            text = f"{show(after)} mg/mL"
            if sys.stdin.isatty():
                typed = input(f"{drug} was {show(before)} mg/mL. Type {text} to confirm: ")
            if typed.strip() != text:
                raise Usage(f"{drug} would change from {show(before)} to {text}, twofold or more:"
                            " check the bag; if it is meant, add --confirm.")


def _list(options: argparse.Namespace, one: Episode) -> int:
    bags = [entry for entry in one.entries if entry.kind == "bag"]
    if not bags:
        raise NotFound(f"no bag was entered for {one.patient}: enter it with `pumplog bag hang`.")
    for entry in bags:
        if options.json:
            print_json({"patient": one.patient, "effective_utc": utc_text(entry.effective_at_ms),
                        **{name: str(value) for name, value in entry.fields.items()},
                        "author": entry.author, "on_board": entry.seq is not None})
        else:
            state = "" if entry.seq is not None else ", not yet on board"
            drugs = ", ".join(f"{drug} {show(Fraction(entry.fields[f'{drug}_ug'], 1000))} mg"
                              for drug in DRUGS)
            print(f"{utc_text(entry.effective_at_ms)}  {drugs} in"
                  f" {show(Fraction(entry.fields['volume_ul'], 1000))} mL, {entry.author}{state}")
    return 0
