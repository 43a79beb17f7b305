"""Cells that rot, stick or refuse, anywhere in the ring: no number is given twice, no record is wrong,
and what another page holds stays."""

from __future__ import annotations

import random

from gateway.clock import Uptime
from gateway.event_log import EventLog
from helpers.on_board import dice
from helpers.on_board.log_lives import live
from helpers.on_board.nor import Nor
from helpers.on_board.power_cuts import FIRMWARE, KEY, Bed
from helpers.scale import scaled
from pumpwire import decoding, records
from pumpwire.errors import WireError

Held = tuple[int, int, int, tuple[int, ...], bytes | None]


def readable(flash: Nor, slot: int) -> dict[int, Held]:
    """Returns {seq: what it holds} of the records that a host reads of a slot's page."""
    data = bytearray(4096)
    flash.read(slot, 0, data)
    try:
        found = decoding.decode_page(data)[1]
    except WireError:
        return {}
    out = {}
    for record in found:
        fields = dict(record.fields)
        blob = fields.pop("entry", None)
        out[record.seq] = (record.kind, record.boot, record.uptime_ms, tuple(fields.values()), blob)
    return out


def boot(flash: Nor) -> EventLog:
    """Boots on flash, appends five minutes."""
    uptime = Uptime()
    log = EventLog(flash, uptime, lambda n: bytes(n))
    log.set_key(KEY)
    log.mount(1, FIRMWARE)
    for minute in range(1, 6):
        uptime.advance(minute * 60000)
        for at, value in enumerate((60000, minute, 0)):
            log.values[at] = value
        assert log.append(records.MINUTE) >= 0
        for _ in range(6):
            log.service()
    return log


def beds() -> list[Bed]:
    """Logs on rings that have gone round and not, their newest page at its beginning, middle, end."""
    out = []
    for minutes, services in ((3, 3), (700, 3), (1270, 3), (1310, 0), (4200, 3), (5000, 3), (5003, 0),
                              (5800, 3)):
        bed = Bed(Nor(4), lambda *_: None)
        live(bed, minutes, services)
        bed.flash.before = None
        out.append(bed)
    return out


def test_one_bit_rotten_anywhere_gives_no_number_twice_and_no_wrong_record() -> None:
    logs = beds()
    refused = 0
    for seed in range(scaled(700, 20_000)):
        choose = random.Random(seed)
        bed = choose.choice(logs)
        opened = bed.log.opened
        at = choose.randrange(len(bed.flash.cells))
        if seed % 2:  # where it hurts: the newest page, most of all its last records
            last = opened.slot * 4096 + opened.used
            at = choose.randrange(opened.slot * 4096, last + 60) if seed % 4 == 1 else max(
                opened.slot * 4096, last - choose.randrange(40))
        flash = bed.flash.copy()
        flash.cells[at] ^= 1 << choose.randrange(8)
        hit = at // 4096
        kept = {slot: readable(flash, slot) for slot in range(4)}
        log = boot(flash)
        if log.log_id != bed.log.log_id:  # the name of the only page is gone: a new log
            assert bed.log.oldest_seq == opened.first_seq and at % 4096 < 16 and log.trouble
            continue
        assert log.next_seq >= bed.log.next_seq + 6, (seed, at, log.next_seq, bed.log.next_seq)
        log = boot(flash)
        found: dict[int, Held] = {}
        for slot in range(4):
            for seq, held in readable(flash, slot).items():
                assert seq not in found, (seed, at, seq)
                found[seq] = held
                want = bed.acknowledged.get(seq)
                assert want is None or want == held, (seed, at, seq, want, held)
        for slot, before in kept.items():
            if slot != hit:
                gone = [seq for seq in before if seq >= log.oldest_seq and seq not in found]
                assert not gone, (seed, at, slot, gone[:3])
        refused += log.boot > bed.log.boot + 2
    assert refused  # some did cost numbers


def test_bits_that_stick_cost_no_acknowledged_record() -> None:
    for seed in range(scaled(30, 1000)):
        choose = random.Random(seed)
        dice.seed(seed + 1)
        flash = Nor(6)
        for _ in range(choose.randrange(1, 4)):
            mask = 1 << choose.randrange(8)
            flash.stuck[choose.randrange(len(flash.cells))] = mask, choose.choice((0, mask))
        bed = Bed(flash, lambda *_: None)
        live(bed, 9000, choose.choice((0, 3, 6)), entry_every=3, reboot_every=811)
        check_kept(bed, seed)


def test_slots_that_refuse_from_some_time_on_cost_no_acknowledged_record() -> None:
    for seed in range(scaled(30, 1000)):
        choose = random.Random(seed)
        flash = Nor(6)
        bad = tuple(choose.sample(range(6), choose.randrange(1, 3)))
        bed = Bed(flash, lambda *_: None)
        live(bed, choose.randrange(3000), 3, entry_every=3)
        flash.bad = bad
        live(bed, 4000, choose.choice((0, 3)), entry_every=3, reboot_every=811)
        check_kept(bed, seed)
        assert bed.log.failures or bed.log.boot > 3


def check_kept(bed: Bed, seed: int) -> None:
    """Holds the flash against what was acknowledged and not yet given up."""
    found: dict[int, Held] = {}
    for slot in range(bed.flash.pages):
        for seq, held in readable(bed.flash, slot).items():
            assert seq not in found, (seed, seq)
            found[seq] = held
            assert bed.acknowledged.get(seq, held) == held, (seed, seq)
    gone = [seq for seq in bed.acknowledged if seq >= bed.log.oldest_seq and seq not in found]
    assert not gone, (seed, len(gone), gone[:3], bed.log.oldest_seq, bed.log.next_seq)
    assert bed.log.logging and len(found) > 100
