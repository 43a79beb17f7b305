"""Recorded hours at the bedside, replayed to exactly the records that they brought."""

from helpers.on_board.places import VECTORS
from helpers.on_board.trace_replay import Replay

TRACES = ("plain_fine", "occlusion_and_knock", "free_flow_and_stop", "bag_change_prime_refill",
          "coarse_and_off", "dead_cell_and_drift", "runaway_stuck_wrong_button")


def _replay(name):
    """Replays a trace; returns how many records it brought, each held against its line."""
    replay = Replay()
    due = []
    records = counts = presses = 0
    with open("%s/traces/%s.txt" % (VECTORS, name)) as file:
        for line in file:
            words = line.split()
            if words[0] == "=":
                line = " ".join(words[1:])
                found = due.pop(0) if due else None
                assert found == line, "%s: %r, not %r" % (name, found, line)
                records += 1
                if words[2] == "minute":
                    counts += int(words[4])
                    presses += int(words[5])
            elif words[0] != "#":
                assert due == [], (name, due)
                due = replay.take(line)
    assert due == [], (name, due)
    assert counts + replay.tracker._counts == replay.counts > 0, name
    assert presses + replay.tracker._presses == replay.presses > 0, name
    return records


def test_traces_bring_their_records():
    for name in TRACES:
        assert _replay(name) > 300, name
