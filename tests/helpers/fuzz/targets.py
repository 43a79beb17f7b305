"""The fuzzers' targets: each takes any bytes and raises only where something is wrong."""

from __future__ import annotations

from collections.abc import Callable

from helpers.fuzz.flash_targets import fuzz_flash
from helpers.fuzz.log_targets import fuzz_log, fuzz_store
from helpers.fuzz.page_targets import fuzz_attestation, fuzz_frames, fuzz_page
from helpers.fuzz.wire_targets import fuzz_wire
from helpers.paths import TESTS

CORPUS = TESTS / "fuzz" / "corpus"
TARGETS: dict[str, Callable[[bytes], None]] = {
    "page": fuzz_page, "frames": fuzz_frames, "attestation": fuzz_attestation, "wire": fuzz_wire,
    "log": fuzz_log, "store": fuzz_store, "flash": fuzz_flash,
}
