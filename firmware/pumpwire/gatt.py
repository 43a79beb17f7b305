"""What a Bluetooth client finds: services, characteristics, advertisement. For docs/BLE.md too.

The board's radio reads it once, as it starts, and lets it go (boards/radio_services.py).
"""

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

ELAPSED_TIME = 0x183F
CURRENT_ELAPSED_TIME = 0x2BF2  # pumpwire.elapsed
