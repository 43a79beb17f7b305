"""`pumplog doses`: volumes and milligrams of one patient in one window."""

from __future__ import annotations

import argparse

from ..dose import Window, doses
from ..patients import episode, observed_of
from .options import add_unproven, open_store
from .screen import print_json, print_text


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("name", metavar="NAME", help="patient, board or bed")
    parser.add_argument("--window", default="0+3", metavar="START+DAYS",
                        help="days from the patient's start (default 0+3)")
    add_unproven(parser)


def run(options: argparse.Namespace) -> int:
    """Prints the doses."""
    window = Window.parse(options.window, "--window")
    with open_store(options) as store:
        patient = episode(store, options.name)
        found = doses(patient, observed_of(store, patient, options.unproven), *window.of(patient))
    print_json(found.to_json()) if options.json else print_text(found.to_text(patient.heading))
    return 0
