"""A host on the USB serial line, as a peer like one on the radio. Format: pumpwire.serial_frame."""

from micropython import const
from pumpwire import serial_frame

_FRAMES_A_PASS = const(2)  # 256 bytes take 22 ms at 115,200 baud


class SerialPeer:
    """port: read() -> bytes or None, write(bytes); handler: written(peer, channel, data) and
    read(peer, channel) -> bytes or None."""

    packet_bytes = 256
    secured = True  # whoever holds the cable stands at the board

    def __init__(self, port, handler):
        self._port = port
        self._handler = handler
        self._frames = serial_frame.FrameReader()
        self._left = _FRAMES_A_PASS

    def service(self):
        """Takes in what came, once a pass of the loop."""
        self._left = _FRAMES_A_PASS
        data = self._port.read()
        while data:
            for channel, body in self._frames.feed(data):
                if channel & serial_frame.READ_REQUEST:
                    self._answer_read(channel & ~serial_frame.READ_REQUEST)
                else:
                    self._handler.written(self, channel, body)
            data = self._port.read()

    def _answer_read(self, channel):
        value = self._handler.read(self, channel)
        if value is not None:
            self._port.write(serial_frame.wrap(channel, value))

    def notify(self, channel, data):
        """Sends a frame; False when this pass has sent enough: the line is slow, the ticks are not."""
        if not self._left:
            return False
        self._left -= 1
        self._port.write(serial_frame.wrap(channel, data))
        return True

    indicate = notify
