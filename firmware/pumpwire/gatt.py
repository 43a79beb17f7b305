"""What a Bluetooth client finds: services, characteristics, advertisement. For docs/BLE.md too.

Only the radio and the host import it: a board on a cable alone keeps it off its heap.
"""

import struct

from .uuids import COMMAND, FLOW, INFO, LOG, PAIRING, RACP, STATUS

SERVICE = "8f0a0000-5f2e-4c7b-9d3a-70756d706c67"
CHARACTERISTICS = {
    INFO: "8f0a0001-5f2e-4c7b-9d3a-70756d706c67",
    STATUS: "8f0a0002-5f2e-4c7b-9d3a-70756d706c67",
    RACP: "00002a52-0000-1000-8000-00805f9b34fb",
    LOG: "8f0a0004-5f2e-4c7b-9d3a-70756d706c67",
    FLOW: "8f0a0005-5f2e-4c7b-9d3a-70756d706c67",
    COMMAND: "8f0a0006-5f2e-4c7b-9d3a-70756d706c67",
    PAIRING: "8f0a0007-5f2e-4c7b-9d3a-70756d706c67",
}

COMPANY_ID = 0xFFFF  # "no company": one byte of flags follows in the advertisement
HAS_NEWS = 1

# Device Information. The first three tell a stranger nothing that the advertisement does not; which code
# runs, and so which of its faults there are to try, is for hosts that were let in.
DEVICE_INFORMATION = 0x180A
MANUFACTURER, MODEL, SERIAL = 0x2A29, 0x2A24, 0x2A25
FIRMWARE_REVISION, HARDWARE_REVISION = 0x2A26, 0x2A27
ABOUT = (MANUFACTURER, MODEL, SERIAL, FIRMWARE_REVISION, HARDWARE_REVISION)
OPEN_ABOUT = (MANUFACTURER, MODEL, SERIAL)

# Elapsed Time: a tick counter, for the board knows its uptime for sure and no wall clock.
ELAPSED_TIME = 0x183F
CURRENT_ELAPSED_TIME = 0x2BF2
ELAPSED_BODY = "<BIHBbBB"
ELAPSED_FIELDS = ("flags", "time", "time_high", "source", "offset", "clock_status", "capabilities")
_TICK_COUNTER, _RESOLUTION_100_MS, _CURRENT_TIMELINE, _NOT_SYNCHRONISED = 1, 4, 32, 7


def elapsed(uptime_s, uptime_ms):
    """Returns the Current Elapsed Time value: tenths of seconds since the board started."""
    flags = _TICK_COUNTER | _RESOLUTION_100_MS | _CURRENT_TIMELINE
    ticks = uptime_s * 10 + uptime_ms // 100
    return struct.pack(ELAPSED_BODY, flags, ticks, 0, _NOT_SYNCHRONISED, 0, 0, 0)
