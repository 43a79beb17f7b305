"""CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xFFFF): fits a 31-bit small int, so it can run in
the tick, where `binascii.crc32` would allocate on the ESP32 (ints of 2^30 and more).

A frame on flash has a check of its own. A write that power cuts short leaves bits at 1 that were to
become 0, never the reverse; so it holds fewer zeros than it says (the code of Berger, 1961), while a
CRC alone would take one such write in 65,536 for a good one:

    bits 15..5   those of the CRC-16
    bits 4..0    how many bits are 0 in what is checked, modulo 32

Bit 8 is 0 where bits 15..9 are 1: no frame ends in an erased byte, so none passes whose end was not
written, and none that reads as longer than it was.
"""

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
ZEROS = bytes([8 - sum([i >> bit & 1 for bit in range(8)]) for i in range(256)])


def crc16(data, start, end, crc=START):
    """Returns the CRC-16 of data[start:end], continued from `crc`; allocates nothing."""
    table = TABLE
    for i in range(start, end):
        crc = (crc & 255) << 8 ^ table[crc >> 8 ^ data[i]]
    return crc


def frame_check(data, start, end, seed):
    """Returns the check of the frame data[start:end], started from `seed`; allocates nothing."""
    table = TABLE
    zero_bits = ZEROS
    zeros = 0
    for i in range(start, end):
        byte = data[i]
        seed = (seed & 255) << 8 ^ table[seed >> 8 ^ byte]
        zeros += zero_bits[byte]
    return seed & (0xFFE0 if seed < 0xFF00 else 0xFEE0) | zeros & 31
