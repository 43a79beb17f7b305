"""The pairing window: when a new host may pair, and the passkey it must then know.

A press of the service button opens it for WINDOW_S. A host that paired, or ATTEMPTS passkeys that were
asked for, or time close it. An attempt is spent when the passkey is asked for, not when it proves wrong.
Each passkey has a nonce of its own, drawn when the window opens or the passkey before is asked for: who
heard most of a pairing and broke it off knows that passkey, and it opens nothing. A press while the
window is open gives it WINDOW_S more, and no further attempts. A board without a pairing key has no
window: it gets one over its cable.
"""

from micropython import const
from pumpwire import pairing

WINDOW_S = const(120)
ATTEMPTS = const(3)


class Pairing:
    """Times are seconds since boot; random(n) -> n bytes; config has the pairing key."""

    def __init__(self, config, random):
        self._config = config
        self._random = random
        self._nonce = bytes(pairing.NONCE_BYTES)
        self._until_s = 0
        self._left = ATTEMPTS  # 0 says that all were spent, and nothing else does

    def pressed(self, now_s):
        """Opens the window, or keeps it open longer."""
        if self._config.pairing_key is None:
            return
        if not self.open(now_s):
            self._nonce = self._random(pairing.NONCE_BYTES)
            self._left = ATTEMPTS
        self._until_s = now_s + WINDOW_S

    def open(self, now_s):
        """Returns whether a passkey may be asked for."""
        return self._left > 0 and now_s < self._until_s

    def passkey(self, now_s):
        """Spends an attempt and its nonce; returns the passkey, None while the window is closed."""
        if not self.open(now_s):
            return None
        self._left -= 1
        nonce = self._nonce
        self._nonce = self._random(pairing.NONCE_BYTES)
        return pairing.passkey(self._config.pairing_key, nonce)

    def paired(self):
        """Closes the window: the host that it was opened for is in."""
        self._until_s = 0
        self._left = ATTEMPTS

    def value(self, now_s):
        """Returns what anybody may read: the PAIRING value."""
        return pairing.value(self.open(now_s), self._left, self._nonce)
