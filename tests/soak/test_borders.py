"""Patients in turn at large: whatever the clocks, each patient's truth lies in the bounds."""

from __future__ import annotations

from helpers.host.successions import check
from helpers.scale import scaled


def test_two_thousand_successions_of_patients() -> None:
    patients = left_open = 0
    for seed in range(1000, 1000 + scaled(200, 2000)):
        more, open_here = check(seed)
        patients, left_open = patients + more, left_open + open_here
    print(f"patients: {patients}, of them with something left open: {left_open}")
    assert left_open > patients // 10
