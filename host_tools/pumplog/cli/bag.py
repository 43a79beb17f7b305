"""`pumplog bag`: what was mixed and hung."""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction

from ..errors import NotFound, Usage
from ..moments import since_text
from ..patients.episodes import Episode
from ..patients.roster import current_episode, named_or_current
from ..quantities import MASS_UG, VOLUME_UL, parse, show
from ..store import Entry
from .common import (
    add_ago,
    entry_json,
    entry_state,
    journal,
    new_entry,
    open_store,
    print_json,
    say,
    twofold,
)

DRUGS = ("morphine", "bupivacaine")


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("action", choices=["hang", "list"])
    parser.add_argument("name", nargs="?", metavar="NAME",
                        help="patient, board or bed (list: everybody if left out)")
    for drug in DRUGS:
        parser.add_argument(f"--{drug}", metavar="MASS",
                            help="in the whole bag, such as '110 mg', or 'none'")
    parser.add_argument("--volume", help="of the bag, such as '250 mL'")
    parser.add_argument("--confirm", action="store_true",
                        help="a twofold change from the last bag is meant")
    add_ago(parser)


def run(options: argparse.Namespace) -> int:
    """Hangs or lists."""
    with open_store(options) as store:
        if options.action == "list":
            return _list(options, named_or_current(store, options.name))
        if not options.name:
            raise Usage("whose bag? Give the patient, board or bed.")
        one = current_episode(store, options.name)
        fields = {f"{drug}_ug": _mass_ug(getattr(options, drug), f"--{drug}") for drug in DRUGS}
        fields["volume_ul"] = parse(options.volume, "--volume", VOLUME_UL)
        entry = new_entry(options, "bag", one.patient, one.board, one.assignment, fields)
        say(one.heading)
        for line in _strength(one, fields):
            say(line)
        _confirm_change(options, one.latest("bag"), fields)
        journal(options, store, entry)
    return 0


def _mass_ug(text: str | None, option: str) -> int:
    return 0 if text == "none" else parse(text, option, MASS_UG)


def _strength(one: Episode, fields: dict[str, int]) -> list[str]:
    """Returns mg per bag, mg/mL and the mg/day expected, for the nurse to check."""
    regimen = one.latest("regimen")
    lines = []
    for drug in DRUGS:
        ug = fields[f"{drug}_ug"]
        if not ug:
            lines.append(f"  {drug}: none in this bag")
            continue
        concentration = Fraction(ug, fields["volume_ul"])
        line = (f"  {drug}: {show(Fraction(ug, 1000))} mg in {show(Fraction(fields['volume_ul'], 1000))}"
                f" mL = {show(concentration)} mg/mL")
        if regimen:
            daily_ml = Fraction(regimen.fields["rate_ul_h"] * 24, 1000)
            line += f", {show(daily_ml * concentration)} mg/day expected, boluses apart"
        lines.append(line)
    if not regimen:
        lines.append("  no regimen was entered: mg/day cannot be expected")
    return lines


def _confirm_change(options: argparse.Namespace, last: Entry | None, fields: dict[str, int]) -> None:
    """Wants a twofold change of strength confirmed, by --confirm or by retyping."""
    if last is None or options.confirm:
        return
    for drug in DRUGS:
        key = f"{drug}_ug"
        before = Fraction(last.fields[key], last.fields["volume_ul"])
        after = Fraction(fields[key], fields["volume_ul"])
        if twofold(before, after):
            typed = ""
            text = f"{show(after)} mg/mL"
            if sys.stdin.isatty():
                typed = input(f"{drug} was {show(before)} mg/mL. Type {text} to confirm: ")
            if typed.strip() != text:
                raise Usage(f"{drug} would change from {show(before)} to {text}, twofold or more:"
                            " check the bag; if it is meant, add --confirm.")


def _list(options: argparse.Namespace, chosen: list[Episode]) -> int:
    """Prints the bags of these patients, oldest first."""
    found = False
    for one in chosen:
        bags = [entry for entry in one.entries if entry.kind == "bag"]
        found = found or bool(bags)
        if not options.json:
            print(one.heading + ("" if bags else ": no bag was entered, milligrams are unknown"))
        for entry in bags:
            if options.json:
                print_json(entry_json(entry))
            else:
                print(f"    since {since_text(entry.effective_at_ms)}: {_contents(entry.fields)};"
                      f" {entry_state(entry)}")
    if not found:
        raise NotFound("no bag was entered: enter it with `pumplog bag hang`.")
    return 0


def _contents(fields: dict[str, int]) -> str:
    """Returns what is in a bag."""
    drugs = []
    for drug in DRUGS:
        ug = fields[f"{drug}_ug"]
        drugs.append(f"{drug} {show(Fraction(ug, 1000))} mg"
                     f" ({show(Fraction(ug, fields['volume_ul']))} mg/mL)" if ug else f"no {drug}")
    return f"{', '.join(drugs)} in {show(Fraction(fields['volume_ul'], 1000))} mL"
