"""Talks to one board over any link: who it is, the time, entries, and its log."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from pumpwire import (
    commands,
    decoding,
    names,
    proofs,
    racp,
    receiving,
    seal,
    sealing,
    uuids,
)
from pumpwire.errors import WireError
from pumpwire.units import EPOCH_2020_S

from .. import host, plain
from ..errors import IntegrityError, UnreachableError
from ..links import Link
from ..moments import is_possible
from ..quantities import hex_id
from ..store import CHANGED, WRONG_KEY, Attestation, Hole, Store
from .host_clock import HostClock
from .repairs import Ask, repair
from .transfer import Transfer
from .unproven import UnprovenRecords, unproven_of

_ANSWER_TIMEOUT_S = 10.0
_CLOSING_TRIES = 3  # transfers until the store has what the board attests
_TELLING_TRIES = 2
_MAX_UNCERTAINTY_MS = 65535  # as much as an anchor can say


@dataclass(frozen=True)
class Info:
    """Who the board says it is."""

    provisioned: bool  #: whether it has keys
    name: str  #: on its label, such as B01


@dataclass(frozen=True)
class Proof:
    """What the board proved to be its own."""

    log_id: int  #: of its event log, 32 bits
    firmware: int  #: number of the firmware that runs
    known: bool  #: whether it was proven, under a key that this host holds


@dataclass(frozen=True)
class PullResult:
    """What a pull brought, in counts."""

    records: int  #: new to the store
    pages: int  #: of the log, as far as they were sent
    bytes: int  #: of log that were sent
    next_seq: int  #: the sequence number behind the last record that the store has
    repaired: int  #: times that packets were asked for again
    bad_pages: int = 0  #: of this log, new or old, that do not verify
    unverified: int = 0  #: pages of this log, new or old, under a key that this store lacks
    unread: dict[int, int] = field(default_factory=dict)  #: {format version not read here: pages}
    #: log_id, and which of its records came no more, as found since its last complete pull
    gaps: tuple[tuple[int, Hole], ...] = ()
    attested: bool = False  #: whether the board said, under its key, where its log ends
    timed: bool = True  #: whether the board took this computer's time
    unproven: tuple[UnprovenRecords, ...] = ()  #: of these logs, what neither seal nor word covers
    cut_bytes: int = 0  #: of a file: how many lie behind its last whole page

    def and_then(self, later: PullResult) -> PullResult:
        """Returns what this pull and the `later` brought together."""
        return replace(later, records=self.records + later.records, pages=self.pages + later.pages,
                       bytes=self.bytes + later.bytes, repaired=self.repaired + later.repaired,
                       gaps=tuple(dict.fromkeys(self.gaps + later.gaps)))


class Client:
    """One conversation. Writes need `prove` first: it gives what they are authenticated with."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._request_id = 0
        self._device_key: bytes | None = None
        self._session_nonce = b""
        self._counter = 0
        self._tag = host.random_bytes(1)[0]  # of the last report

    def info(self) -> Info:
        """Asks who the board is; UnreachableError if it speaks another protocol."""
        data = self._link.read(uuids.INFO)
        if len(data) < struct.calcsize(commands.INFO_BODY):
            raise UnreachableError(f"what answers on {self._link.description} is not a pumplog board",
                                   "check the port, or which device has the board's name")
        protocol, provisioned, name = struct.unpack_from(commands.INFO_BODY, data)
        if protocol != commands.PROTOCOL:
            raise UnreachableError(f"the board speaks protocol {protocol}, this pumplog"
                                   f" {commands.PROTOCOL}", "update the older of the two")
        return Info(bool(provisioned), plain.decoded(name.rstrip(b"\0")))

    def prove(self, device_key: bytes | None) -> Proof:
        """Has the board prove that it holds the device key, and which log is its own.

        IntegrityError if it holds another. Without a key nothing is proven, and only a board that has
        none either can be written to.
        """
        request = struct.pack(proofs.PROVE_REQUEST, host.random_bytes(proofs.NONCE_BYTES),
                              host.host_id())
        result, answer = self.command(commands.PROVE, request)
        if result != commands.OK or len(answer) < proofs.PROVE_ANSWER_BYTES:
            raise IntegrityError(f"the board on {self._link.description} does not prove who it is",
                                 "nothing was taken; have it looked at")
        end = proofs.PROVE_ANSWER_BYTES - proofs.CODE_BYTES
        proof, code = answer[:end], answer[end : proofs.PROVE_ANSWER_BYTES]
        if device_key is not None and not hmac.compare_digest(
            code, proofs.board_code(device_key, request, proof)
        ):
            raise IntegrityError(f"the board on {self._link.description} does not hold the key of the"
                                 " board that it claims to be",
                                 "nothing was taken or written. Have it looked at")
        self._session_nonce, log_id, firmware = struct.unpack(proofs.PROVE_ANSWER, proof)
        self._device_key = device_key
        self._counter = 0
        return Proof(log_id, firmware, device_key is not None)

    def status(self) -> dict[str, int]:
        """Asks what the board knows now: the fields of pumpwire.names.STATUS_FIELDS."""
        with self._understood():
            return receiving.read_status(self._link.read(uuids.STATUS))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Turns bytes that follow no format of ours into one sentence."""
        try:
            yield
        except (WireError, struct.error) as error:
            raise IntegrityError(
                f"the board on {self._link.description} sends what this pumplog does not understand"
                f" ({error})", "update the older of the two; what came is kept") from error

    def command(self, op: int, body: bytes = b"", check_code: int = 0) -> tuple[int, bytes]:
        """Sends a command, a write authenticated by the device key; returns (result, body) of its
        answer."""
        self._request_id = (self._request_id + 1) & 255
        if op in commands.WRITES and self._device_key is not None:
            self._counter += 1
            body = sealing.seal(self._device_key, self._session_nonce, host.host_id(), self._counter,
                               op, self._request_id, check_code, body)
        self._link.write(uuids.COMMAND, commands.request(op, self._request_id, check_code, body))
        for message in self._messages(uuids.COMMAND):
            with self._understood():
                answered, request_id, result, answer = receiving.read_response(message)
            if (answered, request_id) == (op, self._request_id):
                return result, bytes(answer)
        raise self._no_answer()

    def _messages(self, channel: int) -> Iterator[bytes]:
        """Yields what comes on a channel, until the time for an answer is over.

        What comes on other channels, or answers something else, puts that off by nothing. What waits
        already is looked at once more after it: the computer may have slept.
        """
        end_s = host.waited_s() + _ANSWER_TIMEOUT_S
        late = False
        while not late:
            left_s = end_s - host.waited_s()
            late = left_s <= 0
            arrived = self._link.receive(max(0.0, left_s))
            if arrived is None:
                return
            if arrived[0] == channel:
                yield arrived[1]

    def _no_answer(self) -> UnreachableError:
        return UnreachableError(f"the board on {self._link.description} stopped answering",
                                "go nearer and do it again; nothing is lost")

    def anchor(self) -> bool:
        """Tells the board what time it was as it answered TIME; returns whether the board knows it now.

        HostClock says what is stated where this computer slept or its clock was set meanwhile. A board
        refuses what it was told too late, as where the computer slept then: it is told again.
        """
        clock = HostClock()
        for _ in range(_TELLING_TRIES):
            result = self._tell_time(clock)
            if result != commands.REFUSED:
                break
        return result in (commands.OK, commands.ALREADY)

    def _tell_time(self, clock: HostClock) -> int | None:
        """Says what time it was at an answer of the board; returns the result, None if no anchor can say
        that, or how uncertain it is. The anchor names that answer, and may take a minute on its way."""
        answer, utc_ms, uncertainty_ms = clock.at_answer(lambda: self.command(commands.TIME)[1])
        with self._understood():
            asked = struct.unpack_from(commands.TIME_BODY, answer)
        if not is_possible(utc_ms) or uncertainty_ms > _MAX_UNCERTAINTY_MS:
            return None  # nobody is to be misled
        return self.command(commands.ANCHOR, struct.pack(
            commands.ANCHOR_BODY, utc_ms // 1000 - EPOCH_2020_S, utc_ms % 1000, uncertainty_ms,
            host.host_id(), host.clock_synced(), *asked,
        ))[0]

    def deliver(self, entry: bytes, check_code: int) -> tuple[int, int | None]:
        """Hands an entry over; returns (result, seq of the board's copy where it is new)."""
        result, body = self.command(commands.ENTRY, entry, check_code)
        if result != commands.OK:
            return result, None
        with self._understood():
            seq: int = struct.unpack_from("<I", body)[0]
        return result, seq

    def unpair(self, everyone: bool = False, check_code: int = 0) -> int:
        """Has the board forget this link's bond, or every host's; returns the result."""
        return self.command(commands.UNPAIR, bytes((everyone,)), check_code)[0]

    def count(self, from_seq: int) -> int:
        """Asks how many records there are from a seq on."""
        self._link.write(uuids.RACP, receiving.count_from(from_seq))
        return self._racp_answer(racp.COUNT)[1] or 0

    def _racp_answer(self, op: int) -> tuple[int, int | None]:
        for message in self._messages(uuids.RACP):
            with self._understood():
                answered, code, count = receiving.read_answer(message)
            if answered == op:
                return code, count
        raise self._no_answer()

    def pull(
        self, store: Store, log_id: int, progress: Callable[[int], None] = lambda _: None
    ) -> PullResult:
        """Copies what the store lacks of the board's log; progress is told the bytes so far.

        What came before a link broke stays in the store, and a further pull goes on there.
        IntegrityError, once all else is kept: a page does not verify, or an end cannot be read.
        """
        transfer = Transfer(self._link, store, log_id, progress)
        attested: bool | None = None
        for _ in range(_CLOSING_TRIES):
            had = transfer.records
            self._report(transfer)
            attested = self._attest(store, log_id)
            if attested is not None:
                break  # else records came to the log in between: they too
        store.commit()
        if transfer.bad_page:
            raise transfer.bad_page
        if attested is None and transfer.records == had:  # no torn end: the board has more than that
            raise IntegrityError(f"the board on {self._link.description} holds more than can be read at"
                                 " the end of its log",
                                 "what comes before is kept. Pull again; if it stays so, have the board"
                                 " looked at")
        unverified, unread = store.pages.unverified(log_id), store.pages.unread(log_id)
        unproven = unproven_of(store, log_id)
        return PullResult(
            transfer.records, transfer.pages, transfer.bytes, store.holes.next_seq_reached(log_id),
            transfer.repaired, store.pages.bad(log_id), unverified, unread,
            tuple((log_id, hole) for hole in store.holes.not_told(log_id)),
            bool(attested), unproven=(unproven,) if unproven else ())

    def _report(self, transfer: Transfer) -> None:
        """Has the board send what the store lacks; every page that came whole stays."""
        store, log_id = transfer.store, transfer.log_id
        oldest_seq = self.status()["oldest_seq"]
        ask = partial(receiving.report_from, store.holes.next_seq_wanted(log_id, oldest_seq))
        with self._understood():
            code = self._run(transfer, ask)
            if code == racp.BUSY:  # a host broke off before us, which a cable does not notice
                self._link.write(uuids.RACP, receiving.abort())
                self._racp_answer(racp.ABORT)
                code = self._run(transfer, ask)
        if code not in (racp.SUCCESS, racp.NO_RECORDS):
            raise IntegrityError(f"the board ended the pull with «{names.RACP_CODES.get(code, code)}»",
                                 "pull again, the log has moved on meanwhile")
        with self._understood():
            repair(self._run, transfer, oldest_seq)

    def _run(self, transfer: Transfer, ask: Ask) -> int:
        """Asks for a report under a tag of its own and receives it."""
        self._tag = (self._tag + 1) & 255
        self._link.write(uuids.RACP, ask(self._tag))
        return transfer.run(self._tag)

    def _attest(self, store: Store, log_id: int) -> bool | None:
        """Has the board attest where its log ends, and keeps that for `verify`, judged or not.

        Returns whether it did, None if it has more by now than the store; IntegrityError if the board
        does not hold the key that it names.
        """
        nonce = host.random_bytes(seal.NONCE_BYTES)
        result, said = self.command(commands.ATTEST, nonce)
        if result != commands.OK:
            return False
        with self._understood():
            end = decoding.read_attestation(said)
        if end["log_id"] != log_id:
            raise IntegrityError(f"the board on {self._link.description} speaks for log"
                                 f" {hex_id(end['log_id'])}, not {hex_id(log_id)}",
                                 "have it looked at; what came is kept")
        if store.pages.linked(log_id, end["first_seq"]) < end["used"]:
            return None
        wrong = store.take_word(log_id, Attestation(host.utc_now_ms(), nonce, said))
        store.commit()
        if wrong == WRONG_KEY:
            raise IntegrityError(f"the board on {self._link.description} does not hold the key that it"
                                 " names",
                                 "what came is kept and proves nothing; have the board looked at")
        if wrong == CHANGED:
            raise IntegrityError(f"what came from the board on {self._link.description} is not what the"
                                 " board has",
                                 "it is in no figure. It was changed on the way, or the board's memory"
                                 " fails. Pull again; if it stays so, have the board looked at")
        return end["key_id"] != 0
