"""Answers the COMMAND channel: time, anchors, entries, provisioning, bonds. Formats: pumpwire.commands.

Every write passes the link's guard first (gateway.guard).
"""

import struct

from micropython import const
from pumpwire import commands, entries, seal
from pumpwire.errors import WireError
from pumpwire.records import ANCHOR, CALIBRATION, ENTRY, NOT_SYNCED
from pumpwire.units import SMALL_INT_LIMIT

_REMEMBERED = const(64)  # entries whose uuid is known, so that one sent twice is logged once
_MAX_ENTRY = const(128)
_TIME_AGE_S = const(60)  # what TIME answered counts as long: the clock may drift 6 ms meanwhile
_DRIFT_S_A_MS = const(10)  # 100 ppm
_LONGEST_NAME = const(8)  # a scan response holds no more


class CommandServer:
    """Commands of every link.

    service_pressed() -> bool; applied(kind, fields) is told what is new (kind None: provisioned);
    anchored(epoch_s) the time that a host said; clock_ms() -> the uptime's clock at this moment;
    wrote(op, result, host_id) every write that was done or refused; unpair(peer) -> bool forgets a
    link's bond, of all hosts with peer None.
    """

    def __init__(self, config, log, uptime, service_pressed, applied, anchored, clock_ms, wrote,
                 unpair):
        self._config = config
        self._log = log
        self._uptime = uptime
        self._service_pressed = service_pressed
        self._applied = applied
        self._anchored = anchored
        self._clock_ms = clock_ms
        self._wrote = wrote
        self._unpair = unpair
        self._uuids = [None] * _REMEMBERED  # whole: one taken for another would be lost for good
        self._uuid_next = 0
        self._anchor = None  # the last of this boot: (record's fields, uptime in s and ms)

    @property
    def anchored(self):
        """Whether a host has said what time it is since boot."""
        return self._anchor is not None

    def handle(self, data, guard):
        """Returns the response to a request on a link with that guard; never raises on what is sent."""
        try:
            op, request_id, check_code, body = commands.read_request(data)
        except WireError:
            return commands.response(0, 0, commands.MALFORMED)
        try:
            if op in commands.WRITES:
                result, answer = self._write(op, request_id, check_code, body, guard)
            else:
                result, answer = self._ask(op, body, guard)
        except (WireError, ValueError):
            result, answer = commands.MALFORMED, b""
        except OSError:  # the settings are full, or refuse: the board goes on logging
            result, answer = commands.FAILED, b""
        return commands.response(op & 0x7F, request_id, result, answer)

    def _ask(self, op, body, guard):
        if op == commands.TIME:
            s, ms = self._uptime.at(self._clock_ms())
            return commands.OK, struct.pack(commands.TIME_BODY, self._log.boot, s, ms)
        if op == commands.ATTEST:
            return self._attest(body)
        if op == commands.PROVE:
            return guard.prove(body)
        return commands.NO_SUCH_OP, b""

    def _write(self, op, request_id, check_code, sealed, guard):
        result, body = guard.open(op, request_id, check_code, sealed)
        if result != commands.OK:
            self._wrote(op, result, guard.host_id)
            return result, b""
        if op == commands.ANCHOR:
            done = self._take_anchor(body)
        elif op == commands.ENTRY:
            done = self._entry(check_code, body)
        elif op == commands.PROVISION:
            done = commands.REFUSED, b""  # keys never go on the air
            if guard.by_cable:
                done = self._provision(check_code, body)
        else:
            done = self._forget(check_code, body, guard)
        if done[0] == commands.OK or done[0] == commands.REFUSED and op != commands.ANCHOR:
            self._wrote(op, done[0], guard.host_id)
        return done

    def _forget(self, check_code, body, guard):
        if len(body) != 1 or body[0] > 1:
            return commands.MALFORMED, b""
        if body[0] and not self._may_write(check_code):
            return commands.REFUSED, b""
        done = self._unpair(None if body[0] else guard.peer)
        return commands.OK if done else commands.NO_BOND, b""

    def _may_write(self, check_code):
        config = self._config
        return config.provisioned and check_code == config.check_code or self._service_pressed()

    def _values(self, values):
        for i, value in enumerate(values):
            if not -SMALL_INT_LIMIT < value < SMALL_INT_LIMIT:
                raise ValueError("field of 2^30 or more")
            self._log.values[i] = value

    def _append(self, kind, blob=None):
        seq = self._log.append(kind, blob)
        if seq < 0:
            return commands.FAILED, b""
        return commands.OK, struct.pack("<I", seq)

    def _take_anchor(self, body):
        """Notes what time it was at the uptime's last tick, by what it was as TIME was answered."""
        if len(body) != struct.calcsize(commands.ANCHOR_BODY):
            return commands.MALFORMED, b""
        epoch_s, epoch_ms, uncertainty_ms, host, synced, boot, s, ms = struct.unpack(
            commands.ANCHOR_BODY, body)
        uptime = self._uptime
        later_s = uptime.s - s
        if boot != self._log.boot or not -_TIME_AGE_S <= later_s <= _TIME_AGE_S:
            return commands.REFUSED, b""
        at_ms = epoch_ms + uptime.ms - ms
        fields = (epoch_s + later_s + at_ms // 1000, at_ms % 1000, uncertainty_ms, host, synced)
        if fields[0] < 0:
            return commands.MALFORMED, b""
        if self.anchored and not self._improves(fields):
            return commands.ALREADY, b""
        self._values(fields)
        done = self._append(ANCHOR)
        if done[0] == commands.OK:
            self._anchor = fields, uptime.s, uptime.ms
            self._anchored(fields[0])
        return done

    def _improves(self, fields):
        """Returns whether an anchor is better than what the last one still tells, or denies it."""
        last, last_s, last_ms = self._anchor
        past_s = self._uptime.s - last_s
        allowed_ms = last[2] + past_s // _DRIFT_S_A_MS
        off_s = fields[0] - last[0] - past_s
        if not -SMALL_INT_LIMIT // 1000 < off_s < SMALL_INT_LIMIT // 1000:
            return True
        off_ms = off_s * 1000 + fields[1] - last[1] - self._uptime.ms + last_ms
        if abs(off_ms) > allowed_ms + fields[2]:
            return True
        if (fields[4] == NOT_SYNCED) != (last[4] == NOT_SYNCED):
            return last[4] == NOT_SYNCED
        return fields[2] < allowed_ms

    def _entry(self, check_code, body):
        if len(body) > _MAX_ENTRY:
            return commands.MALFORMED, b""
        uuid, _, _, _, assignment, kind, fields = entries.unpack(body)
        uuid = bytes(uuid)
        if not self._may_write(check_code):
            return commands.REFUSED, b""
        if uuid in self._uuids:
            return commands.ALREADY, b""
        for name in fields:
            if kind in (entries.REGIMEN, entries.BAG) and fields[name] >= SMALL_INT_LIMIT:
                return commands.MALFORMED, b""
        done = self._append(ENTRY, body)
        if done[0] == commands.OK:
            self._uuids[self._uuid_next] = uuid
            self._uuid_next = (self._uuid_next + 1) % _REMEMBERED
            self._take(kind, fields, assignment)
        return done

    def _take(self, kind, fields, assignment):
        config = self._config
        try:
            if kind == entries.REGIMEN:
                config.set_regimen(
                    fields["rate_ul_h"], fields["bolus_ul"], fields["lockout_s"],
                    fields["lockout_from_end"],
                )
            elif kind in (entries.PATIENT_START, entries.PATIENT_MOVE):
                config.set_assignment(assignment)
            elif kind in (entries.PATIENT_WITHDRAW, entries.PATIENT_END):
                config.set_assignment(0)
        finally:  # it is in the log: it holds, even if it cannot be kept over the next start
            self._applied(kind, fields)

    def _provision(self, check_code, body):
        config = self._config
        if len(body) != struct.calcsize(commands.PROVISION_BODY):
            return commands.MALFORMED, b""
        if config.provisioned and not self._may_write(check_code):
            return commands.REFUSED, b""
        fields = struct.unpack(commands.PROVISION_BODY, body)
        name = fields[0].rstrip(b"\0")
        calibration = fields[4:]
        # a boot could not read some other names, nor advertise longer ones
        if not (0 < len(name) <= _LONGEST_NAME and 32 < min(name) and max(name) < 127
                and 0 < calibration[0] < SMALL_INT_LIMIT and calibration[3]):
            return commands.MALFORMED, b""
        self._values(calibration)
        config.provision(name, fields[1], fields[2], fields[3], calibration)
        done = self.log_calibration()
        self._applied(None, None)
        return done

    def _attest(self, nonce):
        if len(nonce) != seal.NONCE_BYTES:
            return commands.MALFORMED, b""
        return commands.OK, self._log.attest(nonce)

    def log_calibration(self):
        """Notes the calibration in force in the log."""
        config = self._config
        self._values(
            (config.pl_per_count, config.uncertainty_ppm, config.cell_zero, config.cell_per_kg)
        )
        return self._append(CALIBRATION)
