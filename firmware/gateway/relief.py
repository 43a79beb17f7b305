"""The relief button, pressed when the pain has eased; nothing lights or sounds at a press."""

from micropython import const
from pumpwire import records

from .note import note

_STRAY_AFTER_MS = const(3600000)  # no bolus within this: the button was mistaken for the handset
_THRICE_MS = const(120000)


class Relief:
    """log: event log; boluses: tells when the last bolus began."""

    def __init__(self, log, boluses):
        self._log = log
        self._boluses = boluses
        self._ago_1_ms = -1  # since the last press, and since the one before it; -1: long ago
        self._ago_2_ms = -1

    def passed(self, ms):
        """Lets time pass."""
        self._ago_1_ms = _older(self._ago_1_ms, ms)
        self._ago_2_ms = _older(self._ago_2_ms, ms)

    def press(self, now_ms):
        """Takes a press that was latched in the second before now_ms."""
        since_ms = self._boluses.last_ms_ago(now_ms)
        stray = since_ms < 0 or since_ms > _STRAY_AFTER_MS or self._ago_2_ms >= 0
        since_s = records.NEVER_S if since_ms < 0 else since_ms // 1000
        note(self._log, records.RELIEF, 0, since_s, 1 if stray else 0)
        self._ago_2_ms = self._ago_1_ms
        self._ago_1_ms = 0


def _older(ago_ms, ms):
    return -1 if ago_ms < 0 or ago_ms + ms > _THRICE_MS else ago_ms + ms
