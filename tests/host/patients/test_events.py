"""Events for a program: each record under its own keys, whatever its fields are called."""

from __future__ import annotations

import pytest
from pumplog.patients.events import Event
from pumplog.store import StoredRecord
from pumpwire import records

OF_A_RECORD = {"log_id": "00000007", "seq": 8, "kind": "", "boot": 3, "uptime_ms": 1234, "utc": None,
               "utc_uncertainty_ms": None, "board": "B01", "patient": "P01",
               "proven": True}


@pytest.mark.parametrize("number", sorted(records.KINDS))
def test_no_field_of_a_record_hides_what_every_record_has(number: int) -> None:
    kind = records.name_of(number)
    names = [name for name, _ in records.fields_of(number)]
    fields = {name: 900 + k for k, name in enumerate(names)}
    told = Event(StoredRecord(7, 8, kind, 3, 1234, fields), "B01", "P01", None, None, fields).to_json()
    assert {name: told[name] for name in OF_A_RECORD} == {**OF_A_RECORD, "kind": kind}
    assert len(told) == len(OF_A_RECORD) + len(names), "none of its own fields is lost"


def test_resumed_has_the_time_of_the_boot_before_under_a_key_of_its_own() -> None:
    fields = {"boot_before": 2, "uptime_s": 99, "uptime_ms": 500}
    record = StoredRecord(7, 8, "resumed", 3, 1234, fields)
    told = Event(record, "B01", None, None, None, fields).to_json()
    assert (told["uptime_ms"], told["resumed_uptime_ms"], told["uptime_s"]) == (1234, 500, 99)
