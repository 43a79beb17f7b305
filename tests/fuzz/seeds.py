"""Writes the corpus that fuzzing began from: `seeds.py`, then `fuzz_run.py`, `fuzz_run.py --keep`."""

from __future__ import annotations

import random
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("host_tools", "firmware", "tests")]

from helpers.fuzz import flash_targets, log_targets  # noqa: E402
from helpers.fuzz.genuine import ATTESTATION, LOG, PAGES, VECTORS  # noqa: E402
from helpers.fuzz.mending import mend_footer  # noqa: E402
from helpers.fuzz.mutations import SOURCES, script  # noqa: E402
from helpers.fuzz.page_targets import CLOSED, COUNTED, MEND_FOOTER, MEND_FRAMES, MEND_HEADER  # noqa: E402
from helpers.fuzz.targets import CORPUS  # noqa: E402
from pumpwire import commands, entries, receiving, serial_frame, stream  # noqa: E402
from pumpwire.page import FOOTER_AT  # noqa: E402

MENDED = MEND_HEADER | MEND_FRAMES | MEND_FOOTER | COUNTED


def seeds() -> dict[str, list[bytes]]:
    """Returns the first inputs of each target."""
    dice = random.Random(1)
    out: dict[str, list[bytes]] = {"page": [], "attestation": [ATTESTATION.said, bytes(44)], "store": []}
    for data in PAGES:
        body = data[:FOOTER_AT].rstrip(b"\xff")
        if len(data) == 4096:
            out["page"] += [bytes((how,)) + body + data[FOOTER_AT:] for how in (CLOSED, CLOSED | MENDED)]
        else:
            out["page"] += [bytes((how,)) + data for how in (0, MEND_HEADER | MEND_FRAMES)]
        out["store"].append(b"\6" + data[8:12] + bytes(2) + bytes((min(255, len(body) // 16),)) + body)
    out["frames"] = [b"".join(one.frames) for one in SOURCES]
    data = LOG.pages[0][:100]
    segments = b"".join(stream.segment_head(at, at, 20) + data[at : at + 20] for at in (0, 20, 40))
    entry = entries.pack(bytes(16), b"AB", 1, 2, 3, entries.BAG, (1, 2, 3))
    messages = (b"\6\0\1\1", b"\0\0abc\0\0", receiving.flow(3, True), receiving.report_from(4),
                commands.request(1, 2, 3, b"body"), commands.response(1, 2, 0, b"body"), entry,
                bytes(24), bytes(18))
    out["wire"] = [bytes((which,)) + message for which, message in enumerate(messages)]
    out["wire"] += [bytes((which,)) + segments for which in (0x39, 0x7C)]
    line = bytes(serial_frame.wrap(5, data)) + b"text" + bytes(serial_frame.wrap(1, b""))
    out["wire"].append(b"\x2e" + line)
    out["log"] = [b"", *(script(dice, log_targets.OPS)[1] for _ in range(40))]
    out["flash"] = [bytes((n,)) for n in range(7)] + [
        script(dice, flash_targets.OPS, bytes((n % 7,)))[1] for n in range(20)]
    return out


def cases() -> dict[str, dict[str, bytes]]:
    """Returns inputs that stay in the corpus whatever they cover: each once was taken for good, or needs
    a check that must be looked at."""
    whole = {name: VECTORS[name] for name in ("closed_sealed", "decayed")}
    bent = bytearray(whole["closed_sealed"])
    bent[FOOTER_AT + 15] ^= 1
    behind = bytearray(whole["decayed"])
    behind[3000] = 0
    unnamed = bytearray(LOG.pages[0])
    unnamed[FOOTER_AT + 4 : FOOTER_AT + 6] = bytes(2)
    mend_footer(unnamed)
    return {"page": {
        "case_check_sum": bytes((CLOSED,)) + bent[:FOOTER_AT].rstrip(b"\xff") + bent[FOOTER_AT:],
        "case_behind_the_end": bytes(1) + whole["closed_sealed"] + b"\xff",
        "case_behind_a_decayed_page": bytes(1) + bytes(behind),
        "case_seal_without_key": bytes(1) + bytes(unnamed),
        "case_late_minute": bytes(1) + VECTORS["late_minute"],
    }}


if __name__ == "__main__":
    for target, named in cases().items():
        for name, data in named.items():
            (CORPUS / target).mkdir(parents=True, exist_ok=True)
            (CORPUS / target / name).write_bytes(data)
    for target, inputs in seeds().items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / f"seed{number:02}").write_bytes(data)
