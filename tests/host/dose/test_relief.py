"""The relief button: onset from a bolus to relief; presses by mistake are left out, and told."""

from __future__ import annotations

import json

import pytest
from helpers.folded import unfolded
from helpers.host.bedside import START_MS, Bedside
from pumplog.cli import main
from pumplog.dose import doses
from pumplog.log import Relief, Reliefs, judge_reliefs
from pumplog.patients import episode, observed_of
from pumplog.store import Store
from pumpwire.records import NEVER_S

HOUR = 3600
S = 1000


def press(at_s: int, since_s: int | None = 600, stray: bool = False) -> Relief:
    return Relief(at_s * S, since_s, stray, 1, at_s)


def judged(*presses: Relief, boluses_s: tuple[int, ...] = (),
           observed_s: tuple[tuple[int, int], ...] = ((0, 10**6),)) -> Reliefs:
    return Reliefs(judge_reliefs(presses, [s * S for s in boluses_s],
                         [(a * S, b * S) for a, b in observed_s]))


def test_the_first_press_for_a_bolus_tells_its_onset() -> None:
    found = judged(press(1000, 480), press(1002, 482), press(5000, 300))
    assert [(each.at_ms, each.since_bolus_s) for each in found.onsets] == [(1_000_000, 480),
                                                                       (5_000_000, 300)]
    assert found.strays == () and len(found.presses) == 3


def test_a_third_press_within_two_minutes_makes_all_three_stray() -> None:
    found = judged(press(1000), press(1060), press(1110, stray=True), press(9000))
    assert [each.at_ms for each in found.strays] == [1_000_000, 1_060_000, 1_110_000]
    assert [each.at_ms for each in found.onsets] == [9_000_000]


def test_two_presses_are_none_of_three() -> None:
    assert judged(press(1000), press(1060)).strays == ()
    assert judged(press(1000), press(1060), press(1121)).strays == ()


def test_a_board_that_just_restarted_is_helped_by_what_it_logged_before() -> None:
    found = judged(press(9000, None, True), boluses_s=(8400,))
    assert [each.since_bolus_s for each in found.onsets] == [600] and found.strays == ()


def test_without_a_bolus_in_the_hour_before_it_is_stray() -> None:
    assert len(judged(press(9000, None, True), boluses_s=(5000,)).strays) == 1


def test_if_the_board_was_off_meanwhile_nobody_knows() -> None:
    found = judged(press(9000, None, True), observed_s=((0, 7000), (8000, 10_000)))
    assert found.strays == () and found.onsets == () and found.presses[0].unsure


def test_doses_show_onset_strays_and_the_number_of_presses(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"{tmp_path}/a.db"
    with Store.open(path) as store:
        bed = Bedside(store)
        bed.infuse(0, 10 * HOUR, "1.0")
        bed.bolus(HOUR, "0.5")
        bed.bolus(5 * HOUR, "0.5")
        bed.add(HOUR + 480, "relief", 0, 480, 0)
        bed.add(5 * HOUR + 360, "relief", 0, 360, 0)
        bed.add(8 * HOUR, "relief", 0, 3 * HOUR, 1)
        bed.add(9 * HOUR, "relief", 0, NEVER_S, 1)
        bed.write(10 * HOUR)
        patient = episode(store, "P01")
        early = doses(patient, observed_of(store, patient), START_MS, START_MS + 4 * HOUR * S)
        assert len(early.reliefs.presses) == 1
    assert main(["doses", "P01", "--window", "0+1", "--db", path]) == 0
    text = unfolded(capsys.readouterr().out)
    assert ("relief button: pressed 4 times; onset 7 min from a bolus's beginning to relief (2 times, 6"
            " to 8 min); 2 stray, left out: handset mistaken?") in text
    assert main(["doses", "P01", "--window", "0+1", "--json", "--db", path]) == 0
    relief = json.loads(capsys.readouterr().out)["relief"]
    assert (relief["presses"], relief["stray"], relief["onset_min"]) == (4, 2, "7")
    assert [each["onset_min"] for each in relief["onsets"]] == ["8", "6"]
    assert {each["words"] for each in relief["strays"]} == {"handset mistaken?"}
