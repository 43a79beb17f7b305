"""A model of the ESP32's internal memory, which Python's heap and the radio share.

Python's heap grows as gc_try_add_heap in py/gc.c of MicroPython 1.27.0 has it, from 56 KiB on. The
regions are those of an ESP32 as Python starts (github.com/micropython/micropython/issues/8940). The
radio takes 32 kB as it starts (github.com/Moddable-OpenSource/moddable/issues/640), and kilobytes more
for a link (github.com/KristianP26/ble-scale-sync/issues/139), which no source gives in bytes: LINK_BYTES
and PAIRING_BYTES are assumed. A region is one piece here: that allocations cut it up is not modelled.

On the emulated chip with the stock image, its radio stubbed, 158,896 bytes were free before the firmware
and 14,336 bytes in one piece were left to the system behind it. The model says 158,926 with the 7,696
bytes that bare Python uses, and 13,312.
"""

REGIONS = (4452, 69256, 13440, 112208)
RADIO_PIECES = (4096,) * 8
LINK_BYTES = 2048
PAIRING_BYTES = 8192  # while a host pairs
FIRST_HEAP_BYTES = 56 << 10
_PSRAM_BYTES = 4 << 20


class Crash(Exception):
    """C code found no memory: on the chip this is a reset that no `except` sees."""


class ChipMemory:
    """regions: their bytes as Python starts; psram: whether Python's heap lies in memory of its own."""

    def __init__(self, regions=REGIONS, psram=False):
        self.regions = list(regions)
        self.free = list(regions)
        self.lowest = list(regions)
        self._psram = psram
        self._heap = 0
        self._held = {}  # who: [(region, bytes)]
        if not psram:
            self._take(b"heap", FIRST_HEAP_BYTES)
            self._heap = FIRST_HEAP_BYTES

    def _take(self, who, n):
        for at, free in enumerate(self.free):
            if free >= n:
                self.free[at] -= n
                self.lowest[at] = min(self.lowest[at], self.free[at])
                self._held.setdefault(who, []).append((at, n))
                return
        raise Crash("%r wants %d bytes of %s" % (who, n, self.free))

    def take(self, who, *pieces):
        """C code takes memory; raises Crash where there is none."""
        for n in pieces:
            self._take(who, n)

    def give(self, who):
        """It gives all of it back."""
        for at, n in self._held.pop(who, ()):
            self.free[at] += n

    def largest(self):
        """Returns the largest piece that can be had, rounded down as the chip's allocator does."""
        most = max(self.free)
        step = 1
        while step * 64 <= most:
            step *= 2
        return most // step * step

    def room(self):
        """Returns how many bytes Python's heap holds without growing."""
        return self._heap * 128 // 131

    def python(self, needed, at_once=0):
        """Python's heap comes to hold so many bytes, at_once of them in one piece; MemoryError where it
        cannot grow to that."""
        while not self._psram and self.room() < needed:
            wanted = at_once + max(2048, at_once * 13 // 512)
            there = self.largest()
            if there < wanted:
                raise MemoryError("Python wants %d bytes, and has %d" % (needed, self.room()))
            grows = min(there, max(self._heap, wanted))
            self._take(b"heap", grows)
            self._heap += grows

    def info(self):
        """Returns what esp32.idf_heap_info tells."""
        told = [(size, free, free, lowest)
                for size, free, lowest in zip(self.regions, self.free, self.lowest)]
        return told + [(_PSRAM_BYTES,) * 4] if self._psram else told


chip = ChipMemory(psram=True)  # of the virtual board
