"""A coverage-guided fuzzer over the same targets as the seeded mutations: it finds nothing."""

from __future__ import annotations

import pytest
from fuzz.fuzz_run import CORPUS, SHARES, fuzz_all
from helpers.fuzz.targets import TARGETS
from helpers.scale import scaled

# Edges of pumpwire, gateway and pumplog that the kept corpus covers; without instrumentation: none.
COVERED = {"page": 160, "frames": 110, "attestation": 12, "wire": 70, "log": 350, "store": 300,
           "flash": 350}


def test_a_coverage_guided_fuzzer_finds_nothing() -> None:
    pytest.importorskip("atheris", reason="it has wheels for Linux on x86-64 up to Python 3.13")
    assert SHARES.keys() == TARGETS.keys() == COVERED.keys()
    for one in fuzz_all(scaled(60, 900)):
        assert not one.found, f"{one.target} raises at {one.found[0]}:\n{one.said[-3000:]}"
        kept = len(list((CORPUS / one.target).iterdir()))
        assert one.runs > kept, f"{one.target}: nothing new was run"
        assert one.began_with > COVERED[one.target], f"{one}: the corpus covers less than it did"
