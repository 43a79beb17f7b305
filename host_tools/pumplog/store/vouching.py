"""What a board's word on the end of its log covers: those records may be used before their seal comes.

A board closes a pull with an attestation (pumpwire.seal): under its key, for a number drawn then, where
its log ends, and a sum over its open page. If the page that is held gives that sum, its records are the
board's. Then so is what the board itself sent before: pages that do not verify to their end, and pages
that were closed before it had a key, if what comes after them names no seal before its own. What only a
file says stays unproven. If the sum does not fit, something on the way changed the page: then all that
was not covered earlier is asked for again. So is a page behind which the log goes on and that has no
footer: a board sends no such page, and anybody can leave a footer out.

An entry takes effect here once its record is covered: a forged bag must not enter the journal.
"""

from __future__ import annotations

import binascii
from contextlib import suppress
from typing import Any

from pumpwire import decoding, page
from pumpwire.errors import WireError

from .boards import Logs
from .entries import Entries
from .keys import CHANGED, WRONG_KEY, Attestation, Attestations, Keys
from .page_reading import end_of
from .page_states import OPEN, SEALED, UNKEYED
from .pages import Pages
from .records import Records


class Vouching:
    """Joins pages, records, entries, keys and attestations as a board gives its word."""

    def __init__(self, pages: Pages, records: Records, entries: Entries, keys: Keys, logs: Logs,
                 attestations: Attestations) -> None:
        self._pages, self._records, self._entries = pages, records, entries
        self._keys, self._logs, self._attestations = keys, logs, attestations

    def take(self, log_id: int, attestation: Attestation) -> str | None:
        """Keeps a board's word and lets it vouch; returns what is wrong with it, None if nothing is.

        WRONG_KEY: the board does not hold the key that it names. CHANGED: what came of its open page is
        not what it has.
        """
        self._attestations.add(log_id, attestation)
        return self._judge(log_id, attestation)

    def judge_again(self, log_id: int) -> None:
        """Lets the word vouch that came under a key not known before."""
        for attestation in self._attestations.of(log_id):
            self._judge(log_id, attestation, again=True)

    def _judge(self, log_id: int, attestation: Attestation, again: bool = False) -> str | None:
        try:
            told = decoding.read_attestation(attestation.said)
        except WireError:
            return WRONG_KEY
        known = self._keys.ring(self._logs.board_of(log_id)).named(told["key_id"])
        if not told["key_id"] or not known or told["log_id"] != log_id:
            return None  # nothing here can tell whose word it is
        if not any(decoding.attested(attestation.said, key, attestation.nonce) for key in known):
            return WRONG_KEY
        if told["used"] and not self._fits(log_id, told):
            if not again:  # then the page is of a later day, or a file's
                self._distrust(log_id, told["first_seq"], "not what the board attested")
            return CHANGED
        self._vouch(log_id, told, again)
        return None

    def _fits(self, log_id: int, told: dict[str, Any]) -> bool:
        """Returns whether the page that was open then is held as the board had it."""
        held = self._pages.held(log_id, told["first_seq"])
        if held is None:
            return True  # a hole, which is found missing
        if held["state"] == SEALED:
            return True  # its seal tells more
        covered = held["data"][: told["used"]]
        if len(covered) == told["used"] and binascii.crc32(covered) == told["crc"]:
            if held["linked"] < told["used"]:
                self._pages.link(log_id, told["first_seq"], told["used"])
            return True
        return False

    def _distrust(self, log_id: int, first_seq: int, why: str) -> None:
        """What was not covered earlier of a page counts no longer as sent by the board; why: it is not
        the board's, "" where a pull may just have broken within it."""
        held = self._pages.held(log_id, first_seq)
        if held is None:
            return
        sure = end_of(held["data"], held["vouched"])
        if held["linked"] > sure:
            if why:
                self._pages.quarantine(log_id, first_seq, held["data"], why)
            self._pages.link(log_id, first_seq, sure)

    def _vouch(self, log_id: int, told: dict[str, Any], again: bool) -> None:
        """Covers what the board itself sent up to where its word says that the log ends.

        A page that is held without a footer or a seal, though the log goes on behind it, is the board's
        only if what is behind names no seal: anybody can leave a footer out, or write one without a key.
        again: what it does not cover is left as it is, for the board may have closed it since.
        """
        proven: int | None = None  # the page from which on all hangs together; None: where the word says
        for span in reversed(list(self._pages.spans(log_id))):
            covered = 0
            if span.first_seq == told["first_seq"] and told["used"]:
                covered = min(span.records, told["next_seq"] - span.first_seq)
            elif span.linked and span.end <= told["next_seq"]:
                keyless = span.state == UNKEYED
                named = keyless and self._named(log_id, span.end, told, proven)
                if span.state not in (OPEN, UNKEYED) or named == bytes(page.PREVIOUS_BYTES):
                    covered = span.records if span.linked >= span.length else 0
                elif not again and (named or not keyless or span.wrong):
                    self._distrust(log_id, span.first_seq,
                                   "what is behind it names another seal" if keyless else "")
            if covered and span.state != SEALED:
                self._pages.vouch(log_id, span.first_seq, covered)
                self._learn(log_id, span.first_seq, span.first_seq + covered)
            if span.state == SEALED or span.state == UNKEYED and covered:
                proven = span.first_seq

    def _named(self, log_id: int, seq: int, told: dict[str, Any], proven: int | None) -> bytes | None:
        """Returns which seal is named as the one before record `seq`, None if nothing proven says so."""
        if seq == told["first_seq"]:
            return bytes(told["previous"])
        held = self._pages.held(log_id, seq) if seq == proven else None
        footer = page.read_footer(held["data"]) if held else None
        return bytes(footer.previous) if footer else None

    def _learn(self, log_id: int, first: int, end: int) -> None:
        board = self._logs.board_of(log_id)
        for record in self._records.of(log_id, "entry"):
            if first <= record.seq < end:
                with suppress(ValueError):  # a damaged row
                    self._entries.learn(log_id, record.seq, board, bytes.fromhex(record.fields["entry"]))
