"""Makes docs/LOG_FORMAT.md's tables from pumpwire: `python tests/helpers/docs/log_format_doc.py`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

from pumpwire import entries, names, records  # noqa: E402

from helpers.docs.made_blocks import made_anew  # noqa: E402
from helpers.on_board.log_vectors import load  # noqa: E402

DOC = ROOT / "docs" / "LOG_FORMAT.md"
EXAMPLE = "closed_sealed"
NUMBERS = {  # a field's numbers: where their words stand
    "boot.reason": names.BOOT_REASONS, "demand.outcome": names.OUTCOMES,
    "demand.reason": names.REASONS, "bolus.source": names.SOURCES, "pump.state": names.PUMP_STATES,
    "gap.cause": names.GAPS, "signature.signature": names.SIGNATURES,
    "signature.state": names.SIGNATURE_STATES, "power.state": names.SUPPLY_STATES,
    "cells.what": names.CELLS, "access.op": names.ACCESS_OPS, "access.result": names.ACCESS_RESULTS,
    "memory.when": names.MEMORY_MOMENTS, "memory.radio": names.RADIO_STATES,
}
VALUES = {  # what stands in an entry's fields, where the name and its unit do not say it
    entries.PATIENT_START: "the stay begins",
    entries.PATIENT_MOVE: "the stay goes on with this board",
    entries.PATIENT_WITHDRAW: "the stay ends, and the patient leaves the study",
    entries.PATIENT_END: "the stay ends",
    entries.BAG: "a bag was hung: what it holds in all",
    entries.REGIMEN: "rate 0: no continuous rate; bolus 0: none; lockout_s counts from the beginning of"
                     " a bolus if lockout_from_end is 0, from its end if it is 1",
    entries.READING: "what the pump's display says was delivered; no software writes it yet",
    entries.CHART: "item: a number that no list has given yet; value_milli: thousandths of its unit. No"
                   " software writes it yet",
    entries.CORRECTION: "the entry of that uuid does not count: its 16 bytes in order, four u32 of four"
                        " bytes each; reason: a number, none was given yet, so 0. A correction that is"
                        " itself corrected does not count. No software writes it yet",
}
_LINE_BYTES = 16


def remarks() -> dict[int, str]:
    """Returns the comment above each kind in pumpwire.records."""
    source = (ROOT / "firmware" / "pumpwire" / "records.py").read_text()
    table = source[source.index("KINDS = {") :]
    table = table[: table.index("\n}\n")]
    found: dict[int, str] = {}
    held: list[str] = []
    for line in table.splitlines():
        words = line.strip()
        if words.startswith("# "):
            held.append(words[2:])
        elif begins := re.match(r"    ([A-Z]+): \(?b", line):
            found[getattr(records, begins[1])] = " ".join(held)
            held = []
    return found


def kinds() -> str:
    """Returns the table of kinds."""
    lines = ["| kind | name | fields, each with its code | meaning |", "|---|---|---|---|"]
    said = remarks()
    for kind in sorted(records.KINDS):
        fields = ", ".join(f"{field} {chr(code)}" for field, code in records.fields_of(kind))
        lines.append(f"| {kind} | {records.name_of(kind)} | {fields} | {_plain(said[kind])} |")
    return "\n".join(lines)


def _plain(remark: str) -> str:
    """Returns a remark without the names of our own modules."""
    remark = re.sub(r"see (\w+ and \w+ in )?pumpwire\.names(\.\w+)?", "see below", remark)
    remark = re.sub(r"pumpwire\.\w+(\.\w+)?", "see below", remark)
    for name in ("NEVER_S", "NO_TEMPERATURE"):
        remark = remark.replace(name, str(getattr(records, name)))
    return remark


def entry_kinds() -> str:
    """Returns the table of what people enter."""
    lines = ["| kind | name | fields | values |", "|---|---|---|---|"]
    lines += [f"| {kind} | {name} | {', '.join(fields)} | {VALUES[kind]} |"
              for kind, (name, fields) in sorted(entries.KINDS.items())]
    return "\n".join(lines)


def numbers() -> str:
    """Returns the table of what numbers in fields mean."""
    lines = ["| field | numbers |", "|---|---|"]
    for field, words in NUMBERS.items():
        lines.append(f"| {field} | {', '.join(f'{n} {word}' for n, word in words.items())} |")
    lines.append(f"| relief.since_bolus_s | {records.NEVER_S} never |")
    lines.append(f"| weight.temperature_c4 | {records.NO_TEMPERATURE} not measured |")
    return "\n".join(lines)


def worked_page() -> str:
    """Returns the worked page, a line a frame."""
    data, said = load(EXAMPLE)
    lines = ["```page"]
    for at, end, words in _parts(said):
        for line_at in range(at, end, _LINE_BYTES):
            piece = data[line_at : min(end, line_at + _LINE_BYTES)]
            text = words.pop(0) if words else ""
            lines.append(f"{line_at:4}  {piece.hex(' ').upper():47}  {text}".rstrip())
        for text in words:
            lines.append(" " * 55 + text)
    return "\n".join([*lines, "```"])


def _parts(said: dict[str, Any]) -> Iterator[tuple[int, int, list[str]]]:
    header = said["header"]
    footer = said["footer"]
    yield 0, 16, [f"log_id 0x{header['log_id']:08X}, first_seq {header['first_seq']}"]
    yield 16, 28, [f"boot {header['boot']}, base_s {header['base_s']}, base_tick {header['base_tick']}"]
    ends = [frame["at"] for frame in said["frames"][1:]] + [footer["used"]]
    for frame, end in zip(said["frames"], ends, strict=True):
        yield frame["at"], end, [_words(r) for r in frame.get("records", ())] or ["filler"]
    yield 4061, 4080, [f"used {footer['used']}, count {footer['count']}, key_id {footer['key_id']},"
                       f" flags {footer['flags']},", "previous, CRC-32"]
    yield 4080, 4096, ["seal"]


def _words(record: dict[str, Any]) -> str:
    fields = " ".join(str(value) for name, value in record["fields"].items() if name != "entry")
    name = record["name"] or f"kind {record['kind']}"
    return f"{record['seq']} {name} {record['boot']} {record['uptime_ms']}: {fields}".rstrip(": ")


def worked_entry() -> str:
    """Returns the entry of the worked page, a line a field."""
    _, said = load(EXAMPLE)
    (data,) = [bytes.fromhex(record["fields"]["entry"]) for frame in said["frames"]
               for record in frame.get("records", ()) if record["name"] == "entry"]
    _, author, entered_s, effective_s, assignment, kind, fields = entries.unpack(data)
    words = ["uuid", f"author {author.decode()}", f"entered_at {entered_s}, {_utc(entered_s)}",
             f"effective_at {effective_s}, {_utc(effective_s)}", f"assignment 0x{assignment:08X}",
             f"kind {kind}, {entries.KINDS[kind][0]}", ""]
    words += [f"{name} {value}" for name, value in fields.items()]
    lines = ["```entry"]
    at = 0
    for size, text in zip((16, 4, 4, 4, 4, 1, 1, *(4,) * len(fields)), words, strict=True):
        lines.append(f"{at:4}  {data[at : at + size].hex(' ').upper():47}  {text}".rstrip())
        at += size
    assert at == len(data)
    return "\n".join([*lines, "```"])


def _utc(seconds: int) -> str:
    return f"{datetime(2020, 1, 1) + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} UTC"


MADE = {"kinds": kinds, "numbers": numbers, "entries": entry_kinds, "entry": worked_entry,
        "page": worked_page}


if __name__ == "__main__":
    DOC.write_text(made_anew(DOC.read_text(), MADE))
