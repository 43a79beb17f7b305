"""The bill of materials: one line for each thing to order, with what can stand in for it."""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

from netlist import Netlist, Part

COLUMNS = ("quantity", "references", "value", "maker", "maker_part_number", "alternatives", "footprint",
           "where", "note")


def _order(part: Part) -> tuple[str, int]:
    letters, number = re.fullmatch(r"([A-Z]+)(\d+)", part.ref).groups()
    return letters, int(number)


def rows(netlist: Netlist) -> list[tuple[str, ...]]:
    """Returns the lines, in the order of their first reference."""
    groups: dict[tuple[str, ...], list[Part]] = {}
    for part in sorted(netlist.parts.values(), key=_order):
        label = "" if part.kind == "test_point" or part.kind.startswith("socket") else part.value
        groups.setdefault((part.mpn, label, part.where), []).append(part)
    return [(str(len(group)), " ".join(part.ref for part in group), label, group[0].maker, mpn,
             group[0].alternatives, group[0].footprint.partition(":")[2], where, group[0].note)
            for (mpn, label, where), group in groups.items()]


def accessories() -> list[tuple[str, ...]]:
    """Returns the lines of what is on no sheet."""
    listed = tomllib.loads(Path(__file__).with_name("accessories.toml").read_text(encoding="utf-8"))
    return [(str(item["quantity"]), "", item["what"], item["maker"], item["mpn"], item["alternatives"],
             "", "beside the board", "") for item in listed["accessory"]]


def faults(lines: list[tuple[str, ...]]) -> list[str]:
    """Returns what cannot be ordered: a line without a maker, the maker's number, or an alternative."""
    found = []
    for line in lines:
        item = dict(zip(COLUMNS, line, strict=True))
        name = f"{item['references']} ({item['value']})" if item["references"] else item["value"]
        found += [f"bom.csv: {name} has no {column}"
                  for column in ("maker", "maker_part_number", "alternatives")
                  if item[column].strip().lower() in ("", "any")]
    return found


def write(netlist: Netlist, path: Path) -> tuple[list[str], str]:
    """Writes the list as CSV; returns what cannot be ordered, and how many lines it has."""
    lines = rows(netlist) + accessories()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(lines)
    return faults(lines), f"{len(lines)} lines in bom.csv, each with a maker's number and an alternative"
