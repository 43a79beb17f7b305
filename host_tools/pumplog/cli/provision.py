"""`pumplog provision`: gives a board its name, keys, check code and calibration, over the cable."""

from __future__ import annotations

import argparse

from ..deploy import labels, provisioning
from ..errors import PartlyError, UsageError
from ..extras import require
from ..files import write_private
from .options import open_store, path
from .screen import print_json, print_text, say


def add(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--name", help="neutral board name, such as B01")
    parser.add_argument("--port", help="the board's serial port, as in --link serial:PORT")
    parser.add_argument("--ul-per-count", metavar="VOLUME",
                        help="calibrated volume a count, such as '1 uL'")
    parser.add_argument("--uncertainty-percent", default=provisioning.UNCERTAINTY_PERCENT,
                        metavar="PERCENT",
                        help="standard uncertainty of that calibration (default 2.5)")
    parser.add_argument("--cell-zero", type=int, default=provisioning.CELL_ZERO,
                        help="load cell, raw, empty bag hung")
    parser.add_argument("--cell-per-kg", type=int, default=provisioning.CELL_PER_KG,
                        help="load cell, raw per kg")
    parser.add_argument("--batch", type=path, metavar="FILE.csv", help="many boards, each on a"
                        " line, with the columns name, port, ul_per_count and, if wanted,"
                        " uncertainty_percent, cell_zero, cell_per_kg, check")
    parser.add_argument("--labels", type=path, metavar="FILE.svg", help="write the boards' labels: name,"
                        " check code, and a QR code with nothing but the name")


def run(options: argparse.Namespace) -> int:
    """Provisions one board, or those of a batch; PartlyError if some of a batch were not."""
    plans = _plans(options)
    if options.labels:
        require("board", "segno")  # before a board is written to
    labelled: list[tuple[str, int]] = []
    failed: list[provisioning.Provisioned] = []
    with open_store(options, make=True) as store:
        for done in provisioning.provision_each(store, plans):
            if done.error and not options.batch:
                raise done.error
            if done.check_code is None:
                failed.append(done)
                continue
            labelled.append((done.plan.name, done.check_code))
            if options.json:
                print_json(done.to_json())
            else:
                print_text(done.to_text())
    if labelled and options.labels:
        write_private(options.labels, labels.sheet(labelled))
        say(f"labels are in {options.labels}: print them at 100 %; the keys stay in this store")
    elif labelled:
        say("write the check code on the board's label; the keys stay in this store")
    if any(plan.cell_zero == provisioning.CELL_ZERO for plan in plans):
        say("without --cell-zero nobody knows what is in a bag: measure it with an empty bag hung, then"
            " provision again with --check CODE")
    if failed:
        raise PartlyError(
            f"{len(failed)} of {len(plans)} boards were not provisioned",
            " ".join(f"{done.plan.name}: {done.error}" for done in failed).removesuffix("."))
    return 0


def _plans(options: argparse.Namespace) -> list[provisioning.Plan]:
    if options.batch:
        return provisioning.read_batch(options.batch, options.uncertainty_percent, options.cell_zero,
                                       options.cell_per_kg)
    if not options.name or not options.ul_per_count:
        raise UsageError("no board was named",
                         "give its --name and its --ul-per-count, or --batch FILE.csv")
    link = f"serial:{options.port}" if options.port else options.link or ""
    return [provisioning.plan_board(options.name, link, options.ul_per_count,
                                    options.uncertainty_percent, options.cell_zero,
                                    options.cell_per_kg, options.check)]
