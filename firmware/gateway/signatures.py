"""Signatures: possibilities that the board noticed, each with what it was decided on.

Nothing lights, sounds or acts on one: they are records, found when the log is pulled.
"""

from pumpwire import records

from .note import note


class Signatures:
    """Keeps which possibilities are open (`open`, a bit each) and writes their records."""

    def __init__(self, log):
        self._log = log
        self.open = 0

    def is_open(self, signature):
        """Returns whether a possibility has begun and is not over."""
        return self.open >> signature & 1

    def began(self, signature, span_s, by_counts_ul, by_weight_ul):
        """Notes that the last span_s seconds look like `signature`; once until it is over."""
        if not self.open >> signature & 1:
            self.open |= 1 << signature
            note(self._log, records.SIGNATURE, signature, records.BEGAN, span_s, by_counts_ul,
                 by_weight_ul)

    def over(self, signature):
        """Notes that it does so no more."""
        if self.open >> signature & 1:
            self.open &= ~(1 << signature)
            note(self._log, records.SIGNATURE, signature, records.OVER, 0, 0, 0)
