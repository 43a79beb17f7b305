"""Entries are held against the copies that the board sealed: whatever SQL does to them is found."""

from __future__ import annotations

from uuid import UUID

import pytest
from helpers.host.made_log import AT_MS, KEY, LOG_ID, MadeLog, store_with_board
from pumplog.store import Entry, Store, to_wire
from pumplog.verify import Evidence, verify_log
from pumpwire import records

BAG = {"morphine_ug": 250_000, "bupivacaine_ug": 125_000, "volume_ul": 250_000}


def entry(n: int, kind: str, fields: dict[str, int], assignment: int = 5, patient: str = "P01") -> Entry:
    return Entry(UUID(int=n), kind, patient, "B01", assignment, "AB", AT_MS + 123, AT_MS + 60_456,
                 fields)


def ward() -> Store:
    """Two patients' starts and bags, on board B01 in a sealed page and in the open page."""
    store, log = store_with_board(KEY), MadeLog()
    made = [entry(1, "patient_start", {}), entry(2, "bag", BAG),
            entry(3, "patient_start", {}, 6, "P02"), entry(4, "bag", BAG, 6, "P02")]
    for each in made:
        store.entries.add(each)
    for each in made[:2]:
        log.made.put(records.ENTRY, log.next_seq * 600, (), to_wire(each))
        log.next_seq += 1
    log.turn()
    for each in made[2:]:
        log.made.put(records.ENTRY, log.next_seq * 600, (), to_wire(each))
        log.next_seq += 1
    log.pages[log.open_seq] = bytes(log.made.data)
    log.into(store)
    return store


def kinds(store: Store) -> list[str]:
    return [found.kind for found in verify_log(Evidence.of(store, LOG_ID, "B01")).findings]


def test_entries_as_they_were_made_pass() -> None:
    store = ward()
    assert [each.seq for each in store.entries.all()] == [170, 171, 192, 193]
    assert kinds(store) == []


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("change", [
    "fields=json_set(fields, '$.morphine_ug', 2500000)", "fields=json_set(fields, '$.volume_ul', 1)",
    "author='XY'", "effective_at_ms=effective_at_ms+1000", "assignment=9",
    "entered_at_ms=entered_at_ms-3600000", "patient='P77'", "seq=seq-1", "seq=3",
    "uuid='00000000-0000-0000-0000-0000000000ff'"])
def test_any_change_of_a_delivered_entry_is_found(n: int, change: str) -> None:
    store = ward()
    store.database.connection.execute(f"UPDATE entries SET {change} WHERE uuid=?", (str(UUID(int=n)),))
    report = verify_log(Evidence.of(store, LOG_ID, "B01"))
    assert {found.kind for found in report.findings} == {"entry"} and report.exit_code == 4


def test_an_entry_that_was_taken_out_is_found_and_said_with_who_made_it() -> None:
    store = ward()
    store.database.connection.execute("DELETE FROM entries WHERE uuid=?", (str(UUID(int=2)),))
    (found,) = verify_log(Evidence.of(store, LOG_ID, "B01")).findings
    assert (found.kind, found.first) == ("entry", 171)
    assert "a bag by AB is not in the journal" in found.sentence()


def test_an_entry_that_waits_is_nothing_to_tell() -> None:
    store = ward()
    store.entries.add(entry(9, "bag", {**BAG, "morphine_ug": 1}))
    assert kinds(store) == []
