"""The relief button, pressed when the pain has eased; nothing lights or sounds at a press."""

from micropython import const
from pumpwire import records

from .note import note

_STRAY_AFTER_MS = const(3600000)  # no bolus within this: the button was mistaken for the handset
_THRICE_S = const(120)
_NEVER_S = const(-1000)


class Relief:
    """log: event log; uptime: gateway.clock; boluses: tells when the last bolus began."""

    def __init__(self, log, uptime, boluses):
        self._log = log
        self._uptime = uptime
        self._boluses = boluses
        self._last_s = _NEVER_S
        self._before_s = _NEVER_S

    def press(self, now_ms):
        """Takes a press that was latched in the second before now_ms."""
        now_s = self._uptime.s
        since_ms = self._boluses.last_ms_ago(now_ms)
        stray = since_ms < 0 or since_ms > _STRAY_AFTER_MS or now_s - self._before_s <= _THRICE_S
        since_s = records.NEVER_S if since_ms < 0 else since_ms // 1000
        note(self._log, records.RELIEF, 0, since_s, 1 if stray else 0)
        self._before_s = self._last_s
        self._last_s = now_s
