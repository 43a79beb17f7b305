"""The INFO and STATUS messages. Formats: pumpwire.commands."""

import struct

from pumpwire import commands


def info(config):
    """Returns who this board is, as far as a stranger may know."""
    return struct.pack(
        commands.INFO_BODY, commands.PROTOCOL, 1 if config.provisioned else 0, config.name.encode()
    )


def _known(value):
    return commands.NEVER if value < 0 else value


def status(config, log, uptime, tracker, now_ms, anchored, headroom, board):
    """Returns what the board knows now; what it does not know is NEVER, never 0."""
    flags = commands.FLAG_LOGGING if log.logging else 0
    if tracker.running():
        flags |= commands.FLAG_RUNNING
    if anchored:
        flags |= commands.FLAG_ANCHORED
    if headroom.held:
        flags |= commands.FLAG_RADIO_HELD
    last_bolus_ms = tracker.last_bolus_ms_ago(now_ms)
    return struct.pack(
        commands.STATUS_BODY, log.boot, uptime.s, uptime.ms, log.oldest_seq, log.next_seq,
        _known(tracker.rate_ul_h()), _known(tracker.rate_low_ul_h()),
        _known(tracker.rate_high_ul_h()), tracker.reservoir.level_ul(),
        tracker.reservoir.se_ul(), tracker.signatures.open,
        commands.NEVER if last_bolus_ms < 0 else last_bolus_ms // 1000,
        config.assignment, config.pl_per_count, flags,
    ) + struct.pack(commands.STATUS_CHIP, headroom.free, headroom.largest, headroom.lowest,
                      board.skipped, board.late_ms)
