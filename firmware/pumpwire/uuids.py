"""The channels of a link. Over Bluetooth each is a characteristic (pumpwire.gatt); over the serial
line a channel is the first byte of a frame.
"""

INFO = 1  # read
STATUS = 2  # read
RACP = 3  # write, indicate
LOG = 4  # notify
FLOW = 5  # write without response
COMMAND = 6  # write, indicate
PAIRING = 7  # read

READABLE = (INFO, STATUS, PAIRING)
OPEN = (INFO, PAIRING)  # readable on a link that is not secured; everything else is not
