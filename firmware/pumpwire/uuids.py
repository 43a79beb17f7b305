"""Names of the service and its characteristics, and the channels that stand for them on a link.

Over BLE a channel is a characteristic; over the serial line it is the first byte of a frame.
"""

SERVICE = "8f0a0000-5f2e-4c7b-9d3a-70756d706c67"

INFO = 1  # read
STATUS = 2  # read
RACP = 3  # write, indicate
LOG = 4  # notify
FLOW = 5  # write without response
COMMAND = 6  # write, indicate
PAIRING = 7  # read

CHARACTERISTICS = {
    INFO: "8f0a0001-5f2e-4c7b-9d3a-70756d706c67",
    STATUS: "8f0a0002-5f2e-4c7b-9d3a-70756d706c67",
    RACP: "00002a52-0000-1000-8000-00805f9b34fb",
    LOG: "8f0a0004-5f2e-4c7b-9d3a-70756d706c67",
    FLOW: "8f0a0005-5f2e-4c7b-9d3a-70756d706c67",
    COMMAND: "8f0a0006-5f2e-4c7b-9d3a-70756d706c67",
    PAIRING: "8f0a0007-5f2e-4c7b-9d3a-70756d706c67",
}

READABLE = (INFO, STATUS, PAIRING)
OPEN = (INFO, PAIRING)  # readable on a link that is not secured; everything else is not
COMPANY_ID = 0xFFFF  # "no company": one byte of flags follows in the advertisement
HAS_NEWS = 1
