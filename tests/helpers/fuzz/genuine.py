"""What boards really wrote, under keys that no mutation knows: all else must never pass for it."""

from __future__ import annotations

from pumplog.store import SEALED, Keyring, read_page

from helpers.host.made_log import MadeLog
from helpers.on_board.log_vectors import NAMES, load

KEY = bytes(range(32))  # of the vectors in tests/vectors/log
OTHER_KEY = b"o" * 32
KEYS = Keyring((KEY,), (("B02", OTHER_KEY),))

VECTORS = {name: load(name)[0] for name in NAMES}
LOG = MadeLog(n=5, minutes=9, last=5, key=KEY)
OTHER_LOG = MadeLog(n=3, minutes=9, last=5, key=OTHER_KEY, log_id=8)
OLD_OPEN = bytes(LOG.pages[LOG.open_seq])
LOG.grow(3)
ATTESTATION = LOG.attestation()

PAGES = [*VECTORS.values(), *LOG.pages.values(), *OTHER_LOG.pages.values(), OLD_OPEN]
SEALED_PAGES = frozenset(data for data in PAGES if read_page(data, KEYS).state == SEALED)
assert len(SEALED_PAGES) == 2 + 4, "the vectors closed_sealed and decayed, and the log's closed pages"
