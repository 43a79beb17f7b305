"""Makes the tables in docs/BLE.md from the firmware's own: `python tests/helpers/docs/ble_doc.py`."""

from __future__ import annotations

import ast
import re
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

from pumpwire import (  # noqa: E402
    commands,
    gatt,
    names,
    pairing,
    proofs,
    racp,
    receiving,
    seal,
    serial_frame,
    stream,
    uuids,
)
from pumpwire import elapsed as wire_elapsed  # noqa: E402

from helpers.docs.ble_example import KEY, NONCE, conversation  # noqa: E402
from helpers.docs.made_blocks import made_anew  # noqa: E402

DOC = ROOT / "docs" / "BLE.md"
NAMES = {uuids.INFO: "INFO", uuids.STATUS: "STATUS", uuids.RACP: "RACP", uuids.LOG: "LOG",
         uuids.FLOW: "FLOW", uuids.COMMAND: "COMMAND", uuids.PAIRING: "PAIRING"}
ABOUT = {gatt.MANUFACTURER: "manufacturer name", gatt.MODEL: "model number",
         gatt.SERIAL: "serial number", gatt.FIRMWARE_REVISION: "firmware revision",
         gatt.HARDWARE_REVISION: "hardware revision"}
PROPERTIES = {"FLAG_READ": "read", "FLAG_WRITE": "write", "FLAG_NOTIFY": "notify",
              "FLAG_INDICATE": "indicate", "FLAG_WRITE_NO_RESPONSE": "write without response"}
TYPES = {"B": "u8", "b": "i8", "H": "u16", "I": "u32", "i": "i32"}
STATUS = {
    "boot": "number of this start of the board",
    "uptime_s": "uptime: seconds", "uptime_ms": "and milliseconds",
    "oldest_seq": "the oldest record that the board still has",
    "next_seq": "the log's head: the record that would come next",
    "rate_ul_h": "continuous rate, uL/h; FFFFFFFF not known yet", "rate_low_ul_h": "its lower bound",
    "rate_high_ul_h": "its upper bound",
    "reservoir_ul": "what the bag holds, uL; -1 not known", "reservoir_se_ul": "its standard error, uL",
    "signatures": "possibilities that are open: a bit each, see below",
    "last_bolus_age_s": "seconds since the last bolus began; FFFFFFFF none since the board started",
    "assignment": "random number of the patient's stay; 0 none",
    "pl_per_count": "calibration: picolitres a count", "flags": "see below",
    "memory_free": "memory left for the radio, bytes", "memory_largest": "of it in one piece",
    "memory_lowest": "the least that was left since the board started",
    "ticks_skipped": "ticks of a tenth of a second that never came since then",
    "late_ms": "how late the latest tick came, ms, since then or the last LOOP record",
}
ELAPSED = {
    "flags": "25: a tick counter, of 100 ms, on the present timeline",
    "time": "tenths of seconds of uptime",
    "time_high": "upper 16 of its 48 bits", "source": "7: not synchronised", "offset": "0: no time zone",
    "clock_status": "0", "capabilities": "0",
}
FLAGS = {commands.FLAG_LOGGING: "records are being written",
         commands.FLAG_RUNNING: "the pump was seen to run",
         commands.FLAG_ANCHORED: "a computer has said the time since the board started",
         commands.FLAG_RADIO_HELD: "no link is taken on the radio, and no pairing window opens: memory"
                                   " is short"}
KEY_AND_PRESENCE = "device key, and code or button"
BODIES = {  # op: name, request body, answer's body, what it needs
    commands.TIME: ("TIME", "", "u32 boot, u32 uptime_s, u16 uptime_ms", ""),
    commands.ANCHOR: ("ANCHOR", "u32 epoch_s, u16 epoch_ms, u16 uncertainty_ms, u32 host_id, u8 synced,"
                      " then the 10 bytes that TIME answered", "u32 seq of its record", "device key"),
    commands.ENTRY: ("ENTRY", "an entry, as in the log's format, at most 128 bytes",
                     "u32 seq of its record", KEY_AND_PRESENCE),
    commands.PROVISION: ("PROVISION", "12 name, 32 device key, 32 pairing key, u32 check code, u32"
                         " pl_per_count, u32 uncertainty_ppm, i32 cell_zero, i32 cell_per_kg",
                         "u32 seq of the CALIBRATION", "the cable, never this link; once the board has a"
                         f" key also {KEY_AND_PRESENCE}"),
    commands.PROVE: ("PROVE", "16 host nonce, u32 host_id", "40, see Who speaks", ""),
    commands.UNPAIR: ("UNPAIR", "u8: 0 forget this computer, 1 forget all", "",
                      f"device key; for 1 {KEY_AND_PRESENCE}"),
    commands.ATTEST: ("ATTEST", "16 nonce", "44, see Seals in the log's format", ""),
}


def _radio_flags() -> dict[str, list[str]]:
    """Returns the names or-ed together for each channel in boards/radio_services.py."""
    tree = ast.parse((ROOT / "firmware" / "boards" / "radio_services.py").read_text())
    (table,) = (node.value for node in tree.body
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_FLAGS")
    assert isinstance(table, ast.Dict)
    return {ast.unparse(key).split(".")[1]: ast.unparse(value).replace("bluetooth.", "").split(" | ")
            for key, value in zip(table.keys, table.values, strict=True) if key}


def services() -> str:
    """Returns the table of what a client finds."""
    lines = ["| service | characteristic | UUID | properties | permission |", "|---|---|---|---|---|"]
    said = _radio_flags()
    for channel, uuid in sorted(gatt.CHARACTERISTICS.items()):
        flags = said[NAMES[channel]]
        properties = ", ".join(PROPERTIES[flag] for flag in flags if flag in PROPERTIES)
        lines.append(f"| pumplog | {NAMES[channel]} | {uuid} | {properties} |"
                     f" {'anybody' if channel in uuids.OPEN else 'secured'} |")
    for number in gatt.ABOUT:
        lines.append(f"| Device Information | {ABOUT[number]} | {number:04x} | read |"
                     f" {'anybody' if number in gatt.OPEN_ABOUT else 'secured'} |")
    lines.append(f"| Elapsed Time | current elapsed time | {gatt.CURRENT_ELAPSED_TIME:04x} | read |"
                 " secured |")
    heads = [f"| pumplog | | {gatt.SERVICE} | | |",
             f"| Device Information | | {gatt.DEVICE_INFORMATION:04x} | | |",
             f"| Elapsed Time | | {gatt.ELAPSED_TIME:04x} | | |"]
    return "\n".join(lines[:2] + heads + lines[2:])


def advertisement() -> str:
    """Returns the table of the structures that are advertised."""
    company = gatt.COMPANY_ID.to_bytes(2, "little").hex(" ").upper()
    return "\n".join([
        "| in | type | value |", "|---|---|---|",
        "| advertisement | 01 | 06: connectable, no classic Bluetooth |",
        f"| advertisement | 07 | {gatt.SERVICE}, lowest byte first |",
        "| scan response | 09 | the board's name, at most 8 bytes |",
        f"| scan response | FF | {company}, then one byte: bit"
        f" {gatt.HAS_NEWS.bit_length() - 1} has news |"])


def _map(fmt: str, fields: tuple[str, ...], words: dict[str, str]) -> str:
    lines = ["| offset | type | field | meaning |", "|---|---|---|---|"]
    at = 0
    codes = re.findall(r"(\d*)([A-Za-z])", fmt)
    for (count, code), field in zip(codes, fields, strict=True):
        size = struct.calcsize(f"<{count}{code}")
        kind = f"{count} bytes" if code == "s" else TYPES[code]
        lines.append(f"| {at} | {kind} | {field} | {words[field]} |")
        at += size
    assert at == struct.calcsize(fmt)
    return "\n".join(lines)


def info() -> str:
    """Returns the byte map of INFO."""
    return _map(commands.INFO_BODY, ("protocol", "provisioned", "name"), {
        "protocol": f"{commands.PROTOCOL}: of COMMAND, STATUS and LOG as on this page",
        "provisioned": "1 once the board has keys", "name": "ASCII, padded with 0"})


def status() -> str:
    """Returns the byte map of STATUS, with its bits."""
    bits = [f"| flags | {bit} | {what} |" for bit, what in FLAGS.items()]
    bits += [f"| signatures | {1 << number} | {name.replace('_', ' ')} |"
             for number, name in names.SIGNATURES.items()]
    body = commands.STATUS_BODY + commands.STATUS_CHIP[1:]
    return "\n".join([_map(body, names.STATUS_FIELDS + names.STATUS_CHIP_FIELDS, STATUS), "",
                      "| field | bit | meaning |", "|---|---|---|", *bits])


def pairing_value() -> str:
    """Returns the byte map of PAIRING."""
    return _map(pairing.PAIRING_BODY, ("open", "attempts_left", "nonce"), {
        "open": "1 while a passkey may be asked for",
        "attempts_left": "passkeys that may still be tried",
        "nonce": "of the next passkey; zeros while it is closed"})


def elapsed() -> str:
    """Returns the byte map of Current Elapsed Time."""
    return _map(wire_elapsed.BODY, tuple(ELAPSED), ELAPSED)


def control_point() -> str:
    """Returns what the control point takes: each op and operator asked of the firmware's own reader."""
    lines = ["| op code | name | answer |", "|---|---|---|"]
    for op, name in names.RACP_OPS.items():
        request = bytes((op, racp.NULL if op == racp.ABORT else racp.ALL))
        lines.append(f"| {op:02X} | {name} | {_answer(request)} |")
    lines += ["", "| operator | name | operand | answer |", "|---|---|---|---|"]
    for operator, name in names.RACP_OPERATORS.items():
        numbers = {racp.AT_LEAST: 1, racp.RANGE: 2, racp.AT_MOST: 1}.get(operator, 0)
        operand = "none" if not numbers else "01, " + ", ".join(["u32 seq"] * numbers)
        request = bytes((racp.REPORT, operator)) + (b"\1" if numbers else b"") + bytes(4 * numbers)
        lines.append(f"| {operator:02X} | {name} | {operand} | {_answer(request)} |")
    return "\n".join(lines)


def _answer(request: bytes) -> str:
    refusal = racp.read_request(request)[3]
    return f"response {refusal:02X}" if refusal else "served"


def responses() -> str:
    """Returns the table of response codes."""
    when = {
        racp.SUCCESS: "all was sent, and told to have come (FLOW); or the report was aborted",
        racp.NO_SUCH_OP: "delete, always: a sync is a copy; and every op code that is not in the table",
        racp.BAD_OPERATOR: "null, or a number beyond 06, where a report or a count is asked for; any"
                           " operator but null in an abort; a request of one byte",
        racp.NO_SUCH_OPERATOR: "an operator that is not served",
        racp.BAD_OPERAND: "too short, too long by more than a report's tag, or a range whose end is"
                          " before its beginning",
        racp.NO_RECORDS: "the board has none of those asked for",
        racp.ABORT_FAILED: "never sent: an abort without a report is a success",
        racp.NOT_COMPLETED: "the ring gave up the page that was being sent: ask again",
        racp.NO_SUCH_OPERAND: "a filter type other than 01, the sequence number",
        racp.BUSY: "a report is under way on this connection: abort it first",
    }
    return "\n".join(["| code | name | when |", "|---|---|---|", *(
        f"| {code:02X} | {name} | {when[code]} |" for code, name in names.RACP_CODES.items())])


def log_data() -> str:
    """Returns the layout of packets, and its numbers, as pumpwire.stream has them."""
    said = (stream.__doc__ or "").strip().split("\n", 2)[2]
    flow = len(receiving.flow(0, False))
    return "\n".join([
        "```text", said.rstrip(), "```", "",
        "| what | number |", "|---|---|",
        f"| bytes of a packet's index | {stream.PACKET_OVERHEAD - 2} |",
        "| bytes of a packet's check | 2 |",
        f"| bytes of a request's tag, at its end | {len(receiving.report_from(0, 1)) - 7} |",
        f"| bytes before a segment's own | {stream.SEGMENT_HEAD} |",
        f"| bytes of a FLOW write | {flow} |",
        f"| WINDOW, packets | {stream.WINDOW} |",
        f"| a client tells what it has after as many packets | {stream.ACK_EVERY} |"])


def command_table() -> str:
    """Returns the table of commands."""
    lines = ["| op | name | request body | answer's body | needs |", "|---|---|---|---|---|"]
    lines += [f"| {op} | {name} | {asked} | {said} | {needs} |"
              for op, (name, asked, said, needs) in BODIES.items()]
    return "\n".join(lines)


def results() -> str:
    """Returns the table of a command's results."""
    return "\n".join(["| result | meaning |", "|---|---|",
                      *(f"| {number} | {words} |" for number, words in names.RESULTS.items())])


def example() -> str:
    """Returns a conversation's bytes under a made-up key."""
    lines: list[tuple[str, bytes]] = [
        ("device key, and pairing key", KEY),
        ("nonce in PAIRING", NONCE),
        (f"the passkey is then {pairing.passkey(KEY, NONCE):06}", b""),
        *conversation(),
    ]
    out = ["```text"]
    for what, data in lines:
        out += _lines(what, data)
    return "\n".join([*out, "```"])


def control_examples() -> str:
    """Returns what goes to and comes from the control point and FLOW, a request each."""
    lines = {
        "report >= 42": receiving.report_from(42),
        "the same, tag 5": receiving.report_from(42, 5),
        "report 42..57": struct.pack("<BBBII", racp.REPORT, racp.RANGE, racp.BY_SEQ, 42, 57),
        "the same, tag 5 ": struct.pack("<BBBIIB", racp.REPORT, racp.RANGE, racp.BY_SEQ, 42, 57, 5),
        "done": racp.response(racp.REPORT, racp.SUCCESS),
        "count >= 42": receiving.count_from(42),
        "1000 of them": racp.count_response(1000),
        "FLOW: packet 16 comes next": receiving.flow(16, False),
        "FLOW: again from packet 7": receiving.flow(7, True),
        "FLOW: that in the report of tag 5": receiving.flow(7, True, 5),
    }
    out = ["```text"]
    for what, data in lines.items():
        out += _lines(what, data)
    return "\n".join([*out, "```"])


def _lines(what: str, data: bytes) -> list[str]:
    text = data.hex(" ").upper()
    pieces = [text[at : at + 48].rstrip() for at in range(0, len(text), 48)] or [""]
    first = f"{what.rstrip():34} {pieces[0]}".rstrip()
    return [first, *(" " * 35 + piece for piece in pieces[1:])]


def cable() -> str:
    """Returns the channels, and frames on the cable."""
    lines = ["| channel | name | over the cable |", "|---|---|---|"]
    for channel, name in sorted(NAMES.items()):
        reads = channel in (uuids.INFO, uuids.STATUS)
        how = "read" if reads else {
            uuids.LOG: "from the board", uuids.FLOW: "to the board",
            uuids.PAIRING: "none: nobody pairs over a cable"}.get(channel, "to the board, and answers")
        lines.append(f"| {channel} | {name} | {how} |")
    info = struct.pack(commands.INFO_BODY, commands.PROTOCOL, 1, b"B01")
    frames = {
        "read INFO": serial_frame.wrap(uuids.INFO | serial_frame.READ_REQUEST, b""),
        "its value": serial_frame.wrap(uuids.INFO, info),
        "report >= 0, tag 5": serial_frame.wrap(uuids.RACP, receiving.report_from(0, 5)),
        "C0, DB and 03 on LOG": serial_frame.wrap(uuids.LOG, b"\xc0\xdb\x03"),
    }
    out = [*lines, "", "```text"]
    for what, data in frames.items():
        out += _lines(what, bytes(data))
    return "\n".join([*out, "```"])


MADE = {"services": services, "advertisement": advertisement, "info": info, "status": status,
        "pairing": pairing_value, "elapsed": elapsed, "control point": control_point,
        "responses": responses, "log data": log_data, "commands": command_table, "results": results,
        "example": example, "control examples": control_examples, "cable": cable}
DOMAINS = (pairing.PASSKEY_DOMAIN, proofs.BOARD_DOMAIN, proofs.WRITE_DOMAIN, seal.DOMAIN)


if __name__ == "__main__":
    DOC.write_text(made_anew(DOC.read_text(), MADE))
