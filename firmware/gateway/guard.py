"""Who writes on one link: a nonce that this board gave, a counter, a code under the device key."""

import struct

from pumpwire import commands, proofs
from pumpwire.hmac import same

from .version import FIRMWARE


class Guard:
    """One link's. peer: whom an UNPAIR forgets; random(n) -> n bytes; by_cable: no radio link."""

    def __init__(self, peer, config, log, random, by_cable=True):
        self.peer = peer
        self.by_cable = by_cable
        self.host_id = 0  # who proved to hold the key, in their own words
        self._config = config
        self._log = log
        self._random = random
        self._nonce = None
        self._counter = 0

    def prove(self, body):
        """Returns (result, answer) to a PROVE request: this board's proof, a nonce to write under."""
        if len(body) != struct.calcsize(proofs.PROVE_REQUEST):
            return commands.MALFORMED, b""
        self._nonce = self._random(proofs.NONCE_BYTES)
        self._counter = 0
        self.host_id = struct.unpack(proofs.PROVE_REQUEST, body)[1]
        answer = struct.pack(proofs.PROVE_ANSWER, self._nonce, self._log.log_id, FIRMWARE)
        return commands.OK, answer + proofs.board_code(self._config.device_key, body, answer)

    def open(self, op, request_id, check_code, data):
        """Returns (OK, the op's own body) of a write, else (why it is refused, b"").

        Each counter is taken once. A board without a device key takes the body as it is.
        """
        key = self._config.device_key
        if key is None:
            return commands.OK, data
        if self._nonce is None:
            return commands.NOT_PROVEN, b""
        body, counter, code = proofs.unseal(data)
        if not same(code, proofs.write_code(key, self._nonce, self.host_id, counter, op, request_id,
                                            check_code, body)):
            return commands.WRONG_KEY, b""
        if counter <= self._counter:
            return commands.REPLAYED, b""
        self._counter = counter
        return commands.OK, body
