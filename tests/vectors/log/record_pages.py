"""Records the pages anew: `python record_pages.py`, or `... RUN/BOARD/log.flash KEY_HEX`. Read the diff.

Without arguments: the made pages, written with pumpwire record by record. With them: simulated_1 and
simulated_2, the two oldest pages of a flash image that `pumpbench run` left.
A .json is what pumpwire reads in the .hex beside it, so alone it proves nothing about pumpwire:
tests/host/test_log_format_doc.py reads the same bytes by docs/LOG_FORMAT.md, without pumpwire.
"""

from __future__ import annotations

import json
import sys
from itertools import islice
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "tests")]

from helpers.on_board.log_vectors import raw_frame  # noqa: E402
from helpers.on_board.page_maker import PageMaker  # noqa: E402
from pumpwire import decoding, entries, frames, page, records, seal  # noqa: E402
from pumpwire.check import crc16, frame_check  # noqa: E402
from pumpwire.errors import WireError  # noqa: E402
from pumpwire.units import PAGE_BYTES  # noqa: E402

KEY = bytes(range(32))  # of no board
PREVIOUS = bytes.fromhex("a1a2a3a4a5a6a7a8")
LINE_BYTES = 32


def to_hex(data: bytes) -> str:
    """Returns the text of a .hex file."""
    lines = []
    for at in range(0, len(data), LINE_BYTES):
        piece = data[at : at + LINE_BYTES].rstrip(b"\xff")
        if piece:
            lines.append(f"{at} {piece.hex()}")
    return "\n".join([*lines, f"end {len(data)}"]) + "\n"


def said(data: bytes, what: str, provenance: str, key: bytes | None) -> dict[str, Any]:
    """Returns what a page's bytes say, as its .json has it."""
    out: dict[str, Any] = {"what": what, "provenance": provenance, "device_key": key and key.hex()}
    out |= {"header": None, "frames": [], "rest": data.rstrip(b"\xff").hex(), "footer": None,
            "closed": False, "error": None}
    try:
        header, found, closed, error = decoding.decode_page(data)
    except WireError as wrong:
        return out | {"error": wrong.what}
    frames_said, end = _frames(data, header, found)
    footer = page.read_footer(data)
    out |= {"header": {name: getattr(header, name) for name in
                       ("log_id", "first_seq", "boot", "base_s", "base_tick")},
            "frames": frames_said, "closed": closed, "error": error and error.what,
            "rest": data[end : page.FOOTER_AT].rstrip(b"\xff").hex()}
    if footer is not None:
        out["footer"] = {name: value.hex() if isinstance(value, bytes) else value
                         for name, value in vars(footer).items()}
    return out


def _frames(data: bytes, header: page.Header, found: list[decoding.Record]) -> tuple[list[Any], int]:
    """Returns the frames of a page, filler among them, and the offset behind the last."""
    out: list[Any] = []
    rest = iter(found)
    end = page.HEADER_BYTES
    footer = page.read_footer(data)
    try:
        for at, length in page.walk(data if footer is None else data[: footer.used], header):
            if at > end:
                out.append({"at": end, "filler": at - end})
            taken = list(islice(rest, frames.records_in(data, at)))
            if not taken:
                break  # its check fits, and it says what cannot be
            out.append({"at": at, "records": [_record(record) for record in taken]})
            end = at + length
    except WireError:
        pass  # what lies behind is the vector's `rest`
    return out, end


def _record(record: decoding.Record) -> dict[str, Any]:
    name = records.name_of(record.kind) if record.kind in records.KINDS else None
    fields = {key: value.hex() if isinstance(value, bytes) else value
              for key, value in record.fields.items()}
    return {"seq": record.seq, "kind": record.kind, "name": name, "boot": record.boot,
            "uptime_ms": record.uptime_ms, "fields": fields}


def to_json(told: dict[str, Any]) -> str:
    """Returns the text of a .json file: a frame a line."""
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in told.items()
             if name != "frames"]
    frame_lines = ",\n".join("  " + json.dumps(frame) for frame in told["frames"])
    lines.append(f' "frames": [\n{frame_lines}\n ]' if frame_lines else ' "frames": []')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def keep(name: str, data: bytes, what: str, provenance: str, key: bytes | None) -> None:
    """Writes a vector's two files."""
    (HERE / f"{name}.hex").write_text(to_hex(data))
    (HERE / f"{name}.json").write_text(to_json(said(data, what, provenance, key)))


def a_stay() -> PageMaker:
    """Returns a page with all forms of frames: the worked example of docs/LOG_FORMAT.md."""
    maker = PageMaker(log_id=0x5EED1234, first_seq=1000, boot=7, base_ticks=36005)
    put = maker.put
    put(records.MINUTE, 36600, (60000, 17, 0))
    put(records.RESERVOIR, 36600, (250000, 500))
    put(records.MINUTE, 37200, (60000, 16, 0))
    put(records.DEMAND, 37650, (2300, records.GIVEN, records.NO_REASON, 0))
    put(records.MINUTE, 37800, (60000, 617, 1))
    put(records.MINUTE, 38400, (60000, 417, 0))
    put(records.BOLUS, 39580, (195300, 178000, 1050, 49721, records.PATIENT, 0, 0, 1000))
    put(records.MINUTE, 39600, (60000, 17, 0), None, (248917, 500))
    _unknown(maker, 100, 39612, b"\x03\x05")
    put(records.MINUTE, 40200, (60000, 17, 0), None, (248900, 500))
    put(records.BOLUS, 40260, (64100, 61000, 366, 17113, records.PATIENT, 1, 0, 1000))
    put(records.MINUTE, 40800, (60000, 16, 0), None, (248884, 500))
    entry = entries.pack(bytes(range(16)), b"AB", 185000000, 184999940, 77, entries.READING, (1500,))
    put(records.ENTRY, 40812, (), entry)
    maker.data += bytes(16)  # filler over what a torn write may have touched
    put(records.BOOT, 3, (8, 1, 200))
    put(records.TORN, 3, (7,))
    put(records.ANCHOR, 45, (185000100, 250, 40, 0x2468ACE, 1))
    put(records.MINUTE, 603, (60000, 17, 0))
    put(records.MINUTE, 1203, (60000, 16, 0))
    return maker


def every_kind() -> PageMaker:
    """Returns a page with a record of every kind, boot first."""
    maker = PageMaker(log_id=0xFEDCBA98, first_seq=0xFFFFFF00, boot=1)
    for kind in sorted(records.KINDS):
        values = [(-1) ** i * 1000 * (i + 1) if code == ord("i") else (70 ** i + kind) % (1 << 30)
                  for i, (_, code) in enumerate(records.fields_of(kind)) if code != ord("b")]
        maker.put(kind, 10 * kind, values, bytes(range(kind)))
    return maker


def _unknown(maker: PageMaker, kind: int, ticks: int, body: bytes) -> None:
    frame = bytearray(records.MAX_FRAME)
    dt = ticks - maker._ticks
    maker.data += frame[: raw_frame(frame, kind, dt, body, maker.seed)]
    maker._deltas.passed(kind, dt)
    maker._ticks = ticks
    maker.count += 1


def _decayed() -> bytes:
    """Returns the stay's page with one bit lost in its tenth frame, closed as the board closes it."""
    maker = a_stay()
    data = maker.data
    header = page.read_header(data)
    at = [at for at, _ in page.walk(data, header)][9]
    data[at + 1] &= data[at + 1] - 1
    count, _ = decoding.count_records(data, header)
    footer = page.build_footer(
        (data,), len(data), count, seal.key_id(KEY), page.FLAG_DECAYED, PREVIOUS, KEY)
    return bytes(data) + b"\xff" * (page.FOOTER_AT - len(data)) + bytes(footer)


def _late_minute() -> bytes:
    """Returns a page with a minute in its short form behind a record that is later than it would be."""
    maker = PageMaker(log_id=0x5EED1234, first_seq=50, boot=2)
    maker.put(records.MINUTE, 600, (60000, 17, 0))
    maker.put(records.DEMAND, 1300, (2300, records.GIVEN, records.NO_REASON, 0))
    minute = bytes((0x80,))
    return bytes(maker.data) + minute + frame_check(minute, 0, 1, maker.seed).to_bytes(2, "little")


def _newer() -> bytes:
    """Returns a page of format version 3: a prefix as ours, and behind it who knows what."""
    data = bytearray(a_stay().data[: page.PREFIX_BYTES])
    data[2] = page.VERSION + 1
    check = crc16(data, 0, 14)
    data[14:] = bytes((check & 255, check >> 8))
    return bytes(data) + bytes(range(240))


def made_pages() -> None:
    """Writes every vector but the simulated ones."""
    provenance = "made by record_pages.py with pumpwire; synthetic"
    stay = a_stay()
    torn = bytes(stay.data)
    whole = stay.put(records.PUMP, 1500, (records.PUMP_STOPPED, 30000, 30000))
    stay = a_stay()
    keep("closed_sealed", stay.closed(seal.key_id(KEY), 0, PREVIOUS, KEY), "closed and sealed; in it a"
         " boot, filler over a torn write, a kind that this version does not know", provenance, KEY)
    keep("closed_without_key", stay.closed(), "closed by a board without a key", provenance, None)
    keep("every_kind", bytes(every_kind().data), "open: a record of every kind", provenance, None)
    keep("torn_end", torn + whole[:-3], "open: its last frame was cut in its write", provenance, None)
    keep("decayed", _decayed(), "closed with FLAG_DECAYED: a bit of its tenth frame changed while it was"
         " open", provenance, KEY)
    keep("late_minute", _late_minute(), "open: its last frame would be a minute before the record before"
         " it; found by mutation", provenance, None)
    keep("newer_version", _newer(), "of format version 3: only its prefix can be read", provenance, None)
    keep("retired", bytes(page.PREFIX_BYTES) + torn[page.PREFIX_BYTES :], "a retired slot: its prefix is"
         " all zeros", provenance, None)


def simulated(flash: Path, key: bytes) -> None:
    """Writes the two oldest pages of a board's flash."""
    image = flash.read_bytes()
    pages = []
    for at in range(0, len(image), PAGE_BYTES):
        try:
            _, _, first_seq = page.read_prefix(image[at : at + PAGE_BYTES])
        except WireError:
            continue
        pages.append((first_seq, image[at : at + PAGE_BYTES]))
    provenance = (f"the two oldest pages of {flash.parent.name} of `pumpbench run` (shipped cohort, P01,"
                  " seed 1) with the real firmware; synthetic patient")
    for number, (_, data) in enumerate(sorted(pages)[:2], 1):
        keep(f"simulated_{number}", data, "closed by the firmware", provenance, key)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        simulated(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
    else:
        made_pages()
