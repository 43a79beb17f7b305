"""Stand-in for MicroPython's `bluetooth`: the GATT server's calls, and a central that a test plays."""

import errno

FLAG_READ = 0x02
FLAG_WRITE_NO_RESPONSE = 0x04
FLAG_WRITE = 0x08
FLAG_NOTIFY = 0x10
FLAG_INDICATE = 0x20

_DEFAULT_BYTES = 20
_FIRST_HANDLE = 16


class UUID:
    """Iterates over its bytes, lowest first, as the real one's buffer does."""

    def __init__(self, value):
        if isinstance(value, int):
            self._bytes = bytes((value & 255, value >> 8))
        else:
            self._bytes = bytes(reversed(bytes.fromhex(value.replace("-", ""))))

    def __iter__(self):
        return iter(self._bytes)


class BLE:
    only = None

    def __new__(cls):
        if cls.only is None:
            cls.only = super().__new__(cls)
            cls.only.values = None
            cls.only.advertised = None
            cls.only.sent = []  # (connection, handle, bytes)
            cls.only.refusals = 0  # calls that fail before one succeeds
            cls.only.options = {}
            cls.only.passkeys = []  # (connection, action, passkey)
            cls.only.disconnected = []
            cls.only.unknown = ()  # connections that the stack has no more
            cls.only.busy = 0  # disconnects that fail before one succeeds
            cls.only.room = 4  # notifications that fit before ENOMEM
            cls.only._active = False
        return cls.only

    def active(self, on=None):
        if on is not None:
            self._active = on
        return self._active

    def config(self, **options):
        for name in options:
            if name not in ("gap_name", "mtu", "bond", "le_secure", "mitm", "io"):
                raise ValueError("unknown config param")
            self.options[name] = options[name]

    def irq(self, handler):
        self._irq = handler

    def gap_advertise(self, interval_us, adv_data=None, *, resp_data=None, connectable=True):
        self._refuse()
        if interval_us is None:
            self.advertised = None
            return
        if not self._active or len(adv_data) > 31 or len(resp_data) > 31:
            raise OSError(errno.EINVAL)
        self.advertised = bytes(adv_data), bytes(resp_data)

    def gap_disconnect(self, conn):
        if self.busy:
            self.busy -= 1
            raise OSError(errno.EIO)
        if conn in self.unknown:
            return False
        self.disconnected.append(conn)
        return True

    def gap_passkey(self, conn, action, passkey):
        self.passkeys.append((conn, action, passkey))

    def gatts_register_services(self, services):
        handles = []
        self.values = {}
        self._limits = {}
        for _, characteristics in services:
            handles.append(())
            for _ in characteristics:
                handle = _FIRST_HANDLE + 3 * len(self.values)
                self.values[handle] = b""
                self._limits[handle] = _DEFAULT_BYTES
                handles[-1] += (handle,)
        return tuple(handles)

    def gatts_set_buffer(self, handle, length, append=False):
        self._limits[handle] = length

    def gatts_read(self, handle):
        return self.values[handle]

    def gatts_write(self, handle, data, send_update=False):
        self.values[handle] = bytes(data)

    def _refuse(self):
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EIO)

    def gatts_notify(self, conn, handle, data=None):
        self._refuse()
        if not self.room:
            raise OSError(errno.ENOMEM)
        self.room -= 1
        self.sent.append((conn, handle, bytes(data)))

    def gatts_indicate(self, conn, handle, data=None):
        self.sent.append((conn, handle, bytes(data)))

    # ---- the central, played by a test

    def central(self, event, *data):
        """Has the interrupt handler called, as MicroPython's NimBLE task does; returns its answer."""
        return self._irq(event, data)

    def central_secures(self, conn):
        """Has a bonded central encrypt its link."""
        self._irq(28, (conn, True, True, True, 16))

    def central_writes(self, conn, handle, data):
        self.values[handle] = bytes(data[: self._limits[handle]])
        self._irq(3, (conn, handle))
