"""CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF): fits a 31-bit small int, so it can run in
the tick, where `binascii.crc32` would allocate on the ESP32 (ints of 2^30 and more)."""

from array import array

START = 0xFFFF


def _table():
    table = array("H", [0] * 256)
    for i in range(256):
        crc = i << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
        table[i] = crc
    return table


TABLE = _table()


def crc16(data, start, end, crc=START):
    """Returns the CRC-16 of data[start:end], continued from `crc`; allocates nothing."""
    table = TABLE
    for i in range(start, end):
        crc = (crc & 255) << 8 ^ table[crc >> 8 ^ data[i]]
    return crc
