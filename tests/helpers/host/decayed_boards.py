"""Boards whose flash changes under them, and a store that pulls them meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pumplog.errors import UnreachableError
from pumplog.store import COMPLETE, Pull
from pumplog.sync.client import Client, PullResult
from pumplog.sync.image import pull_image
from pumplog.verify import Evidence, Report, verify_log
from pumpwire import decoding
from pumpwire.errors import WireError
from pumpwire.records import MAX_FRAME

from helpers.host.loop_link import LoopBoard, LoopLink
from helpers.host.made_log import AT_MS, KEY, store_with_board

PAGES = 8


class DecayingBoard:
    """A board, and a store that pulls it; `truth` is every record that the board acknowledged."""

    def __init__(self, key: bytes | None = KEY) -> None:
        self.board, self.store = LoopBoard(PAGES, key=key), store_with_board(KEY)
        self.log_id = self.board.log.log_id
        self.store.logs.add(self.log_id, "B01")
        self.truth: dict[int, dict[str, Any]] = {}

    def minutes(self, n: int) -> None:
        """Records n minutes; what is on flash afterwards is the truth."""
        self.board.minutes(n)
        self.learn()

    def learn(self) -> None:
        """Takes what flash holds now for true."""
        for slot in range(PAGES):
            data = bytes(self.board.flash.cells[slot * 4096 :][:4096])
            with suppress(WireError):
                for record in decoding.decode_page(data)[1]:
                    self.truth.setdefault(record.seq, record.fields)

    def damage(self, byte: int, bit: int) -> None:
        """Changes a bit of the open page, and boots."""
        self.board.flash.cells[self.board.log.opened.slot * 4096 + byte] ^= 1 << bit
        self.board.power_on()
        self.learn()

    def pull(self, **broken: int) -> PullResult:
        """Pulls once, as a visit does."""
        client = Client(LoopLink(self.board, **broken))
        status = client.status()
        result = client.pull(self.store, self.log_id)
        self.store.pulls.add(Pull("B01", self.log_id, AT_MS, "loop", result.records, result.next_seq,
                                  COMPLETE, status))
        return result

    def verify(self) -> Report:
        """Judges what is held."""
        return verify_log(Evidence.of(self.store, self.log_id, "B01"))

    def held(self) -> dict[int, dict[str, Any]]:
        """What is in use."""
        return {record.seq: dict(record.fields) for record in self.store.records.of(self.log_id)}


def hold_decays(seeds: Iterable[int], folder: Path) -> None:
    """Runs a board for each seed, with changed bits, restarts, pulls and broken pulls between: nothing
    that it vouched for is lost, nothing wrong is held, and what is lost is told by pull and verify."""
    for seed in seeds:
        dice = random.Random(seed)
        key, by_file = dice.choice((KEY, KEY, None)), dice.random() < 0.3
        by_file = by_file and key is not None  # its word does not stand without a seal
        bed = DecayingBoard(key)
        bed.minutes(dice.randrange(50, 900))
        told: list[tuple[int, int]] = []
        vouched: dict[int, dict[str, Any]] = {}
        for _ in range(dice.randrange(1, 4)):
            if dice.random() < 0.6:
                try:
                    result = bed.pull(break_at=dice.choice((0, 0, dice.randrange(2, 12))))
                    told += [(hole.first, hole.last) for _, hole in result.gaps]
                    vouched = bed.held() if result.attested else vouched
                except UnreachableError:
                    pass
            bed.minutes(dice.randrange(0, 150))
            opened = bed.board.log.opened
            # not the last frame, whose change reads as a torn write
            at = dice.randrange(28, max(29, opened.used - MAX_FRAME))
            if dice.random() < 0.3 and opened.first_seq and not by_file:
                at = dice.randrange(16)  # the page is no longer found; a file has it, and contradicts
            bed.damage(at, dice.randrange(8))
            bed.minutes(dice.randrange(0, 150))
        if by_file:
            path = folder / "log.flash"
            path.write_bytes(bed.board.flash.cells)
            result = pull_image(bed.store, str(path), "B01")
        else:
            result = bed.pull()
            vouched |= bed.held() if result.attested else {}
        told += [(hole.first, hole.last) for _, hole in result.gaps]
        held = bed.held()
        assert held.items() >= vouched.items(), seed
        for seq, fields in held.items():
            assert bed.truth.get(seq, fields) == fields, (seed, seq)
        lost = [seq for seq in bed.truth if seq not in held and seq < max(held)]
        report = bed.verify()
        named = [(finding.first, finding.last or 1 << 32) for finding in report.findings]
        for seq in lost:
            assert any(first <= seq <= last for first, last in told), (seed, seq)
            assert any(first <= seq <= last for first, last in named), (seed, seq)
        assert report.exit_code in (0, 1), (seed, report.findings)
        assert report.exit_code == 1 or not lost
