"""What two people entered and cannot both be so is found; what merely follows on each other is not."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pumplog.patients import conflicts, episodes
from pumplog.store import Entry, Store

MIN = 60_000
BAG = {"morphine_ug": 110_000, "bupivacaine_ug": 55_000, "volume_ul": 250_000}
OTHER_BAG = {**BAG, "morphine_ug": 80_000}
RATE = {"rate_ul_h": 200, "bolus_ul": 200, "lockout_s": 600, "lockout_from_end": 0}
OTHER_RATE = {**RATE, "rate_ul_h": 300}


def entry(kind: str, author: str, at_min: float, fields: dict[str, int]) -> Entry:
    return Entry(uuid4(), kind, "P01", "B01", 5, author, 0, int(at_min * MIN), fields)


@pytest.mark.parametrize("entries, found", [
    ([("bag", "AB", 10, BAG), ("bag", "CD", 12, OTHER_BAG)], ["two bags that differ"]),
    ([("bag", "AB", 10, BAG), ("bag", "CD", 12, BAG)], ["the same bag twice"]),
    ([("bag", "AB", 10, BAG), ("bag", "AB", 12, OTHER_BAG)], ["two bags that differ"]),
    ([("bag", "AB", 10, BAG), ("bag", "CD", 40, OTHER_BAG)], []),
    ([("bag", "AB", 10, BAG), ("regimen", "CD", 11, RATE)], []),
    ([("regimen", "AB", 10, RATE), ("regimen", "CD", 39.9, OTHER_RATE)],
     ["two prescriptions that differ"]),
    ([("regimen", "AB", 10, RATE), ("regimen", "AB", 11, OTHER_RATE)], []),
    ([("regimen", "AB", 10, RATE), ("regimen", "CD", 11, RATE)], []),
    ([("patient_end", "AB", 10, {}), ("patient_withdraw", "CD", 9000, {})], ["two ends of the stay"]),
])
def test_which_entries_contradict_each_other(
    entries: list[tuple[str, str, float, dict[str, int]]], found: list[str]
) -> None:
    with Store.open(":memory:") as store:
        store.entries.add(entry("patient_start", "AB", 0, {}))
        for each in entries:
            store.entries.add(entry(*each))
        assert [each.what for each in conflicts(episodes(store)["P01"])] == found


def test_a_correction_settles_it() -> None:
    with Store.open(":memory:") as store:
        wrong = entry("bag", "CD", 12, OTHER_BAG)
        words = {f"uuid_{k}": int.from_bytes(wrong.uuid.bytes[4 * k : 4 * k + 4], "little")
                 for k in range(4)}
        for each in (entry("patient_start", "AB", 0, {}), entry("bag", "AB", 10, BAG), wrong):
            store.entries.add(each)
        (found,) = conflicts(episodes(store)["P01"])
        assert found.words.startswith("entered by AB and CD: two bags that differ; both are kept")
        store.entries.add(entry("correction", "AB", 20, {**words, "reason": 1}))
        assert conflicts(episodes(store)["P01"]) == []
